"""A start does not need the database where softphones can be answered without it: then this job waits for it."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING

import structlog

from gateway.jobs.supervision import Supervised, end
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Step = Callable[[], Awaitable[None]]

_TRY_SECONDS = 1.0

log = structlog.get_logger("gateway.jobs")


class ObstacleError(Exception):
    """The database is there, and must not be gone by; the message is one line that says what to do."""


class Arrival:
    """One object a process. Until the database has arrived, whatever is asked of it is refused at once."""

    def __init__(self, *, look: Step, prepare: Step, reach: Step, try_seconds: float = _TRY_SECONDS) -> None:
        """`look` finds out quickly whether it is there, `reach` opens it; both raise UnavailableError.

        `prepare` does what a start does before it goes by what is stored, and raises ObstacleError when it must not.
        """
        self._look, self._prepare, self._reach, self._try_seconds = look, prepare, reach, try_seconds
        self._arriving = Supervised("arrival of the database")
        self._obstacle: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, can_wait: bool) -> None:
        """Opens the database, or waits for it while others go on, if that can be. Raises UnavailableError if not."""
        if not can_wait:
            await self._reach()
            return
        try:
            await self._look()
            await self._reach()
        except UnavailableError as error:
            log.warning("started without the database", reason=type(error.__cause__ or error).__name__)
            self._task = asyncio.get_running_loop().create_task(self._await(), context=Context())

    async def close(self) -> None:
        """Afterwards nothing here touches the database."""
        await end(self._task)

    async def _await(self) -> None:
        """What has changed since whoever started this looked is not known: the database may be another by now."""
        has_arrived = False
        while not has_arrived:
            await asyncio.sleep(self._try_seconds)
            with self._arriving:
                has_arrived = await self._try()

    async def _try(self) -> bool:
        before, self._obstacle = self._obstacle, None
        try:
            await self._prepare()
        except ObstacleError as error:
            self._obstacle = str(error)
            if self._obstacle != before:
                log.error("the database is there and not used", why=self._obstacle)  # noqa: TRY400 - no bug
            return False
        await self._reach()
        log.info("the database is there")
        return True
