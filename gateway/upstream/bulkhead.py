"""How many calls may be in flight: few for one lane, so that one slow server does not use up what all share."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator


class NoRoomError(Exception):
    """As many calls as may be are in flight."""


class Bulkhead:
    """Counts. Nobody waits: a call that finds no room is refused at once."""

    def __init__(self, *, lane_calls: int, all_calls: int) -> None:
        self._lane_calls, self._all_calls = lane_calls, all_calls
        self._in_flight: Counter[Hashable] = Counter()

    @contextmanager
    def enter(self, lane: Hashable) -> Iterator[None]:
        """Hold one place in the lane. Raises NoRoomError where there is none."""
        if self._in_flight[lane] >= self._lane_calls or self._in_flight.total() >= self._all_calls:
            raise NoRoomError
        self._in_flight[lane] += 1
        try:
            yield
        finally:
            self._in_flight[lane] -= 1
            if not self._in_flight[lane]:
                del self._in_flight[lane]

    def __len__(self) -> int:
        """How many lanes it remembers."""
        return len(self._in_flight)
