"""A map bounded in bytes that a flood of things asked for once cannot empty."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_CHANCES = 1
"""How many used things one new thing may pass over: with more, a flood of things used thrice comes round twice before
those in use are used again."""


class Item:
    """What is put into a map, into one only: it weighs something, and a look-up marks it.

    It knows its neighbours in the order of the map, which takes less than half of what an `OrderedDict` does.
    """

    __slots__ = ("after", "before", "is_proven", "is_used", "key", "weight")

    after: Item
    before: Item

    def __init__(self, weight: int) -> None:
        self.weight = _same(weight)
        """In bytes, its key and its place in the map included."""
        self.is_used = self.is_proven = False
        self.key: Any = None


K = TypeVar("K", bound="Hashable")
V = TypeVar("V", bound=Item)


class SegmentedMap(Generic[K, V]):
    """What is new is on probation; its first use proves it. Room is made by those on probation that have their share.

    A segmented LRU in which a hit on what is proven costs a mark and moves nothing, as in CLOCK: whose turn it is when
    room is needed stays once more if it was used since its last turn.
    """

    def __init__(
        self, room: int, *, most: int | None = None, share: int = 10, on_gone: Callable[[V], None] | None = None
    ) -> None:
        """Of `room` bytes and `most` things; `on_gone` is told of each that is replaced, let go or not even taken.

        One part of `share` is kept for what is on probation, which has more as long as nobody needs it.
        """
        self._room, self._most, self._share, self._on_gone = room, most, share, on_gone
        self._items: dict[K, V] = {}
        self._new, self._proven = _ring(), _ring()
        self._new_count = self._new_weight = 0
        self.weight = 0

    def __len__(self) -> int:
        """How many things there are."""
        return len(self._items)

    def get(self, key: K) -> V | None:
        """What stands by the key, which is used thereby."""
        item = self._items.get(key)
        if item is None:
            return None
        if item.is_proven:
            item.is_used = True
        else:
            self._take_out(item)
            self._put_in(item, is_proven=True)
        return item

    def peek(self, key: K) -> V | None:
        """The same, and it is no use of it."""
        return self._items.get(key)

    def put(self, key: K, item: V) -> None:
        """In place of what stood there. What would take more than probation's share of the room is not taken."""
        old = self._items.get(key)
        is_proven = old is not None and old.is_proven
        self.pop(key)
        self.weight += item.weight
        if item.weight * self._share > self._room:
            self._let_go(item)
        else:
            self._items[key] = item
            item.key = key
            self._put_in(item, is_proven=is_proven)
        self._shrink(key)

    def add_weight(self, item: V, more: int) -> None:
        """What stands in the map has come to weigh more."""
        item.weight = _same(item.weight + more)
        self.weight += more
        if not item.is_proven:
            self._new_weight += more
        self._shrink(item.key)

    def pop(self, key: K) -> None:
        """Let go of it, if it is there."""
        item = self._items.pop(key, None)
        if item is not None:
            self._take_out(item)
            self._let_go(item)

    def _shrink(self, latest: K) -> None:
        """Make room. When all that could make it is in use, the latest to come goes again."""
        chances = _CHANCES
        while self.weight > self._room or (self._most is not None and len(self) > self._most):
            if self._new_count and (self._has_newcomers_share() or self._new_count == len(self)):
                self.pop(self._new.after.key)
                continue
            item = self._proven.after
            if not item.is_used:
                self.pop(item.key)
            elif chances:
                item.is_used = False
                self._take_out(item)
                self._put_in(item, is_proven=True)
                chances -= 1
            else:
                self.pop(latest if latest in self._items else item.key)

    def _has_newcomers_share(self) -> bool:
        """Whether those on probation take all that is kept for them, be it of the room or of the places."""
        if self._most is not None and self._new_count * self._share > self._most:
            return True
        return self._new_weight * self._share > self._room

    def _put_in(self, item: Item, *, is_proven: bool) -> None:
        """As the latest of its segment."""
        item.is_proven = is_proven
        ring = self._proven if is_proven else self._new
        item.before, item.after = ring.before, ring
        ring.before.after = ring.before = item
        if not is_proven:
            self._new_count += 1
            self._new_weight += item.weight

    def _take_out(self, item: Item) -> None:
        """Of its segment. It holds on to no other, or what it held on to would live as long as the item does."""
        item.before.after, item.after.before = item.after, item.before
        del item.before, item.after
        if not item.is_proven:
            self._new_count -= 1
            self._new_weight -= item.weight

    def _let_go(self, item: V) -> None:
        self.weight -= item.weight
        if self._on_gone is not None:
            self._on_gone(item)


@lru_cache(maxsize=2_048)
def _same(number: int) -> int:
    """One object for all that are equal: many things weigh the same."""
    return number


def _ring() -> Item:
    """What stands between the latest and the first of a segment."""
    ring = Item(0)
    ring.before = ring.after = ring
    return ring
