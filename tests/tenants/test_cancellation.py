"""Whatever is cancelled, and whenever: no lock and no connection stays taken."""

from __future__ import annotations

import asyncio

import pytest

from tenants import database
from tenants.rows import DraftRow, TenantRow
from tests.databases import POOL_SIZE
from tests.tenants.writing import elsewhere, saved, write

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("steps", range(48))
async def test_a_transaction_cancelled_at_any_step_leaves_nothing_taken(connected: str, steps: int) -> None:
    row = await saved()

    task = asyncio.create_task(write(row))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5)

    await _assert_all_is_free(row)


@pytest.mark.parametrize("tenths_of_milliseconds", range(0, 88, 2))
async def test_a_transaction_cancelled_at_any_time_leaves_nothing_taken(
    connected: str, tenths_of_milliseconds: int
) -> None:
    row = await saved()

    task = asyncio.create_task(write(row))
    await asyncio.sleep(tenths_of_milliseconds / 10_000)
    task.cancel()
    await asyncio.wait({task}, timeout=5)

    await _assert_all_is_free(row)


async def test_tasks_cancelled_while_they_wait_for_their_turn_leave_nothing_taken(connected: str) -> None:
    row = await saved()

    async with database.transaction():
        await DraftRow.filter(tenant_id=row.id).update(name="held")
        tasks = [elsewhere(write(row)) for _ in range(10)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)

    assert all(task.cancelled() for task in tasks)
    await _assert_all_is_free(row)


async def _assert_all_is_free(row: TenantRow) -> None:
    async with asyncio.timeout(1.5):  # less than the time after which a taken lock or pool is given up
        await asyncio.gather(write(row), *(TenantRow.all().count() for _ in range(POOL_SIZE + 1)))
        await asyncio.gather(*(write(row) for _ in range(POOL_SIZE + 1)))
