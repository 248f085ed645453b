"""Stored answers, found by how a request is spelt and by what it asks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.edge.entries import NOT_MODIFIED, Entry
from gateway.edge.loaded import MOST_BYTES, Loaded
from gateway.segments import Item, SegmentedMap

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_SECONDS = 10.0
"""How long it is remembered that there is nobody."""
_SPELLING_BYTES = 210
_RECEIVED_BYTES = 240
_KNOWN_BYTES = 110


class _Spelling(Item):
    """That a request so spelt is answered by an entry."""

    __slots__ = ("entry",)

    def __init__(self, entry: Entry) -> None:
        super().__init__(_SPELLING_BYTES)
        self.entry = entry


class _Received(Item):
    """That a request is answered by an entry like this, whenever it comes in the same bytes."""

    __slots__ = ("answered", "entry")

    def __init__(self, received: bytes, method: str, entry: Entry, status: int) -> None:
        super().__init__(_RECEIVED_BYTES + len(received))
        self.entry, self.answered = entry, (method, status)


@dataclass(slots=True)
class Tally:
    """What was counted since it was last taken: plain numbers, since a hit must cost no more."""

    hits: int = 0
    misses: int = 0
    not_modified: int = 0
    stale: int = 0
    """Answers to queries of configs with what was known to be good, since the database was away."""
    answered: dict[tuple[str, int], int] = field(default_factory=dict)
    """Around the application, by method and status."""


class EdgeCache:
    """The stored answers of this process, within a bound of bytes."""

    def __init__(self, room: int, is_current: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """`room` in bytes, 0: nothing is stored; `is_current` tells whether changes are heard of."""
        self._is_current, self.clock = is_current, clock
        held = min(room // 8, MOST_BYTES)
        self.loaded = Loaded(held, is_current)
        self._questions = SegmentedMap[bytes, Entry](room * 3 // 4 - held, on_gone=self._let_go)
        self._spellings = SegmentedMap[bytes, _Spelling](room // 8)
        self._known: dict[bytes, Entry] = {}
        """By the bytes that an entry holds itself: for most these are all there are, so they take no more objects."""
        self._received = SegmentedMap[bytes, _Received](room // 8)
        self.tally = Tally()

    @property
    def weight(self) -> int:
        """What is stored, in bytes."""
        return self._questions.weight + self._spellings.weight + self._received.weight + self.loaded.weight

    def find_received(self, received: bytes) -> tuple[Entry, tuple[str, int]] | None:
        """What answers a request that came like this, and how: by which method it asks, and with which status."""
        entry = self._known.get(received)
        if entry is not None:
            _ = entry.standing, entry.own  # of many, neither is in the processor's cache: it fetches both at once
            if self._use(entry):
                return entry, entry.answered
        found = self._received.get(received)
        return (found.entry, found.answered) if found is not None and self._use(found.entry) else None

    def find_spelt(self, spelling: bytes) -> Entry | None:
        """What answers a request of this spelling."""
        found = self._spellings.get(spelling)
        return found.entry if found is not None and self._use(found.entry) else None

    def find(self, question: bytes) -> Entry | None:
        """What answers this question."""
        entry = self._questions.get(question)
        return entry if entry is not None and self._is_fresh(entry) else None

    def find_good(self, question: bytes) -> Entry | None:
        """The config that answers this question, or did when changes were last heard of."""
        entry = self._questions.get(question)
        if entry is None or entry.standing is None or not entry.standing.is_current or entry.standing.tenant is None:
            return None
        return entry

    def keep(self, entry: Entry) -> None:
        """From now on its question is answered by this."""
        if self._is_fresh(entry):
            self._questions.put(entry.question, entry)

    def keep_spelling(self, spelling: bytes, entry: Entry) -> None:
        """A request of this spelling asks what the entry answers."""
        if self._is_fresh(entry):
            self._spellings.put(spelling, _Spelling(entry))

    def keep_received(self, received: bytes, method: str, entry: Entry, status: int) -> None:
        """A request that is all of these bytes is answered by the entry with that status."""
        if not self._is_fresh(entry) or entry.received == received:
            return
        if entry.received is None and received not in self._known and self._questions.peek(entry.question) is entry:
            entry.know(received, method, status)
            self._known[received] = entry
            self._questions.add_weight(entry, _KNOWN_BYTES + len(received))
        else:
            self._received.put(received, _Received(received, method, entry, status))

    def count_hit(self, answered: tuple[str, int]) -> None:
        """Of an answer that goes around the application: by which method it was asked for, and its status."""
        self.tally.hits += 1
        self._count(answered)

    def count_answer(self, method: str, status: int) -> None:
        """The same, whether it was stored or not."""
        self._count((method, status))

    def _count(self, answered: tuple[str, int]) -> None:
        tally = self.tally
        tally.answered[answered] = tally.answered.get(answered, 0) + 1
        if answered[1] == NOT_MODIFIED:
            tally.not_modified += 1

    def take_tally(self) -> Tally:
        """What was counted since this was asked last."""
        tally, self.tally = self.tally, Tally()
        return tally

    def _let_go(self, entry: Entry) -> None:
        if entry.received is not None:
            del self._known[entry.received]
        entry.drop()

    def _use(self, entry: Entry) -> bool:
        """Whether it may be answered with; then it is used thereby."""
        is_fresh = self._is_fresh(entry)
        if is_fresh and not entry.is_used:
            self._questions.get(entry.question)
        return is_fresh

    def _is_fresh(self, entry: Entry) -> bool:
        standing = entry.standing
        if standing is None or not standing.is_current:
            return False
        return (entry.until is None or self.clock() < entry.until) and self._is_current()
