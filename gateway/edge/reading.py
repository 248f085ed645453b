"""What one operation reads of published configs: it is limited, it is watched, and an answer may be kept by it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.edge.cells import Door
from gateway.edge.loaded import Seen
from gateway.refusals import ErrorCode, RefusedError
from tenants.access import PUBLIC
from tenants.errors import UnavailableError
from tenants.identity import ProviderId
from tenants.store.published import find_published

if TYPE_CHECKING:
    from gateway.edge.cells import Cells, Read
    from gateway.edge.known_good import KnownGood
    from gateway.edge.loaded import Loaded
    from gateway.edge.misses import Misses
    from tenants.app_keys import SentAppKey
    from tenants.model import AppKind
    from tenants.store.published import Published

_PATIENCE_SECONDS = 0.8
"""With a database, where it can be done without, or where it did not answer others."""
_asking = set[asyncio.Task["Published | None"]]()
"""Reads that nobody waits for any more: a driver may take seconds over a cancellation."""


@dataclass(slots=True)
class Reading:
    """Of one operation."""

    cells: Cells
    misses: Misses
    address: str
    known: KnownGood
    loaded: Loaded
    reads: list[Read] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    unavailable: UnavailableError | None = None
    """Set when the database was asked for this request and cannot be had."""
    seconds_to_wait: int | None = None
    """Set when a read was refused because the address has asked for too many unknown ones."""
    seconds_stale: int | None = None
    """Set when what was read is what was known to be good so long ago, since the database cannot be had."""

    async def find(self, provider_id: str, app: AppKind, app_key: SentAppKey) -> Published | None:
        """As `find_published`, or what was good when the database was last heard of.

        Raises RefusedError RATE_LIMITED for what is not known to be there.
        """
        loaded = self.find_loaded(provider_id, app, app_key)
        if loaded is not None:
            return loaded
        if self.unavailable is not None:
            raise self.unavailable
        door, key = Door(app, app_key), ProviderId.key_of(provider_id) or ""
        cell = self.cells.of(key)
        is_known = self.known.is_away and self.known.find(provider_id, app, app_key) is not None
        if not is_known and not cell.is_known_at(door):
            self._check_pace()
        read = self.cells.begin(cell)
        self.reads.append(read)
        try:
            published = await self._ask(provider_id, door, is_known=is_known)
        except UnavailableError:
            known = self.known.find(provider_id, app, app_key)
            if known is None:
                raise
            self.seconds_stale = known.seconds
            self.seen.append(Seen(cell, known.published, None))
            return known.published
        seen = Seen(cell, published, read.finish(published, door))
        self.loaded.keep(key, door, seen)
        self._show(seen)
        return published

    def find_loaded(self, provider_id: str, app: AppKind, app_key: SentAppKey) -> Published | None:
        """The same where it was read before; None: it has to be read."""
        door, key = Door(app, app_key), ProviderId.key_of(provider_id) or ""
        loaded = self.loaded.find(key, door)
        if loaded is None:
            return None
        self.reads.append(self.cells.begin(loaded.cell))  # whether others may join tells what has changed since
        self._show(loaded)
        return loaded.published

    def _show(self, seen: Seen) -> None:
        self.seen.append(seen)
        if seen.published is None:
            self.misses.count(self.address)
        else:
            revision = seen.published.revision
            self.known.note(seen.published.provider_id.key, revision.tenant, revision.id)

    async def _ask(self, provider_id: str, door: Door, *, is_known: bool) -> Published | None:
        """The database. Raises UnavailableError."""
        if is_known:
            message = "The database did not answer others."
            raise UnavailableError(message)
        if not self.known.is_away and not self.known.holds(provider_id):
            return await find_published(PUBLIC, provider_id, door.app, door.key)
        return await _ask_in_time(provider_id, door)

    def _check_pace(self) -> None:
        self.seconds_to_wait = self.misses.seconds_to_wait(self.address)
        if self.seconds_to_wait is not None:
            message = "Too many ProviderIds that nobody has were asked for from this address. Try again later."
            raise RefusedError(message, ErrorCode.RATE_LIMITED)


async def _ask_in_time(provider_id: str, door: Door) -> Published | None:
    """Raises UnavailableError when patience is at its end."""
    task = asyncio.create_task(find_published(PUBLIC, provider_id, door.app, door.key))
    _asking.add(task)
    task.add_done_callback(_forget)
    try:
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if task.done():
            return task.result()
    finally:
        task.cancel()
    message = "The database does not answer."
    raise UnavailableError(message)


def _forget(task: asyncio.Task[Published | None]) -> None:
    _asking.discard(task)
    if not task.cancelled():
        task.exception()  # or the event loop reports one that nobody has asked for
