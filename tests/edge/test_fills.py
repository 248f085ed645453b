"""One makes the answer, the others wait for it; whoever may not take it makes their own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.edge.cells import Cells
from gateway.edge.entries import Answer
from gateway.edge.fills import Fill, Fills
from gateway.edge.known_good import KnownGood
from gateway.edge.loaded import Loaded
from gateway.edge.misses import Misses
from gateway.edge.reading import Reading
from gateway.jobs.feed import Feed
from tests.edge.published import change

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio


class Kitchen:
    """Makes an answer when it is told to; counts."""

    def __init__(self, *, is_for_all: bool = True) -> None:
        self.is_for_all = is_for_all
        self.cells = Cells()
        self.cell = self.cells.of("acmeinc")
        self.made: list[Answer] = []
        self.begun = 0
        self.may_go_on = asyncio.Event()
        self.error: Exception | None = None

    async def make(self, fill: Fill) -> Answer:
        self.begun += 1
        known, loaded = KnownGood(Feed([], "sqlite:///not-there.db")), Loaded(0, lambda: True)
        fill.reading = Reading(self.cells, Misses(), "192.0.2.7", known, loaded)
        fill.reading.reads.append(self.cells.begin(self.cell))
        await self.may_go_on.wait()
        await asyncio.sleep(0.01)  # as a database takes
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        fill.is_for_all = self.is_for_all
        self.made.append(Answer(200, [], b"%d" % len(self.made)))
        return self.made[-1]


async def started(make: Callable[[Fill], Awaitable[Answer]], fills: Fills, count: int) -> list[asyncio.Task[Answer]]:
    tasks = [asyncio.create_task(fills.run(b"question", make)) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_a_hundred_who_ask_at_once_cost_one_answer() -> None:
    fills, kitchen = Fills(), Kitchen()
    asking = await started(kitchen.make, fills, 100)
    kitchen.may_go_on.set()

    answers = await asyncio.gather(*asking)

    assert len(kitchen.made) == 1
    assert all(answer is kitchen.made[0] for answer in answers)


async def test_other_questions_do_not_wait() -> None:
    fills, slow, quick = Fills(), Kitchen(), Kitchen()
    (asking,) = await started(slow.make, fills, 1)
    quick.may_go_on.set()

    assert (await fills.run(b"another", quick.make)).body == b"0"
    asking.cancel()


async def test_who_comes_after_a_change_does_not_wait_for_what_was_read_before() -> None:
    fills, kitchen = Fills(), Kitchen()
    early = await started(kitchen.make, fills, 2)
    kitchen.cells.on_changes([change()])

    late = await started(kitchen.make, fills, 2)
    kitchen.may_go_on.set()
    bodies = [answer.body for answer in await asyncio.gather(*early, *late)]

    assert kitchen.begun == 2
    assert (bodies[0] == bodies[1], bodies[2] == bodies[3], bodies[0] == bodies[2]) == (True, True, False)


async def test_when_the_first_is_cancelled_the_next_makes_it() -> None:
    fills, kitchen = Fills(), Kitchen()
    first, *others = await started(kitchen.make, fills, 3)

    first.cancel()
    await asyncio.sleep(0)
    kitchen.may_go_on.set()

    assert {answer.body for answer in await asyncio.gather(*others)} == {b"0"}
    assert (first.cancelled() or await asyncio.wait({first}), kitchen.begun) == (True, 2)


async def test_a_failure_is_the_first_ones_own() -> None:
    fills, kitchen = Fills(), Kitchen()
    kitchen.error = RuntimeError("a bug")
    first, *others = await started(kitchen.make, fills, 3)
    kitchen.may_go_on.set()

    answers = await asyncio.gather(*others)

    assert {answer.body for answer in answers} == {b"0"}
    with pytest.raises(RuntimeError):
        await first


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    fills, kitchen = Fills(), Kitchen()
    first, impatient, patient = await started(kitchen.make, fills, 3)
    impatient.cancel()
    kitchen.may_go_on.set()

    assert (await first) is (await patient)


async def test_what_is_said_to_one_address_is_not_said_to_another() -> None:
    fills, kitchen = Fills(), Kitchen(is_for_all=False)
    asking = await started(kitchen.make, fills, 3)
    kitchen.may_go_on.set()

    answers = await asyncio.gather(*asking)

    assert len({id(answer) for answer in answers}) == 3
