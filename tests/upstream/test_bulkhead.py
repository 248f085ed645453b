"""Few calls of one lane, more of all; nobody waits for room."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from gateway.upstream.bulkhead import Bulkhead, NoRoomError

A, B, C = 1, 2, 3


@pytest.fixture
def bulkhead() -> Bulkhead:
    return Bulkhead(lane_calls=2, all_calls=3)


def test_a_lane_holds_so_many_and_no_more(bulkhead: Bulkhead) -> None:
    with bulkhead.enter(A), bulkhead.enter(A), pytest.raises(NoRoomError), bulkhead.enter(A):
        pass


def test_a_full_lane_leaves_room_to_its_neighbour(bulkhead: Bulkhead) -> None:
    with bulkhead.enter(A), bulkhead.enter(A), bulkhead.enter(B):
        pass


def test_all_lanes_together_hold_so_many_and_no_more(bulkhead: Bulkhead) -> None:
    with bulkhead.enter(A), bulkhead.enter(A), bulkhead.enter(B), pytest.raises(NoRoomError), bulkhead.enter(C):
        pass


def test_who_leaves_makes_room(bulkhead: Bulkhead) -> None:
    with ExitStack() as before:
        before.enter_context(bulkhead.enter(A))
        before.enter_context(bulkhead.enter(A))

    with bulkhead.enter(A), bulkhead.enter(A):
        pass


def test_a_refused_call_takes_no_room(bulkhead: Bulkhead) -> None:
    with bulkhead.enter(A), bulkhead.enter(A):
        for _ in range(5):
            with pytest.raises(NoRoomError), bulkhead.enter(A):
                pass
        with bulkhead.enter(B):
            pass


def test_a_call_that_raises_leaves(bulkhead: Bulkhead) -> None:
    for _ in range(5):
        with pytest.raises(KeyError), bulkhead.enter(A):
            raise KeyError


def test_lanes_without_calls_take_no_memory(bulkhead: Bulkhead) -> None:
    for lane in range(1000):
        with bulkhead.enter(lane):
            pass

    assert len(bulkhead) == 0
