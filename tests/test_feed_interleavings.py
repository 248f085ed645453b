"""No reader skips or reorders a change, whoever commits when: transactions held open between counter and COMMIT.

A deferred trigger runs inside of COMMIT and waits there for a lock of the test's: whoever waits has its number, and
nobody may see it. Those who come meanwhile wait for the counter; some are killed where they stand.

The same schedules are run once more with numbers from a sequence, which are taken without waiting: there readers do
skip, so the schedules would show it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import asyncpg
import pytest

from tenants import database
from tenants.audit import AuditAction
from tenants.errors import UnavailableError
from tenants.feed import Change, note
from tenants.rows import TenantRow
from tenants.store.feed import read_changes
from tenants.system import FEED
from tests.databases import looking_at_rows
from tests.proofs import count
from tests.tenants.writing import NOW, elsewhere, saved

pytestmark = [pytest.mark.anyio, pytest.mark.proof, pytest.mark.slow]

SCHEDULES = count(full=1_000, ci=25)
MOST_CARELESS_SCHEDULES = 500
WRITERS, READERS = 4, 2
KILLED = 0.15
LONGEST_SECONDS = 0.004
GATE = 77
HOLD = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON change DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION hold();
CREATE SEQUENCE careless;
"""
HELD = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted AND mode = 'ShareLock'"  # noqa: S608 - of ours
CARELESS = """
WITH taken AS (SELECT nextval('careless') AS number), told AS (
  INSERT INTO change (number, tenant, kind, at) SELECT number, $1, 'PUBLISHED', now() FROM taken)
UPDATE change_counter SET number = 0 WHERE false
"""
Commit: TypeAlias = Callable[[TenantRow], Awaitable[None]]


@dataclass
class Reader:
    """A process that reads the feed: what it was told, in that order."""

    told: list[Change] = field(default_factory=list)
    last: int = 0
    gaps: int = 0

    async def read(self) -> None:
        batch = await read_changes(FEED, self.last)
        self.gaps += batch.changes is None
        self.told += batch.changes or ()
        self.last = batch.number


@dataclass
class Highest(Reader):
    """One that remembers the highest number that it has seen, as is done with sequences."""

    server: asyncpg.Connection | None = None

    async def read(self) -> None:
        assert self.server is not None
        rows = await self.server.fetch("SELECT number, tenant FROM change WHERE number > $1 ORDER BY number", self.last)
        self.last = rows[-1]["number"] if rows else self.last
        # arg-type: of a change only its number and tenant are looked at.
        self.told += [Change(row["number"], row["tenant"], None, None) for row in rows]  # type: ignore[arg-type]


@dataclass
class Stage:
    """A database whose commits can be held, and the connection that holds them."""

    url: str
    server: asyncpg.Connection
    rows: list[TenantRow]
    committed: Counter[int] = field(default_factory=Counter)
    """By tenant."""
    held: int = 0
    killed: int = 0


@pytest.fixture
async def stage(postgres_url: str) -> AsyncIterator[Stage]:
    server = await asyncpg.connect(postgres_url)
    await server.execute(HOLD)
    await database.connect(postgres_url, pool_size=WRITERS + READERS + 1, timeout_seconds=10)
    with looking_at_rows():
        yield Stage(postgres_url, server, [await saved(f"tenant-{number}") for number in range(WRITERS)])
    await database.disconnect()
    await server.close()


async def publish(row: TenantRow) -> None:
    """By the gateway's own transaction."""
    async with database.transaction():
        await TenantRow.filter(id=row.id).update(live_revision=(row.live_revision or 0) + 1)
        note(row.id, AuditAction.CONFIG_PUBLISHED, NOW)
    row.live_revision = (row.live_revision or 0) + 1


async def run(stage: Stage, readers: list[Reader], commit: Commit, seed: int) -> None:
    """One schedule: all writers at once, the first held in its COMMIT, and let go, or killed, one after the other."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    await stage.server.execute("SELECT pg_advisory_lock($1)", GATE)
    writers = [elsewhere(write(stage, commit, row, chance.uniform(0, LONGEST_SECONDS))) for row in stage.rows]
    while not all(writer.done() for writer in writers):
        held = await stage.server.fetch(HELD)
        stage.held += len(held)
        for reader in chance.sample(readers, chance.randint(0, READERS)):
            await reader.read()
        if held and chance.random() < KILLED:
            await stage.server.execute("SELECT pg_terminate_backend($1)", chance.choice(held)["pid"])
        elif held or not chance.randrange(4):
            await let_through(stage, readers, chance)
    await stage.server.execute("SELECT pg_advisory_unlock($1)", GATE)
    await asyncio.gather(*writers)


async def let_through(stage: Stage, readers: list[Reader], chance: random.Random) -> None:
    """The gate opens and is shut again, at once or in a moment, while somebody reads."""
    await stage.server.execute("SELECT pg_advisory_unlock($1)", GATE)
    reading = elsewhere(chance.choice(readers).read())
    if chance.random() < 0.5:
        await asyncio.sleep(chance.uniform(0, LONGEST_SECONDS))
    await stage.server.execute("SELECT pg_advisory_lock($1)", GATE)
    await reading


async def write(stage: Stage, commit: Commit, row: TenantRow, after_seconds: float) -> None:
    """What was acknowledged counts; who is killed inside of COMMIT has not committed, since it was held before."""
    await asyncio.sleep(after_seconds)
    try:
        await commit(row)
    except (UnavailableError, asyncpg.AdminShutdownError, asyncpg.ConnectionDoesNotExistError):
        stage.killed += 1
    else:
        stage.committed[row.id] += 1


async def test_feed_interleavings(stage: Stage) -> None:
    readers = [Reader() for _ in range(READERS)]

    for seed in range(SCHEDULES):
        await run(stage, readers, publish, seed)
        for reader in readers:
            await reader.read()
            assert [change.number for change in reader.told] == list(range(1, len(reader.told) + 1)), seed
            assert Counter(change.tenant for change in reader.told) == stage.committed, seed
            assert reader.gaps == 0, seed

    assert readers[0].told == readers[1].told
    live = {row.id: row.live_revision for row in await TenantRow.all() if row.live_revision}
    assert live == dict(stage.committed)
    assert stage.held >= SCHEDULES
    assert stage.killed
    print(  # noqa: T201 - the figures, for the log of the proof
        f"{SCHEDULES} schedules: {stage.committed.total()} commits, {stage.killed} killed in COMMIT, "
        f"{stage.held} times held when looked at; {READERS} readers, told each change once and in order"
    )


async def test_feed_interleavings_would_show_a_reader_that_skips(stage: Stage) -> None:
    servers = [await asyncpg.connect(stage.url) for _ in range(READERS)]
    readers: list[Reader] = [Highest(server=server) for server in servers]

    async def publish_carelessly(row: TenantRow) -> None:
        server = await asyncpg.connect(stage.url)
        try:
            await server.execute(CARELESS, row.id)
        finally:
            await server.close()

    skipped = seed = 0
    while not skipped and seed < MOST_CARELESS_SCHEDULES:
        await run(stage, readers, publish_carelessly, seed)
        await asyncio.gather(*(reader.read() for reader in readers))
        skipped, seed = stage.committed.total() - len(readers[0].told), seed + 1
    for server in servers:
        await server.close()

    assert skipped
    print(f"with a sequence: {skipped} of {stage.committed.total()} changes skipped")  # noqa: T201 - as above


async def test_feed_interleavings_a_commit_whose_author_gave_up_is_heard_all_the_same(postgres_url: str) -> None:
    heard: list[Change] = []
    server = await asyncpg.connect(postgres_url)
    await server.execute(HOLD)
    await database.connect(postgres_url, pool_size=3, timeout_seconds=10, on_commit=heard.extend)
    with looking_at_rows():
        row = await saved()
        await server.execute("SELECT pg_advisory_lock($1)", GATE)
        publishing = elsewhere(publish(row))
        async with asyncio.timeout(10):
            while not await server.fetch(HELD):
                await asyncio.sleep(0.005)
        publishing.cancel()
        before = list(heard)
        await server.execute("SELECT pg_advisory_unlock($1)", GATE)
        await asyncio.wait({publishing})
        read = (await read_changes(FEED, 0)).changes
    await database.disconnect()
    await server.close()

    assert publishing.cancelled()
    assert before == []
    assert [change.tenant for change in heard] == [change.tenant for change in read or ()] == [row.id]
