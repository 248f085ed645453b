"""The reader of the change feed: what it tells, how soon, and that nothing ends it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.jobs.feed import Feed
from tenants import database
from tenants.access import Actor, ActorKind, TenantScope
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.actions.tenant import delete_tenant, resume_tenant, suspend_tenant
from tenants.feed import Change, ChangeKind
from tenants.model import AppKind
from tenants.system import SystemScope
from tenants.watch import LISTENER
from tests.cut_line import line_to
from tests.databases import POOL_SIZE
from tests.make import KEYS, ORIGIN
from tests.served import ServedDatabase
from tests.tenants.writing import NOW

pytestmark = pytest.mark.anyio
SYSTEM = SystemScope("a test")
STAFF = Actor(ActorKind.PERSON, "Anna")
PATIENCE_SECONDS = 10.0


class Told:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.all: list[Sequence[Change] | None] = []
        self.own: list[Change] = []
        self.read: list[Change] = []

    def __call__(self, changes: Sequence[Change] | None) -> None:
        self.all.append(changes)
        for change in changes or ():
            (self.read if change.number else self.own).append(change)

    @property
    def kinds(self) -> list[ChangeKind]:
        return [change.kind for change in self.read]


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.005)


async def make_tenant(name: str) -> TenantScope:
    made = await create_tenant(SYSTEM.platform(KEYS), provider_id=name, name=None, app=AppKind.GENERIC, now=NOW)
    return TenantScope(made.id, STAFF, ORIGIN)


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Told]:
    """Of a process that is connected and reads its feed, with a neighbour tenant in the database."""
    told = Told()
    feed = Feed([told], database_url)
    await database.connect(database_url, pool_size=POOL_SIZE, timeout_seconds=2, on_commit=feed.hear)
    await make_tenant("NeighbourTel")
    await feed.start()
    yield told
    await feed.close()
    await database.disconnect()


async def test_a_process_begins_with_knowing_nothing(told: Told) -> None:
    assert told.all == [None]


async def test_what_is_done_to_a_tenant_is_told_in_its_order_and_by_its_name(told: Told) -> None:
    tenant = await make_tenant("AcmeInc")
    await publish(tenant, expected=1, note=None, now=NOW)
    await suspend_tenant(tenant, "unpaid", now=NOW)
    await resume_tenant(tenant, now=NOW)
    await until(lambda: len(told.read) == 3)
    await delete_tenant(tenant, "AcmeInc", now=NOW)
    await until(lambda: len(told.read) == 4)

    kinds = [ChangeKind.PUBLISHED, ChangeKind.SUSPENDED, ChangeKind.RESUMED, ChangeKind.DELETED]
    assert told.read == [
        Change(number, tenant.tenant, None if kind is ChangeKind.DELETED else "acmeinc", kind)
        for number, kind in enumerate(kinds, 1)
    ]


async def test_a_process_hears_of_its_own_commit_before_whoever_made_it(told: Told) -> None:
    tenant = await make_tenant("AcmeInc")

    await publish(tenant, expected=1, note=None, now=NOW)

    assert told.own == [Change(0, tenant.tenant, "acmeinc", ChangeKind.PUBLISHED)]


async def publish_elsewhere(url: str, *tenants: int) -> None:
    """As another program does, by the statements of a transaction: a number each, from the counter."""
    for tenant in tenants:
        place = "(SELECT number FROM change_counter)"
        row = f"INSERT INTO change (number, tenant, kind, at) VALUES ({place}, {tenant}, 'PUBLISHED', '2026-01-01')"  # noqa: S608 - of ours
        await run_script(url, f"BEGIN; UPDATE change_counter SET number = number + 1; {row}; COMMIT")  # noqa: S608 - as above


async def run_script(url: str, script: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.executescript(script)
        connection.close()
    else:
        server = await asyncpg.connect(url)
        await server.execute(script)
        await server.close()


async def numbers_in_order(told: Told, count: int) -> bool:
    await until(lambda: len(told.read) >= count)
    return [change.number for change in told.read] == list(range(1, count + 1))


@asynccontextmanager
async def reading(
    url: str, *listeners: Any, watched: str | None = None, poll_seconds: float = 0.1
) -> AsyncIterator[Feed]:
    """A feed of a process that is connected there, and watches there or elsewhere."""
    feed = Feed(listeners, watched or url, poll_seconds=poll_seconds)
    await database.connect(url, pool_size=POOL_SIZE, timeout_seconds=1, on_commit=feed.hear)
    try:
        await feed.start()
        yield feed
    finally:
        await feed.close()
        await database.disconnect()


async def test_a_hint_is_enough(database_url: str) -> None:
    told = Told()
    async with reading(database_url, told, poll_seconds=1_000):
        tenant = await make_tenant("AcmeInc")
        await publish(tenant, expected=1, note=None, now=NOW)
        await until(lambda: told.read)
        await suspend_tenant(tenant, "unpaid", now=NOW)
        await until(lambda: len(told.read) == 2)

    assert told.kinds == [ChangeKind.PUBLISHED, ChangeKind.SUSPENDED]


async def test_a_poll_is_enough(database_url: str, tmp_path: Path) -> None:
    told = Told()
    nowhere = f"sqlite:///{tmp_path / 'nowhere.db'}"
    async with reading(database_url, told, watched=nowhere):
        await publish_elsewhere(database_url, 7, 8)
        assert await numbers_in_order(told, 2)

    assert [change.tenant for change in told.read] == [7, 8]


async def test_a_listener_that_fails_keeps_nothing_from_the_others_and_is_told_anew(database_url: str) -> None:
    told, failing = Told(), Failing()
    async with reading(database_url, failing, told) as feed:
        await publish_elsewhere(database_url, 7)
        await until(lambda: told.all.count(None) == 2)
        after_failure = feed.is_current
        await publish_elsewhere(database_url, 8)
        await until(lambda: told.read)

    assert after_failure
    assert failing.failed == 1
    assert told.read == [Change(2, 8, None, ChangeKind.PUBLISHED)]


class Failing(Told):
    """Fails at the first change that it is told of."""

    failed = 0

    def __call__(self, changes: Sequence[Change] | None) -> None:
        if changes and not self.failed:
            self.failed += 1
            raise LookupError
        super().__call__(changes)


async def test_a_listener_that_fails_to_hear_of_an_own_commit_does_not_fail_the_commit(
    database_url: str, tmp_path: Path
) -> None:
    told, failing = Told(), Failing()
    nowhere = f"sqlite:///{tmp_path / 'nowhere.db'}"  # so that nothing is read meanwhile
    async with reading(database_url, failing, told, watched=nowhere, poll_seconds=1_000):
        tenant = await make_tenant("AcmeInc")
        await publish(tenant, expected=1, note=None, now=NOW)

    assert failing.failed == 1
    assert told.all == [None, [Change(0, tenant.tenant, "acmeinc", ChangeKind.PUBLISHED)]]


async def test_when_anything_may_have_changed_that_is_told_once_and_then_it_goes_on(database_url: str) -> None:
    told = Told()
    async with reading(database_url, told):
        await run_script(database_url, "UPDATE change_counter SET number = 500")
        await until(lambda: told.all.count(None) == 2)
        await publish_elsewhere(database_url, 7)
        await until(lambda: told.read)

    assert told.all == [None, None, (Change(501, 7, None, ChangeKind.PUBLISHED),)]


async def test_a_feed_that_is_closed_tells_nothing_and_leaves_no_task_behind(database_url: str) -> None:
    told, before = Told(), asyncio.all_tasks()
    async with reading(database_url, told) as feed:
        await feed.close()
        await publish_elsewhere(database_url, 7)
        await asyncio.sleep(0.3)

    assert told.all == [None]
    assert asyncio.all_tasks() == before


async def test_a_feed_can_be_started_again_and_knows_nothing_then(database_url: str) -> None:
    told = Told()
    async with reading(database_url, told) as feed:
        await feed.close()
        await publish_elsewhere(database_url, 7)
        await feed.start()
        await publish_elsewhere(database_url, 8)
        await until(lambda: told.read)

    assert told.all == [None, None, (Change(2, 8, None, ChangeKind.PUBLISHED),)]


async def listeners_of(server: asyncpg.Connection) -> list[int]:
    rows = await server.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1", LISTENER
    )
    return [row["pid"] for row in rows]


async def test_the_connection_that_listens_is_opened_again_and_nothing_is_lost_meanwhile(postgres_url: str) -> None:
    told = Told()
    server = await asyncpg.connect(postgres_url)
    async with reading(postgres_url, told, poll_seconds=1):
        for tenant in range(1, 4):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (pids := await listeners_of(server)):
                    await asyncio.sleep(0.01)
            await server.execute("SELECT pg_terminate_backend($1)", pids[0])
            began = time.monotonic()
            await publish_elsewhere(postgres_url, tenant)
            assert await numbers_in_order(told, tenant)
            assert time.monotonic() - began < 5
    left = await listeners_of(server)
    await server.close()

    assert told.all[0] is None
    assert None not in told.all[1:]
    assert left == []


async def test_a_line_that_is_silent_keeps_notices_back_and_not_what_changed(postgres_url: str) -> None:
    told = Told()
    async with line_to(postgres_url) as line, reading(postgres_url, told, watched=line.url, poll_seconds=1):
        await asyncio.sleep(0.1)
        line.silence()
        began = time.monotonic()
        await publish_elsewhere(postgres_url, 7)
        assert await numbers_in_order(told, 1)
        took = time.monotonic() - began

    assert took < 5


@pytest.mark.slow
@pytest.mark.parametrize("outage", ["cut", "silence"])
async def test_a_feed_without_a_database_says_so_and_goes_on_where_it_stopped(postgres_url: str, outage: str) -> None:
    told = Told()
    async with line_to(postgres_url) as line, reading(line.url, told) as feed:
        await publish_elsewhere(postgres_url, 1)
        assert await numbers_in_order(told, 1)
        getattr(line, outage)()
        await until(lambda: not feed.is_current)
        await publish_elsewhere(postgres_url, 2, 3)
        line.mend()
        assert await numbers_in_order(told, 3)
        await until(lambda: feed.is_current)

    assert told.all.count(None) == 1


async def test_a_feed_that_begins_without_a_database_is_not_current_and_finds_it_later(postgres_url: str) -> None:
    told = Told()
    async with line_to(postgres_url) as line, reading(line.url, told) as feed:
        await feed.close()
        line.cut()
        told.all.clear()
        await feed.start()
        at_first = feed.is_current, list(told.all)
        line.mend()
        await until(lambda: feed.is_current)

    assert at_first == (False, [])
    assert told.all == [None]


async def test_a_role_that_may_not_see_the_counter_is_never_current(served: ServedDatabase) -> None:
    await run_script(served.owner_url, "DROP POLICY change_counter_1 ON change_counter")
    told = Told()
    async with reading(served.url, told) as feed:
        await asyncio.sleep(0.3)

        assert (feed.is_current, told.all) == (False, [])


async def test_the_role_that_serves_reads_and_writes_the_feed_of_all_tenants(served: ServedDatabase) -> None:
    told = Told()
    async with reading(served.url, told):
        tenant = await make_tenant("AcmeInc")
        await publish(tenant, expected=1, note=None, now=NOW)
        await publish_elsewhere(served.owner_url, 99)
        await until(lambda: len(told.read) == 2)

    assert [(change.number, change.provider_key) for change in told.read] == [(1, "acmeinc"), (2, None)]
