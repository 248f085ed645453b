"""Ending one's own sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.access import CREDENTIALS
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.errors import NotFoundError
from tenants.people import words_for_session
from tenants.store import people, sessions
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PersonScope


async def sign_out(scope: PersonScope, *, everywhere: bool, now: datetime) -> int:
    """End the session that asks, or all of its person's; how many were ended."""
    if everywhere:
        return await _end_all(scope, now)
    try:
        await end_session(scope, scope.session, now=now)
    except NotFoundError:  # somebody was faster, which is as good
        return 0
    return 1


async def end_session(scope: PersonScope, session: int, *, now: datetime) -> None:
    """End one of one's own. Raises NotFoundError."""
    async with transaction():
        found = await sessions.find_session(scope, session, now)
        if found is None or not await sessions.delete_session(scope, session, now):
            raise NotFoundError
        person = await people.get_person(scope)
        await record(scope.trail, AuditAction.SIGNED_OUT, words_for_session(person.email, found.device), now=now)


async def _end_all(scope: PersonScope, now: datetime) -> int:
    async with transaction():
        person = await people.lock_person(CREDENTIALS, scope.person)
        ended = await sessions.delete_sessions(CREDENTIALS, scope.person, now)
        if ended and person:
            words = f"{ended} sessions of {person.email}" if ended > 1 else f"the one session of {person.email}"
            await record(scope.trail, AuditAction.SIGNED_OUT, words, now=now)
    return ended
