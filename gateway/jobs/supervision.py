"""Nothing that goes wrong ends a job: it is logged, and the job goes on. The one place where everything is caught."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

_AGAIN_SECONDS = 0.5

log = structlog.get_logger("gateway.jobs")


async def end(task: asyncio.Task[Any] | None) -> None:
    """Cancel it, and wait for its end. Again and again: a driver may make an outage of a cancellation."""
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)


class Supervised:
    """Stands around each attempt of one job; the code behind it runs, whatever happened inside.

    What goes wrong in the same way again and again is logged once. Cancellation passes.
    """

    def __init__(self, job: str) -> None:
        self._job = job
        self._reason: str | None = None

    def __enter__(self) -> None:
        """Begins an attempt."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Fails open: true for whatever is an Exception."""
        before, self._reason = self._reason, None
        if isinstance(error, UnavailableError):
            self._reason = type(error.__cause__ or error).__name__
            if before != self._reason:
                log.warning("a job cannot go on", job=self._job, reason=self._reason)
        elif isinstance(error, Exception):
            self._reason = type(error).__name__
            if before != self._reason:
                log.error("a job failed", job=self._job, exc_info=error)
        elif error is None and before is not None:
            log.info("a job goes on", job=self._job)
        return isinstance(error, Exception)
