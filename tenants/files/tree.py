"""A YAML text as a tree whose every value knows its line. Scalars stay as typed: `1000` and `no` are names here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from tenants.codes import ProblemCode

LARGEST_FILE = 64 * 1024 * 1024
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_DEEPEST = 20
Path = tuple[str, ...]


@unique
class FileCode(Enum):
    """What only a file can have wrong: the API's own types refuse it before a rule is asked."""

    FILE_SYNTAX = "Not one YAML document that can be read."
    FIELD_UNKNOWN = "A field that there is not."
    FIELD_REPEATED = "A field that stands twice."
    FIELD_SHAPE = "A list, a mapping or a text where something else belongs."
    CHOICE_UNKNOWN = "Not one of the words that the field takes."
    PROVIDER_ID_REPEATED = "Two tenants of the file have one ProviderId."
    CHANGED_MEANWHILE = "Somebody changed the tenant while the file was read."


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that keeps a file from being taken. No text repeats a value."""

    line: int
    path: Path
    code: FileCode | ProblemCode
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        """One line for a terminal, without the file's name."""
        place = ".".join(self.path)
        return (
            f"{self.line}: {f'{place}: ' if place else ''}{self.code.name}: {self.message} {self.hint or ''}".rstrip()
        )


class Problems:
    """Gathers the problems of a file."""

    def __init__(self) -> None:
        self.found: list[FileProblem] = []

    def add(self, node: Any, path: Path, code: FileCode | ProblemCode, message: str, hint: str | None = None) -> None:  # noqa: ANN401 - any of ruamel's nodes
        """Note one at a node's line."""
        self.found.append(FileProblem(line_of(node), path, code, message, hint))


def compose(data: bytes, problems: Problems) -> MappingNode | None:
    """The root mapping; None when there is none, and the problem is noted."""
    try:
        root = YAML(typ="safe", pure=True).compose(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problems.found.append(FileProblem(line, (), FileCode.FILE_SYNTAX, "The file is not UTF-8."))
        return None
    except (YAMLError, RecursionError, ValueError) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        line = mark.line + 1 if mark else 1
        problems.found.append(FileProblem(line, (), FileCode.FILE_SYNTAX, "This is not YAML that can be read."))
        return None
    if not isinstance(root, MappingNode):
        problems.found.append(
            FileProblem(1, (), FileCode.FIELD_SHAPE, "The file must begin with `tenants:` and a list of tenants.")
        )
        return None
    if not _is_plain(root, problems):
        return None
    return root


def fields_of(node: MappingNode, path: Path, known: tuple[str, ...], problems: Problems) -> dict[str, Any]:
    """The fields of a mapping by name; unknown and repeated ones are noted."""
    fields: dict[str, Any] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, ScalarNode) else ""
        if name not in known:
            hint = f"Here belong: {', '.join(known)}."
            problems.add(key, path, FileCode.FIELD_UNKNOWN, "There is no such field.", hint)
        elif name in fields:
            problems.add(key, (*path, name), FileCode.FIELD_REPEATED, "This field stands twice.")
        else:
            fields[name] = value
    return fields


def is_null(node: Any) -> bool:  # noqa: ANN401 - as above
    """Whether nothing was written, or null."""
    return isinstance(node, ScalarNode) and node.style is None and node.value in _NULLS


def line_of(node: Any) -> int:  # noqa: ANN401 - as above
    """The line, from 1."""
    return int(node.start_mark.line) + 1


def _is_plain(root: MappingNode, problems: Problems) -> bool:
    """Refuse anchors with aliases, which can multiply a small file, and nesting without end."""
    waiting: list[tuple[Any, int]] = [(root, 0)]
    seen: set[int] = set()
    while waiting:
        node, depth = waiting.pop()
        if id(node) in seen or depth > _DEEPEST:
            problems.add(node, (), FileCode.FILE_SYNTAX, "Aliases and deep nesting are not taken; write values out.")
            return False
        seen.add(id(node))
        if isinstance(node, MappingNode):
            waiting += [(child, depth + 1) for pair in node.value for child in pair]
        elif isinstance(node, SequenceNode):
            waiting += [(child, depth + 1) for child in node.value]
    return True
