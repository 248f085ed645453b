"""The file lock that every write to a SQLite database holds, in whichever process it is."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tenants.outages import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_POLL_SECONDS = 0.002


class WriteLock:
    """`flock` on a file that is never removed; tasks of one process queue up, processes ask again and again."""

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        self._path, self._timeout_seconds = path, timeout_seconds
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Raises UnavailableError when the lock is not to be had in time."""
        with translated():
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            with translated():
                await self._wait(descriptor)
            try:
                yield
            finally:
                self._turn.release()
        finally:
            os.close(descriptor)  # this unlocks

    async def _wait(self, descriptor: int) -> None:
        async with asyncio.timeout(self._timeout_seconds):
            await self._turn.acquire()
            try:
                while not _is_locked(descriptor):  # noqa: ASYNC110 - other processes set no event
                    await asyncio.sleep(_POLL_SECONDS * random.random())  # noqa: S311 - not a secret
            except BaseException:
                self._turn.release()
                raise


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
