"""The chains of the audit log as they are stored, for whoever checks them: heads, and entries in their order."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tortoise.connection import get_connections
from tortoise.expressions import RawSQL
from tortoise.functions import Max, Min

from tenants import audit_spelling as spelling
from tenants.audit import Entry, event_id
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.binding import CONNECTION
from tenants.keys import Sealed
from tenants.scoping import scoped

if TYPE_CHECKING:
    from tortoise.queryset import QuerySet

    from tenants.system import SystemScope

NO_CHAIN = -1
"""The number of what is in no chain at all, since its chain is no number."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain goes on, and the key that it is made with."""

    number: int
    hash: bytes
    mac: bytes
    key: Sealed


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry, and beside it what it is checked against."""

    id: int
    entry: Entry
    personal: str | None
    hash: bytes


@scoped
async def list_chains(_scope: SystemScope) -> list[int]:
    """The numbers of all chains of which there is a head or an entry, the platform's first, or NO_CHAIN before it."""
    heads, entries = AuditChainRow.all(), AuditEventRow.all().distinct()
    if not _is_sqlite():
        found = [*await heads.values_list("id", flat=True), *await entries.values_list("chain", flat=True)]
    else:
        found = [
            *await heads.annotate(at_place=_number_or_none("id")).values_list("at_place", flat=True),
            *await entries.annotate(at_place=_number_or_none("chain")).values_list("at_place", flat=True),
        ]
    return sorted({int(str(one)) for one in found})


@scoped
async def find_head(_scope: SystemScope, chain: int) -> Head | None:
    """None for a chain that has none; one with a negative number when its row holds what no gateway writes."""
    found = await _read(AuditChainRow.filter(id=chain), spelling.CHAIN)
    if not found:
        return None
    row = found[0]
    if row is None:
        return Head(-1, b"", b"", Sealed("", b""))
    return Head(row["number"], row["hash"], row["mac"], Sealed(row["key_id"], row["sealed"]))


@scoped
async def list_entries(
    _scope: SystemScope, chain: int, *, up_to: int, after: int | None = None, first: int
) -> list[StoredEntry | None]:
    """Up to `first` entries by id, from behind an id, out of the places of the numbers from 0 to `up_to`.

    None stands for one that holds what no gateway writes. By their places alone: with the chain as a condition, SQLite
    would sort the whole chain for each page.
    """
    begin = event_id(chain, 0) if after is None else after + 1
    rows = AuditEventRow.filter(id__gte=begin, id__lte=event_id(chain, up_to))
    return [_stored(row) for row in await _read(rows.order_by("id").limit(first), spelling.EVENT)]


@scoped
async def find_ends(_scope: SystemScope, chain: int) -> tuple[int, int] | None:
    """The smallest and the largest id of the chain's entries, wherever those stand; None when there is none.

    What is no number is larger than all numbers.
    """
    ends = AuditEventRow.filter(chain=chain).annotate(one=Min("id"), last=Max("id"))
    (row,) = await ends.values("one", "last")
    if row["one"] is None:
        return None
    one, last = (end if isinstance(end, int) else sys.maxsize for end in (row["one"], row["last"]))
    return one, last


async def _read(rows: QuerySet[Any], columns: spelling.Columns) -> list[dict[str, Any] | None]:
    if _is_sqlite():
        forms = rows.annotate(form=RawSQL(spelling.expression(columns)))
        return [spelling.parse(columns, str(form)) for form in await forms.values_list("form", flat=True)]
    return [dict(row) for row in await rows.values(*columns)]


def _number_or_none(column: str) -> RawSQL:
    return RawSQL(f"""CASE typeof("{column}") WHEN 'integer' THEN "{column}" ELSE {NO_CHAIN} END""")


def _is_sqlite() -> bool:
    return bool(get_connections().get(CONNECTION).capabilities.dialect == "sqlite")


def _stored(row: dict[str, Any] | None) -> StoredEntry | None:
    if row is None:
        return None
    place, personal, hashed = row.pop("id"), row.pop("personal"), row.pop("hash")
    return StoredEntry(place, Entry(**row), personal, hashed)
