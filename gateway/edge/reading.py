"""What one operation reads of published configs: it is limited, it is watched, and an answer may be kept by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.edge.cells import Door
from gateway.refusals import ErrorCode, RefusedError
from tenants.access import PUBLIC
from tenants.identity import ProviderId
from tenants.store.published import find_published

if TYPE_CHECKING:
    from gateway.edge.cells import Cell, Cells, Read, Standing
    from gateway.edge.misses import Misses
    from tenants.app_keys import SentAppKey
    from tenants.model import AppKind
    from tenants.store.published import Published


@dataclass(frozen=True, slots=True)
class Seen:
    """What a read has shown."""

    cell: Cell
    published: Published | None
    standing: Standing | None
    """None: it may be over already."""


@dataclass(slots=True)
class Reading:
    """Of one operation."""

    cells: Cells
    misses: Misses
    address: str
    reads: list[Read] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    seconds_to_wait: int | None = None
    """Set when a read was refused because the address has asked for too many unknown ones."""

    async def find(self, provider_id: str, app: AppKind, app_key: SentAppKey) -> Published | None:
        """As `find_published`. Raises RefusedError RATE_LIMITED for what is not known to be there."""
        door, cell = Door(app, app_key), self.cells.of(ProviderId.key_of(provider_id) or "")
        if not cell.is_known_at(door):
            self._check_pace()
        read = self.cells.begin(cell)
        self.reads.append(read)
        published = await find_published(PUBLIC, provider_id, app, app_key)
        self.seen.append(Seen(cell, published, read.finish(published, door)))
        if published is None:
            self.misses.count(self.address)
        return published

    def _check_pace(self) -> None:
        self.seconds_to_wait = self.misses.seconds_to_wait(self.address)
        if self.seconds_to_wait is not None:
            message = "Too many ProviderIds that nobody has were asked for from this address. Try again later."
            raise RefusedError(message, ErrorCode.RATE_LIMITED)
