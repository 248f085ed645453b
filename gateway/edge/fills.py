"""Of those who ask the same at the same time, one makes the answer and the others wait for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.edge.entries import Answer
    from gateway.edge.reading import Reading


class Fill:
    """An answer in the making."""

    def __init__(self) -> None:
        self.reading: Reading | None = None
        self.is_for_all = True
        """False when the answer is about who asked and not about what."""
        self.answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()

    @property
    def may_be_joined(self) -> bool:
        """Whether what it reads is as new as anything that was shown by now."""
        return self.reading is None or all(read.is_latest for read in self.reading.reads)


class Fills:
    """Those under way, by question."""

    def __init__(self) -> None:
        self._running: dict[bytes, Fill] = {}

    async def run(self, question: bytes, make: Callable[[Fill], Awaitable[Answer]]) -> Answer:
        """What `make` comes to, here or for somebody who asked before.

        When that one is cancelled, fails or is answered for themselves, the next makes it.
        """
        while (running := self._running.get(question)) is not None and running.may_be_joined:
            answer = await asyncio.shield(running.answer)
            if answer is not None:
                return answer
        return await self._make(question, make)

    async def _make(self, question: bytes, make: Callable[[Fill], Awaitable[Answer]]) -> Answer:
        fill = self._running[question] = Fill()
        shared = None
        try:
            answer = await make(fill)
            shared = answer if fill.is_for_all else None
        finally:
            fill.answer.set_result(shared)
            if self._running.get(question) is fill:
                del self._running[question]
        return answer
