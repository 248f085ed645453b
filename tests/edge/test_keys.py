from __future__ import annotations

import pytest
from graphql import parse

from gateway.edge.keys import Digests, Question, read_head
from gateway.plan import is_softphone_query
from tenants.app_keys import NO_APP_KEY
from tenants.keys import KeyRing
from tests import make
from tests.edge.published import KEY

ASKED = "softphoneConfig(providerId: $id, app: GENERIC) { __typename }"
QUESTION = Question(
    document="{ a }",
    operation_name=None,
    variables={"a": 1, "b": {"c": "x", "d": None}},
    media_type="application/json",
    coding="gzip",
    is_get=True,
    app_key=NO_APP_KEY,
)


@pytest.mark.parametrize(
    "document",
    [
        f"query($id: String!) {{ {ASKED} }}",
        f"query A($id: String!) {{ __typename mine: {ASKED} }}",
        f"query($id: String!) {{ ...F }} fragment F on Query {{ ... on Query {{ ... {{ {ASKED} }} }} }}",
        "{ softphoneConfig(providerId: 1, app: GENERIC) { ...F } } fragment F on Refusal { message }",
    ],
)
def test_a_document_asks_for_a_config_alone(document: str) -> None:
    assert is_softphone_query(parse(document))


@pytest.mark.parametrize(
    "document",
    [
        "{ __typename }",
        f"query($id: String!) {{ {ASKED} viewer {{ __typename }} }}",
        f"query($id: String!) {{ {ASKED} softphoneConfig: viewer {{ __typename }} }}",
        f"query($id: String!) {{ {ASKED} ...F }} fragment F on Query {{ ... {{ viewer {{ __typename }} }} }}",
        f"query A($id: String!) {{ {ASKED} }} query B {{ viewer {{ __typename }} }}",
        f"query A($id: String!) {{ {ASKED} }} mutation B {{ signOut {{ __typename }} }}",
        "mutation { softphoneConfig { a } }",
        "subscription { softphoneConfig { a } }",
        "{ viewer: softphoneConfi { a } }",
        "{ __schema { types { name } } softphoneConfig(providerId: 1, app: GENERIC) { __typename } }",
    ],
)
def test_a_document_asks_for_something_else(document: str) -> None:
    assert not is_softphone_query(parse(document))


def test_a_question_is_the_same_however_its_variables_are_ordered() -> None:
    digests = Digests(make.KEYS)
    turned = QUESTION._replace(variables={"b": {"d": None, "c": "x"}, "a": 1})

    assert digests.question(QUESTION) == digests.question(turned)


@pytest.mark.parametrize(
    "other",
    [
        {"document": "{ b }"},
        {"operation_name": "A"},
        {"operation_name": ""},
        {"variables": None},
        {"variables": {}},
        {"variables": {"a": 1}},
        {"variables": {"a": 1.0, "b": {"c": "x", "d": None}}},
        {"variables": {"a": True, "b": {"c": "x", "d": None}}},
        {"variables": {"a": "1", "b": {"c": "x", "d": None}}},
        {"variables": {"a": 1, "b": {"c": "x"}}},
        {"variables": {"a": 1, "b": {"c": "X", "d": None}}},
        {"media_type": "application/graphql-response+json"},
        {"coding": "identity"},
        {"is_get": False},
        {"app_key": KEY},
    ],
)
def test_whatever_an_answer_may_hang_on_makes_another_question(other: dict[str, object]) -> None:
    digests = Digests(make.KEYS)

    assert digests.question(QUESTION) != digests.question(QUESTION._replace(**other))  # type: ignore[arg-type]  # each fits


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**5_000], ids=["infinite", "no number", "too long"])
def test_what_no_json_holds_is_no_question_that_is_kept(value: float) -> None:
    assert Digests(make.KEYS).question(QUESTION._replace(variables={"a": value})) is None


def test_nobody_outside_knows_which_digest_a_request_has() -> None:
    other = KeyRing("SECRET-another-key-0123456789-abc")

    assert Digests(make.KEYS).question(QUESTION) != Digests(other).question(QUESTION)
    assert Digests(make.KEYS).spelling("GET", [b""] * 5, b"a") != Digests(other).spelling("GET", [b""] * 5, b"a")


def test_spellings_differ_in_each_part_and_where_it_stands() -> None:
    digests = Digests(make.KEYS)
    heads = [
        [b"a", b"b", b"c", b"", b""],
        [b"b", b"a", b"c", b"", b""],
        [b"a", b"", b"c", b"", b""],
        [b"ab", b"", b"c", b"", b""],
    ]

    spelt = {
        digests.spelling(method, head, b"q=1", body)
        for method in ("GET", "POST")
        for head in heads
        for body in (b"", b"{}")
    }

    assert len(spelt) == 16
    assert digests.spelling("GET", [b"a", b"", b"", b"x", b"1"], b"") == digests.spelling(
        "GET", [b"a", b"", b"", b"y", b"2"], b""
    )


def test_of_the_head_only_what_an_answer_hangs_on_is_read() -> None:
    headers = [
        (b"host", b"h"),
        (b"accept", b"a"),
        (b"if-none-match", b"t"),
        (b"user-agent", b"u"),
        (b"accept-encoding", b"c"),
    ]

    assert read_head(headers) == [b"a", b"c", b"", b"t", b""]


@pytest.mark.parametrize(
    "header",
    [b"authorization", b"cookie", b"x-app-key", b"origin", b"content-encoding", b"transfer-encoding"],
)
def test_what_names_somebody_or_hangs_on_more_goes_the_long_way(header: bytes) -> None:
    assert read_head([(b"accept", b"a"), (header, b"")]) is None


@pytest.mark.parametrize(
    "header", [b"accept", b"accept-encoding", b"content-type", b"if-none-match", b"content-length"]
)
def test_a_header_that_stands_twice_goes_the_long_way(header: bytes) -> None:
    assert read_head([(header, b""), (b"host", b"h"), (header, b"1")]) is None
