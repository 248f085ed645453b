"""Which form of answer a client takes."""

from __future__ import annotations

import re

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
_OFFERED = (RESPONSE_JSON, JSON)
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_MOST_RANGES = 50


def choose(accept: str | None) -> str | None:
    """The media type of the answer; None when the client takes neither. Without a wish: application/json."""
    if accept is None or not accept.strip():
        return JSON
    qualities = dict(_ranges(accept))
    rest = qualities.get("application/*", qualities.get("*/*", 0.0))
    best = max(_OFFERED, key=lambda offered: (qualities.get(offered, rest), offered in qualities, offered == JSON))
    return best if qualities.get(best, rest) > 0 else None


def wants_html(accept: str | None) -> bool:
    """Whether a browser asks for a page."""
    return accept is not None and dict(_ranges(accept)).get("text/html", 0.0) > 0


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Media ranges with their qualities; parameters other than `q` do not matter here."""
    ranges = []
    for part in accept.split(",", _MOST_RANGES)[:_MOST_RANGES]:
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        ranges.append((media_range, _quality(quality)))
    return ranges


def _quality(text: str) -> float:
    return float(text) if _QUALITY.fullmatch(text) else 0.0
