"""What this process knows of the tenants that softphones asked for lately. The one place where freshness is decided.

Each ProviderId has a cell. What a read of the database showed is a standing; an answer made from it is fresh exactly as
long as that standing is current. A change ends the standings of a cell at once, however many answers hang on them.

Reads overlap, and a process hears of another's commit a moment later. Whatever was shown must not be followed by
something older, so a read that contradicts what is known is believed only if it began after that became known; else it
cannot be told which of the two is newer, and the cell forgets both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from tenants.feed import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.app_keys import SentAppKey
    from tenants.feed import Change
    from tenants.model import AppKind
    from tenants.store.published import Published


class Door(NamedTuple):
    """How somebody asks: for which kind of app, and with which key."""

    app: AppKind
    key: SentAppKey


class Standing:
    """What reads have shown and nothing has put in doubt: which config is live, and for whom; or that there is nobody.

    The config itself is told by its revision. One object, since there is one for each tenant.
    """

    __slots__ = ("_app", "_is_key_demanded", "_revision", "is_current", "keys", "tenant")

    def __init__(self, published: Published | None) -> None:
        self.is_current = True
        self.keys: tuple[SentAppKey, ...] = ()
        """Those of the tenant's own that were sent: two at most."""
        self.tenant = published.revision.tenant if published else None
        """None: there is nobody."""
        self._revision = published.revision.id if published else None
        self._app = published.revision.config.app if published else None
        self._is_key_demanded = published is not None and published.is_key_demanded

    def shows(self, published: Published) -> bool:
        """Whether that is what is live, for the same."""
        revision = published.revision
        return (self.tenant, self._revision, self._app, self._is_key_demanded) == (
            revision.tenant,
            revision.id,
            revision.config.app,
            published.is_key_demanded,
        )

    def admits(self, door: Door) -> bool:
        """Whether who asks like this is shown the config, as far as is known."""
        return self._app is door.app and (not self._is_key_demanded or door.key in self.keys)


class Cell:
    """What is known of one ProviderId. It lives as long as an answer or a read holds it."""

    __slots__ = ("__weakref__", "epoch", "generation", "last", "live", "nobody")

    def __init__(self) -> None:
        self.generation = 0
        """One more whenever what reads find may have changed: what began before is not kept."""
        self.epoch = 0
        """One more whenever something else became known: what began before may be older than that."""
        self.live: Standing | None = None
        self.nobody: Standing | None = None
        """For those who are not let in: another kind of app, no key that works, or really nobody."""
        self.last: Standing | None = None
        """The last that was live, whether it still is or not."""

    def forget(self) -> None:
        """Something may have changed: nothing that was known is current any more, and no read under way is kept."""
        self._end()
        self.generation += 1

    def is_known_at(self, door: Door) -> bool:
        """Whether somebody who asks like this was shown a config before."""
        return self.last is not None and self.last.admits(door)

    def note_live(self, published: Published, door: Door, *, is_latest: bool) -> Standing | None:
        """A read has shown a config; None: something else is known that may be newer."""
        standing = self.live
        if standing is None or not standing.shows(published):
            if not is_latest:
                self.forget()
                return None
            self._end()
            standing = self.live = self.last = Standing(published)
            self.epoch += 1
        if published.app_key is not None and door.key not in standing.keys:
            standing.keys += (door.key,)
        return standing

    def note_nobody(self, door: Door, *, is_latest: bool) -> Standing | None:
        """A read has shown nothing; None: a config is known that this one should have shown."""
        if self.live is not None and self.live.admits(door):
            if not is_latest:
                self.forget()
                return None
            self._end()
        if self.nobody is None:
            self.nobody = Standing(None)
            self.epoch += 1
        return self.nobody

    def _end(self) -> None:
        for standing in (self.live, self.nobody):
            if standing is not None:
                standing.is_current = False
        self.live = self.nobody = None


class Read:
    """One read of the database, from before it until after it."""

    __slots__ = ("_cells", "_epoch", "_generation", "cell")

    def __init__(self, cells: Cells, cell: Cell) -> None:
        self._cells, self.cell = cells, cell
        self._generation, self._epoch = cell.generation + cells.generation, cell.epoch

    @property
    def is_latest(self) -> bool:
        """Whether nothing became known since it began, so that what it shows is as new as anything that was shown."""
        return self._is_undisturbed and self._epoch == self.cell.epoch

    @property
    def _is_undisturbed(self) -> bool:
        return self._generation == self.cell.generation + self._cells.generation

    def finish(self, published: Published | None, door: Door) -> Standing | None:
        """What it showed; None: that may be over already, and must not be kept."""
        if not self._is_undisturbed:
            return None
        if published is None:
            return self.cell.note_nobody(door, is_latest=self.is_latest)
        return self.cell.note_live(published, door, is_latest=self.is_latest)


class Cells:
    """The cells by ProviderId in lower case."""

    def __init__(self) -> None:
        self._cells: WeakValueDictionary[str, Cell] = WeakValueDictionary()
        self.generation = 0
        """One more whenever reads under way may have to do with a change that names no ProviderId."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._cells)

    def has(self, provider_key: str) -> bool:
        """Whether this ProviderId has one."""
        return provider_key in self._cells

    def of(self, provider_key: str) -> Cell:
        """The cell, which is new when nobody holds one."""
        cell = self._cells.get(provider_key)
        if cell is None:
            cell = self._cells[provider_key] = Cell()
        return cell

    def begin(self, cell: Cell) -> Read:
        """To be called before the database is asked."""
        return Read(self, cell)

    def on_changes(self, changes: Sequence[Change] | None) -> None:
        """Something has changed, in this process or in another; None: anything may have."""
        if changes is None:
            self._forget_all()
            return
        told = [change for change in changes if change.kind is not ChangeKind.ACCESS]
        for change in told:
            cell = self._cells.get(change.provider_key) if change.provider_key else None
            if cell is not None:
                cell.forget()
        gone = {change.tenant for change in told if change.provider_key is None}
        if gone:
            self._forget_tenants(gone)

    def _forget_all(self) -> None:
        self.generation += 1
        for cell in list(self._cells.values()):
            cell.forget()

    def _forget_tenants(self, tenants: set[int]) -> None:
        """By what was last seen of them. A read under way may be of any of them."""
        self.generation += 1
        for cell in list(self._cells.values()):
            if cell.last is not None and cell.last.tenant in tenants:
                cell.forget()
