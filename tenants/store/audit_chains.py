"""The chains of the audit log as they are stored, for whoever checks them: heads, and entries in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.functions import Max

from tenants.audit import Entry, event_id
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.keys import Sealed
from tenants.scoping import scoped

if TYPE_CHECKING:
    from tenants.system import SystemScope


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
    """The numbers of all chains of which there is a head or an entry, the platform's first."""
    heads = await AuditChainRow.all().values_list("id", flat=True)
    entries = await AuditEventRow.all().distinct().values_list("chain", flat=True)
    return sorted({int(str(one)) for one in (*heads, *entries)})


@scoped
async def find_head(_scope: SystemScope, chain: int) -> Head | None:
    """None for a chain that has none."""
    row = await AuditChainRow.get_or_none(id=chain)
    if row is None:
        return None
    return Head(row.number, bytes(row.hash), bytes(row.mac), Sealed(row.key_id, bytes(row.sealed)))


@scoped
async def list_entries(
    _scope: SystemScope, chain: int, *, up_to: int, after: int | None = None, first: int
) -> list[StoredEntry]:
    """Up to `first` entries by id, from behind an id, out of the places of the numbers from 0 to `up_to`.

    By their places alone: with the chain as a condition, SQLite would sort the whole chain for each page.
    """
    begin = event_id(chain, 0) if after is None else after + 1
    rows = AuditEventRow.filter(id__gte=begin, id__lte=event_id(chain, up_to))
    return [_stored(row) for row in await rows.order_by("id").limit(first)]


@scoped
async def find_last_id(_scope: SystemScope, chain: int) -> int:
    """The largest id of the chain's entries, wherever that stands; -1 when there is none."""
    (row,) = await AuditEventRow.filter(chain=chain).annotate(last=Max("id")).values("last")
    return -1 if row["last"] is None else int(row["last"])


def _stored(row: AuditEventRow) -> StoredEntry:
    entry = Entry(
        chain=row.chain,
        number=row.number,
        at=row.at,
        action=row.action,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        request_id=row.request_id,
        is_on_platform=row.is_on_platform,
        personal_mac=bytes(row.personal_mac),
    )
    return StoredEntry(row.id, entry, row.personal, bytes(row.hash))
