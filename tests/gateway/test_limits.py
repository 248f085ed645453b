from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from graphql import GraphQLError, build_schema, get_introspection_query, parse

from gateway.documents import Documents
from gateway.guard import GatewaySchema
from gateway.limits import Limits, check_document
from gateway.refusals import ErrorCode, RefusedError
from gateway.variables import check_variables

if TYPE_CHECKING:
    from strawberry.types import ExecutionResult

pytestmark = pytest.mark.anyio

LIMITS = Limits()
CPU_SECONDS = 0.05  # security.md's promise for one request


@strawberry.type
class Node:
    name: str = "a"

    @strawberry.field
    def inner(self) -> Node:
        return Node()


@strawberry.type
class Query:
    @strawberry.field
    def node(self, first: int = 1) -> Node:
        return Node()

    @strawberry.field
    def provision(self) -> Node:
        return Node()


SCHEMA = GatewaySchema(query=Query, limits=LIMITS)


def _refusal_of(query: str, limits: Limits = LIMITS) -> tuple[str, str]:
    with pytest.raises(RefusedError) as caught:
        check_document(parse(query), limits)
    return caught.value.message, (caught.value.extensions or {})["code"]


def _nest(depth: int) -> str:
    return "{ node " + "{ inner " * (depth - 2) + "{ name }" + " }" * (depth - 1)


def _introspection() -> str:
    return get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )


@pytest.mark.parametrize(
    "query",
    [
        _nest(10),
        "{ " + "node { name } " * 250 + "}",
        "{ " + " ".join(f"a{number}: node {{ name }}" for number in range(15)) + " }",
        "{ node { " + "name @skip(if: false) " * 8 + "} }",
        " ".join(f"query Q{number} {{ provision {{ name }} }}" for number in range(5)),
        "{ ...A ...A } fragment A on Query { node { name } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A node { name } }",
        _introspection(),
    ],
    ids=["depth", "fields", "aliases", "directives", "operations", "fragments", "a cycle", "introspection"],
)
def test_what_is_within_the_limits_passes(query: str) -> None:
    check_document(parse(query), LIMITS)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (_nest(11), "The document nests 11 levels deep; at most 10 are allowed."),
        (
            "{ ...A } fragment A on Query { node { inner { ...B } } } fragment B on Node "
            + _nest(9).replace("node", "inner"),
            "The document nests 11 levels deep; at most 10 are allowed.",
        ),
        (
            "{ " + "node { name } " * 250 + "node }",
            "The document asks for 501 fields, its fragments expanded; at most 500 are allowed.",
        ),
        (
            "{ " + "...A " * 251 + "} fragment A on Query { node { name } }",
            "The document asks for 502 fields, its fragments expanded; at most 500 are allowed.",
        ),
        (
            "{ " + " ".join(f"a{number}: node {{ name }}" for number in range(16)) + " }",
            "The document uses 16 aliases; at most 15 are allowed.",
        ),
        (
            "{ ...A } fragment A on Query { " + " ".join(f"a{number}: node" for number in range(16)) + " }",
            "The document uses 16 aliases; at most 15 are allowed.",
        ),
        (
            "{ node { " + "name @skip(if: false) " * 9 + "} }",
            "The document uses 9 directives; at most 8 are allowed.",
        ),
        (
            "query ($a: Int @a @a @a) @a @a { ...A @a ...@a { node } } fragment A on Query @a { node @a }",
            "The document uses 9 directives; at most 8 are allowed.",
        ),
        (
            " ".join(f"query Q{number} {{ node {{ name }} }}" for number in range(6)),
            "The document holds 6 operations; at most 5 are allowed.",
        ),
    ],
)
def test_what_is_over_a_limit_is_told_with_the_figures(query: str, message: str) -> None:
    assert _refusal_of(query) == (message, "TOO_COSTLY")


@pytest.mark.parametrize(
    "query",
    [
        "mutation { a: provision { name } b: provision { name } }",
        "mutation { provision { name } signIn { name } }",
        "mutation { ...A ...B } fragment A on Mutation { provision } fragment B on Mutation { a: provision }",
        "mutation { ... { provision } ... on Mutation { ... { a: provision } } }",
    ],
)
def test_two_sensitive_root_fields_are_refused(query: str) -> None:
    message, code = _refusal_of(query)

    assert message.startswith("The document asks 2 times for one of acceptInvitation, changePassword, ")
    assert code == "TOO_COSTLY"


def test_a_sensitive_name_below_the_root_is_an_ordinary_field() -> None:
    check_document(parse("{ provision { provision signIn { provision } } }"), LIMITS)


def test_aliases_of_type_are_no_way_around_the_limits() -> None:
    message, _ = _refusal_of(
        "{ " + " ".join(f'a{number}: __type(name: "Query") {{ name }}' for number in range(15)) + " }"
    )

    assert message == "Introspection uses 15 aliases; at most 0 are allowed."


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { fields { type { fields { name } } } } } }",
        '{ __type(name: "A") { fields { type { ...A } } } } fragment A on __Type { fields { type { interfaces } } }',
    ],
)
def test_introspection_cannot_multiply_lists(query: str) -> None:
    assert _refusal_of(query) == ("Introspection nests lists 3 levels deep; at most 2 are allowed.", "TOO_COSTLY")


def test_introspection_has_its_own_budget_of_fields() -> None:
    message, _ = _refusal_of("{ __schema { " + "queryType { name } " * 250 + "} }")

    assert message == "Introspection asks for 501 fields, fragments expanded; at most 500 are allowed."


@pytest.mark.parametrize("query", ["{ __schema { queryType { name } } }", "{ ...A } fragment A on Query { __type }"])
def test_introspection_is_refused_where_it_is_off(query: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_document(parse(query), LIMITS, is_introspecting=False)

    assert caught.value.extensions == {"code": "BAD_REQUEST"}


def test_the_name_of_a_type_can_be_asked_where_introspection_is_off() -> None:
    check_document(parse("{ __typename node { __typename } }"), LIMITS, is_introspecting=False)


def test_fragments_nested_98_deep_are_counted_in_no_time() -> None:
    spreads = " ".join(f"fragment F{number} on Query {{ ...F{number + 1} ...F{number + 1} }}" for number in range(98))
    document = parse(f"{{ ...F0 }} {spreads} fragment F98 on Query {{ node {{ name }} }}")
    start = time.process_time()

    with pytest.raises(RefusedError, match="over 1,000,000 fields"):
        check_document(document, LIMITS)

    assert time.process_time() - start < 0.01


def test_a_chain_of_fragments_longer_than_the_stack_is_refused() -> None:
    chain = " ".join(f"fragment F{number} on Query {{ ...F{number + 1} }}" for number in range(2_000))

    assert _refusal_of(f"{{ ...F0 }} {chain}") == ("The document nests its fragments too deeply.", "TOO_COSTLY")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"a": [[[[[[[[[[[1]]]]]]]]]]]}, "The variables nest deeper than 10 levels."),
        ({"a": [1] * 101}, "A list in the variables holds more than 100 items."),
        ({"a": {"b": ["é" * 4097]}}, "A text in the variables is longer than 8,192 bytes."),
        ({"a": 10**5000}, "A number in the variables is too large."),
    ],
)
def test_variables_over_a_limit_are_refused(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_variables(variables, LIMITS)

    assert (caught.value.message, caught.value.extensions) == (message, {"code": "TOO_COSTLY"})


@pytest.mark.parametrize(
    "variables",
    [
        None,
        {},
        {"a": [[[[[[[[[[1]]]]]]]]]]},
        {"a": [{}] * 100},
        {"a": "é" * 4096},
        {"a": 10**300, "b": 1e300, "c": True},
    ],
)
def test_variables_within_the_limits_pass(variables: dict[str, Any] | None) -> None:
    check_variables(variables, LIMITS)


def test_variables_deeper_than_the_stack_are_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(RefusedError):
        check_variables({"a": value}, LIMITS)


async def _measure(query: str) -> tuple[ExecutionResult, float]:
    """The answer and its CPU time; the best of three is free of the collector's walks over a long test run's heap."""
    start = time.process_time()
    result = await SCHEMA.execute(query)
    return result, time.process_time() - start


COSTLY = {
    "characters": "{ node { name } } #" + "x" * 15_000,
    "tokens": "{ " + "node " * 1_000 + "}",
    "aliases": "{ " + " ".join(f"a{number}: node" for number in range(5_000)) + " }",
    "nesting": "{ node " * 450,
    "brackets": "{ node(first: " + "[" * 950,
    "fields of one name": "{ " + "node { name } " * 240 + "}",
    "arguments of one name": "{ " + "node(first: 1) { name } " * 99 + "}",
    "fragments of one field": "{ "
    + " ".join(f"...F{number}" for number in range(80))
    + " } "
    + " ".join(f"fragment F{number} on Query {{ node {{ name }} }}" for number in range(80)),
    "nested fragments": "{ ...F0 } "
    + " ".join(f"fragment F{number} on Query {{ ...F{number + 1} ...F{number + 1} }}" for number in range(80))
    + " fragment F80 on Query { node { name } }",
    "introspection": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
}


@pytest.mark.parametrize("query", COSTLY.values(), ids=COSTLY.keys())
async def test_a_costly_document_is_refused_cheaply(query: str) -> None:
    runs = [await _measure(query) for _ in range(3)]

    result, _ = runs[0]
    assert min(seconds for _, seconds in runs) < CPU_SECONDS
    assert [(error.extensions or {})["code"] for error in result.errors or []] == ["TOO_COSTLY"]


WRONG = {
    "unknown fields": "{ " + " ".join(f"nodd{number}" for number in range(490)) + " }",
    "unknown types": "{ node { name } } "
    + " ".join(f"fragment F{number} on Nodd{number} {{ a }}" for number in range(110)),
    "long unknown names": "{ " + " ".join(letter * 2_900 for letter in "abcde") + " }",
    "unknown arguments": "{ node(" + " ".join(f"firs{number}: 1" for number in range(240)) + ") { name } }",
    "undefined variables": "{ " + " ".join(f"node(first: $v{number}) {{ name }}" for number in range(80)) + " }",
    "unused variables": "query (" + " ".join(f"$v{number}: Int" for number in range(230)) + ") { node { name } }",
    "a cycle": "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 98} }}" for n in range(98)),
    "a dense cycle": "{ ...F0 } "
    + " ".join(
        f"fragment F{number} on Query {{ " + " ".join(f"...F{other}" for other in range(17)) + " }"
        for number in range(17)
    ),
    "a long number": "{ node(first: " + "9" * 14_900 + ") { name } }",
    "a long list": "{ node(first: [" + "1 " * 900 + "]) { name } }",
}


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_document_is_refused_cheaply(query: str) -> None:
    runs = [await _measure(query) for _ in range(3)]

    result, _ = runs[0]
    assert min(seconds for _, seconds in runs) < CPU_SECONDS
    assert {(error.extensions or {})["code"] for error in result.errors or []} == {"BAD_REQUEST"}


async def test_tools_can_introspect() -> None:
    result = await SCHEMA.execute(_introspection())

    assert result.errors is None


def _documents(*, limits: Limits = LIMITS) -> Documents:
    return Documents(limits, is_introspecting=True, is_suggesting=True)


def test_a_sound_document_is_parsed_and_validated_once() -> None:
    documents = _documents()
    schema = build_schema("type Query { a: Int }")
    document = documents.parse("{ a }")

    errors = documents.validate("{ a }", document, schema)

    assert errors == []
    assert documents.find("{ a }") is document


def test_a_wrong_document_is_not_remembered() -> None:
    documents = _documents()
    schema = build_schema("type Query { a: Int }")

    errors = documents.validate("{ b }", documents.parse("{ b }"), schema)

    assert [type(error) for error in errors] == [GraphQLError]
    assert documents.find("{ b }") is None


def test_a_flood_of_dense_documents_does_not_fill_the_memory() -> None:
    documents = _documents()
    schema = build_schema("type Query { a(b: [Int]): Int }")
    texts = [f"query Q{number} {{ a(b: [{'1 ' * 980}]) }}" for number in range(45)]
    tracemalloc.start()

    for text in texts:
        documents.validate(text, documents.parse(text), schema)

    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 32 * 1024 * 1024
    assert documents.find(texts[0]) is None
    assert documents.find(texts[-1])


def test_the_least_used_document_is_forgotten_first() -> None:
    documents = _documents()
    schema = build_schema("type Query { a: Int }")
    texts = [f"query Q{number} {{ a }}" for number in range(513)]

    for text in texts:
        documents.validate(text, documents.parse(text), schema)
        documents.find(texts[0])

    assert documents.find(texts[0])
    assert documents.find(texts[1]) is None


def test_a_setting_moves_a_limit() -> None:
    documents = _documents(limits=Limits(document_characters=9, tokens=4))

    with pytest.raises(RefusedError) as too_long:
        documents.parse("{ a     }}")
    with pytest.raises(RefusedError) as too_many:
        documents.parse("{a b c}")

    assert too_long.value.message == "The document has 10 characters; at most 9 are allowed."
    assert too_many.value.message == "The document has more tokens than the 4 that are allowed."
    assert (too_many.value.extensions or {})["code"] == ErrorCode.TOO_COSTLY
