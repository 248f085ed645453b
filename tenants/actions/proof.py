"""Whether somebody knows the password of an account: compared slowly, limited, and told to nobody but them.

Asking fails closed: without a database that takes writes nobody is signed in, since a refusal could not be counted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tenants.access import CREDENTIALS
from tenants.database import transaction
from tenants.errors import SignInRefusedError, TooManyAttemptsError
from tenants.passwords import verify_password
from tenants.store.attempts import insert_staff_refusal, list_staff_refusals

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.attempts import StaffAttempt

_MOST_AT_ONCE = 2  # as many as are hashed at once
_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def prove(attempt: StaffAttempt, stored: str | None, typed: str, now: datetime) -> None:
    """That `typed` is the password that `stored` was made of; without a stored one it never is, at the same expense.

    Whoever waits for their turn is looked at again when it comes: of a flood of guesses all of which were let in, only
    those are compared that the refusals of the ones before leave room for. Raises SignInRefusedError, noted, and
    TooManyAttemptsError.
    """
    await _check_limits(attempt, now)
    async with line():
        await _check_limits(attempt, now)
        if await verify_password(stored, typed):
            return
        async with transaction():
            await insert_staff_refusal(CREDENTIALS, attempt, now)
    raise SignInRefusedError


async def _check_limits(attempt: StaffAttempt, now: datetime) -> None:
    wait = (await list_staff_refusals(CREDENTIALS, attempt, now)).wait_seconds(now)
    if wait is not None:
        raise TooManyAttemptsError(wait)


def line() -> asyncio.Semaphore:
    """Where those stand whose passwords are compared. Each loop has one, and a process in service has one loop."""
    return _lines.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_MOST_AT_ONCE))
