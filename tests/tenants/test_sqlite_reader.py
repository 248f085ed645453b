"""The connection that many ask at once: each is told their own, and nobody waits for who asks for something long."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tortoise.connection import get_connection

from tenants import database
from tenants.access import PUBLIC
from tenants.binding import find_row
from tenants.errors import UnavailableError
from tenants.scoping import NOTHING, bound
from tenants.sqlite_reader import SqliteReader
from tenants.store.published import find_published
from tests.tenants.writing import make_tenant, saved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n"
LONG = 3_000_000
"""Rows that are counted for some tenths of a second."""


@pytest.fixture
async def reader(sqlite_url: str) -> AsyncIterator[SqliteReader]:
    """Of a migrated database."""
    reader = await SqliteReader.open(f"file:{sqlite_url.removeprefix('sqlite:///')}?mode=ro", 0.5)
    yield reader
    await reader.close()


async def test_of_many_who_ask_at_once_each_is_told_their_own(reader: SqliteReader) -> None:
    told = await asyncio.gather(*[reader.read("SELECT ?, ?", (number, "text")) for number in range(500)])

    assert told == [[(number, "text")] for number in range(500)]


async def test_whose_statement_fails_is_told_so_and_nobody_else(reader: SqliteReader) -> None:
    asked = [reader.read(*one) for one in (("SELECT 1", ()), ("SELECT", ()), ("SELECT ?", (2**64,)), ("SELECT 2", ()))]

    first, wrong, too_large, last = await asyncio.gather(*asked, return_exceptions=True)

    assert (first, last) == ([(1,)], [(2,)])
    assert isinstance(wrong, sqlite3.OperationalError)
    assert isinstance(too_large, OverflowError)
    assert await reader.read("SELECT 3", ()) == [(3,)]


async def test_what_nobody_waits_for_any_more_is_not_asked(reader: SqliteReader) -> None:
    busy = reader.read(SLOW, (LONG,))
    left = [reader.read(SLOW, (1_000 * LONG,)) for _ in range(5)]
    for one in left:
        one.cancel()

    async with asyncio.timeout(20):
        assert await busy == [(LONG,)]
        assert await reader.read("SELECT 1", ()) == [(1,)]


async def test_who_asks_while_it_is_busy_is_told_when_it_is_done(reader: SqliteReader) -> None:
    busy = reader.read(SLOW, (LONG,))
    await asyncio.sleep(0.05)  # the thread has it, and does not see who comes now
    late = reader.read("SELECT 1", ())

    async with asyncio.timeout(20):
        assert (await busy, await late) == ([(LONG,)], [(1,)])


async def test_the_loop_goes_on_while_a_read_takes_long(reader: SqliteReader) -> None:
    turns, busy = 0, reader.read(SLOW, (LONG,))
    while not busy.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 10


async def test_who_asked_before_it_was_closed_is_told(sqlite_url: str) -> None:
    threads = threading.active_count()
    reader = await SqliteReader.open(f"file:{sqlite_url.removeprefix('sqlite:///')}?mode=ro", 0.5)
    asked = [reader.read("SELECT ?", (number,)) for number in range(3)]

    await reader.close()

    assert await asyncio.gather(*asked) == [[(0,)], [(1,)], [(2,)]]
    with pytest.raises(sqlite3.ProgrammingError):
        await reader.read("SELECT 1", ())
    await until_threads(threads)


async def test_who_gives_up_while_it_opens_leaves_no_thread_behind(sqlite_url: str) -> None:
    threads = threading.active_count()

    for _ in range(5):
        opening = asyncio.create_task(SqliteReader.open(f"file:{sqlite_url.removeprefix('sqlite:///')}?mode=ro", 0.5))
        await asyncio.sleep(0)
        opening.cancel()

    await until_threads(threads)


async def until_threads(most: int) -> None:
    """One that has said its last is gone a moment later."""
    async with asyncio.timeout(5):
        while threading.active_count() > most:
            await asyncio.sleep(0.01)


async def test_it_writes_nothing(reader: SqliteReader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await reader.read("DELETE FROM tenant", ())


async def test_a_file_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    threads = threading.active_count()

    with pytest.raises(sqlite3.OperationalError):
        await SqliteReader.open(f"file:{tmp_path / 'nothing.db'}?mode=ro", 0.5)

    await until_threads(threads)


async def test_a_lock_is_waited_for_no_longer_than_was_said(tmp_path: Path) -> None:
    file = tmp_path / "locked.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        reader = await SqliteReader.open(f"file:{file}", 0.1)
        began = time.monotonic()

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await reader.read("SELECT * FROM sqlite_schema", ())

        assert 0.05 < time.monotonic() - began < 3  # the library's own patience is five
    await reader.close()


NEVER_CLOSED = """
import asyncio
from tenants.sqlite_reader import SqliteReader
asyncio.run(SqliteReader.open("file:?mode=memory", 0.1))
"""


def test_a_process_ends_that_has_never_closed_it() -> None:
    subprocess.run([sys.executable, "-c", NEVER_CLOSED], check=True, timeout=20)


async def test_softphones_do_not_wait_for_what_takes_staff_long(connected_sqlite: str) -> None:
    client = get_connection("default")
    long = asyncio.create_task(client.execute_query(SLOW, [LONG]))
    await asyncio.sleep(0)

    found = await find_published(PUBLIC, "Nobody", None)

    assert (found, long.done()) == (None, False)
    await long


async def test_a_row_is_found_only_within_a_scope_and_on_a_database_that_is_open(connected: str) -> None:
    query = dict.fromkeys(("sqlite", "postgres"), "SELECT count(*) FROM tenant")
    await saved()

    with bound(NOTHING):
        found = await find_row(query, ())
    await database.disconnect()
    await database.attach(connected)

    assert found is not None
    with bound(NOTHING), pytest.raises(UnavailableError):
        await find_row(query, ())


async def test_inside_a_transaction_it_is_the_transactions_row(connected: str) -> None:
    query = dict.fromkeys(("sqlite", "postgres"), "SELECT provider_id FROM tenant")

    async with database.transaction():
        await make_tenant()
        inside = await find_row(query, ())

    assert inside is not None
    assert tuple(inside) == ("AcmeInc",)
