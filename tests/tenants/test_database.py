"""Reading and writing: what concurrent tasks, processes, cancellations and outages cannot break."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import textwrap
from contextlib import suppress
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction  # noqa: TID251 - to see it refused

from tenants import database
from tenants.errors import UnavailableError
from tenants.rows import AccessTokenRow, DraftRow, ProviderIdRow, TenantRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

pytestmark = pytest.mark.anyio

T = TypeVar("T")
_POOL_SIZE = 3
_ROOT = Path(__file__).parents[2]
_outside = copy_context()  # as a task that was started before any transaction
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def connected(database_url: str) -> AsyncIterator[str]:
    await database.connect(database_url, pool_size=_POOL_SIZE, timeout_seconds=2)
    yield database_url
    await database.disconnect()


@pytest.fixture
async def connected_sqlite(sqlite_url: str) -> AsyncIterator[str]:
    await database.connect(sqlite_url, timeout_seconds=0.5)
    yield sqlite_url
    await database.disconnect()


@pytest.fixture
async def connected_postgres(postgres_url: str) -> AsyncIterator[str]:
    await database.connect(postgres_url, pool_size=2, timeout_seconds=0.5)
    yield postgres_url
    await database.disconnect()


async def _make_tenant(name: str = "AcmeInc") -> TenantRow:
    row = await TenantRow.create(
        provider_id=name, provider_key=name.lower(), name_key=name.lower(), app="GENERIC", created_at=_NOW
    )
    await DraftRow.create(tenant=row, version=1, config="{}", edited_at=_NOW, edited_by="test")
    return row


def _elsewhere(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """As another request does it: not inside of this task's transaction."""
    return asyncio.create_task(work, context=_outside.copy())


async def _count() -> int:
    return await TenantRow.all().count()


async def _saved(name: str = "AcmeInc") -> TenantRow:
    async with database.transaction():
        return await _make_tenant(name)


async def test_what_a_transaction_wrote_is_there_afterwards(connected: str) -> None:
    await _saved()

    assert [row.provider_id for row in await TenantRow.all()] == ["AcmeInc"]


async def test_a_transaction_reads_what_it_has_written_and_nobody_else_does(connected: str) -> None:
    async with database.transaction():
        await _make_tenant()
        inside = await TenantRow.filter(provider_key="acmeinc").count()
        reader = _elsewhere(_count())
        outside = await reader

    assert (inside, outside) == (1, 0)


async def test_an_error_rolls_everything_back(connected: str) -> None:
    with pytest.raises(LookupError):
        await _fail_half_way()

    assert await TenantRow.all().count() == 0


async def test_a_failed_statement_that_was_caught_cannot_be_committed(connected: str) -> None:
    await _saved()

    with pytest.raises(RuntimeError, match="rolled back"):
        await _go_on_after_a_failed_statement()

    assert await TenantRow.all().count() == 1


async def _fail_half_way() -> None:
    async with database.transaction():
        await _make_tenant()
        raise LookupError


async def _go_on_after_a_failed_statement() -> None:
    async with database.transaction():
        await _make_tenant("Neighbour")
        with suppress(IntegrityError):
            await _make_tenant("ACMEINC")


async def test_transactions_do_not_nest(connected: str) -> None:
    async with database.transaction():
        with pytest.raises(RuntimeError, match="does not nest"):
            async with database.transaction():
                pass


async def test_the_librarys_own_transaction_is_refused(connected: str) -> None:
    with pytest.raises(RuntimeError, match="only way to write"):
        in_transaction()


async def test_nothing_is_written_outside_of_a_transaction(connected: str) -> None:
    row = await _saved()

    with pytest.raises(RuntimeError, match="inside of"):
        await TenantRow.create(provider_id="b", provider_key="b", name_key="b", app="GENERIC", created_at=_NOW)
    with pytest.raises(RuntimeError, match="inside of"):
        await TenantRow.filter(id=row.id).update(name_key="changed")
    with pytest.raises(RuntimeError, match="inside of"):
        await row.delete()


async def test_a_task_cannot_outlive_its_transaction(connected: str) -> None:
    go = asyncio.Event()

    async def read_late() -> int:
        await go.wait()
        return await TenantRow.all().count()

    async with database.transaction():
        late = asyncio.create_task(read_late())
        await asyncio.sleep(0)
    go.set()

    with pytest.raises(RuntimeError, match="has ended"):
        await late


async def test_of_fifty_compare_and_sets_on_one_version_exactly_one_wins(connected: str) -> None:
    row = await _saved()

    async def save() -> int:
        async with database.transaction():
            return await DraftRow.filter(tenant_id=row.id, version=1).update(version=2)

    changed = await asyncio.gather(*(save() for _ in range(50)))

    assert sorted(changed) == [0] * 49 + [1]


_INCREMENTS = """
    import asyncio, sys
    from tenants import database
    from tenants.rows import DraftRow

    async def main() -> None:
        await database.connect(sys.argv[1], timeout_seconds=20)
        for _ in range(50):
            async with database.transaction():
                draft = await DraftRow.get()
                assert await DraftRow.filter(version=draft.version).update(version=draft.version + 1) == 1
        await database.disconnect()

    asyncio.run(main())
"""


async def test_two_processes_writing_to_one_file_lose_nothing(connected_sqlite: str) -> None:
    await _saved()

    processes = [_start(_INCREMENTS, connected_sqlite) for _ in range(2)]
    answers = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]

    assert [(process.returncode, answer[1]) for process, answer in zip(processes, answers, strict=True)] == [
        (0, "")
    ] * 2
    assert (await DraftRow.get()).version == 101


@pytest.mark.parametrize("steps", range(48))
async def test_a_transaction_cancelled_at_any_step_leaves_nothing_taken(connected: str, steps: int) -> None:
    row = await _saved()

    task = asyncio.create_task(_write(row))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5)

    await _assert_all_is_free(row)


@pytest.mark.parametrize("tenths_of_milliseconds", range(0, 88, 2))
async def test_a_transaction_cancelled_at_any_time_leaves_nothing_taken(
    connected: str, tenths_of_milliseconds: int
) -> None:
    row = await _saved()

    task = asyncio.create_task(_write(row))
    await asyncio.sleep(tenths_of_milliseconds / 10_000)
    task.cancel()
    await asyncio.wait({task}, timeout=5)

    await _assert_all_is_free(row)


async def test_tasks_cancelled_while_they_wait_for_their_turn_leave_nothing_taken(connected: str) -> None:
    row = await _saved()

    async with database.transaction():
        await DraftRow.filter(tenant_id=row.id).update(name="held")
        tasks = [_elsewhere(_write(row)) for _ in range(10)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)

    assert all(task.cancelled() for task in tasks)
    await _assert_all_is_free(row)


async def _write(row: TenantRow) -> None:
    async with database.transaction():
        draft = await DraftRow.get(tenant_id=row.id)
        await DraftRow.filter(tenant_id=row.id, version=draft.version).update(version=draft.version + 1)


async def _assert_all_is_free(row: TenantRow) -> None:
    async with asyncio.timeout(1.5):  # less than the time after which a taken lock or pool is given up
        await asyncio.gather(_write(row), *(TenantRow.all().count() for _ in range(_POOL_SIZE + 1)))
        await asyncio.gather(*(_write(row) for _ in range(_POOL_SIZE + 1)))


async def test_a_writer_does_not_block_a_reader(connected_sqlite: str) -> None:
    async with database.transaction():
        await _make_tenant()
        async with asyncio.timeout(0.3):
            seen = await _elsewhere(_count())

    assert seen == 0


async def test_a_writer_that_waits_too_long_is_told(connected_sqlite: str) -> None:
    async with database.transaction():
        waiting = _elsewhere(_saved("Neighbour"))
        with pytest.raises(UnavailableError):
            await waiting

    assert await TenantRow.all().count() == 0


async def test_every_commit_is_on_the_disk_and_checks_foreign_keys(connected_sqlite: str) -> None:
    async with database.transaction():
        client = get_connection("default")
        names = ("synchronous", "foreign_keys", "busy_timeout")
        values = [next(iter((await client.execute_query_dict(f"PRAGMA {name}"))[0].values())) for name in names]

    assert values == [2, 1, 500]


async def test_what_reads_cannot_checkpoint(connected_sqlite: str) -> None:
    await _saved()

    with pytest.raises(UnavailableError):
        await get_connection("default").execute_query("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_what_was_left_in_the_log_stays_there_when_only_readers_come_and_go(sqlite_url: str) -> None:
    await asyncio.to_thread(_die_after_a_write, sqlite_url)
    log = Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal")

    left = log.stat().st_size  # noqa: ASYNC240 - a stat
    await database.connect(sqlite_url)
    found = await _count()
    await database.disconnect()

    assert found == 1
    assert log.stat().st_size == left > 0  # noqa: ASYNC240 - a stat


def _die_after_a_write(url: str) -> None:
    process = _start(
        """
        import asyncio, os, sys
        from datetime import UTC, datetime
        from tenants import database
        from tenants.rows import TenantRow

        async def main() -> None:
            await database.connect(sys.argv[1])
            async with database.transaction():
                await TenantRow.create(
                    provider_id="A", provider_key="a", name_key="a", app="GENERIC", created_at=datetime.now(UTC)
                )
            os._exit(0)

        asyncio.run(main())
        """,
        url,
    )
    process.communicate(timeout=30)


async def test_a_pool_that_is_empty_for_too_long_is_told(connected_postgres: str) -> None:
    async with database.transaction():
        holder = _elsewhere(_hold())
        await asyncio.sleep(0.1)
        with pytest.raises(UnavailableError):
            await _elsewhere(_count())
        holder.cancel()
        await asyncio.wait({holder})


async def _hold() -> None:
    async with database.transaction():
        await asyncio.sleep(30)


async def test_lost_connections_are_an_outage_and_come_back(connected_postgres: str) -> None:
    await database.ping()

    with pytest.raises(UnavailableError):
        await _write_while_everybody_is_cut_off(connected_postgres)

    assert (await _saved()).provider_id == "AcmeInc"


async def _write_while_everybody_is_cut_off(url: str) -> None:
    async with database.transaction():
        killer = await asyncpg.connect(url)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await killer.close()
        await _make_tenant()


async def test_a_refused_value_is_not_an_outage(connected: str) -> None:
    await _saved()

    with pytest.raises(IntegrityError, match=r"(?i)unique|provider_key"):
        await _saved("ACMEINC")


async def test_it_answers_a_ping(connected: str) -> None:
    async with asyncio.timeout(1):
        await database.ping()


async def test_a_token_is_found_by_its_hash(connected: str) -> None:
    async with database.transaction():
        await AccessTokenRow.create(name="a", prefix="gw_", sha256=b"\x00\xff" * 16, role="x", created_at=_NOW)

    assert (await AccessTokenRow.get(sha256=b"\x00\xff" * 16)).name == "a"


async def test_a_retired_provider_id_survives_its_tenant_whose_draft_does_not(connected: str) -> None:
    row = await _saved()

    async with database.transaction():
        await ProviderIdRow.create(key="acmeinc", tenant_id=row.id, was_published=True)
        await TenantRow.filter(id=row.id).delete()

    assert [(entry.key, entry.tenant_id) for entry in await ProviderIdRow.all()] == [("acmeinc", None)]
    assert await DraftRow.all().count() == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.db",
        "sqlite://gateway.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "mysql://u:SECRET-1@h/d",
        "postgresql://u:SECRET-1[@h/d",
        "postgresql://u:p@h:SECRET-1/d",
    ],
)
async def test_a_url_that_is_not_understood_is_refused_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite|PostgreSQL|database URL") as refusal:
        await database.connect(url)

    assert "SECRET" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("url", ["postgresql://u:SECRET-1@127.0.0.1:1/d", "sqlite:////nowhere/at/all.db"])
async def test_a_database_that_is_not_there_is_told_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(UnavailableError) as refusal:
        await database.connect(url, timeout_seconds=1)

    assert re.fullmatch(r"The (PostgreSQL|SQLite) database [^\n]*\.", str(refusal.value))
    assert "SECRET" not in str(refusal.value)


async def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("This is a text, and a long one. " * 100)

    with pytest.raises(UnavailableError, match="cannot be reached"):
        await database.connect(f"sqlite:///{path}")


async def test_postgresql_without_its_driver_is_told_in_one_line() -> None:
    process = _start(
        """
        import asyncio, sys
        sys.modules["asyncpg"] = None
        from tenants import database
        try:
            asyncio.run(database.connect(sys.argv[1]))
        except ValueError as error:
            print(error)
        """,
        "postgresql://u:SECRET-1@h/d",
    )
    answer, _ = await asyncio.to_thread(process.communicate, timeout=30)

    assert answer == "PostgreSQL needs a package that is not installed: pip install 'softphone-gateway[postgres]'\n"


def test_the_door_is_the_only_way_to_write() -> None:
    bare = re.compile(r"\b(in_transaction|atomic|bulk_create|bulk_update|get_or_create|update_or_create)\(")
    files = [path for package in ("tenants", "gateway") for path in (_ROOT / package).rglob("*.py")]

    found = [f"{path.name}: {name}" for path in files for name in bare.findall(path.read_text())]

    assert len(files) > 10
    assert found == []


def _start(script: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), url],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
