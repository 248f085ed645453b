"""People with accounts, and their browsers, at the real application: what tests of sessions share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.http.cookies import NAME
from gateway.http.origins import HEADER
from tenants.access import CREDENTIALS
from tenants.audit_rows import AuditEventRow
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.scoping import bound, extent_of
from tenants.store.people import insert_person
from tenants.system import SystemScope
from tests.tokens import make_admin_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from gateway.settings import Settings

JANE = "jane@acme.example"
NEIGHBOUR = "neighbour@other.example"
PASSWORD = "SECRET-four-words-nobody-guesses"
WRONG = "SECRET-another-password"
HOME = "192.0.2.1"
FIREFOX = "Mozilla/5.0 (X11; Debian; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
_PROXY = "127.0.0.1"
_SYSTEM = SystemScope("the tests look into the log")

SIGN_IN = """mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename
  ... on SignedIn { viewer { kind name email permissions sessions { isCurrent device address } } }
  ... on TooManyAttempts { retryAfterSeconds } ... on Refusal { message } } }"""
SIGN_OUT = """mutation SignOut($input: SignOutInput!) { signOut(input: $input) { __typename
  ... on SignedOut { endedSessions } } }"""
END_SESSION = """mutation EndSession($input: EndSessionInput!) { endSession(input: $input) { __typename
  ... on SessionEnded { sessionId } ... on Refusal { message } } }"""
CHANGE_PASSWORD = """mutation ChangePassword($input: ChangePasswordInput!) { changePassword(input: $input) { __typename
  ... on PasswordChanged { endedSessions } ... on TooManyAttempts { retryAfterSeconds }
  ... on InvalidInput { problems { code path } } ... on Refusal { message } } }"""
SESSIONS = "{ viewer { sessions { id isCurrent device address createdAt lastUsedAt } } }"
WHO = "{ viewer { name } }"


class Clock:
    """A clock that stands still until it is told to go."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **time: float) -> None:
        """Forwards, by hours, minutes or seconds."""
        self.now += timedelta(**time)


@dataclass(slots=True)
class Browser:
    """Holds the session cookie that the gateway set, and sends it as a portal does."""

    client: TestClient
    address: str = HOME
    agent: str = FIREFOX
    session: str | None = field(default=None, repr=False)

    def post(self, query: str, variables: dict[str, Any] | None = None) -> httpx2.Response:
        """The answer as it came; a cookie that it sets is kept."""
        headers = {"X-Forwarded-For": self.address, "User-Agent": self.agent}
        if self.session:
            headers |= {"Cookie": f"{NAME}={self.session}", HEADER: "1"}
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        self.client.cookies.clear()
        for cookie in answer.headers.get_list("set-cookie"):
            self.session = cookie.removeprefix(f"{NAME}=").split(";")[0].strip('"') or None
        return answer

    def __call__(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of the one root field; there must be no errors."""
        answer = self.post(query, variables).json()
        assert "errors" not in answer, answer["errors"]
        (data,) = answer["data"].values()
        return data

    def send(self, query: str, **sent: Any) -> Any:
        """A mutation's answer."""
        return self(query, {"input": sent})

    def sign_in(self, email: str = JANE, password: str = PASSWORD) -> Any:
        """What the person is told."""
        return self.send(SIGN_IN, email=email, password=password)

    def code(self, query: str, **sent: Any) -> str:
        """The code of the one error."""
        (error,) = self.post(query, {"input": sent}).json()["errors"]
        return str(error["extensions"]["code"])


class Office:
    """The application, with Jane, who is a platform admin, and a neighbour, who is nothing."""

    def __init__(self, client: TestClient, clock: Clock) -> None:
        self.client, self.clock = client, clock

    def browser(self, address: str = HOME, agent: str = FIREFOX) -> Browser:
        """One in which nobody is signed in."""
        return Browser(self.client, address, agent)

    def signed_in(self, email: str = JANE, address: str = HOME, agent: str = FIREFOX) -> Browser:
        """One in which somebody is."""
        browser = self.browser(address, agent)
        assert browser.sign_in(email)["__typename"] == "SignedIn"
        return browser

    def call(self, work: Any, *args: Any) -> Any:
        """In the loop of the application."""
        assert self.client.portal is not None
        return self.client.portal.call(work, *args)

    def log(self) -> list[tuple[str, str | None, str | None]]:
        """Action, actor and what else the platform's log says, the oldest first."""
        return [(row.action, row.actor_id, row.personal) for row in self.call(_entries)]

    def token(self) -> str:
        """A platform admin's."""
        return str(self.call(make_admin_token, "deploy-bot"))


@contextmanager
def office(settings: Settings) -> Iterator[Office]:
    """The real application behind a proxy that it trusts."""
    clock = Clock()
    changed = replace(settings, trusted_proxies=(ip_network(_PROXY),))
    with TestClient(
        create_app(changed, now=clock),
        raise_server_exceptions=False,
        client=(_PROXY, 50_000),
        base_url="http://testserver",
    ) as client:
        made = Office(client, clock)
        made.call(_insert, JANE, "Jane Doe", clock.now)
        made.call(_insert, NEIGHBOUR, "N-Name", clock.now)
        yield made


@cache
def hashed(password: str = PASSWORD) -> str:
    """Its hash, with the parameters of today."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(password)


async def insert_people() -> None:
    """Jane and the neighbour, into the database that this process is connected to."""
    await _insert(JANE, "Jane Doe", datetime.now(UTC))
    await _insert(NEIGHBOUR, "N-Name", datetime.now(UTC))


async def _insert(email: str, name: str, now: datetime) -> None:
    async with transaction():
        await insert_person(
            CREDENTIALS,
            email=EmailAddress.parse(email),
            name=name,
            password_hash=hashed(),
            is_platform_admin=email == JANE,
            now=now,
        )


async def _entries() -> list[AuditEventRow]:
    with bound(extent_of(_SYSTEM)):
        return await AuditEventRow.filter(chain=0).order_by("number")
