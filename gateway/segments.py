"""A map bounded in bytes that a flood of things asked for once cannot empty."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_CHANCES = 1
"""How many used things one new thing may pass over: with more, a flood of things used thrice comes round twice before
those in use are used again."""


class Item:
    """What is put into a map: it weighs something, and a look-up marks it."""

    __slots__ = ("is_used", "weight")

    def __init__(self, weight: int) -> None:
        self.weight = weight
        """In bytes, its key and its place in the map included."""
        self.is_used = False


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
        self._new: OrderedDict[K, V] = OrderedDict()
        self._proven: OrderedDict[K, V] = OrderedDict()
        self._new_weight = 0
        self.weight = 0

    def __len__(self) -> int:
        """How many things there are."""
        return len(self._new) + len(self._proven)

    def get(self, key: K) -> V | None:
        """What stands by the key, which is used thereby."""
        item = self._proven.get(key)
        if item is not None:
            item.is_used = True
            return item
        item = self._new.pop(key, None)
        if item is not None:
            self._new_weight -= item.weight
            self._proven[key] = item
        return item

    def peek(self, key: K) -> V | None:
        """The same, and it is no use of it."""
        return self._proven.get(key) or self._new.get(key)

    def put(self, key: K, item: V) -> None:
        """In place of what stood there. What would take more than probation's share of the room is not taken."""
        was_proven = key in self._proven
        self.pop(key)
        self.weight += item.weight
        if item.weight * self._share > self._room:
            self._let_go(item)
        elif was_proven:
            self._proven[key] = item
        else:
            self._new[key] = item
            self._new_weight += item.weight
        self._shrink(key)

    def pop(self, key: K) -> None:
        """Let go of it, if it is there."""
        if key in self._new:
            self._let_go_new(key)
        elif key in self._proven:
            self._let_go(self._proven.pop(key))

    def _shrink(self, latest: K) -> None:
        """Make room. When all that could make it is in use, the latest to come goes again."""
        chances = _CHANCES
        while self.weight > self._room or (self._most is not None and len(self) > self._most):
            if self._new and (self._has_newcomers_share() or not self._proven):
                self._let_go_new(next(iter(self._new)))
                continue
            key, item = next(iter(self._proven.items()))
            if not item.is_used:
                self._let_go(self._proven.pop(key))
            elif chances:
                item.is_used = False
                self._proven.move_to_end(key)
                chances -= 1
            else:
                self.pop(latest if latest in self._new or latest in self._proven else key)

    def _has_newcomers_share(self) -> bool:
        """Whether those on probation take all that is kept for them, be it of the room or of the places."""
        if self._most is not None and len(self._new) * self._share > self._most:
            return True
        return self._new_weight * self._share > self._room

    def _let_go_new(self, key: K) -> None:
        item = self._new.pop(key)
        self._new_weight -= item.weight
        self._let_go(item)

    def _let_go(self, item: V) -> None:
        self.weight -= item.weight
        if self._on_gone is not None:
            self._on_gone(item)
