"""A new password by a one-time link, which a platform admin or an operator makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tenants.access import CREDENTIALS, Actor, ActorKind
from tenants.actions.acceptance import Entered
from tenants.actions.one_time_links import get_usable_link
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import NotFoundError, OneTimeLinkUnusableError
from tenants.one_time_links import LinkKind, OneTimeToken
from tenants.parsing import Collector
from tenants.passwords import hash_password, parse_password
from tenants.store import one_time_links, people, sessions
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PlatformScope, Principal
    from tenants.actions.acceptance import Browser
    from tenants.one_time_links import OpenLink
    from tenants.passwords import Password


async def create_password_reset(
    scope: PlatformScope, email: str, *, now: datetime, admitted: frozenset[str] = frozenset()
) -> OneTimeToken:
    """A link for the person who signs in with an address; the password works until the link is used.

    Raises InvalidInputError (H1), and NotFoundError when nobody has an account by the address.
    """
    collector = Collector()
    address = collector.parse(("email",), lambda text: EmailAddress.parse(text, admitted=admitted), email)
    collector.finish()
    person = await people.find_person_by_email(CREDENTIALS, address) if address else None
    if person is None:
        raise NotFoundError
    token = OneTimeToken.random()
    async with transaction():
        await one_time_links.insert_reset_link(scope, person.id, token, now)
        await record(scope.trail, AuditAction.PASSWORD_RESET_CREATED, f"person {person.email}", now=now)
    return token


async def set_password(
    principal: Principal, token: OneTimeToken, new_password: str, browser: Browser, *, now: datetime
) -> Entered:
    """A new password for the person whose link it is: ends all their sessions and begins one.

    It takes the place of the session that the caller has in this browser, whosever that is.

    The link comes first; a password with problems leaves it as it is.
    Raises OneTimeLinkUnusableError, TooManyAttemptsError, InvalidInputError (G5).
    """
    link = await get_usable_link(principal, token, (LinkKind.RESET,), address=browser.address, now=now)
    person = await people.find_person_by_email(CREDENTIALS, link.email) if link.email else None
    if person is None:
        raise OneTimeLinkUnusableError  # the account was deleted meanwhile
    hashed = await hash_password(check_new_password(new_password, link))
    trail = CREDENTIALS.on_platform(Actor(ActorKind.PERSON, person.name, f"person:{person.id}"), principal.origin)
    async with transaction():
        if not await one_time_links.use_reset_link(CREDENTIALS, token, person.id):
            raise OneTimeLinkUnusableError  # not counted: coming second is no guessing
        await people.update_password(CREDENTIALS, person.id, hashed)
        await sessions.delete_sessions(CREDENTIALS, person.id, now)
        if principal.session is not None:
            await sessions.delete_session(principal.own(), principal.session, now)
        session = await sessions.start_session(
            CREDENTIALS, person.id, address=browser.address, device=browser.device, now=now
        )
        await record(trail, AuditAction.PASSWORD_CHANGED, f"person {person.email}", now=now)
    return Entered(await sessions.find_principal_of_session(CREDENTIALS, session.text, principal.origin, now), session)


def check_new_password(text: str, link: OpenLink) -> Password:
    """The password, for whom the link is. Raises InvalidInputError (G5)."""
    collector, about = Collector(), [link.email.text if link.email else "", link.person_name or ""]
    parsed = collector.parse(("newPassword",), lambda sent: parse_password(sent, about=about), text)
    collector.finish()
    return cast("Password", parsed)  # or there was a problem
