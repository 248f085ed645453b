"""Who asks in tests: people with sessions, programs with tokens, softphones. No test pays for a password's hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.context import utc_now
from gateway.schema.node import read_id_of
from tenants import database
from tenants.access import CREDENTIALS, Actor, ActorKind, Permission, Role
from tenants.access_rows import AccessTokenRow, MembershipRow
from tenants.credentials import NewToken, digest
from tenants.email import EmailAddress
from tenants.scoping import bound, extent_of
from tenants.store.actors import to_stored
from tenants.store.people import find_person_by_email, insert_person
from tenants.store.sessions import start_session
from tests import make
from tests.tokens import make_admin_token

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager
    from typing import Protocol

    class Run(Protocol):
        """Runs a coroutine where the application's database is connected."""

        def __call__(self, function: Callable[..., Coroutine[Any, Any, Any]], /, *arguments: Any) -> Any: ...


COOKIE = "__Host-gateway"
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}
_NO_HASH = "$argon2id$v=19$m=19456,t=2,p=1$no$password"
"""Nobody signs in with it: their sessions are put in."""
_A_SESSION_SERVES = timedelta(minutes=20)
"""Tests that move the clock on would meet the end of a session."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in."""

    role: Role | None = None
    """In every tenant that `ask.create` makes."""
    is_platform_admin: bool = False


PEOPLE = {
    "admin": Person(Role.OWNER, is_platform_admin=True),
    "viewer": Person(Role.VIEWER),
    "editor": Person(Role.EDITOR),
    "publisher": Person(Role.PUBLISHER),
    "owner": Person(Role.OWNER),
    "platform-admin": Person(is_platform_admin=True),
    "editing-admin": Person(Role.EDITOR, is_platform_admin=True),
    "neighbour": Person(),
}
"""`admin`, who asks where a test says nothing, may do all that somebody may. `neighbour` owns the neighbour tenant."""
TOKENS = {
    "viewer-token": Role.VIEWER,
    "editor-token": Role.EDITOR,
    "publisher-token": Role.PUBLISHER,
    "token": Role.OWNER,
}
"""Programs of the tenant that `ask.create` made last, with a role there."""
PLATFORM_TOKEN = "platform-token"
"""A platform admin's program, which has no tenant."""
ANONYMOUS = "anonymous"


@dataclass
class _Session:
    person: int
    cookie: str
    started_at: datetime


@dataclass
class Cast:
    """Everybody who acts on one application, signed in when they first ask."""

    run: Run
    now: Callable[[], datetime] = utc_now
    _tenants: list[int] = field(default_factory=list)
    _neighbours: int | None = None
    _sessions: dict[str, _Session] = field(default_factory=dict)

    def headers(self, who: str) -> dict[str, str]:
        """What somebody's request carries."""
        if who == ANONYMOUS:
            return {}
        if who == PLATFORM_TOKEN:
            return {"Authorization": f"Bearer {self.run(make_admin_token, who)}"}
        if who in TOKENS:
            return {"Authorization": f"Bearer {self.run(issue, self._tenants[-1], TOKENS[who], self.now())}"}
        return signed_in(self._session(who).cookie)

    def person(self, who: str) -> int:
        """The number of a person."""
        return self._session(who).person

    def sign_in_again(self) -> None:
        """Everybody gets a new session when they next ask."""
        for session in self._sessions.values():
            session.started_at -= 2 * _A_SESSION_SERVES

    def hire(self, tenant_id: str) -> None:
        """Everybody gets their role in a new tenant."""
        tenant = read_id_of("Tenant", tenant_id)
        self._tenants.append(tenant)
        for who, session in self._sessions.items():
            self._join(who, session.person, [tenant])

    def leave_to_neighbours(self, tenant_id: str) -> None:
        """The tenant last made is the neighbour's: of those with a role, only `admin` stays."""
        self._neighbours = read_id_of("Tenant", tenant_id)

    def _session(self, who: str) -> _Session:
        now, known = self.now(), self._sessions.get(who)
        if known is None:
            known = self._sessions[who] = _Session(self._sign_up(who), "", now - 2 * _A_SESSION_SERVES)
            self._join(who, known.person, self._tenants)
        if now - known.started_at > _A_SESSION_SERVES:
            known.cookie, known.started_at = self.run(sign_in, known.person, now), now
        return known

    def _sign_up(self, who: str) -> int:
        return int(self.run(partial(sign_up, is_platform_admin=PEOPLE[who].is_platform_admin), who, self.now()))

    def _join(self, who: str, person: int, tenants: list[int]) -> None:
        role = PEOPLE[who].role
        joined = tenants if who == "admin" else [one for one in tenants if one != self._neighbours]
        if role is not None:
            self.run(join, who, person, joined, role, self.now())
        if who == "neighbour" and self._neighbours in tenants:
            self.run(join, who, person, [self._neighbours], Role.OWNER, self.now())


async def on_database(url: str, function: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
    """Runs it beside a gateway that is another process."""
    await database.connect(url, pool_size=1)
    try:
        return await function(*arguments)
    finally:
        await database.disconnect()


def signed_in(cookie: str) -> dict[str, str]:
    """What a browser sends, and our own pages' scripts with it."""
    return {"Cookie": f"{COOKIE}={cookie}", **PREFLIGHT}


def address_of(who: str) -> str:
    """What a person signs in with."""
    return f"{who}@staff.example"


async def sign_up(who: str, now: datetime, *, is_platform_admin: bool = False, password_hash: str = _NO_HASH) -> int:
    """The number of an account: a new one, unless another application on this database has made it."""
    email = EmailAddress.parse(address_of(who))
    known = await find_person_by_email(CREDENTIALS, email)
    if known is not None:
        return known.id
    async with database.transaction():
        return await insert_person(
            CREDENTIALS,
            email=email,
            name=who,
            password_hash=password_hash,
            is_platform_admin=is_platform_admin,
            now=now,
        )


async def sign_in(person: int, now: datetime) -> str:
    """What the cookie of a new session holds."""
    async with database.transaction():
        session = await start_session(CREDENTIALS, person, address="192.0.2.9", device="Firefox on Debian", now=now)
    return session.text


def working_on(tenant: int) -> AbstractContextManager[None]:
    """As an owner there: rows can be put in by whatever role the application connects as."""
    return bound(extent_of(make.ADMIN.authorize(tenant, Permission.MANAGE_MEMBERS)))


async def join(who: str, person: int, tenants: list[int], role: Role, now: datetime) -> None:
    """A role in each of these tenants."""
    address = address_of(who)
    async with database.transaction():
        for tenant in tenants:
            with working_on(tenant):
                await MembershipRow.create(
                    tenant_id=tenant,
                    person_id=person,
                    email=address,
                    email_key=address,
                    name_key=who,
                    role=role.value,
                    created_at=now,
                )


async def issue(tenant: int, role: Role, now: datetime) -> str:
    """A program's token with a role in a tenant."""
    token = NewToken.random()
    async with database.transaction():
        with working_on(tenant):
            await AccessTokenRow.create(
                tenant_id=tenant,
                name=f"{role.value.lower()}-bot",
                prefix=token.prefix,
                sha256=digest(token.text),
                role=role.value,
                created_at=now,
                expires_at=now + timedelta(days=1),
                created_by=to_stored(Actor(ActorKind.COMMAND_LINE, "command line")),
            )
    return token.text
