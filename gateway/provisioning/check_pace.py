"""How often one tenant's staff may try a login: a dry run must not become a way to guess passwords."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from tenants.errors import TooManyAttemptsError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHECKS = 20
WINDOW_SECONDS = 60


class CheckPace:
    """Counts in this process alone: who may try is staff, and the provider counts for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: OrderedDict[int, deque[float]] = OrderedDict()  # the tenant that tried last stands last

    def take(self, tenant: int) -> None:
        """One more. Raises TooManyAttemptsError when it is one too many within the window."""
        now = self._clock()
        self._forget(now - WINDOW_SECONDS)
        times = self._times.setdefault(tenant, deque(maxlen=MOST_CHECKS))
        if len(times) == MOST_CHECKS and times[0] > now - WINDOW_SECONDS:
            raise TooManyAttemptsError(math.ceil(times[0] + WINDOW_SECONDS - now))
        times.append(now)
        self._times.move_to_end(tenant)

    def __len__(self) -> int:
        """How many tenants it remembers."""
        return len(self._times)

    def _forget(self, before: float) -> None:
        while self._times and next(iter(self._times.values()))[-1] <= before:
            self._times.popitem(last=False)
