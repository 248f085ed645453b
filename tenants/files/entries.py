"""From the tree of a file to one entry a tenant: the mapping that `tenants.parsing.apply` reads, and its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tenants.codes import ProblemCode
from tenants.files.problems import FileCode, FileProblem, Path, RefusedFileError
from tenants.files.tree import Sequence, read_tree
from tenants.model import AppKind, CredentialsSource, ProvisioningMethod
from tenants.parsing import FORM

if TYPE_CHECKING:
    from collections.abc import Mapping as Fields

T = TypeVar("T")

_TENANT_FIELDS = ("providerId", "name", "app", *FORM)
_LINK_FIELDS = ("title", "url")
_LONGEST_FIELD = max(map(len, (*_TENANT_FIELDS, *(name for fields in FORM.values() for name in fields))))
_SWITCHES = {"true": True, "false": False}
_CHOICES: Fields[str, Fields[str, object]] = {
    "isEnabled": _SWITCHES,
    "method": {method.value: method.value for method in ProvisioningMethod},
    "credentialsSource": {source.value: source.value for source in CredentialsSource},
}
_KINDS = {kind.value: kind for kind in AppKind}


@dataclass(slots=True)
class Entry:
    """A tenant as a file has it; no rule was asked yet."""

    path: Path
    line: int
    provider_id: str = ""
    name: str | None = None
    app: AppKind | None = None
    """None when the file does not say, which is a problem of its own."""
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    """Where each field stands, by its path inside the tenant."""
    problems: list[FileProblem] = field(default_factory=list)
    """What is wrong with its form."""

    def note(
        self, path: Path, code: FileCode | ProblemCode, message: str, hint: str | None = None, *, line: int | None = None
    ) -> None:
        """Add a problem of a field, at its line unless another is given."""
        self.problems.append(FileProblem(line or self._line_at(path), (*self.path, *path), code, message, hint))

    def is_unread(self, path: Path) -> bool:
        """Whether the form of a field, or of what it stands in, was wrong: then no rule can say more about it."""
        place = (*self.path, *path)
        return any(place[: len(problem.path)] == problem.path for problem in self.problems if _hides(problem))

    def _line_at(self, path: Path) -> int:
        """The line of a field, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.line)


def read_entries(data: bytes) -> list[Entry]:
    """The tenants of a file, each with what is wrong with its form.

    Raises RefusedFileError when the file as a whole cannot be read.
    """
    root = read_tree(data)
    file = Entry((), root.line)
    fields = _fields(file, root, (), ("tenants",), "A file begins with `tenants:` and a list of tenants.")
    listed = fields.get("tenants")
    if not isinstance(listed, Sequence):
        if not file.problems or listed is not None:
            file.note(("tenants",), FileCode.FIELD_SHAPE, "`tenants` is a list of tenants; none is written [].")
        raise RefusedFileError(file.problems)
    entries = [_entry(node, ("tenants", str(position))) for position, node in enumerate(listed.items)]
    return [file, *entries] if file.problems else entries
