"""Tenants as YAML that `tenants.files.entries` reads, always in the same bytes: only what differs from the defaults.

Written here and not by a library, whose next release might fold, quote or escape otherwise.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tenants.documents import to_mapping
from tenants.model import Config
from tenants.parsing import FORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tenants.model import Draft, Tenant

HEADER = "# Tenants of a softphone gateway, as they are being edited. `gateway import` reads this file.\n"
_REMARKS = {"headers": "  # their values are secrets and stay in the database"}
# What every YAML reader takes for a text: no number, date, switch, remark or mapping.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _./@?=&%+-]|:(?=[^ ])|(?<! )#)*(?<![ :])")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
# What JSON leaves as it is and YAML takes for a line's end, or refuses.
_UNWRITABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def write_tenants(tenants: Iterable[tuple[Tenant, Draft]]) -> str:
    """The whole file, in the order given."""
    items = ["\n".join(_item(_settings(tenant, draft), "  ")) for tenant, draft in tenants]
    return HEADER + ("tenants:\n" + "\n\n".join(items) if items else "tenants: []") + "\n"


def _settings(tenant: Tenant, draft: Draft) -> dict[str, Any]:
    """One tenant in the order of the form."""
    names = {"providerId": tenant.provider_id.text} | ({} if draft.name is None else {"name": draft.name})
    own, default = to_mapping(draft.config), to_mapping(Config(app=draft.config.app))
    changed = {
        section: {field: own[section][field] for field in fields if own[section][field] != default[section][field]}
        for section, fields in FORM.items()
    }
    return names | {"app": draft.config.app.value} | {section: fields for section, fields in changed.items() if fields}


def _item(fields: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A mapping in a list: its first field stands behind the hyphen."""
    first, *others = _lines(fields, indent + "  ")
    yield f"{indent}- {first.lstrip()}"
    yield from others


def _lines(fields: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{name}:{_REMARKS.get(name, '')}"
            for item in value:
                yield from _item(item, indent + "  ")
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def _scalar(value: str | bool) -> str:  # noqa: FBT001 - a setting
    if isinstance(value, bool):
        return "true" if value else "false"
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNWRITABLE.sub(lambda char: f"\\u{ord(char[0]):04x}", quoted)
