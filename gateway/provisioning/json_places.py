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
_LONGEST_PATH = 8
"""Deeper down only the last part is told: nobody looks there, and thousands of long paths would take seconds."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A value, or with `is_name` the name of a field."""

    path: Path
    start: int
    end: int
    text: str | None = field(repr=False)
    """What a string says; None for other values."""
    is_name: bool = False


@dataclass(slots=True)
class _Open:
    """An object or a list that has not ended."""

    path: Path
    is_object: bool
    values: int = 0


def places(text: str) -> Iterator[Placed]:
    """Everything in the text, each name before its value, each object and list before what is in it."""
    return _Reader(text).read()


class _Reader:
    """Walks through the text without recursion; `at` is how far it has come."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 1 if text.startswith("\ufeff") else 0
        self._around: list[_Open] = []

    def read(self) -> Iterator[Placed]:
        self._skip()
        yield self._value(())
        while self._around:
            inmost = self._around[-1]
            self._skip(",")
            if self._text[self._at] in "}]":
                self._around.pop()
                self._at += 1
                continue
            if inmost.is_object:
                name = self._string(inmost.path)
                self._skip(":")
                yield name
                yield self._value(name.path)
            else:
                yield self._value(_inner(inmost.path, inmost.values))
                inmost.values += 1

    def _value(self, path: Path) -> Placed:
        """The value here, as far as the bracket if it has one."""
        start, opening = self._at, self._text[self._at]
        if opening == '"':
            content, self._at = _DECODER.raw_decode(self._text, start)
            return Placed(path, start, self._at, content)
        if opening in "{[":
            self._around.append(_Open(path, opening == "{"))
            self._at += 1
        else:
            self._at = _PLAIN.match(self._text, start).end()  # type: ignore[union-attr]  # a value stands here
        return Placed(path, start, self._at, None)

    def _string(self, path: Path) -> Placed:
        start = self._at
        name, self._at = _DECODER.raw_decode(self._text, start)
        return Placed(_inner(path, name), start, self._at, name, is_name=True)

    def _skip(self, mark: str = "") -> None:
        """Over blanks, and over one mark among them."""
        self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches nothing too
        if mark and self._text[self._at] == mark:
            self._at += 1
            self._skip()


def _inner(path: Path, part: str | int) -> Path:
    return (*path[:_LONGEST_PATH], part)
