"""Answers the softphone query from what is stored, and stores what had to be made. The long way into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.answers import stale
from gateway.edge.cache import UNKNOWN_SECONDS
from gateway.edge.cells import Cells
from gateway.edge.entries import Answer, Entry
from gateway.edge.fills import Fill, Fills
from gateway.edge.keys import Digests
from gateway.edge.known_good import LONGEST_SECONDS
from gateway.edge.misses import Misses
from gateway.edge.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from gateway.documents import Documents
    from gateway.edge.answers import Answers, Outcome
    from gateway.edge.cache import EdgeCache
    from gateway.edge.keys import Question
    from gateway.edge.known_good import KnownGood
    from gateway.stamps import Stamps
    from tenants.keys import KeyRing

    Run = Callable[[Reading], Awaitable[Outcome]]


class Serving:
    """Without room in the cache it does the same and stores nothing."""

    def __init__(
        self,
        cache: EdgeCache,
        documents: Documents,
        keys: KeyRing,
        stamps: Stamps,
        now: Callable[[], datetime],
        *,
        known: KnownGood,
        answers: Answers,
    ) -> None:
        self._known = known
        self.cells, self.digests = Cells(), Digests(keys)
        self.cache = cache
        self._documents, self._stamps, self._now = documents, stamps, now
        self._misses, self._fills = Misses(), Fills()
        self._answers = answers

    @property
    def is_away(self) -> bool:
        """Whether the database cannot be had, as far as is known."""
        return self._known.is_away

    def doubt(self) -> None:
        """Find out soon whether it is."""
        self._known.doubt()

    def reading(self, address: str) -> Reading:
        """How an operation reads published configs that somebody asks for from there."""
        return Reading(self.cells, self._misses, address, self._known, self.cache.loaded)

    async def answer(self, question: Question, spelling: bytes | None, address: str, run: Run) -> Answer:
        """What is stored, or what `run` makes of it. Raises what that raises.

        `run` asks the schema as somebody who has no credential: the question alone tells the answer.
        """
        key = self.digests.question(question)
        entry = self.cache.find(key) if key is not None else None
        if entry is None:
            return await self._make_or_join(question, key, spelling, address, run)
        self.cache.tally.hits += 1
        self._stamps.note(entry.use, self._now())
        answer = entry.answer
        if spelling is not None:
            self.cache.keep_spelling(spelling, entry)
        return answer

    async def _make_or_join(
        self, question: Question, key: bytes | None, spelling: bytes | None, address: str, run: Run
    ) -> Answer:
        """What somebody makes of it who asks the same right now, if it is for all."""
        good = self._find_good(key) if key is not None else None
        if good is not None:
            return good
        if key is None or not self._documents.asks_for_config(question.document):
            return await self._make(question, key, spelling, address, run)
        return await self._fills.run(key, lambda fill: self._make(question, key, spelling, address, run, fill))

    def _find_good(self, key: bytes) -> Answer | None:
        """While the database is away: what is stored and was good when it was last heard of."""
        seconds = self._known.seconds_deaf
        if not self._known.is_away or seconds > LONGEST_SECONDS:
            return None
        entry = self.cache.find_good(key)
        return self._stale(entry.answer, int(seconds)) if entry is not None else None

    def _stale(self, answer: Answer, seconds: int) -> Answer:
        self.cache.tally.stale += 1
        return stale(answer, seconds)

    async def _make(
        self,
        question: Question,
        key: bytes | None,
        spelling: bytes | None,
        address: str,
        run: Run,
        fill: Fill | None = None,
    ) -> Answer:
        reading = self.reading(address)
        if fill is not None:
            fill.reading = reading
        outcome = await run(reading)
        asks_for_config = outcome.asks_for_config
        if asks_for_config is None:
            asks_for_config = self._documents.asks_for_config(question.document)
        if not asks_for_config:
            response = outcome.response
            answer = Answer(response.status_code, response.raw_headers, bytes(response.body))
            return answer if reading.seconds_stale is None else self._stale(answer, reading.seconds_stale)
        self.cache.tally.misses += 1
        if fill is not None:
            fill.is_for_all = reading.seconds_to_wait is None
        seen = reading.seen[0] if len(reading.seen) == 1 else None
        answer = self._answers.of(question, outcome, seen.published if seen else None)
        if reading.seconds_stale is not None:
            return self._stale(answer, reading.seconds_stale)
        if key is not None and outcome.is_whole and seen is not None and seen.standing is not None:
            until = self.cache.clock() + UNKNOWN_SECONDS if seen.published is None else None
            use = seen.published.app_key if seen.published else None
            entry = Entry(key, answer, seen.cell, seen.standing, until, use)
            self.cache.keep(entry)
            if spelling is not None:
                self.cache.keep_spelling(spelling, entry)
        return answer
