"""The session cookie: who it says is asking, and what a request must have beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.context import utc_now
from tenants.access import CREDENTIALS
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.store.people import insert_person
from tenants.store.sessions import start_session
from tests.tokens import make_admin_token

if TYPE_CHECKING:
    import httpx2

    from gateway.settings import Settings

VIEWER = {"query": "{ viewer { kind name permissions } }"}
HEADER = {"GraphQL-Require-Preflight": "1"}
NAME = "__Host-gateway"
UNKNOWN = "x" * 43
DELETED = f'{NAME}=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure'


async def new_session() -> str:
    async with transaction():
        person = await insert_person(
            CREDENTIALS,
            email=EmailAddress.parse("jane@acme.example"),
            name="Jane Doe",
            password_hash="-",
            is_platform_admin=True,
            now=utc_now(),
        )
        return (await start_session(CREDENTIALS, person, address="192.0.2.7", device="", now=utc_now())).text


@pytest.fixture
def session(client: TestClient) -> str:
    """What the cookie of a platform admin holds."""
    assert client.portal is not None
    return client.portal.call(new_session)


def ask(client: TestClient, cookie: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/graphql", json=VIEWER, headers={"Cookie": cookie, **HEADER, **named})


def as_bytes(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Also what is not ASCII, each character a byte."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def attributes(answer: httpx2.Response) -> list[str]:
    """The cookie as it is deleted, its attributes sorted, without the date of the past."""
    return [
        "; ".join(part for part in [value.split("; ")[0], *sorted(value.split("; ")[1:])] if "expires" not in part)
        for value in answer.headers.get_list("set-cookie")
    ]


def test_a_session_says_who_asks(client: TestClient, session: str) -> None:
    answer = ask(client, f"other=1; {NAME}={session}; another=2")

    viewer = answer.json()["data"]["viewer"]
    assert (viewer["kind"], viewer["name"], "CREATE_TENANT" in viewer["permissions"]) == ("PERSON", "Jane Doe", True)
    assert answer.headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "cookie",
    [
        f"{NAME}={UNKNOWN}",
        f"{NAME}=",
        f"{NAME}=SECRET",
        f"{NAME}={UNKNOWN}; {NAME}=x",
        f'{NAME}="{UNKNOWN}"',
        f"{NAME}={UNKNOWN}\xe9",
    ],
)
def test_a_cookie_that_does_not_work_is_deleted_and_nobody_asks(client: TestClient, cookie: str) -> None:
    answer = client.post("/graphql", json=VIEWER, headers=as_bytes({"Cookie": cookie, **HEADER}))

    assert (answer.status_code, answer.json()) == (200, {"data": {"viewer": None}})
    assert attributes(answer) == [DELETED]


def test_two_sessions_are_none(client: TestClient, session: str) -> None:
    answer = ask(client, f"{NAME}={session}; {NAME}={session}")

    assert answer.json() == {"data": {"viewer": None}}


@pytest.mark.parametrize("name", ["gateway", "__host-gateway", f"x{NAME}", f"\x85{NAME}", f"\xa0{NAME}", f'"{NAME}"'])
def test_a_cookie_that_only_looks_like_it_is_none(client: TestClient, session: str, name: str) -> None:
    answer = client.post("/graphql", json=VIEWER, headers=as_bytes({"Cookie": f"{name}={session}"}))

    assert answer.json() == {"data": {"viewer": None}}
    assert "set-cookie" not in answer.headers


def test_a_bearer_token_wins_and_the_cookie_is_not_looked_at(client: TestClient, session: str) -> None:
    assert client.portal is not None
    token = client.portal.call(make_admin_token, "deploy-bot")

    answers = [
        client.post("/graphql", json=VIEWER, headers={"Cookie": f"{NAME}={cookie}", "Authorization": f"Bearer {token}"})
        for cookie in (session, UNKNOWN)
    ]

    assert [answer.json()["data"]["viewer"]["name"] for answer in answers] == ["deploy-bot"] * 2
    assert [answer.headers.get("set-cookie") for answer in answers] == [None, None]


def test_a_bad_token_beside_a_good_cookie_is_refused(client: TestClient, session: str) -> None:
    answer = ask(client, f"{NAME}={session}", Authorization="Bearer SECRET")

    assert answer.status_code == 401


def test_a_session_opens_no_metrics(client: TestClient, session: str) -> None:
    answer = client.get("/metrics", headers={"Cookie": f"{NAME}={session}", **HEADER})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://testserver"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://gateway.acme.example"},
        {"Origin": "https://portal.acme.example", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_our_own_pages_and_admitted_ones_use_a_session(settings: Settings, headers: dict[str, str]) -> None:
    changed = replace(
        settings,
        public_url="https://Gateway.acme.example:443/below",
        cors_origins=frozenset({"https://portal.acme.example"}),
    )
    with TestClient(create_app(changed)) as client:
        assert client.portal is not None
        answer = ask(client, f"{NAME}={client.portal.call(new_session)}", **headers)

    assert answer.json()["data"]["viewer"]["name"] == "Jane Doe"


def test_a_page_by_plain_http_is_none_of_a_gateway_that_is_reached_by_tls(settings: Settings) -> None:
    # Behind a proxy that ends TLS the request arrives as http; whoever can change what comes without TLS writes pages
    # of that origin.
    with TestClient(create_app(replace(settings, public_url="https://gateway.acme.example"))) as client:
        assert client.portal is not None
        cookie = f"{NAME}={client.portal.call(new_session)}"
        plain = ask(client, cookie, Host="gateway.acme.example", Origin="http://gateway.acme.example")
        named = ask(client, cookie, Host="gateway.acme.example:80", Origin="http://gateway.acme.example")
        own = ask(client, cookie, Host="gateway.acme.example", Origin="https://gateway.acme.example")

    assert (plain.status_code, named.status_code, own.status_code) == (403, 403, 200)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("testserver:443", "https://testserver", 200),
        ("testserver:80", "http://testserver", 200),
        ("testserver:8443", "https://testserver:8443", 200),
        ("testserver:80", "https://testserver", 403),
        ("testserver:443", "http://testserver", 403),
        ("testserver:8443", "https://testserver", 403),
    ],
)
def test_a_default_port_that_a_proxy_names_is_none(
    client: TestClient, session: str, host: str, origin: str, status: int
) -> None:
    answer = ask(client, f"{NAME}={session}", Host=host, Origin=origin)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://testserver:81"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": ""},
        {"Origin": "http://"},
        {"GraphQL-Require-Preflight": ""},
        {"GraphQL-Require-Preflight": " "},
    ],
)
def test_what_comes_from_elsewhere_or_unannounced_is_refused_with_a_session(
    client: TestClient, session: str, headers: dict[str, str]
) -> None:
    answer = ask(client, f"{NAME}={session}", **headers)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in answer.headers
    assert "evil" not in answer.text
