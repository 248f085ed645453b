"""Takes secrets out of texts, however they are spelled there.

A text is read as the programs behind it would: once as it stands, then with its escapes resolved, layer by layer. What
says a secret in any of the layers is hidden where it stands in the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64encode
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from tenants.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

Span = tuple[int, int]
Reader = tuple[str, ...]
"""The kinds of escapes that somebody resolves."""

MASK = "••••••"
_MOST_STEPS = 4  # from a URL in a page in JSON in JSON
_MOST_LAYERS = 12
_SHORTEST_ENCODED = 6  # the base64 of less is found in ordinary words
_BYTES = re.compile(r"(?:%|\\x)([0-9A-Fa-f]{2})")
_PERCENT = r"(?:%[0-9A-Fa-f]{2})+"
_ENTITY = r"&(?:\#[0-9]{1,8}|\#[xX][0-9A-Fa-f]{1,7}|[A-Za-z][0-9A-Za-z]{1,31});"
_SURROGATES = r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
_CODE = rf"(?:\\x[0-9A-Fa-f]{{2}})+|{_SURROGATES}|\\u[0-9A-Fa-f]{{4}}"
_PROTECTED = rf"{_CODE}|\\[^\n]"


class Masker:
    """Knows some secrets, and no text that holds one leaves it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._said = {said for secret in secrets if secret for said in _said_alike(secret)}
        self._readers = _readers(self._said)

    def mask(self, text: str) -> str:
        """The text without them. It has the lines that it had, since no secret holds the end of one."""
        pieces, at = list[str](), 0
        for start, end in self._find(text):
            pieces += [text[at:start], MASK]
            at = end
        return self._without_beginning("".join([*pieces, text[at:]]))

    def finds(self, text: str) -> bool:
        """Whether there is one in it."""
        return bool(self._find(text))

    def _find(self, text: str) -> list[Span]:
        if not self._said:
            return []
        return _merged(layer.origin(*span) for layer in self._read(text) for span in self._find_plain(layer.text))

    def _read(self, text: str) -> Iterable[_Layer]:
        """All that the text says to somebody, in so many steps at most."""
        layers = newest = {text: _Layer(text)}
        for _ in range(_MOST_STEPS):
            above = {layer.text: layer for one in newest.values() for layer in one.read_by(self._readers)}
            unknown = [said for said in above if said not in layers]
            newest = {said: above[said] for said in unknown[: _MOST_LAYERS - len(layers)]}
            layers = layers | newest
        return layers.values()

    def _find_plain(self, text: str) -> list[Span]:
        return _merged(span for said in self._said for span in _spans(text, said))

    def _without_beginning(self, text: str) -> str:
        """Where a text was cut off, the beginning of a secret may be left at its end."""
        if not text.endswith("…"):
            return text
        kept = text[:-1]
        lengths = (size for said in self._said for size in range(1, len(said)) if kept.endswith(said[:size]))
        longest = max(lengths, default=0)
        return f"{kept[: len(kept) - longest]}{MASK}…" if longest else text


def _readers(said: Collection[str]) -> list[Reader]:
    """Who resolves escapes of all kinds; and where a secret itself looks like one, who does not resolve that kind."""
    percent = [_PERCENT, ""] if any(re.search(_PERCENT, one) for one in said) else [_PERCENT]
    entity = [_ENTITY, ""] if any(re.search(_ENTITY, one) for one in said) else [_ENTITY]
    backslash = [_PROTECTED, _CODE, ""] if any("\\" in one for one in said) else [_PROTECTED]
    return list(product(percent, entity, backslash))


@dataclass(frozen=True, slots=True)
class _Escape:
    """Characters of a layer, and from where in the layer below they were read."""

    start: int
    end: int
    below: Span


class _Layer:
    """A text that knows where it stands in the one that it was read from."""

    def __init__(self, text: str, below: _Layer | None = None, escapes: list[_Escape] | None = None) -> None:
        self.text, self._below, self._escapes = text, below, escapes or []
        self._starts = [escape.start for escape in self._escapes]

    def read_by(self, readers: Iterable[Reader]) -> list[_Layer]:
        """What it says to readers of escapes, as far as it holds any of those."""
        held = {kind for kind in (_PERCENT, _ENTITY, _CODE, _PROTECTED) if re.search(kind, self.text)}
        different = dict.fromkeys(tuple(kind for kind in reader if kind in held) for reader in readers)
        return [self._resolved(re.compile("|".join(kinds))) for kinds in different if kinds]

    def _resolved(self, escape: re.Pattern[str]) -> _Layer:
        pieces, escapes, size, at = list[str](), list[_Escape](), 0, 0
        for match in escape.finditer(self.text):
            said = _resolve(match[0])
            size += match.start() - at
            pieces += [self.text[at : match.start()], said]
            escapes.append(_Escape(size, size + len(said), match.span()))
            size, at = size + len(said), match.end()
        return _Layer("".join([*pieces, self.text[at:]]), self, escapes)

    def origin(self, start: int, end: int) -> Span:
        """Where that stands in the lowest layer."""
        if self._below is None:
            return start, end
        return self._below.origin(self._place(start)[0], self._place(end - 1)[1])

    def _place(self, offset: int) -> Span:
        """One character's place in the layer below."""
        position = bisect_right(self._starts, offset) - 1
        if position < 0:
            return offset, offset + 1
        escape = self._escapes[position]
        if offset < escape.end:
            return escape.below
        there = escape.below[1] + offset - escape.end
        return there, there + 1


def _resolve(escape: str) -> str:
    """What it stands for, and never nothing."""
    if escape[0] == "&":
        return html.unescape(escape) or "\ufffd"
    if escape[0] == "%" or escape.startswith("\\x"):
        octets = bytes.fromhex("".join(_BYTES.findall(escape)))
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            return octets.decode("latin-1")
    if len(escape) == 2:  # noqa: PLR2004 - a backslash and what it protects
        return escape[1]
    units = b"".join(bytes.fromhex(unit) for unit in re.findall("[0-9A-Fa-f]{4}", escape))
    return units.decode("utf-16-be", "replace")


def _said_alike(secret: str) -> Iterator[str]:
    """The texts that tell it: in other compositions, cleaned, with a plus for a blank, misread, in base64."""
    composed = {unicodedata.normalize(form, secret) for form in ("NFC", "NFD")} | {clean_line(secret, len(secret))}
    for said in {secret, *composed} - {""}:
        yield from (said, said.replace(" ", "+"), *_misread(said))
    if len(secret) >= _SHORTEST_ENCODED:
        encoded = b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"))


def _misread(said: str) -> Iterator[str]:
    """The text of its bytes when somebody takes UTF-8 for Latin-1, and the other way round."""
    yield said.encode("utf-8", "replace").decode("latin-1")
    with suppress(UnicodeError):
        yield said.encode("latin-1").decode("utf-8")


def _spans(text: str, said: str) -> Iterator[Span]:
    at = text.find(said)
    while at >= 0:
        yield at, at + len(said)
        at = text.find(said, at + len(said))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In their order, none touching another."""
    merged = list[Span]()
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
