"""Which form of its body an answer goes out in: as it is, or in gzip."""

from __future__ import annotations

import gzip
import re

IDENTITY, GZIP = "identity", "gzip"
SMALLEST = 256
"""In bytes; less is not worth it."""
_LEVEL = 6
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_MOST = 50


def choose_coding(accept_encoding: str) -> str:
    """What the client likes best, gzip where it does not care (RFC 9110 12.5.3). Nobody is refused for it."""
    qualities = dict(map(_read, accept_encoding.lower().split(",", _MOST)[:_MOST]))
    zipped = max((qualities[name] for name in ("gzip", "x-gzip") if name in qualities), default=qualities.get("*", 0.0))
    return GZIP if zipped > 0 and zipped >= qualities.get("identity", 0.0) else IDENTITY


def encode(body: bytes, coding: str) -> tuple[bytes, bool]:
    """The body in that coding, and whether it is: a small one stays as it is."""
    if coding != GZIP or len(body) < SMALLEST:
        return body, False
    return gzip.compress(body, _LEVEL, mtime=0), True


def _read(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    return name, float(quality) if _QUALITY.fullmatch(quality) else 0.0
