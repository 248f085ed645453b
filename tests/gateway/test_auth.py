"""A credential that does not work is refused, never taken for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tokens import make_admin_token

if TYPE_CHECKING:
    import httpx2
    from starlette.testclient import TestClient

VIEWER = {"query": "{ viewer { name permissions } }"}
UNKNOWN = f"gwt_{'x' * 43}"


@pytest.fixture
def token(client: TestClient) -> str:
    """An admin's."""
    assert client.portal is not None
    return client.portal.call(make_admin_token, "admin")


def ask(client: TestClient, *values: str | bytes) -> httpx2.Response:
    headers = [(b"Authorization", value.encode() if isinstance(value, str) else value) for value in values]
    return client.post("/graphql", json=VIEWER, headers=headers)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_a_token_says_who_asks(client: TestClient, token: str, scheme: str) -> None:
    answer = ask(client, f"{scheme} {token}")

    assert answer.json()["data"]["viewer"]["name"] == "admin"


def test_without_a_credential_nobody_asks(client: TestClient) -> None:
    assert ask(client).json() == {"data": {"viewer": None}}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {UNKNOWN}",
        f"Basic {UNKNOWN}",
        UNKNOWN,
        f"Bearer {UNKNOWN}, Bearer {UNKNOWN}",
        f"Bearer {'x' * 257}",
        "Bearer SECRET canary",
        "Bearer SECRET\tcanary",
        b"Bearer \xff\xfe",
        "Bearer é",
    ],
)
def test_a_credential_that_does_not_work_is_refused(client: TestClient, header: str | bytes) -> None:
    answer = ask(client, header)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "SECRET" not in answer.text


def test_a_token_is_compared_whole(client: TestClient, token: str) -> None:
    statuses = [ask(client, f"Bearer {wrong}").status_code for wrong in (token[:-1], token + "x", token.upper())]

    assert statuses == [401, 401, 401]


def test_two_credentials_are_refused_whichever_of_them_works(client: TestClient, token: str) -> None:
    first, second = ask(client, f"Bearer {token}", f"Bearer {UNKNOWN}"), ask(client, "x", f"Bearer {token}")

    assert (first.status_code, second.status_code) == (401, 401)


def test_a_bad_credential_is_refused_also_where_none_is_needed(client: TestClient) -> None:
    query = '{ softphoneConfig(providerId: "AcmeInc", app: GENERIC) { __typename } }'

    answer = client.get("/graphql", params={"query": query}, headers={"Authorization": f"Bearer {UNKNOWN}"})

    assert answer.status_code == 401


def test_a_token_in_the_query_string_or_a_cookie_is_none(client: TestClient, token: str) -> None:
    answer = client.post(
        f"/graphql?token={token}&access_token={token}", json=VIEWER, headers={"Cookie": f"token={token}"}
    )

    assert answer.json() == {"data": {"viewer": None}}
