"""Row level security: the second line, for the role that serves and owns nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from tortoise.connection import get_connection

from tenants import database
from tenants.access import Actor, ActorKind, TenantScope
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.model import AppKind
from tenants.rows import DraftRow, RevisionRow, SecretRow, TenantRow
from tenants.scoping import Extent, Kind, bound, extent_of
from tenants.store import secrets
from tenants.store.sealed import count_by_key
from tenants.system import SystemScope
from tests.make import KEYS, ORIGIN
from tests.served import ServedDatabase
from tests.tenants.writing import NOW

pytestmark = pytest.mark.anyio
SYSTEM = SystemScope("a test")
STAFF = Actor(ActorKind.PERSON, "Anna")
TABLES = ("tenant", "draft", "revision", "secret", "provider_id")


@dataclass
class Two:
    """Two published tenants with a secret each."""

    a: TenantScope
    b: TenantScope


@pytest.fixture
async def two(served: ServedDatabase) -> AsyncIterator[Two]:
    """Connected as the role that serves, with one connection, so that whatever is left on it is met."""
    await database.connect(served.url, pool_size=1, timeout_seconds=5, system_role=served.system_role)
    scopes = [await make_tenant(name) for name in ("AcmeInc", "BrightTel")]
    yield Two(*scopes)
    await database.disconnect()


async def make_tenant(name: str) -> TenantScope:
    made = await create_tenant(SYSTEM.platform(KEYS), provider_id=name, name=None, app=AppKind.GENERIC, now=NOW)
    scope = TenantScope(made.id, STAFF, ORIGIN)
    async with database.transaction():
        await secrets.insert_header(scope, KEYS, f"SECRET-{name}", NOW)
    await publish(scope, expected=1, note=None, now=NOW)
    return scope


async def seen(model: Any, extent: Extent) -> int:
    with bound(extent):
        return int(await model.all().count())


def of(*scopes: TenantScope) -> Extent:
    return extent_of(list(scopes))


@pytest.mark.parametrize("model", [TenantRow, DraftRow, RevisionRow, SecretRow])
async def test_a_query_without_a_filter_sees_the_scope_s_tenants_alone(two: Two, model: Any) -> None:
    counts = [await seen(model, extent) for extent in (of(two.a), of(two.b), of(two.a, two.b), of())]

    assert counts == [1, 1, 2, 0]


async def test_a_write_without_a_filter_changes_the_scope_s_tenant_alone(two: Two) -> None:
    async with database.transaction():
        with bound(of(two.a)):
            changed = await DraftRow.all().update(name="taken over")
            gone = await SecretRow.all().delete()

    with bound(extent_of(SYSTEM)):
        names = {row.tenant_id: row.name for row in await DraftRow.all()}
        left = [row.tenant_id for row in await SecretRow.all()]
    assert (changed, gone) == (1, 1)
    assert names == {two.a.tenant: "taken over", two.b.tenant: None}
    assert left == [two.b.tenant]


async def test_a_row_cannot_be_given_to_another_tenant(two: Two) -> None:
    with pytest.raises(Exception, match="row-level security"):
        await give_away(two)


async def give_away(two: Two) -> None:
    async with database.transaction():
        with bound(of(two.a)):
            await SecretRow.all().update(tenant_id=two.b.tenant)


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        (Extent(Kind.PUBLIC), {"TenantRow": 1, "RevisionRow": 1}),
        (Extent(Kind.CREDENTIAL), {"TenantRow": 2}),
        (Extent(Kind.PLATFORM), {"TenantRow": 2, "RevisionRow": 2, "DraftRow": 2}),
        (Extent(Kind.PERSON, person=1), {}),
        (Extent(Kind.TRAIL, frozenset({1, 2})), {}),
        (Extent(Kind.NOTHING), {}),
        (Extent(Kind.FEED), {"TenantRow": 2}),
        (Extent(Kind.SYSTEM), {"TenantRow": 2, "RevisionRow": 2, "DraftRow": 2, "SecretRow": 2}),
    ],
    ids=lambda value: value.kind.name if isinstance(value, Extent) else "",
)
async def test_a_scope_without_a_tenant_sees_no_more_than_its_kind_needs(
    two: Two, extent: Extent, expected: dict[str, int]
) -> None:
    async with database.transaction():
        with bound(of(two.b)):
            await TenantRow.filter(id=two.b.tenant).update(is_suspended=True)

    counts = {model.__name__: await seen(model, extent) for model in (TenantRow, RevisionRow, DraftRow, SecretRow)}

    assert {name: count for name, count in counts.items() if count} == expected


async def test_nothing_of_one_statement_s_scope_is_left_for_the_next(two: Two) -> None:
    extents = [of(two.a), Extent(Kind.SYSTEM), Extent(Kind.NOTHING), of(two.b), Extent(Kind.PUBLIC)] * 4

    counts = [await seen(SecretRow, extent) for extent in extents]

    assert counts == [1, 2, 0, 1, 0] * 4


async def test_statements_that_wait_for_one_connection_keep_their_own(two: Two) -> None:
    async def ids(scope: TenantScope) -> list[int]:
        with bound(of(scope)):
            return [row.id for row in await TenantRow.all()]

    found = await asyncio.gather(*(ids(scope) for scope in [two.a, two.b] * 25))

    assert found == [[two.a.tenant], [two.b.tenant]] * 25


async def test_a_transaction_tells_the_server_of_each_other_scope(two: Two) -> None:
    async with database.transaction():
        inside = [await seen(SecretRow, extent) for extent in (of(two.a), Extent(Kind.SYSTEM), of(), of(two.b))]
    outside = await seen(SecretRow, Extent(Kind.NOTHING))

    assert (inside, outside) == ([1, 2, 0, 1], 0)


@pytest.mark.parametrize("steps", range(12))
async def test_a_read_cancelled_at_any_step_leaves_no_scope_and_no_role_behind(two: Two, steps: int) -> None:
    reading = asyncio.create_task(seen(SecretRow, Extent(Kind.SYSTEM)))
    for _ in range(steps):
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    assert await seen(SecretRow, of(two.a)) == 1
    assert await seen(SecretRow, Extent(Kind.NOTHING)) == 0
    assert await current_user() != "system"


async def test_a_statement_that_fails_leaves_no_scope_behind(two: Two) -> None:
    with bound(extent_of(SYSTEM)), pytest.raises(Exception, match="no_such_table"):
        await get_connection("default").execute_query("SELECT * FROM no_such_table")

    assert await seen(SecretRow, Extent(Kind.NOTHING)) == 0
    assert (await current_user()).startswith("serving")


async def current_user() -> str:
    with bound(Extent(Kind.NOTHING)):
        _, rows = await get_connection("default").execute_query("SELECT current_user::text AS name")
    return str(rows[0]["name"])


async def test_the_gateway_s_own_work_is_done_as_its_own_role(two: Two) -> None:
    counts = await count_by_key(SYSTEM)

    assert counts["secret"] == {KEYS.current_id: 2}


async def test_who_serves_can_neither_change_nor_delete_what_is_on_record(served: ServedDatabase) -> None:
    connection = await asyncpg.connect(served.url)
    refused = []
    for statement in (
        "UPDATE audit_event SET action = 'X'",
        "DELETE FROM audit_event",
        "DELETE FROM audit_chain",
        "UPDATE revision SET config = ''",
        "DELETE FROM revision",
        "ALTER TABLE secret DISABLE ROW LEVEL SECURITY",
        "DROP POLICY secret_1 ON secret",
        "CREATE TABLE mine (id int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        refused.append(statement)
    await connection.close()

    assert len(refused) == 8


async def test_every_table_of_ours_is_under_row_level_security(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    rows = await connection.fetch(
        "SELECT relname::text AS name, relrowsecurity AS is_on, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)"
        " AS policies FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    await connection.close()

    bare = {row["name"] for row in rows if not (row["is_on"] and row["policies"])}
    assert bare == {"tortoise_migrations"}


async def test_no_foreign_key_between_tables_of_a_tenant_leaves_the_tenant_out(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    rows = await connection.fetch(
        "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent,"
        " ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey)) AS columns"
        " FROM pg_constraint WHERE contype = 'f'"
    )
    of_tenants = {
        row["name"]
        for row in await connection.fetch(
            "SELECT attrelid::regclass::text AS name FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
            " WHERE attname = 'tenant_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
    }
    await connection.close()

    keys = [(row["child"], row["parent"], row["columns"]) for row in rows]
    between = [key for key in keys if key[0] in of_tenants and key[1] in of_tenants]
    assert ("secret", "tenant", ["tenant_id"]) in keys
    assert [key for key in between if "tenant_id" not in key[2]] == []
