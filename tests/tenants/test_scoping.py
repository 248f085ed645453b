from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

import pytest
from tortoise.connection import get_connection

from tenants import database
from tenants.access import (
    CREDENTIALS,
    PUBLIC,
    Actor,
    ActorKind,
    PersonScope,
    PlatformScope,
    SignInScope,
    TenantScope,
    Trail,
)
from tenants.access_rows import AccessTokenRow
from tenants.binding import find_row
from tenants.rows import TenantRow
from tenants.scoping import Extent, Kind, current_extent, scoped
from tenants.system import FEED, SystemScope
from tests.databases import POOL_SIZE
from tests.make import ORIGIN
from tests.tenants.writing import NOW, saved

STAFF = Actor(ActorKind.PERSON, "Anna")
T = TypeVar("T")
pytestmark = pytest.mark.anyio


@scoped
async def extent(scope: object) -> Extent:
    return current_extent()


@scoped
async def outer(scope: object, inner: object) -> tuple[Extent, Extent, Extent]:
    return current_extent(), await extent(inner), current_extent()


def of(tenant: int) -> TenantScope:
    return TenantScope(tenant, STAFF, ORIGIN)


@pytest.mark.parametrize(
    ("leave", "expected"),
    [
        (of(1), Extent(Kind.TENANT, frozenset({1}))),
        ([of(1), of(2)], Extent(Kind.TENANT, frozenset({1, 2}))),
        ([(of(1), 7), (of(3), 8)], Extent(Kind.TENANT, frozenset({1, 3}))),
        ([], Extent(Kind.TENANT)),
        (SignInScope(1), Extent(Kind.SIGN_IN, frozenset({1}))),
        (Trail(1, STAFF, ORIGIN), Extent(Kind.TRAIL, frozenset({1}))),
        (PlatformScope(STAFF, ORIGIN, frozenset({1, 2})), Extent(Kind.TENANT, frozenset({1, 2}))),
        (PlatformScope(STAFF, ORIGIN, frozenset()), Extent(Kind.TENANT)),
        (PlatformScope(STAFF, ORIGIN, None), Extent(Kind.PLATFORM)),
        (PersonScope(4, 5, STAFF, ORIGIN), Extent(Kind.PERSON, person=4)),
        (PUBLIC, Extent(Kind.PUBLIC)),
        (CREDENTIALS, Extent(Kind.CREDENTIAL)),
        (SystemScope("a test"), Extent(Kind.SYSTEM)),
        (FEED, Extent(Kind.FEED)),
    ],
)
async def test_a_scope_says_how_far_its_statements_go(leave: object, expected: Extent) -> None:
    assert await extent(leave) == expected


@pytest.mark.parametrize("leave", [None, 1, "AcmeInc", b"1", {of(1)}, [of(1), PUBLIC], [1], PlatformScope])
async def test_what_is_no_scope_gives_no_leave(leave: object) -> None:
    with pytest.raises(TypeError):
        await extent(leave)


async def test_an_inner_call_binds_its_own_and_gives_back_what_was_bound() -> None:
    before, inside, after = await outer(of(1), of(2))

    assert (before, inside, after) == tuple(Extent(Kind.TENANT, frozenset({tenant})) for tenant in (1, 2, 1))


async def test_nothing_stays_bound_after_a_call_not_even_one_that_fails() -> None:
    @scoped
    async def fail(scope: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await fail(of(1))

    with pytest.raises(RuntimeError, match="No scope is bound"):
        current_extent()


async def test_calls_side_by_side_keep_their_own() -> None:
    @scoped
    async def slow(scope: object) -> Extent:
        await asyncio.sleep(0)
        return current_extent()

    found = await asyncio.gather(*(slow(of(tenant)) for tenant in range(100)))

    assert [one.tenants for one in found] == [frozenset({tenant}) for tenant in range(100)]


def test_only_what_is_awaited_at_once_can_be_scoped() -> None:
    def later(scope: object) -> Any:
        return None

    with pytest.raises(TypeError, match="async"):
        scoped(later)


async def unbound(work: Coroutine[Any, Any, T]) -> T:
    """As code that is no function of the store: nothing of this test's is bound there."""
    return await asyncio.create_task(work, context=Context())


async def read() -> int:
    return await TenantRow.all().count()


async def read_in_a_transaction() -> int:
    async with database.transaction():
        return await TenantRow.all().count()


async def write() -> None:
    async with database.transaction():
        await AccessTokenRow.create(name="a", prefix="gwt_", sha256=b"1", role="x", created_at=NOW)


async def change() -> None:
    async with database.transaction():
        await TenantRow.all().update(name_key="taken over")


async def delete() -> None:
    async with database.transaction():
        await TenantRow.all().delete()


async def send_a_statement() -> None:
    await get_connection("default").execute_query("SELECT 1")


async def find_a_row() -> None:
    await find_row(dict.fromkeys(("sqlite", "postgres"), "SELECT 1"), ())


@pytest.mark.parametrize("work", [read, read_in_a_transaction, write, change, delete, send_a_statement, find_a_row])
async def test_a_statement_is_refused_while_nothing_is_bound(
    connected: str, work: Callable[[], Coroutine[Any, Any, Any]]
) -> None:
    await saved()

    with pytest.raises(RuntimeError, match="No scope is bound"):
        await unbound(work())

    assert [row.name_key for row in await TenantRow.all()] == ["acmeinc"]
    assert await AccessTokenRow.all().count() == 0


async def test_what_was_refused_leaves_nothing_taken(connected: str) -> None:
    for work in [read, read_in_a_transaction, write] * POOL_SIZE:
        with pytest.raises(RuntimeError, match="No scope is bound"):
            await unbound(work())

    async with asyncio.timeout(1.5):
        await asyncio.gather(saved(), *(read() for _ in range(POOL_SIZE + 1)))


async def test_whether_the_database_answers_can_be_asked_by_anybody(connected: str) -> None:
    await unbound(database.ping())
