"""Signing a person in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.access import CREDENTIALS
from tenants.actions.proof import prove
from tenants.attempts import StaffAttempt
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import InvalidValueError, SignInRefusedError
from tenants.passwords import needs_rehash, rehash_password
from tenants.people import words_for_session
from tenants.store import people, sessions
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Principal
    from tenants.credentials import SessionToken
    from tenants.people import Person

SIGN_IN_REFUSED = "This address and this password do not belong together."
"""Said to all alike."""
_LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun: the only moment at which its token is known here."""

    session: SessionToken
    principal: Principal
    """Who asks from here on."""


async def sign_in(
    principal: Principal, email: str, password: str, *, address: str, device: str, now: datetime
) -> SignedIn:
    """A new session, in place of the one that the caller has in this browser.

    Unknown addresses cost what wrong passwords cost, and are counted alike. Raises SignInRefusedError and
    TooManyAttemptsError.
    """
    typed = _read(email)
    attempt = StaffAttempt.of(principal.origin.keys, typed.key if typed else email.strip(" ").casefold(), address)
    person = await people.find_person_by_email(CREDENTIALS, typed) if typed else None
    await prove(attempt, person.password_hash if person else None, password, now)
    if person is None:
        raise SignInRefusedError
    newly_hashed = await rehash_password(password) if needs_rehash(person.password_hash) else None
    async with transaction():
        await _claim(person)
        if newly_hashed:
            await people.update_password(CREDENTIALS, person.id, newly_hashed)
        if principal.session is not None:
            await sessions.delete_session(principal.own(), principal.session, now)
        session = await sessions.start_session(CREDENTIALS, person.id, address=address, device=device, now=now)
        entered = await sessions.find_principal_of_session(CREDENTIALS, session.text, principal.origin, now)
        words = words_for_session(person.email, device)
        await record(entered.own().trail, AuditAction.SIGNED_IN, words, now=now)
    return SignedIn(session, entered)


async def _claim(person: Person) -> None:
    """Whoever changes the password waits until the session is there to be ended. Raises SignInRefusedError."""
    found = await people.lock_person(CREDENTIALS, person.id)
    if found is None or found.password_hash != person.password_hash:
        raise SignInRefusedError


def _read(email: str) -> EmailAddress | None:
    """The address by rule H1; else as it was typed, since the rule may have admitted more when the account was made."""
    try:
        return EmailAddress.parse(email)
    except InvalidValueError:
        text = email.strip(" ")
        is_plain = len(text) <= _LONGEST_EMAIL and text.isascii() and text.isprintable()
        return EmailAddress.from_stored(text) if is_plain else None
