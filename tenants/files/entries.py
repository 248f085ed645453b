"""From the tree of a file to one entry a tenant: the mapping that `tenants.parsing.apply` reads, and its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from tenants.codes import ProblemCode
from tenants.files.tree import FileCode, FileProblem, Path, Problems, compose, fields_of, is_null, line_of
from tenants.model import AppKind, CredentialsSource, ProvisioningMethod
from tenants.parsing import FORM

if TYPE_CHECKING:
    from enum import Enum

_TENANT_FIELDS = ("providerId", "name", "app", *FORM)
_LINK_FIELDS = ("title", "url")
_COLORS = frozenset({"themeColor", "darkThemeColor"})
_SWITCHES = {"true": True, "false": False}


@dataclass(slots=True)
class Entry:
    """A tenant as a file has it; no rule was asked yet."""

    path: Path
    line: int
    provider_id: str = ""
    name: str | None = None
    app: AppKind = AppKind.GENERIC
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    """Where each field stands, by its path inside the tenant."""

    def line_at(self, path: Path) -> int:
        """The line of a field, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.line)


def read_entries(data: bytes) -> tuple[list[Entry], list[FileProblem]]:
    """The tenants of a file, and everything about its form that is wrong."""
    problems = Problems()
    root = compose(data, problems)
    fields = fields_of(root, (), ("tenants",), problems) if root is not None else {}
    listed = fields.get("tenants")
    if root is not None and not isinstance(listed, SequenceNode):
        problems.add(listed or root, ("tenants",), FileCode.FIELD_SHAPE, "`tenants` must be a list of tenants.")
    if problems.found and not isinstance(listed, SequenceNode):
        return [], problems.found
    nodes = listed.value if isinstance(listed, SequenceNode) else []
    entries = [_entry(node, ("tenants", str(position)), problems) for position, node in enumerate(nodes)]
    return entries, problems.found


def _entry(node: Any, path: Path, problems: Problems) -> Entry:  # noqa: ANN401 - any of ruamel's nodes
    entry = Entry(path, line_of(node))
    if not isinstance(node, MappingNode):
        problems.add(node, path, FileCode.FIELD_SHAPE, "A tenant is a mapping of fields.")
        return entry
    reader = _Reader(entry, problems)
    fields = fields_of(node, path, _TENANT_FIELDS, problems)
    if "app" not in fields:
        problems.add(node, (*path, "app"), ProblemCode.REQUIRED, "Say GENERIC or WHITELABEL.")
    for name, value in fields.items():
        entry.lines[(name,)] = line_of(value)
        match name:
            case "providerId":
                entry.provider_id = reader.text(value, (name,)) or ""
            case "name":
                entry.name = reader.text(value, (name,))
            case "app":
                entry.app = reader.choice(value, (name,), AppKind) or AppKind.GENERIC
            case _:
                entry.sections[name] = reader.section(value, name)
    return entry


class _Reader:
    """Reads values of one tenant and remembers their lines."""

    def __init__(self, entry: Entry, problems: Problems) -> None:
        self._entry, self._problems = entry, problems

    def section(self, node: Any, section: str) -> dict[str, Any]:  # noqa: ANN401 - as above
        """A section's fields, by the API's names and types."""
        if is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            self._refuse(node, (section,), "A section is a mapping of fields.")
            return {}
        fields = fields_of(node, (*self._entry.path, section), FORM[section], self._problems)
        return {name: self._field(value, (section, name)) for name, value in fields.items()}

    def _field(self, node: Any, path: Path) -> Any:  # noqa: ANN401 - as above
        self._entry.lines[path] = line_of(node)
        match path[-1]:
            case "isEnabled":
                return self._switch(node, path)
            case "method":
                return self._choice_name(node, path, ProvisioningMethod)
            case "credentialsSource":
                return self._choice_name(node, path, CredentialsSource)
            case "links":
                return self._links(node, path)
            case _:
                return self.text(node, path)

    def text(self, node: Any, path: Path) -> str | None:  # noqa: ANN401 - as above
        """A text as typed; null is None."""
        if is_null(node):
            if path[-1] in _COLORS and not node.value:
                hint = 'In YAML a # begins a remark: write "#0d47a1" with quotes. For the default leave the field out.'
                self._refuse(node, path, "There is no colour here.", hint)
            return None
        if isinstance(node, ScalarNode):
            return str(node.value)
        self._refuse(node, path, "A text belongs here.")
        return None

    def choice(self, node: Any, path: Path, kind: type[Enum]) -> Any:  # noqa: ANN401 - as above
        """A member of an enum; None when it is none, and the problem is noted."""
        words = [str(member.value) for member in kind]
        if isinstance(node, ScalarNode) and node.value in words:
            return kind(node.value)
        message = f"One of {', '.join(words)} belongs here."
        self._problems.add(node, (*self._entry.path, *path), FileCode.CHOICE_UNKNOWN, message)
        return None

    def _choice_name(self, node: Any, path: Path, kind: type[Enum]) -> str | None:  # noqa: ANN401 - as above
        if is_null(node):
            return None
        member = self.choice(node, path, kind)
        return None if member is None else str(member.value)

    def _switch(self, node: Any, path: Path) -> bool | None:  # noqa: ANN401 - as above
        if is_null(node):
            return None
        if isinstance(node, ScalarNode) and node.value in _SWITCHES:
            return _SWITCHES[node.value]
        message = "true or false belongs here."
        self._problems.add(node, (*self._entry.path, *path), FileCode.CHOICE_UNKNOWN, message)
        return None

    def _links(self, node: Any, path: Path) -> list[dict[str, str | None]] | None:  # noqa: ANN401 - as above
        if is_null(node):
            return None
        if not isinstance(node, SequenceNode):
            self._refuse(node, path, "A list of links belongs here.")
            return None
        return [self._link(link, (*path, str(position))) for position, link in enumerate(node.value)]

    def _link(self, node: Any, path: Path) -> dict[str, str | None]:  # noqa: ANN401 - as above
        self._entry.lines[path] = line_of(node)
        if not isinstance(node, MappingNode):
            self._refuse(node, path, "A link is a mapping of `title` and `url`.")
            return {}
        fields = fields_of(node, (*self._entry.path, *path), _LINK_FIELDS, self._problems)
        self._entry.lines |= {(*path, name): line_of(value) for name, value in fields.items()}
        return {name: self.text(value, (*path, name)) for name, value in fields.items()}

    def _refuse(self, node: Any, path: Path, message: str, hint: str | None = None) -> None:  # noqa: ANN401 - as above
        self._problems.add(node, (*self._entry.path, *path), FileCode.FIELD_SHAPE, message, hint)
