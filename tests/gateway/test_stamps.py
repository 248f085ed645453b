"""Last use is noted beside the requests: seldom, one row at a time, and never at anybody's cost."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from gateway.stamps import Stamps
from tenants import database
from tenants.access_rows import AccessTokenRow, AppKeyRow
from tenants.actions.create import create_tenant
from tenants.actions.stamps import rounded
from tenants.credentials import Credential, Use
from tenants.model import AppKind
from tests import make

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 28, 12, 34, 56, 789, tzinfo=UTC)
MINUTE = datetime(2026, 11, 28, 12, 34, tzinfo=UTC)
HOUR = datetime(2026, 11, 28, 12, tzinfo=UTC)
Said = list[Any]
"""What was logged."""


@pytest.fixture
def said() -> Iterator[Said]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def updates() -> Iterator[list[str]]:
    """The statements that write, as they are sent."""
    found = list[str]()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.extend([record.getMessage()] if "UPDATE" in record.getMessage() else [])

    log, handler = logging.getLogger("tortoise.db_client"), Handler()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield found
    log.removeHandler(handler)
    log.setLevel(level)


@pytest.fixture
async def stamps(connected: str) -> AsyncIterator[Stamps]:
    """In no hurry about nothing: what is noted is written at the loop's next turn, or by `close`."""
    assert connected
    stamps = Stamps(pause_seconds=0)
    yield stamps
    await stamps.close()


async def make_token(name: str = "a") -> Use:
    async with database.transaction():
        row = await AccessTokenRow.create(
            name=name, prefix="gwt_", sha256=name.encode(), role="platform-admin", created_at=NOW
        )
    return Use(Credential.TOKEN, row.id)


async def make_app_key() -> Use:
    platform = make.ADMIN.authorize_platform()
    tenant = await create_tenant(platform, provider_id="AcmeInc", name=None, app=AppKind.WHITELABEL, now=NOW)
    async with database.transaction():
        row = await AppKeyRow.create(
            tenant_id=tenant.id, name="iOS", prefix="gwa_", sha256=b"k", created_at=NOW, created_by="{}"
        )
    return Use(Credential.APP_KEY, row.id)


async def last_use(use: Use) -> datetime | None:
    rows = AppKeyRow if use.credential is Credential.APP_KEY else AccessTokenRow
    return (await rows.get(id=use.row)).last_used_at


async def test_a_token_is_stamped_with_the_minute_and_its_neighbour_is_not(stamps: Stamps) -> None:
    token, neighbour = await make_token(), await make_token("n")

    stamps.note(token, NOW)
    await stamps.close()

    assert await last_use(token) == MINUTE
    assert await last_use(neighbour) is None


async def test_an_app_key_is_stamped_with_the_hour(stamps: Stamps) -> None:
    key = await make_app_key()

    stamps.note(key, NOW)
    await stamps.close()

    assert await last_use(key) == HOUR


async def test_what_is_noted_is_written_without_a_further_request(stamps: Stamps) -> None:
    token = await make_token()

    stamps.note(token, NOW)
    async with asyncio.timeout(10):
        while await last_use(token) is None:
            await asyncio.sleep(0)

    assert await last_use(token) == MINUTE


async def test_a_later_stamp_of_another_process_stays(stamps: Stamps) -> None:
    token = await make_token()
    later = NOW + timedelta(minutes=5)
    async with database.transaction():
        await AccessTokenRow.filter(id=token.row).update(last_used_at=later)

    stamps.note(token, NOW)
    await stamps.close()

    assert await last_use(token) == later


async def test_a_row_that_is_gone_meanwhile_is_no_failure(stamps: Stamps, said: Said) -> None:
    gone, token = Use(Credential.TOKEN, 424242), await make_token()

    stamps.note(gone, NOW)
    stamps.note(token, NOW)
    await stamps.close()

    assert await last_use(token) == MINUTE
    assert not said


async def test_a_thousand_uses_in_a_minute_are_one_write(stamps: Stamps, updates: list[str]) -> None:
    token = await make_token()

    for _ in range(1_000):
        stamps.note(token, NOW)
        await asyncio.sleep(0)
    await stamps.close()

    assert len(updates) == 1
    assert await last_use(token) == MINUTE


async def test_the_next_minute_is_written_again(stamps: Stamps) -> None:
    token = await make_token()

    for minutes in range(3):
        stamps.note(token, NOW + timedelta(minutes=minutes))
        await asyncio.sleep(0)
    await stamps.close()

    assert await last_use(token) == MINUTE + timedelta(minutes=2)


async def test_noting_inside_of_a_transaction_outlives_it(stamps: Stamps) -> None:
    token = await make_token()

    async with database.transaction():
        stamps.note(token, NOW)
    await stamps.close()

    assert await last_use(token) == MINUTE


async def test_a_request_that_is_cancelled_takes_its_stamp_not_with_it(stamps: Stamps) -> None:
    token = await make_token()

    async def request() -> None:
        stamps.note(token, NOW)
        await asyncio.Event().wait()

    running = asyncio.create_task(request())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    await stamps.close()

    assert await last_use(token) == MINUTE


async def test_no_more_wait_than_there_is_room_for(connected: str) -> None:
    assert connected
    stamps = Stamps(pause_seconds=60)
    first, late = await make_token(), await make_token("late")

    stamps.note(first, NOW)
    for row in range(1_000_000, 1_005_000):
        stamps.note(Use(Credential.TOKEN, row), NOW)
    stamps.note(late, NOW)
    await stamps.close()

    assert await last_use(first) == MINUTE
    assert await last_use(late) is None


async def test_after_the_end_nothing_is_written(stamps: Stamps) -> None:
    token = await make_token()
    await stamps.close()

    stamps.note(token, NOW)
    await asyncio.sleep(0.01)

    assert await last_use(token) is None


async def test_a_locked_database_costs_the_stamp_alone_and_not_for_good(connected_sqlite: str, said: Said) -> None:
    assert connected_sqlite
    token, stamps = await make_token(), Stamps(pause_seconds=0, rest_seconds=0)

    async with database.transaction():
        started = time.monotonic()
        stamps.note(token, NOW)
        seconds = time.monotonic() - started
        await _until_logged(said)
    stamps.note(token, NOW)
    await stamps.close()

    assert seconds < 0.05
    assert await last_use(token) == MINUTE


async def test_a_locked_row_costs_the_stamp_alone(connected_postgres: str, said: Said) -> None:
    token, stamps = await make_token(), Stamps(pause_seconds=0, rest_seconds=0)
    other = await asyncpg.connect(connected_postgres)

    async with other.transaction():
        await other.execute("SELECT 1 FROM access_token FOR UPDATE")
        stamps.note(token, NOW)
        await _until_logged(said)
    await other.close()
    stamps.note(token, NOW)
    await stamps.close()

    assert await last_use(token) == MINUTE


async def test_a_database_that_only_reads_is_left_alone_for_a_while_and_reads_on(
    connected_postgres: str, said: Said
) -> None:
    token, stamps = await make_token(), Stamps(pause_seconds=0)
    other = await asyncpg.connect(connected_postgres)
    await other.execute(
        "DO $$ BEGIN EXECUTE format("
        "'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$"
    )
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()

    for _ in range(100):
        stamps.note(token, NOW)
        await asyncio.sleep(0.005)
    await stamps.close()

    assert len(said) == 1
    assert await last_use(token) is None


async def test_a_folder_that_cannot_be_written_costs_the_stamp_alone(connected_sqlite: str, said: Said) -> None:
    token, stamps = await make_token(), Stamps(pause_seconds=0)
    path = Path(connected_sqlite.removeprefix("sqlite:///"))
    lock = path.with_name(f"{path.name}.lock")
    lock.unlink()
    lock.mkdir()  # what no permission keeps from root

    stamps.note(token, NOW)
    await _until_logged(said)
    await stamps.close()

    assert await last_use(token) is None


async def test_the_end_waits_two_seconds_for_a_database_that_hangs(connected: str) -> None:
    assert connected
    stamps = Stamps(pause_seconds=0)
    held = asyncio.Event()

    async def hang() -> None:
        async with database.transaction():
            await AccessTokenRow.filter(name="a").select_for_update().first()
            await held.wait()

    token = await make_token()
    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0.05)
    started = time.monotonic()
    stamps.note(token, NOW)
    await stamps.close()
    seconds = time.monotonic() - started
    held.set()
    await hanging

    assert seconds < 3
    assert (await make_token("still there")).row


@pytest.mark.parametrize(
    ("credential", "written"),
    [(Credential.TOKEN, MINUTE), (Credential.SESSION, MINUTE), (Credential.APP_KEY, HOUR)],
)
def test_only_minute_or_hour_is_kept(credential: Credential, written: datetime) -> None:
    assert rounded(Use(credential, 1), NOW) == written


async def _until_logged(said: Said) -> None:
    async with asyncio.timeout(10):
        while not said:
            await asyncio.sleep(0.005)
