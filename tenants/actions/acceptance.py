"""Invitations, accepted: by a new person, or with the account that one has. Also how platform admins sign up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from tortoise.exceptions import IntegrityError

from tenants.access import CREDENTIALS, Actor, ActorKind, Role
from tenants.actions.one_time_links import get_usable_link, refuse_link
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import NotFoundError, OneTimeLinkUnusableError
from tenants.members import parse_person_name, role_change
from tenants.one_time_links import FIRST_ADMIN_EMAIL, LinkKind
from tenants.parsing import Collector
from tenants.passwords import hash_password, parse_password
from tenants.store import drafts, members, one_time_links, people, sessions
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Origin, Principal, TenantScope
    from tenants.credentials import SessionToken
    from tenants.one_time_links import OneTimeToken, OpenLink
    from tenants.passwords import Password
    from tenants.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What a new person fills in."""

    name: str | None
    password: str | None = field(repr=False)
    email: str | None = None
    """Of a new platform admin, whose link names nobody."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody used a link and is signed in."""

    principal: Principal
    session: SessionToken | None
    """What the cookie is to hold from now on; None: they were signed in and still are."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a new session begins."""

    address: str
    device: str
    """Browser and system, in words."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A form without problems."""

    email: EmailAddress
    name: str
    password: Password


@dataclass(frozen=True, slots=True)
class _Joiner:
    """Who uses a link up, once there is an account."""

    person: int
    email: EmailAddress
    actor: Actor
    origin: Origin

    def joining(self, tenant: int) -> TenantScope:
        return CREDENTIALS.joining(tenant, self.actor, self.origin)


async def accept_invitation(
    principal: Principal,
    token: OneTimeToken,
    form: SignUp,
    browser: Browser,
    *,
    now: datetime,
    admitted: frozenset[str] = frozenset(),
) -> Entered:
    """Use an invitation or an admin's link up: as a new person, or with the account that one is signed in to.

    The link comes first, so that nobody without one learns or costs anything; a form with problems leaves it as it is.
    Raises OneTimeLinkUnusableError, TooManyAttemptsError, InvalidInputError (H1, P7, G5).
    """
    kinds = (LinkKind.INVITATION, LinkKind.ADMIN)
    link = await get_usable_link(principal, token, kinds, address=browser.address, now=now)
    if principal.person is not None:
        return await _enter_signed_in(principal, principal.person, token, link, now)
    newcomer = check_sign_up(form, link, admitted)
    if link.email is None and await people.find_person_by_email(CREDENTIALS, newcomer.email) is not None:
        raise await refuse_link(principal.origin.keys, browser.address, now)
    session = await _sign_up(principal.origin, token, link, newcomer, browser, now)
    entered = await sessions.find_principal_of_session(CREDENTIALS, session.text, principal.origin, now)
    return Entered(entered, session)


def check_sign_up(form: SignUp, link: OpenLink, admitted: frozenset[str] = frozenset()) -> Newcomer:
    """Every problem at once, in the order of the form. Raises InvalidInputError."""
    collector = Collector()
    email = link.email
    if email is None:
        sent = FIRST_ADMIN_EMAIL if form.email is None else form.email
        email = collector.parse(("email",), lambda text: EmailAddress.parse(text, admitted=admitted), sent)
    name = collector.parse(("name",), parse_person_name, form.name or "")
    about = [email.text if email else "", name or ""]
    password = collector.parse(("password",), lambda text: parse_password(text, about=about), form.password or "")
    collector.finish()
    # All three are there, or there was a problem.
    return Newcomer(cast("EmailAddress", email), cast("str", name), cast("Password", password))


async def _sign_up(
    origin: Origin, token: OneTimeToken, link: OpenLink, newcomer: Newcomer, browser: Browser, now: datetime
) -> SessionToken:
    """A new account and what the link gives it. Raises OneTimeLinkUnusableError when somebody was faster."""
    actor = Actor(ActorKind.PERSON, newcomer.name)
    password_hash = await hash_password(newcomer.password)
    try:
        async with transaction():
            await _claim(link, actor, origin)
            person = await people.insert_person(
                CREDENTIALS,
                email=newcomer.email,
                name=newcomer.name,
                password_hash=password_hash,
                is_platform_admin=False,
                now=now,
            )
            session = await sessions.start_session(
                CREDENTIALS, person, address=browser.address, device=browser.device, now=now
            )
            joiner = _Joiner(person, newcomer.email, replace(actor, actor_id=f"person:{person}"), origin)
            await _give(token, link, joiner, now)
            return session
    except (IntegrityError, NotFoundError) as error:  # the address got an account, or the tenant was deleted
        raise OneTimeLinkUnusableError from error


async def _enter_signed_in(
    principal: Principal, person: int, token: OneTimeToken, link: OpenLink, now: datetime
) -> Entered:
    """What the link gives to an account that is there; its session goes on."""
    actor, email = principal.require(), EmailAddress.from_stored(principal.email or "")
    try:
        async with transaction():
            await _claim(link, actor, principal.origin)
            await _give(token, link, _Joiner(person, email, actor, principal.origin), now)
    except NotFoundError as error:  # the tenant was deleted
        raise OneTimeLinkUnusableError from error
    roles = dict(principal.roles)
    if link.tenant is not None and link.role is not None:
        roles[link.tenant] = link.role
    is_admin = principal.is_platform_admin or link.kind is LinkKind.ADMIN
    return Entered(replace(principal, roles=roles, is_platform_admin=is_admin), None)


async def _claim(link: OpenLink, actor: Actor, origin: Origin) -> None:
    """Keep others from the same link until the transaction ends: the first thing it does."""
    if link.tenant is None:
        await one_time_links.claim_admin_links(CREDENTIALS)
    else:
        await drafts.claim_draft(CREDENTIALS.joining(link.tenant, actor, origin))


async def _give(token: OneTimeToken, link: OpenLink, joiner: _Joiner, now: datetime) -> None:
    """What the link is for, and its entry in the log. Raises OneTimeLinkUnusableError when it is used up."""
    if link.tenant is None:
        await _make_admin(token, link, joiner, now)
        return
    scope = joiner.joining(link.tenant)
    joined = await members.join_invited(scope, token, joiner.person, joiner.actor.name, now)
    if joined is None:
        raise OneTimeLinkUnusableError  # not counted: coming second is no guessing
    change = role_change(None, joined.role)
    await record(scope.trail, AuditAction.INVITATION_ACCEPTED, joined.words, [change], now=now)


async def _make_admin(token: OneTimeToken, link: OpenLink, joiner: _Joiner, now: datetime) -> None:
    """A platform admin, for whom the links of first starts are over."""
    if not await one_time_links.use_admin_link(CREDENTIALS, token, now):
        raise OneTimeLinkUnusableError
    await people.make_admin(CREDENTIALS, joiner.person)
    if link.is_of_demo:
        await _give_demo_tenants(joiner, now)
    words = f"platform admin {joiner.email.text}"
    await record(CREDENTIALS.on_platform(joiner.actor, joiner.origin), AuditAction.INVITATION_ACCEPTED, words, now=now)


async def _give_demo_tenants(joiner: _Joiner, now: datetime) -> None:
    """Whoever signs up by the link of a demo owns its tenants: those that nobody is a member of."""
    for tenant in await one_time_links.list_unowned_tenants(CREDENTIALS):
        await _own(joiner.joining(tenant), joiner.person, joiner.email, joiner.actor.name, now)


async def own_tenant(scope: TenantScope, person: Person, now: datetime) -> None:
    """Make a person an owner of a tenant of the demo that came after them."""
    async with transaction():
        await _own(scope, person.id, EmailAddress.from_stored(person.email), person.name, now)


async def _own(scope: TenantScope, person: int, email: EmailAddress, name: str, now: datetime) -> None:
    await drafts.claim_draft(scope)
    member = await members.insert_owner(scope, person, email, name, now)
    changes = [role_change(None, Role.OWNER)]
    await record(scope.trail, AuditAction.INVITATION_ACCEPTED, member.words, changes, now=now)
