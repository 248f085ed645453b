"""Where attempts of one name stand in line: each is called once, nobody is forgotten, nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from gateway.provisioning.line import Line

pytestmark = pytest.mark.anyio

LONG = 20.0


async def wait(line: Line, order: list[int], number: int, seconds: float = LONG) -> bool:
    """Until there is room for one; then takes it."""
    has_room = await line.has_room(1, asyncio.get_running_loop().time() + seconds)
    if has_room:
        order.append(number)
        line.under_way += 1
    return has_room


def end_one(line: Line) -> None:
    line.under_way -= 1
    line.call_next()


async def start(line: Line, order: list[int], count: int) -> list[asyncio.Task[bool]]:
    """So many in line behind one who is under way."""
    line.under_way = 1
    tasks = [asyncio.create_task(wait(line, order, number)) for number in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_whoever_came_first_is_called_first() -> None:
    line, order = Line(), list[int]()
    tasks = await start(line, order, 3)

    for task in tasks:
        end_one(line)
        assert await task

    assert order == [0, 1, 2]


async def test_with_room_nobody_waits() -> None:
    assert await wait(Line(), [], 1)


async def test_patience_ends() -> None:
    line, order = Line(), list[int]()
    line.under_way = 1

    assert not await wait(line, order, 1, 0.01)
    end_one(line)

    assert (line.under_way, order) == (0, [])


@pytest.mark.parametrize("is_called_first", [True, False])
async def test_whoever_gives_up_costs_the_next_no_turn(is_called_first: bool) -> None:  # noqa: FBT001
    line, order = Line(), list[int]()
    first, second = await start(line, order, 2)

    for step in (lambda: end_one(line), first.cancel)[:: 1 if is_called_first else -1]:
        step()

    assert await asyncio.wait_for(second, LONG)
    assert first.cancelled()
    assert order == [1]


async def test_a_turn_that_somebody_else_took_is_waited_for_again() -> None:
    line, order = Line(), list[int]()
    (task,) = await start(line, order, 1)
    end_one(line)
    line.under_way += 1
    await asyncio.sleep(0.01)

    assert order == []
    end_one(line)
    assert await task
