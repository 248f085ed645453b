"""The one reader of the change feed in a process: hands what changed, in order, to those who keep answers."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import TYPE_CHECKING, TypeAlias

from gateway.jobs.supervision import Supervised, end
from tenants.errors import UnavailableError
from tenants.store.feed import read_changes
from tenants.system import FEED
from tenants.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tenants.feed import Change

    Listener: TypeAlias = Callable[[Sequence[Change] | None], None]

_POLL_SECONDS = 1.0
_CURRENT_SECONDS = 5.0
_SILENT_SECONDS = 0.7
_AND_THEN_SECONDS = 0.1
"""A second look, in case that it was this process that was busy."""


class Feed:
    """One object a process. Fails closed: when it does not know what changed, it is not current and says None.

    `listeners` are called in their order, in the event loop, with changes in the order of the commits, or with None:
    anything may have changed. Each change is told at least once; a process hears of its own commits a first time with
    the number 0, before whoever made them has an answer.
    """

    def __init__(self, listeners: Sequence[Listener], url: str, *, poll_seconds: float = _POLL_SECONDS) -> None:
        self._listeners, self._url, self._poll_seconds = listeners, url, poll_seconds
        self._number: int | None = None
        self._read_at = float("-inf")
        self._is_away = False
        self._hint = asyncio.Event()  # of the loop that it is started in
        self._hearing, self._watching, self._reading = map(Supervised, ("own changes", "watch", "feed"))
        self._tasks: tuple[asyncio.Task[None], ...] = ()  # no group: it would pass a cancellation on once only

    @property
    def is_current(self) -> bool:
        """Whether all that was committed five seconds ago has been told."""
        return self._number is not None and time.monotonic() - self._read_at < _CURRENT_SECONDS

    @property
    def read_at(self) -> float:
        """Up to when all that was committed has been told, on the monotonic clock."""
        return self._read_at

    @property
    def is_away(self) -> bool:
        """Whether the database, as far as is known, cannot be had, or does not answer: known in less than 2 seconds."""
        return self._is_away

    def look(self) -> None:
        """Read now, since somebody doubts that the database is there."""
        self._hint.set()

    async def start(self) -> None:
        """Reads once, if the database lets it, and goes on until it is closed."""
        self._number, self._hint = None, asyncio.Event()
        await self._read()
        loop = asyncio.get_running_loop()
        self._tasks = tuple(loop.create_task(job, context=Context()) for job in (self._watch(), self._follow()))

    async def close(self) -> None:
        """Afterwards nothing here touches the database, and nobody is told anything."""
        await asyncio.gather(*map(end, self._tasks))

    def hear(self, changes: Sequence[Change]) -> None:
        """What this process has just committed. Whoever fails to hear it is told by the feed."""
        for listener in self._listeners:
            with self._hearing:
                listener(changes)

    async def _watch(self) -> None:
        while True:
            with self._watching:
                await watch(self._url, self._hint.set)
            await asyncio.sleep(self._poll_seconds)

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._hint.wait()
            self._hint.clear()
            await self._read()

    async def _read(self) -> None:
        with self._reading:
            has_more = True
            while has_more:
                began = time.monotonic()
                with self._noticing_outage():
                    batch = await read_changes(FEED, self._number)
                self._number = None  # unless all come through, all are told anew
                for listener in self._listeners if batch.changes != () else ():
                    listener(batch.changes)
                self._number, has_more = batch.number, batch.has_more
                self._read_at = self._read_at if has_more else began

    @contextmanager
    def _noticing_outage(self) -> Iterator[None]:
        silence = asyncio.get_running_loop().create_task(self._suspect())
        try:
            yield
            self._is_away = False
        except UnavailableError:
            self._is_away = True
            raise
        finally:
            silence.cancel()

    async def _suspect(self) -> None:
        await asyncio.sleep(_SILENT_SECONDS)
        await asyncio.sleep(_AND_THEN_SECONDS)
        self._is_away = True
