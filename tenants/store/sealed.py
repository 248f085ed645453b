"""Every encrypted value of the database, in whichever table it stands: counted by key, and encrypted anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from tortoise.functions import Count

from tenants.audit_rows import AuditChainRow
from tenants.keys import Place, Sealed
from tenants.rows import SecretRow, SetupLinkRow
from tenants.scoping import scoped
from tenants.store.audit import chain_place
from tenants.store.setup_links import ERASED

if TYPE_CHECKING:
    from tortoise.queryset import QuerySet

    from tenants.system import SystemScope

_Row: TypeAlias = SecretRow | SetupLinkRow | AuditChainRow
_ROWS: dict[str, type[_Row]] = {"secret": SecretRow, "setup_link": SetupLinkRow, "audit_chain": AuditChainRow}
TABLES = tuple(_ROWS)


@dataclass(frozen=True, slots=True)
class Value:
    """An encrypted value where it stands."""

    place: Place
    sealed: Sealed


@scoped
async def count_by_key(_scope: SystemScope) -> dict[str, dict[str, int]]:
    """How many values each key encrypts, by table and then by the key's id; a key without values is absent."""
    counts: dict[str, dict[str, int]] = {}
    for table in TABLES:
        rows = _values(table).annotate(count=Count("id")).group_by("key_id")
        counts[table] = {str(row["key_id"]): int(row["count"]) for row in await rows.values("key_id", "count")}
    return counts


@scoped
async def list_outdated(
    _scope: SystemScope, table: str, current: str, *, after: int, first: int, is_waiting: bool
) -> list[Value]:
    """Inside a transaction: up to `first` values of other keys by their row's id, kept from other writers.

    One that somebody else is changing is waited for, or left out.
    """
    rows = _values(table).exclude(key_id=current).filter(id__gt=after).order_by("id").limit(first)
    found = await rows.select_for_update(skip_locked=not is_waiting)
    return [Value(_place(table, row), Sealed(row.key_id, bytes(row.sealed))) for row in found]


@scoped
async def replace(_scope: SystemScope, place: Place, sealed: Sealed) -> None:
    """Inside the transaction that listed it: the same value under another key."""
    await _ROWS[place.table].filter(id=place.row).update(key_id=sealed.key_id, sealed=sealed.data)


def _place(table: str, row: _Row) -> Place:
    return chain_place(row.id) if isinstance(row, AuditChainRow) else Place(row.tenant_id, table, "sealed", row.id)


def _values(table: str) -> QuerySet[_Row]:
    """An erased content is encrypted with nothing, whatever key its row names."""
    return cast("QuerySet[_Row]", _ROWS[table].exclude(sealed=ERASED))
