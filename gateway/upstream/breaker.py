"""When a server is left alone: half of its calls failed lately, so the next ones would only wait for nothing."""

from __future__ import annotations

from collections import OrderedDict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

FEWEST_CALLS = 20
WINDOW_SECONDS = 10
OPEN_SECONDS = 5


class OpenError(Exception):
    """The server is being left alone."""


@dataclass(slots=True)
class Attempt:
    """One call that was let through. Left undecided it counts for nothing."""

    has_failed: bool | None = None


@dataclass(slots=True)
class _Second:
    """The calls that ended within one second: a busy lane takes no more memory than a quiet one."""

    number: int
    calls: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Lane:
    used_at: float
    seconds: deque[_Second] = field(default_factory=lambda: deque(maxlen=WINDOW_SECONDS))
    open_until: float | None = None
    probe: Attempt | None = None


class Breaker:
    """One switch for each lane. Open, it lets one call through after a while, whose outcome decides."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lanes: OrderedDict[Hashable, _Lane] = OrderedDict()  # the one used last stands last

    @contextmanager
    def attempt(self, name: Hashable) -> Iterator[Attempt]:
        """Let one call through and look at its outcome. Raises OpenError where the server is left alone."""
        lane = self._use(name)
        attempt = Attempt()
        if lane.open_until is not None:
            if lane.probe is not None or self._clock() < lane.open_until:
                raise OpenError
            lane.probe = attempt
        try:
            yield attempt
        finally:
            self._conclude(self._use(name), attempt)

    def __len__(self) -> int:
        """How many lanes it remembers."""
        return len(self._lanes)

    def _use(self, name: Hashable) -> _Lane:
        now = self._clock()
        while self._lanes and next(iter(self._lanes.values())).used_at < now - WINDOW_SECONDS - OPEN_SECONDS:
            self._lanes.popitem(last=False)  # so long ago that it says nothing any more
        lane = self._lanes.setdefault(name, _Lane(now))
        lane.used_at = now
        self._lanes.move_to_end(name)
        return lane

    def _conclude(self, lane: _Lane, attempt: Attempt) -> None:
        is_probe = lane.probe is attempt
        if is_probe:
            lane.probe = None
        if attempt.has_failed is None:
            return
        if is_probe:
            self._decide(lane, has_failed=attempt.has_failed)
        elif lane.open_until is None:  # calls from before it opened have had their say
            self._count(lane, has_failed=attempt.has_failed)

    def _decide(self, lane: _Lane, *, has_failed: bool) -> None:
        lane.open_until = self._clock() + OPEN_SECONDS if has_failed else None
        lane.seconds.clear()

    def _count(self, lane: _Lane, *, has_failed: bool) -> None:
        second = int(self._clock())
        if not lane.seconds or lane.seconds[-1].number != second:
            lane.seconds.append(_Second(second))
        lane.seconds[-1].calls += 1
        lane.seconds[-1].failures += has_failed
        recent = [one for one in lane.seconds if one.number > second - WINDOW_SECONDS]
        calls = sum(one.calls for one in recent)
        if calls >= FEWEST_CALLS and 2 * sum(one.failures for one in recent) >= calls:
            self._decide(lane, has_failed=True)
