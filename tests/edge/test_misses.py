from __future__ import annotations

import pytest

from gateway.edge.misses import UNKNOWN_A_MINUTE, Misses


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def misses(clock: Clock) -> Misses:
    return Misses(clock)


def use_up(misses: Misses, address: str) -> None:
    for _ in range(UNKNOWN_A_MINUTE):
        assert misses.seconds_to_wait(address) is None
        misses.count(address)


def test_who_has_asked_for_sixty_waits_for_the_rest_of_the_minute(misses: Misses, clock: Clock) -> None:
    use_up(misses, "192.0.2.7")
    clock.now += 45

    assert misses.seconds_to_wait("192.0.2.7") == 15
    assert misses.seconds_to_wait("192.0.2.8") is None


def test_after_a_minute_they_may_ask_for_as_many_again(misses: Misses, clock: Clock) -> None:
    use_up(misses, "192.0.2.7")
    clock.now += 60

    use_up(misses, "192.0.2.7")

    assert misses.seconds_to_wait("192.0.2.7") == 60


def test_addresses_of_one_network_of_ipv6_are_one(misses: Misses) -> None:
    use_up(misses, "2001:db8:1:2::1")

    assert misses.seconds_to_wait("2001:db8:1:2:ffff::9") == 60
    assert misses.seconds_to_wait("2001:db8:1:3::1") is None


def test_so_many_are_remembered_and_no_more(misses: Misses) -> None:
    use_up(misses, "192.0.2.7")
    for number in range(10_000):
        misses.count(f"10.0.{number // 256}.{number % 256}")

    assert misses.seconds_to_wait("192.0.2.7") is None
