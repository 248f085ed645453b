"""How long an operation may take; its end is not waited for, since a driver may take seconds over a cancellation."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gateway.context import Allowance

T = TypeVar("T")

_PATIENCE_SECONDS = 1.5
"""While the database does not answer. Whoever waits for somebody else's server is not told of ours."""
_DOUBT_SECONDS = 0.4
_LOOK_SECONDS = 0.1


class Deadline:
    """Runs one operation after another, each within its allowance."""

    def __init__(self, is_away: Callable[[], bool] = lambda: False, doubt: Callable[[], None] = lambda: None) -> None:
        """`is_away` tells that the database cannot be had, so that little is waited for; `doubt` makes it find out."""
        self._is_away, self._doubt = is_away, doubt
        self._tasks = set[asyncio.Task[Any]]()  # the event loop itself holds them weakly

    async def run(self, work: Coroutine[Any, Any, T], allowance: Allowance) -> T:
        """What the work returns or raises. Raises TimeoutError in time, whatever the work makes of its cancellation.

        The allowance may grow while the work is under way.
        """
        started, granted, has_doubted = time.monotonic(), allowance.seconds, False
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            while not task.done() and (left := started + allowance.seconds - time.monotonic()) > 0:
                await asyncio.wait({task}, timeout=min(left, _LOOK_SECONDS))
                waited = time.monotonic() - started
                if not has_doubted and waited >= _DOUBT_SECONDS:
                    has_doubted = True
                    self._doubt()
                is_waiting = waited >= _PATIENCE_SECONDS and allowance.seconds == granted
                if is_waiting and self._is_away():
                    break
        finally:
            is_late = not task.done()
            if is_late:
                task.cancel()
        if is_late:
            raise TimeoutError
        return task.result()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # or the event loop reports one that nobody has asked for
