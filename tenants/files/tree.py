"""A YAML text as a tree whose every value knows its line. Scalars stay as typed: `1000` and `no` are texts here.

The tree is made of the parser's events: no tag, no alias and no merge key is ever resolved, and depth has a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from tenants.files.problems import FileCode, FileProblem, RefusedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_FILE = 64 * 1024 * 1024
_DEEPEST = 10
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
# The beginnings of the parser's messages, which may go on with a piece of the text.
_HINTS = {
    "found character '\\t'": "Indent with blanks, not with tabs.",
    "mapping values are not allowed": "A text with a colon and a blank in it belongs in quotes.",
    "could not find expected ':'": "A field is written as its name, a colon, a blank and its value.",
    "found unexpected end of stream": "A quotation mark or a bracket is not closed.",
    "found character": "A text that begins with such a character belongs in quotes.",
    "found unknown escape": "In double quotes a backslash is written twice.",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as typed, whatever YAML would make of it."""

    line: int
    text: str
    is_quoted: bool

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or null."""
        return not self.is_quoted and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in their order; a key may stand twice, and may be anything."""

    line: int
    fields: tuple[tuple[Node, Node], ...]


Node: TypeAlias = Text | Sequence | Mapping


def read_tree(data: bytes) -> Node:
    """The one document of a file. Raises RefusedFileError FILE_TOO_LARGE or FILE_SYNTAX, with one problem."""
    if len(data) > LARGEST_FILE:
        message = f"A file may have at most {LARGEST_FILE // 2**20} MiB."
        raise RefusedFileError([FileProblem(None, (), FileCode.FILE_TOO_LARGE, message)])
    text = _decode(data)
    events = _Events(YAML(typ="safe", pure=True).parse(text))
    try:
        return _document(events)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        _refuse(line, "The file holds a control character.", "Save it as plain text in UTF-8.")
    except MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        _refuse(line, "This is not YAML that can be read.", _hint(str(error.problem)))
    except (YAMLError, ValueError, ArithmeticError):  # a number in a directive or an escape without end
        hint = "An escape names no character, or a number has no end."
        _refuse(events.line, "This is not YAML that can be read.", hint)


class _Events:
    """The parser's events, and the line of the last one: some of its errors know no line of their own."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events, self.line = events, 1

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - any of the library's events
        event = next(self._events)
        self.line = _line(event)
        return event


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(data.count(b"\n", 0, error.start) + 1, "The file is not UTF-8.", "Save it as UTF-8.")


def _document(events: Iterator[Any]) -> Node:
    next(events)  # the stream begins
    event = next(events)
    if isinstance(event, StreamEndEvent):
        _refuse(1, "The file is empty.", "It begins with `tenants:`.")
    root = _node(events, next(events), 0)
    next(events)  # the document ends
    event = next(events)
    if isinstance(event, DocumentStartEvent):
        _refuse(_line(event), "A second document begins here; a file is one.", "Remove the line of three hyphens.")
    return root


def _node(events: Iterator[Any], event: Any, depth: int) -> Node:  # noqa: ANN401 - as above
    line = _line(event)
    if isinstance(event, AliasEvent):
        _refuse(line, "Aliases are not taken.", "Write the value out.")
    if event.anchor is not None:
        _refuse(line, "Anchors are not taken.", "Put a text that begins with an ampersand in quotes.")
    if event.tag is not None:
        _refuse(line, "Tags are not taken.", "Put a text that begins with an exclamation mark in quotes.")
    if isinstance(event, ScalarEvent):
        return Text(line, event.value, is_quoted=event.style is not None)
    if depth == _DEEPEST:
        _refuse(line, "This is nested deeper than anything that a tenant has.")
    children: list[Node] = []
    while not isinstance(inner := next(events), CollectionEndEvent):
        children.append(_node(events, inner, depth + 1))
    if isinstance(event, SequenceStartEvent):
        return Sequence(line, tuple(children))
    return Mapping(line, tuple(zip(children[::2], children[1::2], strict=True)))


def _line(event: Any) -> int:  # noqa: ANN401 - as above
    return int(event.start_mark.line) + 1


def _hint(said: str) -> str | None:
    return next((hint for beginning, hint in _HINTS.items() if said.startswith(beginning)), None)


def _refuse(line: int, message: str, hint: str | None = None) -> NoReturn:
    """The file cannot be read any further, so this is its only problem."""
    raise RefusedFileError([FileProblem(line, (), FileCode.FILE_SYNTAX, message, hint)]) from None
