"""Every answer carries the security headers and an id; every request leaves one line of log that names a template."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.http.guards import Guards, security_headers
from gateway.settings import Profile, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MARK = "SECRET-mark"
HTML = {"Accept": "text/html"}
ANSWERS: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "an answer": (200, "POST", "/graphql", {"json": {"query": "{ __typename }"}}),
    "a bad body": (400, "POST", "/graphql", {"json": 1}),
    "a bad credential": (401, "POST", "/graphql", {"json": {"query": "{ a }"}, "headers": {"Authorization": "x"}}),
    "a bad media type": (415, "POST", "/graphql", {"content": "x"}),
    "a form not offered": (406, "GET", "/graphql", {"headers": {"Accept": "image/png"}}),
    "a mutation by GET": (405, "GET", "/graphql?query=mutation{__typename}", {}),
    "a body too large": (413, "POST", "/graphql", {"json": {"query": " " * 70_000}}),
    "another method": (405, "PUT", "/graphql", {}),
    "a method of nobody's": (405, "SECRETMARK", "/graphql", {}),
    "no such path": (404, "GET", f"/{MARK}?{MARK}", {}),
    "GraphiQL": (200, "GET", "/graphql", {"headers": HTML}),
    "a static file": (200, "GET", "/static/explorer.js", {}),
    "no such file": (404, "GET", f"/static/{MARK}", {}),
    "alive": (200, "GET", f"/livez?{MARK}", {}),
    "ready": (200, "GET", "/readyz", {}),
    "metrics": (401, "GET", "/metrics", {}),
    "the rules": (200, "GET", "/docs/rules", {}),
    "the front page": (200, "GET", "/", {}),
}


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The lines of the log."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        yield lines


@pytest.mark.parametrize("name", sorted(ANSWERS.keys() - {"GraphiQL", "a static file", "the rules", "the front page"}))
def test_nobody_keeps_an_answer_that_does_not_say_so(client: TestClient, name: str) -> None:
    _, method, path, options = ANSWERS[name]

    answer = client.request(method, path, **options, follow_redirects=False)

    assert answer.headers["cache-control"].endswith("no-store")


@pytest.mark.parametrize("path", ["/graphql", "/static/explorer.js", "/docs/rules", "/"])
def test_a_page_that_is_the_same_for_all_is_asked_for_again_by_its_tag(client: TestClient, path: str) -> None:
    page = client.get(path, headers=HTML)
    again = client.get(path, headers={**HTML, "If-None-Match": page.headers.get("etag", "none")})

    assert (page.headers["cache-control"], again.headers["cache-control"]) == ("no-cache", "no-cache")


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_the_security_headers(client: TestClient, name: str) -> None:
    status, method, path, options = ANSWERS[name]

    answer = client.request(method, path, **options, follow_redirects=False)

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert len(answer.headers["x-request-id"]) == 16
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not {"unsafe", "http:", "https:", "*"} & set(policy.replace("-", " ").replace("'", " ").split())
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers
    assert MARK not in answer.text
    assert "SECRETMARK" not in answer.text


@pytest.mark.parametrize("name", ANSWERS)
def test_every_request_leaves_one_line_that_names_the_route_and_nothing_of_the_client(
    client: TestClient, logged: list[Any], name: str
) -> None:
    status, method, path, options = ANSWERS[name]

    answer = client.request(method, path, **options)

    (line,) = [line for line in logged if line["event"] == "request"]
    assert set(line) == {"event", "log_level", "method", "route", "status", "milliseconds", "request_id"}
    assert (line["status"], line["request_id"]) == (status, answer.headers["x-request-id"])
    assert line["route"] in {"/graphql", "/livez", "/readyz", "/metrics", "/docs/rules", "/", "/static", "(none)"}
    assert line["method"] in {"GET", "POST", "other"}
    assert MARK not in str(logged)


def test_the_ids_of_two_requests_differ_and_are_not_the_clients(client: TestClient) -> None:
    headers = {"X-Request-Id": MARK}

    ids = {client.get("/livez", headers=headers).headers["x-request-id"] for _ in range(50)}

    assert len(ids) == 50
    assert MARK not in ids


def test_production_asks_browsers_to_stay_with_https(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, profile=Profile.PRODUCTION))) as client:
        answer = client.get("/livez")

    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_what_fails_before_it_answers_is_logged_as_500(logged: list[Any], database_url: str) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise KeyError(MARK)

    answer = TestClient(Guards(broken, security_headers(is_production=False)), raise_server_exceptions=False).get("/")

    assert answer.status_code == 500
    assert [(line["route"], line["status"]) for line in logged] == [("(none)", 500)]
    assert MARK not in str(logged)
