"""An operation ends in time for its caller, whatever it makes of its cancellation."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.context import Allowance
from gateway.http.deadline import Deadline

pytestmark = pytest.mark.anyio


async def test_what_is_done_in_time_is_returned() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await Deadline().run(work(), Allowance(1)) == "done"


async def test_what_fails_in_time_fails() -> None:
    async def work() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await Deadline().run(work(), Allowance(1))


async def test_what_takes_too_long_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(TimeoutError):
        await Deadline().run(work(), Allowance(0.01))
    await asyncio.wait_for(cancelled.wait(), 1)


async def test_a_driver_that_takes_its_time_over_a_cancellation_holds_up_nobody() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await asyncio.sleep(0.3)
            ended.set()
            raise TimeoutError from None

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        await Deadline().run(work(), Allowance(0.01))

    assert time.monotonic() - started < 0.2
    await asyncio.wait_for(ended.wait(), 2)


async def test_work_ends_with_its_caller() -> None:
    running, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        running.set()
        try:
            await asyncio.sleep(10)
        finally:
            cancelled.set()

    caller = asyncio.create_task(Deadline().run(work(), Allowance(5)))
    await running.wait()
    caller.cancel()

    with pytest.raises(asyncio.CancelledError):
        await caller
    await asyncio.wait_for(cancelled.wait(), 1)


async def test_work_that_asks_for_more_time_gets_it_and_no_more() -> None:
    allowance = Allowance(0.02)

    async def work(seconds: float) -> str:
        allowance.extend(0.2)
        await asyncio.sleep(seconds)
        return "done"

    assert await Deadline().run(work(0.1), allowance) == "done"
    with pytest.raises(TimeoutError):
        await Deadline().run(work(5), allowance)
    allowance.extend(0.01)
    assert allowance.seconds == 0.2


async def test_who_waits_for_a_database_that_is_away_doubts_it_once_and_is_told_soon() -> None:
    doubts = list[float]()

    async def work() -> None:
        await asyncio.sleep(10)

    started = time.monotonic()
    deadline = Deadline(lambda: bool(doubts), lambda: doubts.append(time.monotonic() - started))
    with pytest.raises(TimeoutError):
        await deadline.run(work(), Allowance(5))

    assert len(doubts) == 1
    assert 0.4 <= doubts[0] < time.monotonic() - started < 3


async def test_who_waits_for_somebody_elses_server_is_not_told_of_the_database() -> None:
    allowance = Allowance(1)

    async def work() -> str:
        allowance.extend(5)
        await asyncio.sleep(1.8)
        return "done"

    assert await Deadline(lambda: True).run(work(), allowance) == "done"
