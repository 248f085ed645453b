"""Where each value of a JSON text stands, for a text that is known to be JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json import JSONDecoder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.provisioning.fields import Path

_BLANKS = re.compile(r"[ \t\n\r]*")
_DECODER = JSONDecoder()
_PLAIN = re.compile(r"[^\s,\]}]+")


@dataclass(frozen=True, slots=True)
class Placed:
    """A value, or with `is_name` the name of a field."""

    path: Path
    start: int
    end: int
    text: str | None = field(repr=False)
    """What a string says; None for other values."""
    is_name: bool = False


def places(text: str) -> Iterator[Placed]:
    """Everything in the text, each name before its value, each object and list before what is in it."""
    at = 1 if text.startswith("\ufeff") else 0
    yield from _Reader(text).value(_BLANKS.match(text, at).end(), ())  # type: ignore[union-attr]  # matches anywhere


class _Reader:
    """Reads on from where it is; `at` is where the last value ended."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def value(self, start: int, path: Path) -> Iterator[Placed]:
        opening = self._text[start]
        if opening in "{[":
            yield Placed(path, start, start + 1, None)
            yield from self._inner(start + 1, path, is_object=opening == "{")
        elif opening == '"':
            content, self._at = _DECODER.raw_decode(self._text, start)
            yield Placed(path, start, self._at, content)
        else:
            self._at = _PLAIN.match(self._text, start).end()  # type: ignore[union-attr]  # a value stands here
            yield Placed(path, start, self._at, None)

    def _inner(self, at: int, path: Path, *, is_object: bool) -> Iterator[Placed]:
        position, at = 0, self._skip(at)
        while self._text[at] not in "}]":
            inner: Path = (*path, position)
            if is_object:
                name, end = _DECODER.raw_decode(self._text, at)
                inner = (*path, name)
                yield Placed(inner, at, end, name, is_name=True)
                at = self._skip(self._skip(end) + 1)  # the colon
            yield from self.value(at, inner)
            at, position = self._skip(self._at), position + 1
            if self._text[at] == ",":
                at = self._skip(at + 1)
        self._at = at + 1

    def _skip(self, at: int) -> int:
        return _BLANKS.match(self._text, at).end()  # type: ignore[union-attr]  # it matches nothing too
