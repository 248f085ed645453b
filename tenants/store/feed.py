"""The change feed: written as the last statements of a transaction, read by one job a process.

The counter's row is locked from the moment a transaction takes its numbers until its COMMIT, so whoever takes the next
ones finds these visible: what is read is always all that came before. Nobody waits for another lock while holding it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise.connection import get_connections

from tenants.binding import CONNECTION
from tenants.feed import Batch, Change, ChangeKind
from tenants.feed_rows import ChangeRow
from tenants.rows import TenantRow
from tenants.scoping import scoped
from tenants.watch import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tenants.feed import Noted
    from tenants.system import FeedScope

KEPT = 10_000
"""Changes that are kept: who has not read them by then is told that anything may have changed."""
_FORGOTTEN_AT_ONCE = 100
_READ_AT_ONCE = 1_000
_FEW = 500

# On PostgreSQL whoever listens is told at COMMIT.
_TAKE = {
    "sqlite": 'UPDATE "change_counter" SET number = number + ? RETURNING number',
    "postgres": f"UPDATE \"change_counter\" SET number = number + $1 RETURNING number, pg_notify('{CHANNEL}', '')",  # noqa: S608 - of ours
}
_INSERT = {
    "sqlite": 'INSERT INTO "change" (number, tenant, kind, at) VALUES (?, ?, ?, ?)',
    "postgres": 'INSERT INTO "change" (number, tenant, kind, at) VALUES ($1, $2, $3, $4)',
}
# One statement, hence one moment: the head, and what it stands at the end of.
_READ = """
SELECT head.number AS head, said.number, said.tenant, said.kind, tenant.provider_key
FROM "change_counter" AS head
LEFT JOIN "change" AS said ON said.number > {}
LEFT JOIN "tenant" ON tenant.id = said.tenant
ORDER BY said.number LIMIT {}
"""
_READ_FROM = {"sqlite": _READ.format("?", "?"), "postgres": _READ.format("$1", "$2")}


@scoped
async def write_changes(_scope: FeedScope, noted: Sequence[Noted]) -> None:
    """As the last statements of a transaction: give the changes the next numbers. Locks the counter until the end."""
    client = get_connections().get(CONNECTION)
    dialect = client.capabilities.dialect
    (taken,) = await client.execute_query_dict(_TAKE[dialect], [len(noted)])
    head = taken["number"]
    kept = list(enumerate(noted, head - len(noted) + 1))[-KEPT:]
    rows = [[number, one.tenant, one.kind.name, _to_stored(one, dialect)] for number, one in kept]
    await client.execute_many(_INSERT[dialect], rows)
    if head // _FORGOTTEN_AT_ONCE != (head - len(noted)) // _FORGOTTEN_AT_ONCE:
        await ChangeRow.filter(number__lte=head - KEPT).delete()


@scoped
async def find_provider_keys(_scope: FeedScope, tenants: Collection[int]) -> dict[int, str]:
    """By tenant, of those that are there."""
    listed, found = list(tenants), dict[int, str]()
    for begin in range(0, len(listed), _FEW):  # a database takes only so many values at once
        rows = TenantRow.filter(id__in=listed[begin : begin + _FEW])
        found.update(await rows.values_list("id", "provider_key"))
    return found


@scoped
async def read_changes(_scope: FeedScope, after: int | None, *, first: int = _READ_AT_ONCE) -> Batch:
    """What was committed after that number; None: after what nobody knows.

    Raises LookupError when there is no counter, which says that this role may not read it.
    """
    client = get_connections().get(CONNECTION)
    asked = [after or 0, 1 if after is None else first]
    rows = await client.execute_query_dict(_READ_FROM[client.capabilities.dialect], asked)
    if not rows:
        message = "There is no counter of changes, or whoever the gateway connects as may not see it."
        raise LookupError(message)
    head = rows[0]["head"]
    changes = [row for row in rows if row["number"] is not None]
    expected = [] if after is None else list(range(after + 1, min(after + first, head) + 1))
    if after is None or after > head or [row["number"] for row in changes] != expected:
        return Batch(head, None)
    number = after + len(changes)
    return Batch(number, _changes(changes), has_more=number < head)


def _changes(rows: Sequence[dict[str, Any]]) -> tuple[Change, ...] | None:
    """None where a later version of the gateway tells of a kind that this one does not know."""
    if any(row["kind"] not in ChangeKind.__members__ for row in rows):
        return None
    return tuple(Change(row["number"], row["tenant"], row["provider_key"], ChangeKind[row["kind"]]) for row in rows)


def _to_stored(noted: Noted, dialect: str) -> object:
    """As Tortoise writes a moment."""
    return noted.at.isoformat(" ") if dialect == "sqlite" else noted.at
