"""Persisted queries over HTTP: the hash first, the document with its hash when that is not known."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import make_schema
from gateway.http import persisted
from gateway.http.body import BadBodyError, GraphQLRequest
from gateway.http.negotiation import JSON, RESPONSE_JSON
from gateway.http.persisted import PersistedDocuments
from gateway.http.trusted import TrustedDocuments, list_own_documents
from gateway.refusals import ErrorCode, RefusedError
from tests.conftest import Ask

if TYPE_CHECKING:
    import httpx2
    from starlette.testclient import TestClient

sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

QUERY = (
    "query Name($id: String!) { softphoneConfig(providerId: $id, app: GENERIC) { ... on SoftphoneConfig { name } } }"
)
VARIABLES = {"id": "NeighbourTel"}
NAMED = {"data": {"softphoneConfig": {"name": "N-Name"}}}
PASSWORD = "SECRET-password-typed-into-a-document"
TYPED = (
    'mutation { provision(input: {credentials: {generic: {login: "1000:NeighbourTel", '
    f'password: "{PASSWORD}"}}}}, deviceId: "phone"}}) {{ __typename }} }}'
)


def hash_of(query: str) -> str:
    return sha256(query.encode()).hexdigest()


def persisted_query(query: str, **more: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query), **more}}


def get(client: TestClient, accept: str = JSON, **params: Any) -> httpx2.Response:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    return client.get("/graphql", params=texts, headers={"Accept": accept})


def post(client: TestClient, accept: str = JSON, **body: Any) -> httpx2.Response:
    return client.post("/graphql", json=body, headers={"Accept": accept})


def is_known(client: TestClient, query: str) -> bool:
    answer = post(client, extensions=persisted_query(query))
    return "PersistedQueryNotFound" not in answer.text


@sqlite
def test_an_unknown_hash_is_told_as_apollo_and_urql_expect_it(client: TestClient) -> None:
    """Whatever was accepted."""
    answers = [
        send(client, accept, extensions=persisted_query(QUERY))
        for send in (get, post)
        for accept in (JSON, RESPONSE_JSON, "*/*", "text/html, */*")
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["content-type"] for answer in answers} == {"application/json; charset=utf-8"}
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}
    assert [answer.json() for answer in answers] == [
        {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]}
    ] * len(answers)


@sqlite
@pytest.mark.parametrize("register", [get, post])
def test_a_document_that_was_sent_with_its_hash_is_run_by_the_hash_alone(
    client: TestClient, ask: Ask, register: Any
) -> None:
    first = register(client, query=QUERY, variables=VARIABLES, extensions=persisted_query(QUERY))

    got = get(client, variables=VARIABLES, extensions=persisted_query(QUERY))
    posted = post(client, RESPONSE_JSON, variables=VARIABLES, extensions=persisted_query(QUERY))

    assert first.json() == got.json() == posted.json() == NAMED
    assert (got.status_code, posted.status_code) == (200, 200)


@sqlite
def test_keys_of_extensions_that_nobody_here_knows_are_left_alone(client: TestClient, ask: Ask) -> None:
    extensions = {**persisted_query(QUERY, miss=True), "clientLibrary": {"name": "x"}, "tracing": None}

    answer = get(client, query=QUERY, variables=VARIABLES, extensions=extensions)

    assert answer.json() == NAMED
    assert is_known(client, QUERY)


@sqlite
def test_a_document_under_the_hash_of_another_is_not_run_and_not_kept(client: TestClient, ask: Ask) -> None:
    other = QUERY + " "

    answers = [
        send(client, accept, query=other, variables=VARIABLES, extensions=persisted_query(QUERY))
        for send in (get, post)
        for accept in (JSON, RESPONSE_JSON)
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 200, 400]
    assert {answer.json()["errors"][0]["extensions"]["code"] for answer in answers} == {"BAD_REQUEST"}
    assert not any("data" in answer.json() for answer in answers)
    assert not is_known(client, QUERY)
    assert not is_known(client, other)


@sqlite
def test_null_for_a_persisted_query_is_none(client: TestClient, ask: Ask) -> None:
    with_query = post(client, query=QUERY, variables=VARIABLES, extensions={"persistedQuery": None})
    without = post(client, extensions={"persistedQuery": None})

    assert with_query.json() == NAMED
    assert without.status_code == 400


@sqlite
def test_a_document_that_is_not_sound_is_not_kept(client: TestClient) -> None:
    flawed = ["{ nobodyKnowsThisField }", "{", "fragment A on Query { __typename }", "{ a: __typename } }"]

    for query in flawed:
        post(client, query=query, extensions=persisted_query(query))

    assert not any(is_known(client, query) for query in flawed)


@sqlite
def test_a_document_with_a_password_written_into_it_is_run_and_not_kept(client: TestClient, ask: Ask) -> None:
    answer = post(client, query=TYPED, extensions=persisted_query(TYPED))

    assert answer.json()["data"]["provision"]["__typename"]
    assert not is_known(client, TYPED)


@sqlite
def test_a_mutation_runs_by_its_hash_by_post_alone(client: TestClient, ask: Ask) -> None:
    (mutation,) = (each for each in list_own_documents() if each.startswith("mutation RedeemSetupLink"))
    variables = {"input": {"setupCode": "nobody-has-this-code", "deviceId": "phone", "app": "GENERIC"}}

    posted = post(client, variables=variables, extensions=persisted_query(mutation))
    got = get(client, variables=variables, extensions=persisted_query(mutation))

    assert posted.json()["data"]["redeemSetupLink"]["__typename"]
    assert (got.status_code, got.headers["allow"]) == (405, "POST")


@sqlite
def test_the_softphones_documents_need_no_registration(client: TestClient, ask: Ask) -> None:
    (config,) = (each for each in list_own_documents() if each.startswith("query SoftphoneConfig"))

    answer = get(client, variables={"providerId": "NeighbourTel", "app": "GENERIC"}, extensions=persisted_query(config))

    assert answer.json()["data"]["softphoneConfig"]["name"] == "N-Name"


# ---- The store by itself


SCHEMA = make_schema()


def sound(query: str, **more: Any) -> GraphQLRequest:
    return GraphQLRequest(query, None, None, persisted_query(query, **more))


def only_hash(query: str, **more: Any) -> GraphQLRequest:
    return GraphQLRequest(None, None, None, persisted_query(query, **more))


def register(store: PersistedDocuments, query: str) -> None:
    """As the endpoint does it: the document is found sound when it is run."""
    assert SCHEMA.find_flaws(query, SCHEMA.documents.parse(query)) == []
    store.keep(sound(query))


def new_store() -> PersistedDocuments:
    return PersistedDocuments(SCHEMA.documents, TrustedDocuments({}))


@pytest.mark.parametrize("version", [0, 2, True, "1", None])
@pytest.mark.parametrize("ask_for", [sound, only_hash])
def test_no_version_but_the_first_is_spoken(ask_for: Any, version: Any) -> None:
    with pytest.raises(RefusedError, match="version 1") as refused:
        new_store().find(ask_for(QUERY, version=version))

    assert refused.value.code is ErrorCode.BAD_REQUEST


@pytest.mark.parametrize("sent", ["hash", 1, [], {}, {"version": 1}, {"version": 1, "sha256Hash": 5}, False])
def test_what_is_no_persisted_query_is_refused(sent: Any) -> None:
    with pytest.raises(BadBodyError):
        new_store().find(GraphQLRequest(QUERY, None, None, {"persistedQuery": sent}))


@pytest.mark.parametrize("sent", ["", "0", hash_of(QUERY).upper(), hash_of(QUERY)[:-1], "x" * 60_000])
def test_a_text_that_is_no_hash_names_no_document(sent: str) -> None:
    store = new_store()
    register(store, QUERY)

    with pytest.raises(RefusedError, match=r"^PersistedQueryNotFound$"):
        store.find(only_hash(QUERY, sha256Hash=sent))

    assert store.find(only_hash(QUERY)).query == QUERY


def count_known(store: PersistedDocuments, queries: list[str]) -> int:
    known = 0
    for query in queries:
        try:
            known += store.find(only_hash(query)).query == query
        except RefusedError:
            continue
    return known


def test_a_document_in_use_stays_whatever_else_is_registered() -> None:
    store = new_store()
    register(store, QUERY)
    assert store.find(only_hash(QUERY)).query == QUERY

    for number in range(persisted.MOST_DOCUMENTS + 200):
        register(store, f"query R{number} {{ __typename }}")

    assert store.find(only_hash(QUERY)).query == QUERY


@pytest.mark.parametrize(("count", "size"), [(1_200, 0), (200, 14_000)])
def test_a_flood_of_documents_takes_a_bounded_place(count: int, size: int) -> None:
    store = new_store()
    flood = [f"query Q{number} {{ __typename }} #{'x' * size}" for number in range(count)]

    for query in flood:
        register(store, query)

    known = count_known(store, flood)
    assert min(persisted.MOST_DOCUMENTS, persisted.MOST_BYTES // (size + 400)) <= known < count
    assert known * size <= persisted.MOST_BYTES
    assert store.find(only_hash(flood[-1])).query == flood[-1]
