"""Reading and writing: transactions, processes, and who stands in whose way."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction  # noqa: TID251 - to see it refused

from tenants import database
from tenants.access_rows import AccessTokenRow
from tenants.errors import UnavailableError
from tenants.rows import DraftRow, ProviderIdRow, TenantRow
from tests.tenants.writing import NOW, ROOT, count, elsewhere, make_tenant, saved, start

pytestmark = pytest.mark.anyio


async def test_what_a_transaction_wrote_is_there_afterwards(connected: str) -> None:
    await saved()

    assert [row.provider_id for row in await TenantRow.all()] == ["AcmeInc"]


async def test_a_transaction_reads_what_it_has_written_and_nobody_else_does(connected: str) -> None:
    async with database.transaction():
        await make_tenant()
        inside = await TenantRow.filter(provider_key="acmeinc").count()
        reader = elsewhere(count())
        outside = await reader

    assert (inside, outside) == (1, 0)


async def test_an_error_rolls_everything_back(connected: str) -> None:
    with pytest.raises(LookupError):
        await _fail_half_way()

    assert await TenantRow.all().count() == 0


async def test_a_failed_statement_that_was_caught_cannot_be_committed(connected: str) -> None:
    await saved()

    with pytest.raises(RuntimeError, match="rolled back"):
        await _go_on_after_a_failed_statement()

    assert await TenantRow.all().count() == 1


async def _fail_half_way() -> None:
    async with database.transaction():
        await make_tenant()
        raise LookupError


async def _go_on_after_a_failed_statement() -> None:
    async with database.transaction():
        await make_tenant("Neighbour")
        with suppress(IntegrityError):
            await make_tenant("ACMEINC")


async def test_transactions_do_not_nest(connected: str) -> None:
    async with database.transaction():
        with pytest.raises(RuntimeError, match="does not nest"):
            async with database.transaction():
                pass


async def test_the_librarys_own_transaction_is_refused(connected: str) -> None:
    with pytest.raises(RuntimeError, match="only way to write"):
        in_transaction()


async def test_nothing_is_written_outside_of_a_transaction(connected: str) -> None:
    row = await saved()

    with pytest.raises(RuntimeError, match="inside of"):
        await TenantRow.create(provider_id="b", provider_key="b", name_key="b", app="GENERIC", created_at=NOW)
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
    row = await saved()

    async def save() -> int:
        async with database.transaction():
            return await DraftRow.filter(tenant_id=row.id, version=1).update(version=2)

    changed = await asyncio.gather(*(save() for _ in range(50)))

    assert sorted(changed) == [0] * 49 + [1]


_INCREMENTS = """
    import asyncio, sys
    from tenants import database
    from tenants.rows import DraftRow
    from tests.databases import looking_at_rows

    async def main() -> None:
        await database.connect(sys.argv[1], timeout_seconds=20)
        for _ in range(50):
            async with database.transaction():
                with looking_at_rows():
                    draft = await DraftRow.get()
                    assert await DraftRow.filter(version=draft.version).update(version=draft.version + 1) == 1
        await database.disconnect()

    asyncio.run(main())
"""


async def test_two_processes_writing_to_one_file_lose_nothing(connected_sqlite: str) -> None:
    await saved()

    processes = [start(_INCREMENTS, connected_sqlite) for _ in range(2)]
    answers = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]

    assert [(process.returncode, answer[1]) for process, answer in zip(processes, answers, strict=True)] == [
        (0, "")
    ] * 2
    assert (await DraftRow.get()).version == 101


async def test_a_writer_does_not_block_a_reader(connected_sqlite: str) -> None:
    async with database.transaction():
        await make_tenant()
        async with asyncio.timeout(0.3):
            seen = await elsewhere(count())

    assert seen == 0


async def test_a_writer_that_waits_too_long_is_told(connected_sqlite: str) -> None:
    async with database.transaction():
        waiting = elsewhere(saved("Neighbour"))
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
    await saved()

    with pytest.raises(UnavailableError):
        await get_connection("default").execute_query("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_what_was_left_in_the_log_stays_there_when_only_readers_come_and_go(sqlite_url: str) -> None:
    await asyncio.to_thread(_die_after_a_write, sqlite_url)
    log = Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal")

    left = log.stat().st_size  # noqa: ASYNC240 - a stat
    await database.connect(sqlite_url)
    found = await elsewhere(count())
    await database.disconnect()

    assert found == 1
    assert log.stat().st_size == left > 0  # noqa: ASYNC240 - a stat


def _die_after_a_write(url: str) -> None:
    process = start(
        """
        import asyncio, os, sys
        from datetime import UTC, datetime
        from tenants import database
        from tenants.rows import TenantRow
        from tests.databases import looking_at_rows

        async def main() -> None:
            await database.connect(sys.argv[1])
            with looking_at_rows():
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
        holder = elsewhere(_hold())
        await asyncio.sleep(0.1)
        with pytest.raises(UnavailableError):
            await elsewhere(count())
        holder.cancel()
        await asyncio.wait({holder})


async def _hold() -> None:
    async with database.transaction():
        await asyncio.sleep(30)


async def test_a_refused_value_is_not_an_outage(connected: str) -> None:
    await saved()

    with pytest.raises(IntegrityError, match=r"(?i)unique|provider_key"):
        await saved("ACMEINC")


async def test_it_answers_a_ping(connected: str) -> None:
    async with asyncio.timeout(1):
        await database.ping()


async def test_a_token_is_found_by_its_hash(connected: str) -> None:
    async with database.transaction():
        await AccessTokenRow.create(name="a", prefix="gw_", sha256=b"\x00\xff" * 16, role="x", created_at=NOW)

    assert (await AccessTokenRow.get(sha256=b"\x00\xff" * 16)).name == "a"


async def test_a_retired_provider_id_survives_its_tenant_whose_draft_does_not(connected: str) -> None:
    row = await saved()

    async with database.transaction():
        await ProviderIdRow.create(key="acmeinc", tenant_id=row.id, was_published=True)
        await TenantRow.filter(id=row.id).delete()

    assert [(entry.key, entry.tenant_id) for entry in await ProviderIdRow.all()] == [("acmeinc", None)]
    assert await DraftRow.all().count() == 0


def test_the_door_is_the_only_way_to_write() -> None:
    bare = re.compile(r"\b(in_transaction|atomic|bulk_create|bulk_update|get_or_create|update_or_create)\(")
    files = [path for package in ("tenants", "gateway") for path in (ROOT / package).rglob("*.py")]

    found = [f"{path.name}: {name}" for path in files for name in bare.findall(path.read_text())]

    assert len(files) > 10
    assert found == []
