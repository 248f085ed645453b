"""Tenants as YAML that `tenants.files.entries` reads, always in the same bytes: only what differs from the defaults."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from tenants.documents import to_mapping
from tenants.model import Config
from tenants.parsing import FORM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tenants.model import Draft, Tenant

_HEADER = "# Tenants of a softphone gateway, as they are being edited. `gateway import` reads this file.\n"


def write_tenants(tenants: Iterable[tuple[Tenant, Draft]]) -> str:
    """The whole file."""
    yaml = YAML()
    yaml.width = 4096  # a folded line would be read with a blank in it
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump({"tenants": [_tenant(tenant, draft) for tenant, draft in tenants]}, text)
    return _HEADER + text.getvalue()


def _tenant(tenant: Tenant, draft: Draft) -> dict[str, Any]:
    written: dict[str, Any] = {"providerId": _text(tenant.provider_id.text)}
    if draft.name is not None:
        written["name"] = _text(draft.name)
    written["app"] = draft.config.app.value
    own, default = to_mapping(draft.config), to_mapping(Config(app=draft.config.app))
    for section, fields in FORM.items():
        changed = {name: _value(own[section][name]) for name in fields if own[section][name] != default[section][name]}
        if changed:
            written[section] = changed
    return written


def _value(value: Any) -> Any:  # noqa: ANN401 - whatever a section holds
    if isinstance(value, list):
        return [{name: _text(text) for name, text in link.items()} for link in value]
    return value if isinstance(value, bool) else _text(value)


def _text(text: str) -> str:
    """In quotes: no version of YAML takes it for a number, a date, a switch or a remark."""
    quoted: str = DoubleQuotedScalarString(text)
    return quoted
