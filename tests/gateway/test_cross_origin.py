"""CORS: the pages of admitted origins may call /graphql with a session, and nobody is told anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from gateway.settings import Settings

PORTAL = "https://portal.acme.example"
SAFE = "Accept, Accept-Language, Content-Language, Content-Type"
QUERY = {"query": "{ viewer { name } }"}
ASKED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,graphql-require-preflight",
}


@pytest.fixture
def gateway(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(replace(settings, cors_origins=frozenset({PORTAL})))) as client:
        yield client


def told(answer: httpx2.Response) -> dict[str, str]:
    """What a browser reads of it."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-allow-")}


def test_a_page_of_an_admitted_origin_may_send_the_header_and_its_session(gateway: TestClient) -> None:
    answer = gateway.options("/graphql", headers={"Origin": PORTAL, **ASKED})

    assert answer.status_code == 200
    assert told(answer) == {
        "access-control-allow-origin": PORTAL,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": f"{SAFE}, GraphQL-Require-Preflight",
    }
    assert "Origin" in answer.headers["vary"]


def test_it_may_read_the_answer_also_when_it_is_refused(gateway: TestClient) -> None:
    right = gateway.post("/graphql", json=QUERY, headers={"Origin": PORTAL})
    refused = gateway.post("/graphql", json=QUERY, headers={"Origin": PORTAL, "Cookie": f"__Host-gateway={'x' * 43}"})

    assert [answer.status_code for answer in (right, refused)] == [200, 403]
    assert [answer.headers["access-control-allow-origin"] for answer in (right, refused)] == [PORTAL] * 2
    assert {answer.headers["access-control-expose-headers"] for answer in (right, refused)} == {
        "X-Request-Id, Retry-After"
    }
    assert {answer.headers["vary"] for answer in (right, refused)} == {"Origin"}


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        f"{PORTAL}.evil.example",
        f"{PORTAL}:8443",
        "http://portal.acme.example",
        PORTAL.upper(),
        "*",
    ],
)
def test_no_other_origin_may_anything(gateway: TestClient, origin: str) -> None:
    preflight = gateway.options("/graphql", headers={"Origin": origin, **ASKED})
    answer = gateway.post("/graphql", json=QUERY, headers={"Origin": origin})

    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in {**told(preflight), **told(answer)}
    assert "evil" not in preflight.text
    assert answer.headers["vary"] == "Origin"


def test_options_that_is_no_preflight_is_not_allowed(gateway: TestClient) -> None:
    answer = gateway.options("/graphql", headers={"Origin": PORTAL})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("path", ["/", "/livez", "/docs/rules", "/static/explorer.js", "/metrics", "/setup/x"])
def test_other_routes_know_nothing_of_it(gateway: TestClient, path: str) -> None:
    answer, preflight = (
        gateway.get(path, headers={"Origin": PORTAL}),
        gateway.options(path, headers={"Origin": PORTAL, **ASKED}),
    )

    assert told(answer) == told(preflight) == {}


def test_without_admitted_origins_nothing_is_added(client: TestClient) -> None:
    preflight = client.options("/graphql", headers={"Origin": PORTAL, **ASKED})
    answer = client.post("/graphql", json=QUERY, headers={"Origin": PORTAL})

    assert (preflight.status_code, told(preflight), told(answer)) == (405, {}, {})
    assert "vary" not in answer.headers
