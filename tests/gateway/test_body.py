"""What is no GraphQL request is a 4xx with a GraphQL error that repeats nothing: never a 500."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.requests import Request

from gateway.http.body import BadBodyError, read_body

if TYPE_CHECKING:
    import httpx2
    from starlette.testclient import TestClient

SOUND = '{"query": "{ __typename }"}'
JSON = {"Content-Type": "application/json"}
BYTES = [(b"Content-Type", b"application/json")]
MARK = "SECRET-mark"
MIB = 1024 * 1024
some = hypothesis_settings(max_examples=60, suppress_health_check=list(HealthCheck))

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no body reaches a database


def post(client: TestClient, body: bytes | str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return client.post("/graphql", content=body, headers=JSON if headers is None else headers)


def code_of(answer: httpx2.Response) -> str:
    """The code of the one error; whatever is answered is small, and JSON."""
    (error,) = answer.json()["errors"]
    assert set(answer.json()) == {"errors"}
    assert len(answer.content) <= 4096
    assert MARK not in answer.text
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"1", id="a number"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"a"', id="a text"),
        pytest.param(b"true", id="true"),
        pytest.param(b'{"query": "\xff"}', id="invalid UTF-8"),
        pytest.param(SOUND.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + SOUND.encode(), id="a byte order mark"),
        pytest.param(b"[" * 60_000, id="deep lists, not closed"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="deep objects"),
        pytest.param(
            b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}", id="900 deep"
        ),
        pytest.param(
            b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}", id="300 deep"
        ),
        pytest.param(b"9" * 5_000, id="5,000 digits"),
        pytest.param(
            b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}", id="5,000 digits inside"
        ),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": 18446744073709551616}}', id="beyond 64 bits"),
        pytest.param(b"", id="nothing"),
        pytest.param(b" ", id="a blank"),
        pytest.param(b"{", id="half an object"),
        pytest.param(SOUND.encode() * 2, id="two objects"),
        pytest.param(f"[{SOUND}]".encode(), id="a batch of one"),
        pytest.param(f"[{SOUND},{SOUND}]".encode(), id="a batch of two"),
        pytest.param(b"[]", id="an empty batch"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": NaN}}', id="NaN"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": Infinity}}', id="Infinity"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": -Infinity}}', id="-Infinity"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": 1e999}}', id="a fraction beyond all bounds"),
        pytest.param(b'{"query": "{ __typename }\x00"}', id="a raw NUL"),
        pytest.param(b'{"query": "{ __typename }\\u0000"}', id="an escaped NUL"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": [{"b": "\\u0000"}]}}', id="NUL in a variable"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a\\u0000": 1}}', id="NUL in a name"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": "\\\\\\u0000"}}', id="NUL after a backslash"),
        pytest.param(b'{"query": "{ __typename } #\\ud800"}', id="an escaped lone surrogate"),
        pytest.param(b'{"query": "{ __typename } #\xed\xa0\x80"}', id="a raw lone surrogate"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"\\udfff": 1}}', id="a lone surrogate in a name"),
        pytest.param(b'{"query": "{ __typename }", "query": "{ a }"}', id="a duplicate key"),
        pytest.param(b'{"query": "{ a }", "variables": {"a": [{"b": 1, "b": 1}]}}', id="a duplicate key inside"),
        pytest.param(b'{"query": "{ a }", "qu\\u0065ry": "{ a }"}', id="a duplicate key, escaped"),
        pytest.param(b'{"query": ""}', id="an empty query"),
        pytest.param(b'{"query": null}', id="query null"),
        pytest.param(b'{"query": 1}', id="query a number"),
        pytest.param(b'{"query": ["{ __typename }"]}', id="query a list"),
        pytest.param(b'{"query": "{ __typename }", "operationName": 1}', id="operationName a number"),
        pytest.param(b'{"query": "{ __typename }", "operationName": {}}', id="operationName an object"),
        pytest.param(b'{"query": "{ __typename }", "variables": "{}"}', id="variables a text"),
        pytest.param(b'{"query": "{ __typename }", "variables": []}', id="variables a list"),
        pytest.param(b'{"query": "{ __typename }", "variables": 0}', id="variables zero"),
        pytest.param(b'{"query": "{ __typename }", "variables": false}', id="variables false"),
        pytest.param(b'{"query": "{ __typename }", "extensions": "{}"}', id="extensions a text"),
        pytest.param(b'{"query": "{ __typename }", "extensions": []}', id="extensions a list"),
    ],
)
def test_a_body_that_is_no_request_is_refused(client: TestClient, body: bytes) -> None:
    answer = post(client, body)

    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("body", [b'{"a": "SECRET-mark', b'{"SECRET-mark": 1}', b'{"query": {"SECRET-mark": 1}}'])
def test_a_refusal_repeats_nothing_of_the_body(client: TestClient, body: bytes) -> None:
    answer = post(client, body)

    assert code_of(answer) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(SOUND, id="a query"),
        pytest.param(
            '{"query": "{ __typename }", "variables": null, "operationName": null, "extensions": null}', id="nulls"
        ),
        pytest.param(
            '{"query": "{ __typename }", "variables": {}, "extensions": {"zzz": 1}, "zzz": 2}', id="unknown keys"
        ),
        pytest.param('{"query": "{ __typename }", "operationName": ""}', id="an empty name"),
        pytest.param('{"query": "{ __typename } #\\ud83d\\ude00 \\\\u0000"}', id="a pair of surrogates and no NUL"),
        pytest.param('{"query": "{ __typename }", "variables": {"a": "\\\\u0000"}}', id="a backslash, then u0000"),
        pytest.param(f" \r\n\t{SOUND}\n", id="white space around"),
    ],
)
def test_what_is_allowed_is_run(client: TestClient, body: str) -> None:
    answer = post(client, body)

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;",
    ],
)
def test_the_media_type_may_name_utf_8_and_nothing_else(client: TestClient, content_type: str) -> None:
    assert post(client, SOUND, {"Content-Type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain, application/json",
        "application/json, text/plain",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; x=y",
        "application/json; x=y",
        "application/json; charset=utf-8, text/plain",
        "application/jsonp",
        "xapplication/json",
        "application/graphql",
        "application/graphql+json",
        "application/graphql-response+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "text/plain; application/json",
        "application/json\x0b",
        "SECRET-mark",
    ],
)
def test_a_look_alike_of_the_media_type_is_refused(client: TestClient, content_type: str) -> None:
    answer = post(client, SOUND, {"Content-Type": content_type})

    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")


def test_a_body_without_a_media_type_is_refused(client: TestClient) -> None:
    answer = post(client, SOUND, {})

    assert "content-type" not in answer.request.headers
    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")


def test_two_media_types_are_refused(client: TestClient) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]

    answer = client.post("/graphql", content=SOUND, headers=headers)

    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "SECRET-mark"])
def test_an_encoded_body_is_refused(client: TestClient, coding: str) -> None:
    answer = post(client, gzip.compress(SOUND.encode()), {**JSON, "Content-Encoding": coding})

    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")


def test_uploads_are_off(client: TestClient) -> None:
    form = {"operations": (None, SOUND), "map": (None, "{}")}

    answer = client.post("/graphql", files=form)

    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")


def test_the_largest_body_is_read(client: TestClient) -> None:
    body = SOUND.ljust(64 * 1024)

    assert post(client, body).status_code == 200


@pytest.mark.parametrize("size", [64 * 1024 + 1, 20 * MIB])
def test_a_body_over_the_limit_is_refused(client: TestClient, size: int) -> None:
    answer = post(client, SOUND.ljust(size))

    assert (answer.status_code, code_of(answer)) == (413, "BAD_REQUEST")


def test_a_body_over_the_limit_is_refused_when_it_comes_in_chunks(client: TestClient) -> None:
    answer = client.post("/graphql", content=(b" " * 65_536 for _ in range(320)), headers=JSON)

    assert "content-length" not in answer.request.headers
    assert (answer.status_code, code_of(answer)) == (413, "BAD_REQUEST")


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "1_0", "9" * 13, "9" * 5_000, "SECRET-mark"])
def test_a_length_that_is_none_is_refused(client: TestClient, length: str) -> None:
    answer = post(client, SOUND, {**JSON, "Content-Length": length})

    assert (answer.status_code, code_of(answer)) == (413, "BAD_REQUEST")


@pytest.mark.anyio
async def test_a_length_in_digits_of_another_kind_is_refused(database_url: str) -> None:
    request = Request({"type": "http", "headers": [(b"content-length", "\u00b2".encode("latin-1"))]})

    with pytest.raises(BadBodyError) as refused:
        await read_body(request, 100)

    assert refused.value.status == 413


@given(body=st.binary(max_size=200))
@some
def test_no_bytes_make_the_server_fail(client: TestClient, body: bytes) -> None:
    answer = post(client, body)

    assert 400 <= answer.status_code < 500
    assert code_of(answer) == "BAD_REQUEST"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=10
)
members = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("query", "operationName", "variables", "extensions"), anything)
    | {"query": st.sampled_from(["{ __typename }", "query A { __typename }"]) | st.text(max_size=20)},
)


@given(value=anything | members)
@some
def test_no_json_makes_the_server_fail(client: TestClient, value: Any) -> None:
    answer = post(client, json.dumps(value))

    assert answer.status_code < 500
    assert "INTERNAL" not in answer.text


headers = st.sampled_from(
    [
        "Accept",
        "Authorization",
        "Content-Type",
        "Content-Encoding",
        "Cookie",
        "Origin",
        "X-Unknown",
        "Range",
        "If-None-Match",
    ]
)


@given(name=headers, value=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60))
@some
def test_no_header_makes_the_server_fail(client: TestClient, name: str, value: str) -> None:
    answer = client.post("/graphql", content=SOUND, headers=[*BYTES, (name.encode(), value.encode("latin-1"))])

    assert answer.status_code < 500
    assert "INTERNAL" not in answer.text


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param("variables=%7B%22p%22%3A%22%ff%22%7D", id="a byte that begins nothing"),
        pytest.param("operationName=%C3", id="half a character"),
        pytest.param("variables=%7B%22p%22%3A%22%ED%A0%80%22%7D", id="a lone surrogate"),
        pytest.param("variables=%7B%22p%22%3A%22%C0%80%22%7D", id="an overlong NUL"),
        pytest.param("variables=%7B%22p%22%3A%22%00%22%7D", id="a NUL in a value"),
        pytest.param("operationName=%00", id="a NUL as a name"),
        pytest.param("%ff=a", id="a name of a parameter"),
        pytest.param("other=%00", id="a parameter that nobody reads"),
        pytest.param("other=%C3&%A9=", id="a character over two parameters"),
    ],
)
def test_a_query_string_is_held_to_utf_8_like_a_body(client: TestClient, parameters: str) -> None:
    answer = client.get(f"/graphql?query=%7B__typename%7D&{parameters}")

    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")
    assert answer.json()["errors"][0]["message"].startswith("The query string ")


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param(
            "variables=%7B%22p%22%3A%22%C3%A9%F0%9F%98%80%EF%BF%BD%22%7D", id="characters of two to four bytes"
        ),
        pytest.param("variables=%7B%22p%22%3A+%22+%25ff%2500+%22%7D", id="blanks and escaped percent signs"),
        pytest.param("other=100%&%zz&&=", id="percent signs that escape nothing"),
    ],
)
def test_a_query_string_in_utf_8_is_read(client: TestClient, parameters: str) -> None:
    answer = client.get(f"/graphql?query=%7B__typename%7D&{parameters}")

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.anyio
async def test_a_body_that_breaks_off_is_the_clients_doing(database_url: str) -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    with pytest.raises(BadBodyError) as refused:
        await read_body(Request({"type": "http", "headers": []}, receive), 100)

    assert refused.value.status == 400
