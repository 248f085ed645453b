"""What is kept of sign-ins: that one was refused, and that a device succeeded for the first time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from tenants.database import transaction
from tenants.store import attempts

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import SignInScope
    from tenants.attempts import Attempt


async def note_refusal(scope: SignInScope, attempt: Attempt, now: datetime) -> None:
    """The provider said no."""
    with suppress(IntegrityError):  # the tenant was deleted while its provider was asked
        async with transaction():
            await attempts.insert_refusal(scope, attempt, now)


async def prove_device(scope: SignInScope, attempt: Attempt, now: datetime) -> None:
    """The provider gave accounts; only the first time is written down."""
    if await attempts.is_proven(scope, attempt):
        return
    with suppress(IntegrityError):  # the same device, at the same moment
        async with transaction():
            await attempts.insert_proof(scope, attempt, now)
