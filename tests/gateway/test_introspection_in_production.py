"""In production the schema and GraphiQL are for platform admins alone, and what they ask is remembered for nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.http.cookies import NAME
from gateway.settings import Profile
from tests.staff import NEIGHBOUR, Browser, Office, office

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from gateway.settings import Settings

SCHEMA = "{ __schema { queryType { name } } }"
TYPE = 'query T { viewer { name } ...F } fragment F on Query { __type(name: "Query") { name } }'
TOLD = {"__schema": {"queryType": {"name": "Query"}}}


@pytest.fixture
def acme(settings: Settings) -> Iterator[Office]:
    with office(replace(settings, profile=Profile.PRODUCTION)) as made:
        yield made


def code_of(browser: Browser, query: str) -> str:
    (error,) = browser.post(query).json()["errors"]
    return str(error["extensions"]["code"])


def open_page(acme: Office, session: str | None) -> httpx2.Response:
    """As a browser opens it: with the cookie and without the header."""
    cookie = {"Cookie": f"{NAME}={session}"} if session else {}
    return acme.client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Site": "none", **cookie})


@pytest.mark.parametrize("query", [SCHEMA, TYPE])
def test_a_platform_admin_may_introspect_and_nobody_may_after_them(acme: Office, query: str) -> None:
    admin, neighbour, stranger = acme.signed_in(), acme.signed_in(NEIGHBOUR), acme.browser()

    before = [code_of(neighbour, query), code_of(stranger, query)]
    told = [admin.post(query).json() for _ in range(2)]
    after = [code_of(neighbour, query), code_of(stranger, query)]

    assert before == after == ["BAD_REQUEST"] * 2
    assert all("errors" not in answer for answer in told)


def test_a_platform_admins_token_may_introspect(acme: Office) -> None:
    headers = {"Authorization": f"Bearer {acme.token()}"}

    answer = acme.client.post("/graphql", json={"query": SCHEMA}, headers=headers)

    assert answer.json() == {"data": TOLD}


def test_whoever_signs_out_may_no_longer(acme: Office) -> None:
    admin = acme.signed_in()
    first = admin.post(SCHEMA).json()
    admin.post("mutation { signOut(input: {}) { __typename } }")

    assert first == {"data": TOLD}
    assert code_of(admin, SCHEMA) == "BAD_REQUEST"


def test_graphiql_is_there_for_a_platform_admin_who_is_signed_in(acme: Office) -> None:
    answer = open_page(acme, acme.signed_in().session)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "private, no-store"


def test_graphiql_is_there_for_nobody_else(acme: Office) -> None:
    pages = [open_page(acme, session) for session in (None, "x" * 43, acme.signed_in(NEIGHBOUR).session)]

    assert [page.status_code for page in pages] == [400, 403, 403]
    assert not [page for page in pages if "html" in page.headers["content-type"]]


def test_suggestions_stay_off_for_an_admin_too(acme: Office) -> None:
    answer = acme.signed_in().post("{ viewr { name } }")

    assert "Did you mean" not in answer.text
