"""Lets an attempt through or makes it wait, and notes how it ended.

Asking fails closed: without a database there is no sign-in at all. Noting fails open: what the provider said reaches
the user even when it cannot be written down.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from gateway.provisioning.line import Line
from gateway.provisioning.outcomes import Instruction, Refused
from tenants.actions.attempts import note_refusal, prove_device
from tenants.attempts import NAME
from tenants.errors import UnavailableError
from tenants.store.attempts import is_proven, list_refusals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from gateway.provisioning.outcomes import Verdict
    from tenants.access import SignInScope
    from tenants.attempts import Attempt

_log = structlog.get_logger("gateway.provisioning")
_NOTING_SECONDS = 0.8  # of the second that is left when the call took its four
_PATIENCE_SECONDS = 0.8
"""How long an attempt stands in line behind others of its name: most providers have answered by then."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt is made."""

    wait_seconds: int | None = None
    """None: it is not held up by refusals."""
    is_crowded: bool = False
    """Whether too many of its name are still waiting for the provider; nobody knows yet how they end."""
    is_proven: bool = False
    """Whether it is made though others would wait, by a device that succeeded before; its refusals are not counted."""

    @property
    def is_made(self) -> bool:
        """Whether the provider is asked."""
        return self.wait_seconds is None and not self.is_crowded


class Attempts:
    """Of this process. What is under way counts as if it were refused, so that a flood does not slip past the count.

    But it was not refused, so whoever would be one too many waits to see how it ends.
    """

    def __init__(self, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._lines: dict[bytes, Line] = {}

    @asynccontextmanager
    async def admission(self, scope: SignInScope, attempt: Attempt, now: datetime) -> AsyncIterator[Admission]:
        """Around an attempt, until it was noted."""
        line = self._lines.setdefault(attempt.name, Line())
        line.inside += 1
        try:
            admission = await self._admit(line, scope, attempt, now)
            try:
                yield admission
            finally:
                line.under_way -= admission.is_made
        finally:
            line.inside -= 1
            line.call_next()
            if not line.inside:
                del self._lines[attempt.name]

    def __len__(self) -> int:
        """How many names have somebody under way or in line."""
        return len(self._lines)

    async def _admit(self, line: Line, scope: SignInScope, attempt: Attempt, now: datetime) -> Admission:
        """One query, a second one when there is something to forgive, and one more each time the line moves."""
        until = asyncio.get_running_loop().time() + self._patience_seconds
        found = await self._look(line, scope, attempt, now)
        while isinstance(found, int):
            if not await line.has_room(found, until):
                return Admission(is_crowded=True)
            found = await self._look(line, scope, attempt, now)
        return found

    async def _look(self, line: Line, scope: SignInScope, attempt: Attempt, now: datetime) -> Admission | int:
        """The admission, counted as under way when it is one; or how many may be under way beside what was refused."""
        others, is_made = line.under_way, False
        line.under_way += 1  # before it is known, so that those who come meanwhile count it
        try:
            refusals = await list_refusals(scope, attempt, now)
            wait, room = refusals.wait_seconds(now), NAME.refusals - len(refusals.name)
            if wait is None and others < room:
                admission = Admission()
            elif await is_proven(scope, attempt):
                admission = Admission(is_proven=True)
            elif wait is not None:
                admission = Admission(wait)
            else:
                return room
            is_made = admission.is_made
            return admission
        finally:
            line.under_way -= not is_made

    async def note(self, scope: SignInScope, attempt: Attempt, verdict: Verdict, now: datetime) -> None:
        """A refusal, or a device's first success; nothing else is written, and an outage least of all."""
        try:
            async with asyncio.timeout(_NOTING_SECONDS):
                if isinstance(verdict, Refused):
                    await note_refusal(scope, attempt, now)
                elif isinstance(verdict, Instruction) and verdict.knows_user:
                    await prove_device(scope, attempt, now)
        except (UnavailableError, TimeoutError):
            _log.warning("attempt not noted", tenant=scope.tenant)
