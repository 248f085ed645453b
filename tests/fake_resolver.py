"""A resolver for tests: names from a table, in place of the network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.upstream.resolver import Absence, ResolutionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Turns:
    """An answer that changes: each question takes the next, and the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)


class Never:
    """In place of an answer: there is none, however long one waits."""


class FakeResolver:
    """Answers from a table."""

    def __init__(self, table: Mapping[str, Sequence[str] | Turns | Never | Absence]) -> None:
        self._table = dict(table)
        self.asked: list[str] = []

    async def resolve(self, host: str) -> list[str]:
        """The name's addresses. Raises ResolutionError, for a name that is not in the table too."""
        self.asked.append(host)
        answer = self._table.get(host, Absence.UNKNOWN)
        if isinstance(answer, Never):
            await asyncio.Event().wait()
            raise AssertionError  # noqa: TRY004 - nothing sets the event
        if isinstance(answer, Absence):
            raise ResolutionError(answer)
        if isinstance(answer, Turns):
            return list(answer.answers.pop(0) if len(answer.answers) > 1 else answer.answers[0])
        return list(answer)

    async def close(self) -> None:
        """There is nothing to let go of."""
