"""How SQLite holds a row: each value with its kind.

SQLite keeps what it is given, whatever a column was declared for, and reading is lenient: 2 is true, and one moment has
many spellings. Whoever edits a row so that it reads the same and is found, sorted and shown otherwise has edited it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

Kind = Literal["integer", "text", "text?", "blob", "moment", "flag"]
Columns = Mapping[str, Kind]

EVENT: Final[Columns] = {
    "id": "integer",
    "chain": "integer",
    "number": "integer",
    "at": "moment",
    "action": "text",
    "actor_kind": "text",
    "actor_id": "text?",
    "request_id": "text",
    "is_on_platform": "flag",
    "personal": "text?",
    "personal_mac": "blob",
    "hash": "blob",
}
CHAIN: Final[Columns] = {
    "id": "integer",
    "number": "integer",
    "hash": "blob",
    "mac": "blob",
    "key_id": "text",
    "sealed": "blob",
}
_BETWEEN = "|"


def expression(columns: Columns) -> str:
    """SQL for a text that `parse` reads: of each column what kind of value it holds, and its bytes in hexadecimal."""
    return f" || '{_BETWEEN}' || ".join(f"""typeof("{name}") || ':' || hex("{name}")""" for name in columns)


def parse(columns: Columns, form: str) -> dict[str, Any] | None:
    """The row; None when one of its values is not of the kind, or not spelled as the gateway spells it."""
    values = zip(columns.items(), form.split(_BETWEEN), strict=True)
    try:
        return {name: _value(kind, *value.split(":")) for (name, kind), value in values}
    except ValueError:
        return None


def _value(kind: Kind, held: str, data: str) -> int | bytes | str | datetime | None:
    """Raises ValueError."""
    content = bytes.fromhex(data)
    match kind, held:
        case "integer", "integer":
            return int(content)
        case "flag", "integer" if content in (b"0", b"1"):
            return content == b"1"
        case "blob", "blob":
            return content
        case "text?", "null":
            return None
        case "text" | "text?", "text":
            return content.decode()
        case "moment", "text":
            return _moment(content.decode())
        case _:
            raise ValueError(held)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text).astimezone(UTC)
    if at.isoformat(" ") != text:
        raise ValueError(text)
    return at
