"""Twin tenants with every kind of row. Whoever takes any row meets the older twin, which must never be met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tenants import database
from tenants.access import (
    CREDENTIALS,
    Actor,
    ActorKind,
    PersonScope,
    PlatformScope,
    Role,
    SignInScope,
    TenantScope,
    Trail,
)
from tenants.access_rows import AccessTokenRow, AppKeyRow, MembershipRow, OneTimeLinkRow, PersonRow, SessionRow
from tenants.accounts import Accounts
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.app_keys import NewAppKey, SentAppKey
from tenants.attempts import Attempt, StaffAttempt
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.credentials import NewToken, SessionToken, digest
from tenants.email import EmailAddress
from tenants.model import AppKind, ProvisioningHeader
from tenants.one_time_links import OneTimeToken
from tenants.people import MOST_SESSIONS
from tenants.rows import (
    DraftRow,
    ProvenDeviceRow,
    ProviderIdRow,
    RefusedAttemptRow,
    RevisionRow,
    SecretRow,
    SetupLinkRow,
    TenantRow,
)
from tenants.setup_links import SetupToken
from tenants.store import app_keys, members, one_time_links, people, secrets, setup_links, tenants, tokens
from tenants.store.members import NewInvitation
from tenants.store.setup_links import NewSetupLink
from tenants.system import SystemScope
from tests.databases import looking_at_rows
from tests.make import KEYS, ORIGIN
from tests.tenants.writing import NOW

if TYPE_CHECKING:
    from tortoise.models import Model

    from tenants.members import Member

SYSTEM = SystemScope("a test without filters")
LONG_AGO = NOW - timedelta(days=400)
LATER = NOW + timedelta(hours=1)
ATTEMPT = Attempt(b"a name", b"an address", b"a device")
"""The same at both: what tells the tenants apart is the filter alone."""
STAFF_ATTEMPT = StaffAttempt(ATTEMPT.name, ATTEMPT.address)
_BY_TENANT = (
    DraftRow,
    RevisionRow,
    SecretRow,
    SetupLinkRow,
    RefusedAttemptRow,
    ProvenDeviceRow,
    MembershipRow,
    AccessTokenRow,
    AppKeyRow,
    ProviderIdRow,
)
_BY_PERSON = (SessionRow, OneTimeLinkRow)


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A tenant, its owner, and what each of its rows is asked for by."""

    name: str
    scope: TenantScope
    new_tenant: int
    """Another of theirs: not published yet, and suspended."""
    person: int
    session: int
    session_text: str
    owner: Member
    invited: Member
    invitation: OneTimeToken
    reset: OneTimeToken
    headers: tuple[ProvisioningHeader, ...]
    unpublished: int
    link: int
    setup_token: SetupToken
    app_key: int
    app_key_text: str
    token: int
    revision: int

    @property
    def tenant(self) -> int:
        return self.scope.tenant

    @property
    def seen(self) -> PlatformScope:
        """Of a member of this tenant alone."""
        return PlatformScope(self.scope.actor, ORIGIN, frozenset({self.tenant}))

    @property
    def own(self) -> PersonScope:
        return PersonScope(self.person, self.session, self.scope.actor, ORIGIN)

    @property
    def signing_in(self) -> SignInScope:
        return SignInScope(self.tenant)

    @property
    def trail(self) -> Trail:
        return self.scope.trail

    @property
    def unpublished_header(self) -> tuple[ProvisioningHeader, ...]:
        return (ProvisioningHeader(f"{self.name}-Header", self.unpublished, "…"),)

    async def rows(self) -> list[list[str]]:
        """Everything that is this tenant's or its owner's."""
        with looking_at_rows():
            return [sorted(map(repr, await model.filter(**whose).values())) for model, whose in self._places()]

    async def erase(self) -> None:
        """As if it had never been."""
        with looking_at_rows():
            for model, whose in self._places():
                await model.filter(**whose).delete()

    def _places(self) -> list[tuple[type[Model], dict[str, Any]]]:
        return [
            *((model, {"tenant_id__in": [self.tenant, self.new_tenant]}) for model in _BY_TENANT),
            *((model, {"person_id": self.person}) for model in _BY_PERSON),
            (AuditEventRow, {"chain": self.tenant}),
            (AuditChainRow, {"id": self.tenant}),
            (PersonRow, {"id": self.person}),
            (TenantRow, {"id__in": [self.tenant, self.new_tenant]}),
        ]


@dataclass(frozen=True)
class World:
    """A asks; B is there beside."""

    a: Twin
    b: Twin


async def make_world() -> World:
    """On an empty database, as the owner of its tables."""
    b = await _twin("B")
    return World(await _twin("A"), b)


async def _twin(name: str) -> Twin:
    platform = SYSTEM.platform(KEYS)
    made = await create_tenant(
        platform, provider_id=f"{name}-Tel", name=f"{name}-Name", app=AppKind.WHITELABEL, now=NOW
    )
    new = await create_tenant(platform, provider_id=f"{name}-New", name=None, app=AppKind.WHITELABEL, now=NOW)
    scope = TenantScope(made.id, Actor(ActorKind.PERSON, f"{name}-Owner"), ORIGIN)
    async with database.transaction():
        header, unpublished = [await secrets.insert_header(scope, KEYS, f"{name}-Value", NOW) for _ in range(2)]
        headers = (ProvisioningHeader(f"{name}-Header", header, "…"),)
        await secrets.mark_published(scope, headers)
        await secrets.insert_signing_secret(scope, KEYS, NOW)
    revision = await publish(scope, expected=1, note=f"{name}-Note", now=NOW)
    async with database.transaction():
        await tenants.require_app_key(scope, is_required=True)
        people_of = await _people(scope, name)
        credentials = await _credentials(scope, name)
        await _attempts(scope)
        await tenants.suspend(platform.created(new.id), f"{name}-Reason")
        with looking_at_rows():
            await ProviderIdRow.create(key=f"{name.lower()}-reserved", tenant_id=scope.tenant)
    return Twin(
        name=name,
        scope=scope,
        new_tenant=new.id,
        headers=headers,
        unpublished=unpublished,
        revision=revision.id,
        **people_of,
        **credentials,
    )


async def _people(scope: TenantScope, name: str) -> dict[str, Any]:
    address = EmailAddress.parse(f"{name}-owner@{name}.example")
    person = await people.insert_person(
        CREDENTIALS, email=address, name=f"{name}-Owner", password_hash=f"{name}-hash", is_platform_admin=False, now=NOW
    )
    owner = await members.insert_owner(scope, person, address, f"{name}-Owner", NOW)
    invitation, reset = OneTimeToken.random(), OneTimeToken.random()
    new = NewInvitation(
        email=EmailAddress.parse(f"{name}-guest@{name}.example"), role=Role.VIEWER, token=invitation, expires_at=LATER
    )
    invited = await members.get_member(scope, await members.insert_invitation(scope, new, NOW))
    await one_time_links.insert_reset_link(SYSTEM.platform(KEYS), person, reset, NOW)
    session, text = await _sessions(person, name)
    return {
        "person": person,
        "owner": owner,
        "invited": invited,
        "invitation": invitation,
        "reset": reset,
        "session": session,
        "session_text": text,
    }


async def _sessions(person: int, name: str) -> tuple[int, str]:
    """As many as one may have, one that is over among them; those of A were used before those of B."""
    token = SessionToken.random()
    times = [LONG_AGO, *[NOW - timedelta(minutes=name == "A")] * (MOST_SESSIONS - 1)]
    with looking_at_rows():
        rows = [
            await SessionRow.create(
                person_id=person,
                sha256=digest(token.text if number == 1 else f"{name}{number}"),
                device=f"{name}-Device",
                address="192.0.2.9",
                created_at=at,
                last_used_at=at,
            )
            for number, at in enumerate(times)
        ]
    return rows[1].id, token.text


async def _credentials(scope: TenantScope, name: str) -> dict[str, Any]:
    setup_token, key = SetupToken.random(), NewAppKey.random()
    link, old_link = [
        await setup_links.insert_link(scope, KEYS, setup_token if at is NOW else SetupToken.random(), _link(name, at))
        for at in (NOW, LONG_AGO)
    ]
    app_key = await app_keys.insert_app_key(scope, key, name=f"{name}-Key", now=NOW)
    token, _ = [
        await tokens.insert_token(
            scope, NewToken.random(), name=f"{name}-Bot", role=Role.OWNER, now=LONG_AGO, expires_at=until
        )
        for until in (LATER, LONG_AGO)
    ]
    redeemed = await setup_links.insert_link(scope, KEYS, SetupToken.random(), _link(name, NOW))
    with looking_at_rows():
        await SetupLinkRow.filter(id=redeemed.id).update(redeemed_at=NOW)
    assert old_link.id
    return {
        "link": link.id,
        "setup_token": setup_token,
        "app_key": app_key.id,
        "app_key_text": key.text,
        "token": token.id,
    }


def _link(name: str, at: Any) -> NewSetupLink:
    return NewSetupLink(
        content=Accounts((), ()),
        note=f"{name}-Note",
        can_move=True,
        created_at=at,
        expires_at=at + timedelta(hours=1),
    )


async def _attempts(scope: TenantScope) -> None:
    """Refusals now, long ago, and of a clock that was far ahead; a device that proved itself, and one of long ago."""
    with looking_at_rows():
        for at in (*[NOW] * 20, LONG_AGO, NOW + timedelta(days=400)):
            await RefusedAttemptRow.create(
                tenant_id=scope.tenant, name_mac=ATTEMPT.name, address_mac=ATTEMPT.address, at=at
            )
        await ProvenDeviceRow.create(tenant_id=scope.tenant, mac=b"another device", proved_at=LONG_AGO)
        await ProvenDeviceRow.create(
            tenant_id=scope.tenant, mac=ATTEMPT.device if scope.actor.name == "B-Owner" else b"a third", proved_at=NOW
        )


def key_of(twin: Twin) -> SentAppKey:
    """What an app with the twin's key sends."""
    return SentAppKey.of([twin.app_key_text])
