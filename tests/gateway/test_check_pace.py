"""A dry run is no way to guess passwords."""

from __future__ import annotations

import pytest

from gateway.provisioning.check_pace import CheckPace
from tenants.errors import TooManyAttemptsError

A, B = 1, 2


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def take(pace: CheckPace, tenant: int, times: int) -> None:
    for _ in range(times):
        pace.take(tenant)


def test_twenty_in_a_minute_are_let_through_and_no_more() -> None:
    clock = Clock()
    pace = CheckPace(clock)
    take(pace, A, 20)
    clock.now += 45.5

    with pytest.raises(TooManyAttemptsError) as caught:
        pace.take(A)

    assert caught.value.retry_after_seconds == 15


def test_a_minute_after_the_first_there_is_room_for_one() -> None:
    clock = Clock()
    pace = CheckPace(clock)
    pace.take(A)
    clock.now += 30
    take(pace, A, 19)
    clock.now += 30

    pace.take(A)

    with pytest.raises(TooManyAttemptsError):
        pace.take(A)


def test_what_was_refused_does_not_count() -> None:
    clock = Clock()
    pace = CheckPace(clock)
    take(pace, A, 20)
    for _ in range(5):
        with pytest.raises(TooManyAttemptsError):
            pace.take(A)
    clock.now += 60

    take(pace, A, 20)


def test_a_neighbour_has_a_pace_of_its_own() -> None:
    pace = CheckPace(Clock())
    take(pace, A, 20)

    take(pace, B, 20)


def test_tenants_of_long_ago_take_no_memory() -> None:
    clock = Clock()
    pace = CheckPace(clock)
    for tenant in range(1000):
        pace.take(tenant)
        clock.now += 1

    assert len(pace) <= 61
