"""`/graphql` as HTTP sees it: methods, parameters, forms of answers, and never a page where a program asks."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.http.negotiation import JSON, RESPONSE_JSON
from gateway.settings import Profile, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TWO = "query A { __typename } query B { b: __typename }"
MUTATION = 'mutation { deleteTenant(input: {tenantId: "x", confirm: "y"}) { __typename } }'
HASH = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}})
WITH_DATA = ["*/*", "text/html, */*", "text/html,application/xhtml+xml,*/*;q=0.8", JSON, RESPONSE_JSON]


def get(client: TestClient, accept: str = JSON, **params: str) -> httpx2.Response:
    return client.get("/graphql", params=params, headers={"Accept": accept})


def post(client: TestClient, body: dict[str, Any], accept: str = JSON) -> httpx2.Response:
    return client.post("/graphql", json=body, headers={"Accept": accept})


def error_of(answer: httpx2.Response) -> tuple[str, str]:
    """Message and code of the one error."""
    (error,) = answer.json()["errors"]
    assert answer.headers["content-type"].partition(";")[0] in {JSON, RESPONSE_JSON}
    return error["message"], error["extensions"]["code"]


def test_get_runs_a_query_with_its_variables(client: TestClient) -> None:
    query = "query($a: Boolean!) { a: __typename @include(if: $a) b: __typename @skip(if: $a) }"

    answer = get(client, query=query, variables='{"a": true}', operationName="")

    assert (answer.status_code, answer.json()) == (200, {"data": {"a": "Query"}})


@pytest.mark.parametrize("accept", [JSON, RESPONSE_JSON])
def test_get_does_not_run_a_mutation(client: TestClient, accept: str) -> None:
    answer = get(client, accept, query=MUTATION)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert error_of(answer) == ("GET runs queries only; send this by POST.", "BAD_REQUEST")


def test_get_does_not_run_the_mutation_of_two_operations(client: TestClient) -> None:
    answer = get(
        client, query=f"query A {{ __typename }} {MUTATION.replace('mutation', 'mutation B')}", operationName="B"
    )

    assert answer.status_code == 405


@pytest.mark.parametrize("name", ["query", "variables", "operationName", "extensions"])
def test_a_parameter_that_stands_twice_is_refused(client: TestClient, name: str) -> None:
    sound = {"query": TWO, "variables": "{}", "operationName": "A", "extensions": "{}"}

    answer = client.get("/graphql", params=[*sound.items(), (name, sound[name])])

    assert (answer.status_code, error_of(answer)[1]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "params",
    [
        {"query": ""},
        {"variables": "{}"},
        {"operationName": "A"},
        {"query": "{ __typename }", "variables": "[]"},
        {"query": "{ __typename }", "variables": ""},
        {"query": "{ __typename }", "variables": '{"a": 1, "a": 1}'},
        {"query": "{ __typename }", "variables": '{"a": NaN}'},
        {"query": "{ __typename }", "variables": "[" * 9_000},
        {"query": "{ __typename }", "variables": '{"a": "\\ud800"}'},
        {"query": "{ __typename }", "extensions": "1"},
        {"query": "{ __typename }\0"},
        {},
    ],
)
def test_a_query_string_that_is_no_request_is_refused(client: TestClient, params: dict[str, str]) -> None:
    answer = get(client, **params)

    assert (answer.status_code, error_of(answer)[1]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("text", ["query=%7B__typename%7D%ff", "query=%", "query=%ED%A0%80", "=&&&;=", "query"])
def test_a_query_string_that_is_no_text_makes_nothing_fail(client: TestClient, text: str) -> None:
    answer = client.get(f"/graphql?{text}")

    assert answer.status_code in {200, 400}
    assert "INTERNAL" not in answer.text


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (RESPONSE_JSON, 400)])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"query": TWO}, id="two operations and no name"),
        pytest.param({"query": TWO, "operationName": "C"}, id="a name that is none"),
        pytest.param({"query": "{ zzz }"}, id="an unknown field"),
        pytest.param({"query": "{"}, id="half a document"),
        pytest.param({"query": "fragment A on Query { __typename }"}, id="no operation"),
        pytest.param({"query": "subscription { a }"}, id="a subscription"),
        pytest.param({"query": " "}, id="a blank"),
        pytest.param(
            {"query": "query($a: Int!) { __typename @skip(if: true) }", "variables": {}}, id="a missing variable"
        ),
    ],
)
def test_a_request_that_cannot_be_run_is_told_by_either_form(
    client: TestClient, accept: str, status: int, body: dict[str, Any]
) -> None:
    answer = post(client, body, accept)

    assert answer.status_code == status
    assert error_of(answer)[1] == "BAD_REQUEST"
    assert "data" not in answer.json()


@pytest.mark.parametrize("accept", WITH_DATA)
def test_a_hash_without_a_query_is_never_answered_by_a_page(client: TestClient, accept: str) -> None:
    got, posted = get(client, accept, extensions=HASH), post(client, {"extensions": json.loads(HASH)}, accept)

    for answer in (got, posted):
        assert answer.status_code == 200
        assert error_of(answer) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("accept", [*WITH_DATA, "text/html"])
def test_extensions_of_any_kind_ask_for_no_page(client: TestClient, accept: str) -> None:
    answer = get(client, accept, extensions="{}")

    assert 400 <= answer.status_code < 500
    assert "html" not in answer.headers["content-type"]


def test_its_hash_beside_a_query_changes_nothing(client: TestClient) -> None:
    its_hash = sha256(b"{ __typename }").hexdigest()

    answer = get(client, query="{ __typename }", extensions=HASH.replace("0" * 64, its_hash))

    assert answer.json() == {"data": {"__typename": "Query"}}


def test_a_browser_without_a_query_gets_graphiql(client: TestClient) -> None:
    answer = get(client, "text/html,*/*;q=0.8")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("name", ["query", "variables", "operationName"])
def test_a_browser_with_a_query_gets_its_answer(client: TestClient, name: str) -> None:
    answer = get(client, "text/html,*/*;q=0.8", **{name: "{ __typename }"})

    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "text/event-stream", "multipart/mixed", "image/png", "*/*;q=0"])
def test_a_form_that_is_not_offered_is_refused(client: TestClient, accept: str) -> None:
    answer = post(client, {"query": "{ __typename }"}, accept)

    assert (answer.status_code, error_of(answer)[1]) == (406, "BAD_REQUEST")


def test_a_wish_in_two_headers_is_one_wish(client: TestClient) -> None:
    headers = [("Accept", "image/png"), ("Accept", RESPONSE_JSON)]

    answer = client.get("/graphql?query={__typename}", headers=headers)

    assert answer.headers["content-type"] == f"{RESPONSE_JSON}; charset=utf-8"


def test_urql_lists_event_streams_and_gets_json(client: TestClient) -> None:
    accept = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream"

    answer = post(client, {"query": "{ __typename }"}, accept)

    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


def test_head_is_get_without_the_body(client: TestClient) -> None:
    params = {"query": "{ __typename }"}

    answer = client.head("/graphql", params=params)

    assert answer.status_code == 200
    assert answer.headers["content-length"] == get(client, **params).headers["content-length"]


def test_head_does_not_run_a_mutation(client: TestClient) -> None:
    assert client.head("/graphql", params={"query": MUTATION}).status_code == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "SECRETMARK"])
def test_another_method_is_refused_and_the_right_ones_named(client: TestClient, method: str) -> None:
    answer = client.request(method, "/graphql", json={"query": "{ __typename }"})

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert "SECRETMARK" not in answer.text


@pytest.mark.parametrize("path", ["/graphql/", "/GraphQL", "/graphql/SECRET-mark", "/graphql//"])
def test_a_path_beside_it_is_not_found_and_not_redirected(client: TestClient, path: str) -> None:
    answer = client.post(path, json={"query": "{ __typename }"}, follow_redirects=False)

    assert answer.status_code == 404
    assert "SECRET-mark" not in answer.text


def test_an_answer_is_kept_by_nobody(client: TestClient) -> None:
    assert post(client, {"query": "{ __typename }"}).headers["cache-control"] == "private, no-store"


def test_sign_in_is_asked_for_with_data_null_and_status_200(client: TestClient) -> None:
    answer = post(client, {"query": "{ tenants { edges { cursor } } }"}, RESPONSE_JSON)

    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert error_of(answer) == ("Sign in first.", "UNAUTHENTICATED")


def test_no_cross_site_permission_is_given(client: TestClient) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    preflight, answer = client.options("/graphql", headers=headers), client.get("/graphql", headers=headers)

    assert not [name for name in (*preflight.headers, *answer.headers) if name.startswith("access-control")]


@pytest.fixture
def production(settings: Settings) -> Iterator[TestClient]:
    """The application as in service."""
    with TestClient(create_app(replace(settings, profile=Profile.PRODUCTION)), raise_server_exceptions=False) as client:
        yield client


def test_production_answers_no_introspection(production: TestClient) -> None:
    answer = post(production, {"query": "{ __schema { types { name } } }"})

    assert error_of(answer)[1] == "BAD_REQUEST"
    assert post(production, {"query": "{ __typename }"}).json() == {"data": {"__typename": "Query"}}


def test_production_has_no_graphiql(production: TestClient) -> None:
    answer = get(production, "text/html,*/*;q=0.8")

    assert (answer.status_code, error_of(answer)[1]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "query",
    [
        "{ viewr { name } }",
        "{ viewer { nam } }",
        "{ tenant(providerI: 1) { id } }",
        "{ softphoneConfig(app: GENERI) { __typename } }",
    ],
)
def test_production_suggests_nothing(settings: Settings, query: str) -> None:
    with TestClient(create_app(settings)) as development:
        told = post(development, {"query": query}).json()["errors"]
    with TestClient(create_app(replace(settings, profile=Profile.PRODUCTION))) as production:
        silent = post(production, {"query": query}).json()["errors"]

    assert any("Did you mean" in error["message"] for error in told)
    assert not any("Did you mean" in error["message"] for error in silent)
