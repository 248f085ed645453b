"""Configs that were read lately, so that another question about the same tenant asks no database.

Each is what a read showed at one door, and is shown there as long as the standing is current that the read has found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.segments import Item, SegmentedMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.edge.cells import Cell, Door, Standing
    from tenants.store.published import Published

MOST_BYTES = 8 * 1024 * 1024
_PUBLISHED_BYTES, _LINK_BYTES = 2_000, 750
"""What a config takes, and each of its links: measured, see the test."""


class Seen(NamedTuple):
    """What a read has shown."""

    cell: Cell
    published: Published | None
    standing: Standing | None
    """None: it may be over already."""


class _Held(Item):
    __slots__ = ("seen",)

    def __init__(self, seen: Seen, published: Published) -> None:
        super().__init__(_PUBLISHED_BYTES + _LINK_BYTES * len(published.revision.config.help.links))
        self.seen = seen


class Loaded:
    """By ProviderId in lower case and door, within a bound of bytes."""

    def __init__(self, room: int, is_current: Callable[[], bool]) -> None:
        """`room` in bytes, 0: nothing is held; `is_current` tells whether changes are heard of."""
        self._is_current = is_current
        self._held: SegmentedMap[tuple[str, Door], _Held] = SegmentedMap(room)

    @property
    def weight(self) -> int:
        """What is held, in bytes."""
        return self._held.weight

    def find(self, provider_key: str, door: Door) -> Seen | None:
        """The live config as it was read for somebody who asked like this; None: the database knows."""
        held = self._held.get((provider_key, door))
        if held is None or held.seen.standing is None or not held.seen.standing.is_current:
            return None
        return held.seen if self._is_current() else None

    def keep(self, provider_key: str, door: Door, seen: Seen) -> None:
        """For the next who asks like this, if it is a config and not over already."""
        if seen.published is not None and seen.standing is not None and seen.standing.is_current:
            self._held.put((provider_key, door), _Held(seen, seen.published))
