"""The job that keeps what is known to be good up to date, and on disk."""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from typing import TYPE_CHECKING

from gateway.jobs.supervision import Supervised, end
from tenants.access import PUBLIC
from tenants.store.published import list_known

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.edge.known_good import KnownGood
    from gateway.edge.snapshot import SnapshotFile

_LOOK_SECONDS = 0.25
_WRITE_SECONDS = 10.0
_FIRST_WRITE_SECONDS = 1.0
_LAST_READ_SECONDS = 1.0
_REWRITE_SECONDS = 60.0
"""After which a file is written anew only to say that all is still so."""
_AT_ONCE = 100


class Keeping:
    """One object a process. Nothing that goes wrong here reaches a softphone."""

    def __init__(
        self,
        known: KnownGood,
        file: SnapshotFile | None,
        is_served: Callable[[str], bool],
        *,
        look_seconds: float = _LOOK_SECONDS,
        write_seconds: float = _WRITE_SECONDS,
    ) -> None:
        """`is_served` tells of a ProviderId, in lower case, whether answers for it are stored."""
        self._known, self._file, self._is_served = known, file, is_served
        self._look_seconds, self._write_seconds = look_seconds, write_seconds
        self._reading, self._writing, self._sharing = map(Supervised, ("known good", "snapshot", "others' snapshot"))
        self._task: asyncio.Task[None] | None = None
        self._written = (0, float("-inf"))
        """Which state, and when."""

    async def load(self) -> None:
        """What the file says, before anybody is answered."""
        if self._file is not None:
            self._known.load(await asyncio.to_thread(self._file.load))

    def start(self) -> None:
        """Until it is closed."""
        soon = min(_FIRST_WRITE_SECONDS, self._write_seconds)
        self._written = (self._known.changes, time.monotonic() - self._write_seconds + soon)
        self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())

    async def close(self) -> None:
        """Writes what is not on disk yet. Afterwards nothing here touches the database."""
        if self._task is not None:
            await end(self._task)
            with self._reading:  # what was served a moment ago
                async with asyncio.timeout(_LAST_READ_SECONDS):
                    await self._read()
            if self._written[0] != self._known.changes:
                with self._writing:
                    await self._write()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            with self._reading:
                await self._read()
            with self._writing:
                if self._is_time_to_write():
                    await self._write()
            with self._sharing:
                await self._learn_from_others()

    async def _read(self) -> None:
        while not self._known.is_away and (keys := self._known.take_wanted(_AT_ONCE)):
            began = time.time()
            try:
                shown = await list_known(PUBLIC, keys)
            except BaseException:
                self._known.want(keys)
                raise
            self._known.learn(keys, {one.provider_id.key: one for one in shown}, began)

    def _is_time_to_write(self) -> bool:
        state, at = self._written
        seconds = time.monotonic() - at
        if self._known.is_away and state != self._known.changes:
            return True  # others may be asked for it, or a worker be started
        return seconds >= (_REWRITE_SECONDS if state == self._known.changes else self._write_seconds)

    async def _learn_from_others(self) -> None:
        """A phone is not to hang on which worker it meets when the database is away."""
        if self._file is not None and self._file.has_changed():
            self._known.load(await asyncio.to_thread(self._file.load))

    async def _write(self) -> None:
        state = self._known.changes
        self._written = state, time.monotonic()
        kept = self._known.to_save(self._is_served)
        if self._file is not None and kept:
            try:
                self._known.load(await asyncio.shield(asyncio.to_thread(self._file.save, kept, time.time())))
            except BaseException:
                self._written = -1, time.monotonic()
                raise
