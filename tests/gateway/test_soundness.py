"""What is called sound at a glance is sound to every rule, and costs no more of the rules' budget than was reckoned."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from graphql import (
    FragmentDefinitionNode,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    build_schema,
    parse,
    validate,
)
from graphql.validation.rules.overlapping_fields_can_be_merged import MAX_COMPLEXITY_BUDGET
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import soundness
from gateway.api import make_schema
from gateway.soundness import is_surely_sound
from gateway.validation import RULES
from tests.gateway.authored import SCHEMA, Author
from tests.gateway.test_validation import SOUND, WRONG, parsed, shortened
from tests.proofs import count

GATEWAY = make_schema()._schema  # noqa: SLF001 - the library's own name for graphql-core's schema
KIT = Path(__file__).parents[2] / "kit" / "documents"


class _Counted(OverlappingFieldsCanBeMergedRule):
    """Keeps its last one."""

    latest: _Counted

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        _Counted.latest = self


def reckon(text: str) -> tuple[int, int]:
    """How many comparisons were reckoned with, and how many the rule made."""
    document = parse(text)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    walk = soundness._Walk(SCHEMA, fragments)  # noqa: SLF001 - what it reckons is no answer of it
    walk.check(operations[0])
    assert validate(SCHEMA, document, [_Counted]) == []
    return walk._most_comparisons(), MAX_COMPLEXITY_BUDGET - _Counted.latest.rule_context.remaining_complexity_budget  # noqa: SLF001 - as above


def test_what_is_called_sound_is_sound_to_the_rules_and_within_their_budget() -> None:
    found: list[bool] = []

    @settings(max_examples=count(full=30_000, ci=500))
    @given(st.integers(0), st.sampled_from([0, 0.01, 0.05]))
    def holds(seed: int, slips: float) -> None:
        text = Author(Random(seed), slips).write()  # noqa: S311 - no secret
        found.append(is_surely_sound(parse(text), SCHEMA))
        if found[-1]:
            assert validate(SCHEMA, parse(text), RULES) == []
            most, made = reckon(text)
            assert made <= most

    holds()
    assert sum(found) > len(found) / 10
    assert found.count(False) > len(found) / 10


UNSOUND = {
    "an unknown field": "{ nothing }",
    "a field of another type": "{ pet { age } }",
    "a field of a union": "{ any { name } }",
    "no fields": "{ pet }",
    "fields of a leaf": "{ required(id: 1) { name } }",
    "two of one name": "{ a: self { any { __typename } } a: any { __typename } }",
    "two leaves of one name": "{ pet { name name: kind } }",
    "two leaves of one type": "{ pet { ... on Cat { x: name x: age } } }",
    "two of other arguments": "{ required(id: 1) required(id: 2) }",
    "with and without arguments": "{ in in(none: 1.5) }",
    "two of one name in fragments": "{ pet { ...A ... on Pet { x: kind } } } fragment A on Pet { x: name }",
    "types that differ": "{ pet { ... on Dog { age } ... on Cat { age } } }",
    "wrappers that differ": "{ pet { ... on Dog { tags } ... on Cat { tags } } }",
    "an unknown argument": "{ required(id: 1, x: 2) }",
    "an argument of a leaf": "{ pet { name(x: 1) } }",
    "an argument twice": "{ required(id: 1, id: 1) }",
    "no argument": "{ required }",
    "a wrong literal": "{ required(id: 1.5) }",
    "an unknown literal": "{ pets(only: MOUSE) { name } }",
    "a null": "{ required(id: null) }",
    "an item": "{ pets(only: [DOG, MOUSE]) { name } }",
    "an unknown input field": "{ in(input: {b: 1}) }",
    "an input field twice": "{ in(input: {a: 1, a: 1}) }",
    "an unknown variable in an object": "{ in(input: {a: $a}) }",
    "an unknown variable in a list": "{ pets(only: [$kind]) { name } }",
    "an unknown variable": "{ required(id: $id) }",
    "an unknown variable in a fragment": "{ ...A } fragment A on Query { required(id: $id) }",
    "an unused variable": "query($id: ID) { any { __typename } }",
    "a variable twice": "query($id: ID!, $id: ID!) { required(id: $id) }",
    "a variable that may be null": "query($id: ID) { required(id: $id) }",
    "a variable of another type": "query($id: Int!) { required(id: $id) }",
    "a variable of no list": "query($kind: Kind!) { pets(only: $kind) { name } }",
    "a variable of an unknown type": "query($id: Nothing) { required(id: $id) }",
    "a variable of an output type": "query($id: Pet) { in(input: $id) }",
    "a wrong default": "query($id: ID! = 1.5) { required(id: $id) }",
    "a directive on a variable": "query($id: ID! @nothing) { required(id: $id) }",
    "a directive on an operation": "query @nothing { any { __typename } }",
    "a directive on a field": "{ any @nothing { __typename } }",
    "a directive on a spread": "{ ...A @nothing } fragment A on Query { any { __typename } }",
    "a directive on a fragment": "{ ...A } fragment A on Query @nothing { any { __typename } }",
    "a directive on selections": "{ ... @nothing { any { __typename } } }",
    "an unknown fragment": "{ ...A }",
    "an unused fragment": "{ any { __typename } } fragment A on Query { any { __typename } }",
    "a fragment twice": "{ ...A } fragment A on Query { in } fragment A on Query { in }",
    "a fragment in itself": "{ ...A } fragment A on Query { in ...A }",
    "a fragment in a fragment in itself": "{ ...A } fragment A on Query { self { ...B } } fragment B on Query { ...A }",
    "a fragment on an unknown type": "{ ...A } fragment A on Nothing { in }",
    "a fragment on a leaf": "{ ... on Int { in } }",
    "a fragment on an input type": "{ ... on Input { a } }",
    "a fragment on a type that never is there": "{ pet { ... on Person { name } } }",
    "a spread on a type that never is there": "{ pet { ...A } } fragment A on Person { name }",
    "two operations of one name": "query A { in } query A { in }",
    "an anonymous operation and another": "{ in } query A { in }",
    "no operation": "fragment A on Query { in }",
    "a type": "{ in } type A { b: Int }",
    "two fields of a subscription": "subscription { a: pet { name } b: pet { name } }",
    "introspection too deep": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
}


@pytest.mark.parametrize("text", UNSOUND.values(), ids=UNSOUND)
def test_what_a_rule_is_against_is_not_called_sound(text: str) -> None:
    assert validate(SCHEMA, parse(text), RULES) != []
    assert not is_surely_sound(parse(text), SCHEMA)


@pytest.mark.parametrize(
    "text",
    ["{ ...A } fragment A($x: Int = 1) on Query { in }", "{ ...A(x: 1) } fragment A on Query { in }"],
    ids=["of a fragment", "of a spread"],
)
def test_variables_and_arguments_of_fragments_are_left_to_the_rules(text: str) -> None:
    document = parse(text, experimental_fragment_arguments=True)

    assert validate(SCHEMA, document, RULES) != []
    assert not is_surely_sound(document, SCHEMA)


@pytest.mark.parametrize("operation", ["mutation", "subscription"])
def test_an_operation_without_its_root_type_is_not_called_sound(operation: str) -> None:
    schema = build_schema("type Query { in: Int }")

    assert not is_surely_sound(parse(operation + " { __typename }"), schema)


def test_what_the_softphones_send_is_called_sound() -> None:
    found = [parse(path.read_text()) for path in sorted(KIT.glob("*.graphql"))]

    assert [is_surely_sound(document, GATEWAY) for document in found] == [True] * 3


def test_no_broken_document_of_our_own_is_called_sound() -> None:
    found = parsed([*SOUND, *WRONG, *(short for text in SOUND for short in shortened(text))])
    sound = [document for document in found if is_surely_sound(document, GATEWAY)]

    assert [errors for document in sound if (errors := validate(GATEWAY, document, RULES))] == []
    assert len(found) > len(sound) > len(SOUND)


def spread_all(fragments: int, fields: int) -> str:
    """So many fragments beside each other, each with so many fields of names of their own."""
    bodies = [" ".join(f"f{number}_{field}: in" for field in range(fields)) for number in range(fragments)]
    defined = " ".join(f"fragment F{number} on Query {{ {body} }}" for number, body in enumerate(bodies))
    return f"{{ {' '.join(f'...F{number}' for number in range(fragments))} }} {defined}"


@pytest.mark.parametrize("text", [spread_all(60, 3), spread_all(12, 100), "{ " + "in " * 80 + "}"])
def test_fields_that_cost_more_comparisons_than_allowed_are_left_to_the_rule(text: str) -> None:
    assert [error.message for error in validate(SCHEMA, parse(text), RULES)] == ["Validation aborted."]
    assert not is_surely_sound(parse(text), SCHEMA)


def test_fragments_that_nest_deeper_than_the_library_goes_are_left_to_it() -> None:
    deep = "{ " + "... on Query { " * 24 + "INNER" + " }" * 25
    inner = [f"...F{number}" for number in range(1, 10)] + ["in"]
    fragments = [f"fragment F{number} on Query {deep.replace('INNER', inner[number])}" for number in range(10)]
    text = "{ ...F0 } " + " ".join(fragments)

    assert [error.message for error in validate(SCHEMA, parse(text), RULES)] == ["Validation aborted."]
    assert not is_surely_sound(parse(text), SCHEMA)
