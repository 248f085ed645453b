"""From the tree of a file to one entry a tenant: what `tenants.parsing.apply` reads, no rule asked yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenants.codes import ProblemCode
from tenants.files.form import Form
from tenants.files.problems import FileCode, Path, RefusedFileError
from tenants.files.tree import Node, Text, read_tree
from tenants.model import AppKind, CredentialsSource, ProvisioningMethod
from tenants.parsing import FORM

if TYPE_CHECKING:
    from collections.abc import Mapping as Choices

_TENANT_FIELDS = ("providerId", "name", "app", *FORM)
_LINK_FIELDS = ("title", "url")
_HEADER_FIELDS = ("name", "value")
_KINDS = {kind.value: kind for kind in AppKind}
_CHOICES: Choices[str, Choices[str, object]] = {
    "isEnabled": {"true": True, "false": False},
    "method": {method.value: method.value for method in ProvisioningMethod},
    "credentialsSource": {source.value: source.value for source in CredentialsSource},
}


@dataclass(slots=True)
class Entry:
    """A tenant as a file has it."""

    form: Form
    """Knows the lines, and what is wrong with the form."""
    provider_id: str = ""
    name: str | None = None
    app: AppKind | None = None
    """None when the file does not say; that is a problem noted in the form."""
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TenantsFile:
    """The tenants of a file, in its order."""

    form: Form
    """What is wrong around the tenants."""
    entries: tuple[Entry, ...]

    def refuse_if_any(self) -> None:
        """Raises RefusedFileError with all problems that were noted, of the file and of its tenants."""
        problems = [
            problem for form in (self.form, *(entry.form for entry in self.entries)) for problem in form.problems
        ]
        if problems:
            raise RefusedFileError(problems)


def read_tenants(data: bytes) -> TenantsFile:
    """A file with its problems noted. Raises RefusedFileError when it is no YAML or says nothing about tenants."""
    root = read_tree(data)
    form = Form((), root.line)
    listed = form.fields(root, (), ("tenants",)).get("tenants")
    if listed is None:
        if not form.problems:
            form.note(("tenants",), ProblemCode.REQUIRED, "A file begins with `tenants:` and a list of tenants.")
        raise RefusedFileError(form.problems)
    nodes = form.items(listed, ("tenants",), "A list of tenants belongs here; one without any is written [].")
    entries = [_entry(node, ("tenants", str(position))) for position, node in enumerate(nodes)]
    return TenantsFile(form, tuple(entries))


def _entry(node: Node, place: Path) -> Entry:
    form = Form(place, node.line)
    entry = Entry(form)
    fields = form.fields(node, (), _TENANT_FIELDS)
    if "providerId" in fields:
        entry.provider_id = form.text(fields["providerId"], ("providerId",)) or ""
    if "name" in fields:
        entry.name = _optional_text(form, fields["name"], ("name",))
    if "app" in fields:
        entry.app = form.choice(fields["app"], ("app",), _KINDS)
    if entry.app is None and not form.is_unread(("app",)):
        form.refuse(("app",), ProblemCode.REQUIRED, f"The kind of app is needed: {' or '.join(_KINDS)}.")
    entry.sections = {name: _section(form, fields[name], name) for name in FORM if name in fields}
    return entry


def _section(form: Form, node: Node, section: str) -> dict[str, Any]:
    """A section's fields, by the API's names and types; one that is null has its defaults."""
    if isinstance(node, Text) and node.is_null:
        return {}
    fields = form.fields(node, (section,), FORM[section])
    return {name: _field(form, value, (section, name)) for name, value in fields.items()}


def _field(form: Form, node: Node, path: Path) -> object:
    name = path[-1]
    if name in _CHOICES:
        return form.choice(node, path, _CHOICES[name])
    if name == "links":
        return _links(form, node, path)
    if name == "headers":
        return _headers(form, node, path)
    return _optional_text(form, node, path)


def _optional_text(form: Form, node: Node, path: Path) -> str | None:
    """A text, or null for its default. Nothing at all is refused: most often a # has made a remark of the text."""
    if isinstance(node, Text) and node.is_null and not node.text:
        hint = 'A # after a blank begins a remark: write such a text in quotes, "#0d47a1". For the default write null.'
        form.refuse(path, FileCode.FIELD_SHAPE, "Nothing stands here.", hint)
    return form.text(node, path)


def _links(form: Form, node: Node, path: Path) -> list[dict[str, str | None]] | None:
    if isinstance(node, Text) and node.is_null:
        return None
    items = form.items(node, path, "A list of links belongs here; one without any is written [].")
    return [_link(form, item, (*path, str(position))) for position, item in enumerate(items)]


def _link(form: Form, node: Node, path: Path) -> dict[str, str | None]:
    fields = form.fields(node, path, _LINK_FIELDS)
    return {name: form.text(value, (*path, name)) for name, value in fields.items()}


def _headers(form: Form, node: Node, path: Path) -> list[dict[str, str | None]] | None:
    if isinstance(node, Text) and node.is_null:
        return None
    items = form.items(node, path, "A list of headers belongs here; one without any is written [].")
    return [_header(form, item, (*path, str(position))) for position, item in enumerate(items)]


def _header(form: Form, node: Node, path: Path) -> dict[str, str | None]:
    fields = form.fields(node, path, _HEADER_FIELDS)
    return {name: _optional_text(form, value, (*path, name)) for name, value in fields.items()}
