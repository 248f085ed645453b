"""Reading the fields of one mapping in a file: which there are, of what form, and on which line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from tenants.files.problems import FileCode, FileProblem, Path
from tenants.files.tree import Mapping, Node, Sequence, Text

if TYPE_CHECKING:
    from collections.abc import Mapping as Choices

    from tenants.codes import ProblemCode

T = TypeVar("T")
_LONGEST_NAME = 40  # what is longer resembles no field


class Form:
    """Reads what stands at one place of a file and remembers lines and problems; all paths are from that place on."""

    def __init__(self, place: Path, line: int) -> None:
        self.place, self._line = place, line
        self.problems: list[FileProblem] = []
        self._lines: dict[Path, int] = {}
        self._unread: set[Path] = set()

    def refuse(self, path: Path, code: FileCode | ProblemCode, message: str, hint: str | None = None) -> None:
        """Note a problem of a value that cannot be read."""
        self._unread.add(path)
        self.note(path, code, message, hint)

    def note(
        self,
        path: Path,
        code: FileCode | ProblemCode,
        message: str,
        hint: str | None = None,
        *,
        line: int | None = None,
    ) -> None:
        """Note a problem at a field's line, unless another line is given."""
        self.problems.append(FileProblem(line or self._line_at(path), (*self.place, *path), code, message, hint))

    def is_unread(self, path: Path) -> bool:
        """Whether a field, or what it stands in, could not be read: then no rule can say more about it."""
        return any(path[:length] in self._unread for length in range(len(path) + 1))

    def fields(self, node: Node, path: Path, known: tuple[str, ...]) -> dict[str, Node]:
        """The fields of a mapping by name; unknown and repeated ones are noted."""
        if not isinstance(node, Mapping):
            self.refuse(path, FileCode.FIELD_SHAPE, f"Fields belong here: {', '.join(known)}.")
            return {}
        fields: dict[str, Node] = {}
        for key, value in node.fields:
            name = key.text if isinstance(key, Text) else ""
            if name not in known:
                self.note(path, FileCode.FIELD_UNKNOWN, "There is no such field.", _meant(name, known), line=key.line)
            elif name in fields:
                self.note((*path, name), FileCode.FIELD_REPEATED, "This field stands twice.", line=key.line)
            else:
                fields[name] = value
                self._lines[(*path, name)] = key.line
        return fields

    def items(self, node: Node, path: Path, message: str) -> tuple[Node, ...]:
        """The items of a list."""
        if not isinstance(node, Sequence):
            self.refuse(path, FileCode.FIELD_SHAPE, message)
            return ()
        self._lines |= {(*path, str(position)): item.line for position, item in enumerate(node.items)}
        return node.items

    def text(self, node: Node, path: Path) -> str | None:
        """A text as typed; None for null."""
        if isinstance(node, Text):
            return None if node.is_null else node.text
        self.refuse(path, FileCode.FIELD_SHAPE, "A text belongs here.")
        return None

    def choice(self, node: Node, path: Path, choices: Choices[str, T]) -> T | None:
        """What one of a few words stands for; None for null."""
        if isinstance(node, Text) and (node.is_null or node.text in choices):
            return None if node.is_null else choices[node.text]
        self.refuse(path, FileCode.CHOICE_UNKNOWN, f"One of these belongs here: {', '.join(choices)}.")
        return None

    def _line_at(self, path: Path) -> int:
        """The line of a field, or of the nearest thing around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, self._line)


def _meant(name: str, known: tuple[str, ...]) -> str:
    """The nearest known name, or all of them; never the unknown one."""
    if name == "<<":
        return "Merge keys are not taken; write the fields out."
    by_lower = {field.lower(): field for field in known}
    near = get_close_matches(name.lower(), by_lower, n=1) if len(name) <= _LONGEST_NAME else []
    return f"Did you mean {by_lower[near[0]]}?" if near else f"Here belong: {', '.join(known)}."
