"""How long an operation may take; its end is not waited for, since a driver may take seconds over a cancellation."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gateway.context import Allowance

T = TypeVar("T")


class Deadline:
    """Runs one operation after another, each within its allowance."""

    def __init__(self) -> None:
        self._tasks = set[asyncio.Task[Any]]()  # the event loop itself holds them weakly

    async def run(self, work: Coroutine[Any, Any, T], allowance: Allowance) -> T:
        """What the work returns or raises. Raises TimeoutError in time, whatever the work makes of its cancellation.

        The allowance may grow while the work is under way.
        """
        started = time.monotonic()
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            while not task.done() and (left := started + allowance.seconds - time.monotonic()) > 0:
                await asyncio.wait({task}, timeout=left)
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
