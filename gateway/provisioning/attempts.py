"""Lets an attempt through or makes it wait, and notes how it ended.

Asking fails closed: without a database there is no sign-in at all. Noting fails open: what the provider said reaches
the user even when it cannot be written down.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from gateway.provisioning.outcomes import Instruction, Refused
from tenants.actions.attempts import note_refusal, prove_device
from tenants.attempts import NAME
from tenants.errors import UnavailableError
from tenants.store.attempts import is_proven, list_refusals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.provisioning.outcomes import Verdict
    from tenants.access import SignInScope
    from tenants.attempts import Attempt

_log = structlog.get_logger("gateway.provisioning")
_NOTING_SECONDS = 0.8  # of the second that is left when the call took its four
_UNDER_WAY_SECONDS = 5
"""By then whatever is under way has ended."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt is made."""

    wait_seconds: int | None = None
    """None: it is made now."""
    is_proven: bool = False
    """Whether it is made in spite of refusals, by a device that succeeded before; its own are not added to them."""


class Attempts:
    """Of this process. What is under way counts as if it were refused, so that a flood does not slip past the count."""

    def __init__(self) -> None:
        self._under_way = Counter[bytes]()

    @contextmanager
    def under_way(self, attempt: Attempt) -> Iterator[int]:
        """Around an attempt from before it is admitted until it was noted: how many others of its name there are."""
        others = self._under_way[attempt.name]
        self._under_way[attempt.name] += 1
        try:
            yield others
        finally:
            self._under_way[attempt.name] -= 1
            if not self._under_way[attempt.name]:
                del self._under_way[attempt.name]

    async def admit(self, scope: SignInScope, attempt: Attempt, now: datetime, *, others: int) -> Admission:
        """One query, and a second one when there is something to forgive."""
        refusals = await list_refusals(scope, attempt, now)
        wait = refusals.wait_seconds(now)
        if wait is None and len(refusals.name) + others >= NAME.refusals:
            wait = _UNDER_WAY_SECONDS
        if wait is not None and await is_proven(scope, attempt):
            return Admission(is_proven=True)
        return Admission(wait)

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
