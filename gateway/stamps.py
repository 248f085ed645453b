"""Last use, written beside the requests: it holds none of them up and fails none. Fails open.

A process writes one stamp at a time, each row's at most once a minute (an app key's once an hour). What there is no
room for is let go, and after a failure nothing is tried for a while: the next use is stamped as well.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING

import structlog

from tenants.actions.stamps import rounded, stamp
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.credentials import Credential, Use

log = structlog.get_logger("gateway.stamps")

_PAUSE_SECONDS = 0.05
"""So that the answer goes out first."""
_REST_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
_MOST_WAITING = 1_000
_MOST_REMEMBERED = 20_000


class Stamps:
    """One object a process."""

    def __init__(self, *, pause_seconds: float = _PAUSE_SECONDS, rest_seconds: float = _REST_SECONDS) -> None:
        self._pause_seconds, self._rest_seconds = pause_seconds, rest_seconds
        self._waiting: dict[tuple[Credential, int], tuple[Use, datetime]] = {}
        self._stamped: dict[tuple[Credential, int], datetime] = {}
        self._writing: asyncio.Task[None] | None = None
        self._rests_until = 0.0
        self._is_closed = asyncio.Event()

    def note(self, use: Use | None, now: datetime) -> None:
        """That a credential was used; None: there was none. Returns at once, raises nothing, waits for nothing."""
        if use is None or self._is_closed.is_set() or self._is_resting():
            return
        key, at = (use.credential, use.row), rounded(use, now)
        if self._stamped.get(key) == at or len(self._waiting) >= _MOST_WAITING:
            return
        self._remember(key, at)
        self._waiting[key] = use, at
        if self._writing is None:
            self._begin()

    async def close(self) -> None:
        """Write what waits, for two seconds at most. Afterwards nothing here touches the database."""
        self._is_closed.set()
        if self._writing is None:
            return
        writing = self._writing
        try:
            await asyncio.wait({writing}, timeout=_CLOSE_SECONDS)
        finally:
            writing.cancel()
            await asyncio.wait({writing})

    def _is_resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._rests_until

    def _remember(self, key: tuple[Credential, int], at: datetime) -> None:
        """The condition in the update is what counts: whatever is forgotten here costs one needless write."""
        if len(self._stamped) >= _MOST_REMEMBERED:
            self._stamped.clear()
        self._stamped[key] = at

    def _begin(self) -> None:
        # Not in the context of the request: what is bound there, such as a transaction, ends before this does.
        self._writing = asyncio.get_running_loop().create_task(self._write(), context=Context())
        self._writing.add_done_callback(self._end)

    async def _write(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause_seconds):
                await self._is_closed.wait()
        while self._waiting:
            key = next(iter(self._waiting))
            await stamp(*self._waiting.pop(key))

    def _end(self, writing: asyncio.Task[None]) -> None:
        self._writing = None
        error = None if writing.cancelled() else writing.exception()
        if error is not None:
            self._rest(error)
        elif self._waiting and not self._is_closed.is_set():  # noted since the last look
            self._begin()

    def _rest(self, error: BaseException) -> None:
        """Whatever waits is let go; its next use is stamped instead."""
        self._waiting.clear()
        self._stamped.clear()
        self._rests_until = asyncio.get_running_loop().time() + self._rest_seconds
        if isinstance(error, UnavailableError):
            log.warning("last use cannot be noted", reason=type(error.__cause__ or error).__name__)
        else:
            log.error("last use cannot be noted", exc_info=error)
