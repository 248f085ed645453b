"""Where attempts of one name stand while others of it are under way: first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque


class Line:
    """Moves when somebody leaves; one at a time looks whether it is their turn, or a flood would be one of looks."""

    def __init__(self) -> None:
        self.inside = 0
        """All, whether under way or in line."""
        self.under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def has_room(self, room: int, until: float) -> bool:
        """Wait until fewer than `room` are under way, at most to that moment of the loop's clock; whether they are."""
        try:
            async with asyncio.timeout_at(until):
                while self.under_way >= room:
                    await self._called()
        except TimeoutError:
            return False
        return True

    def call_next(self) -> None:
        """The first in line may look."""
        while self._waiting:
            called = self._waiting.popleft()
            if not called.done():
                called.set_result(None)
                return

    async def _called(self) -> None:
        called = asyncio.get_running_loop().create_future()
        self._waiting.append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self.call_next()  # nobody must be forgotten because one gave up just then
            raise
        finally:
            if called in self._waiting:
                self._waiting.remove(called)
