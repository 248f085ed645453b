"""Changing one's own password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.access import CREDENTIALS
from tenants.actions.proof import prove
from tenants.attempts import StaffAttempt
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import InvalidInputError, InvalidValueError, SignInRefusedError
from tenants.passwords import hash_password, parse_password
from tenants.store import one_time_links, people, sessions
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PersonScope
    from tenants.passwords import Password
    from tenants.people import Person


async def change_password(scope: PersonScope, current: str, new: str, *, address: str, now: datetime) -> int:
    """Put a new password in place of the current one and end one's other sessions; how many those were.

    Reset links that are still about, in whoever's hands, are useless from here on.

    Guesses at the current one are counted with the failed sign-ins of the account. Raises InvalidInputError (G5) before
    anything is compared, SignInRefusedError and TooManyAttemptsError.
    """
    person = await people.get_person(scope)
    parsed = _parse(new, person)
    account = EmailAddress.from_stored(person.email).key
    await prove(StaffAttempt.of(scope.origin.keys, account, address), person.password_hash, current, now)
    password_hash = await hash_password(parsed)
    async with transaction():
        found = await people.lock_person(CREDENTIALS, person.id)
        if found is None or found.password_hash != person.password_hash:  # changed meanwhile: not the current one now
            raise SignInRefusedError
        await people.update_password(CREDENTIALS, person.id, password_hash)
        await one_time_links.delete_reset_links(CREDENTIALS, person.id)
        ended = await sessions.delete_sessions(CREDENTIALS, person.id, now, keep=scope.session)
        await record(scope.trail, AuditAction.PASSWORD_CHANGED, f"password of {person.email}", now=now)
    return ended


def _parse(new: str, person: Person) -> Password:
    try:
        return parse_password(new, about=[person.email, person.name])
    except InvalidValueError as error:
        raise InvalidInputError((error.at("newPassword"),)) from None
