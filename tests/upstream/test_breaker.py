"""A server that fails is left alone for a while; one that works never is."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from gateway.upstream.breaker import Breaker, OpenError

A, B = 1, 2


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Lane:
    """One server behind a breaker."""

    def __init__(self, breaker: Breaker, name: int) -> None:
        self._breaker, self._name = breaker, name

    def call(self, *, fails: bool | None) -> None:
        """One call; None: it ended neither way."""
        with self._breaker.attempt(self._name) as attempt:
            attempt.has_failed = fails

    def is_open(self) -> bool:
        """Whether a call is refused; it counts for nothing."""
        try:
            self.call(fails=None)
        except OpenError:
            return True
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


@pytest.fixture
def lane(breaker: Breaker) -> Lane:
    return Lane(breaker, A)


def fail(lane: Lane, times: int) -> None:
    for _ in range(times):
        lane.call(fails=True)


def succeed(lane: Lane, times: int) -> None:
    for _ in range(times):
        lane.call(fails=False)


def test_nineteen_failures_are_too_few_to_tell(lane: Lane) -> None:
    fail(lane, 19)

    assert not lane.is_open()


def test_the_twentieth_failure_opens_it(lane: Lane) -> None:
    fail(lane, 20)

    assert lane.is_open()


def test_half_of_the_calls_failing_opens_it(lane: Lane) -> None:
    succeed(lane, 10)
    fail(lane, 10)

    assert lane.is_open()


def test_less_than_half_does_not(lane: Lane) -> None:
    succeed(lane, 11)
    fail(lane, 10)

    assert not lane.is_open()


def test_a_success_can_be_the_call_that_shows_it(lane: Lane) -> None:
    fail(lane, 19)
    succeed(lane, 1)

    assert lane.is_open()


def test_a_neighbour_is_not_concerned(breaker: Breaker, lane: Lane) -> None:
    fail(lane, 20)

    assert not Lane(breaker, B).is_open()


def test_what_failed_ten_seconds_ago_is_forgotten(lane: Lane, clock: Clock) -> None:
    fail(lane, 19)
    clock.now += 10
    fail(lane, 1)

    assert not lane.is_open()


def test_failures_within_ten_seconds_add_up(lane: Lane, clock: Clock) -> None:
    for _ in range(10):
        fail(lane, 2)
        clock.now += 0.95

    assert lane.is_open()


def test_calls_that_ended_neither_way_count_for_nothing(lane: Lane) -> None:
    for _ in range(30):
        lane.call(fails=None)
    fail(lane, 19)

    assert not lane.is_open()


def test_it_stays_open_for_five_seconds(lane: Lane, clock: Clock) -> None:
    fail(lane, 20)
    clock.now += 4.99

    assert lane.is_open()


def test_then_one_call_is_let_through_and_only_one(breaker: Breaker, lane: Lane, clock: Clock) -> None:
    fail(lane, 20)
    clock.now += 5

    with breaker.attempt(A):
        assert lane.is_open()


def test_a_probe_that_succeeds_closes_it(lane: Lane, clock: Clock) -> None:
    fail(lane, 20)
    clock.now += 5
    succeed(lane, 1)
    fail(lane, 19)  # what was before is forgotten

    assert not lane.is_open()


def test_a_probe_that_fails_opens_it_for_five_seconds_more(lane: Lane, clock: Clock) -> None:
    fail(lane, 20)
    clock.now += 5
    fail(lane, 1)
    clock.now += 4.99

    assert lane.is_open()

    clock.now += 0.01
    succeed(lane, 1)
    assert not lane.is_open()


def test_a_probe_that_nobody_waits_for_leaves_room_for_the_next(lane: Lane, clock: Clock) -> None:
    fail(lane, 20)
    clock.now += 5
    lane.call(fails=None)
    succeed(lane, 1)

    assert not lane.is_open()


def test_a_probe_that_raises_leaves_room_for_the_next(breaker: Breaker, lane: Lane, clock: Clock) -> None:
    fail(lane, 20)
    clock.now += 5
    with pytest.raises(KeyError), breaker.attempt(A):
        raise KeyError

    assert not lane.is_open()


def test_calls_from_before_it_opened_do_not_decide(breaker: Breaker, lane: Lane, clock: Clock) -> None:
    with breaker.attempt(A) as late:
        fail(lane, 20)
        clock.now += 4
        late.has_failed = False

    assert lane.is_open()


def test_failures_from_before_it_opened_do_not_keep_it_open(breaker: Breaker, lane: Lane, clock: Clock) -> None:
    with ExitStack() as late:
        attempts = [late.enter_context(breaker.attempt(A)) for _ in range(20)]
        fail(lane, 20)
        clock.now += 4
        for attempt in attempts:
            attempt.has_failed = True
    clock.now += 1

    assert not lane.is_open()


def test_lanes_of_long_ago_take_no_memory(breaker: Breaker, clock: Clock) -> None:
    for name in range(1000):
        Lane(breaker, name).call(fails=True)
        clock.now += 1

    assert len(breaker) <= 17


def test_a_lane_under_way_for_long_is_still_concluded(breaker: Breaker, clock: Clock) -> None:
    with breaker.attempt(A) as slow:
        clock.now += 100
        Lane(breaker, B).call(fails=True)
        slow.has_failed = True

    assert not Lane(breaker, A).is_open()
