"""The laws of the API that the schema itself can be held to."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from gateway.api import make_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLNamedType

    from tests.conftest import Ask

SCHEMA = make_schema()._schema  # noqa: SLF001 - the library's own name for graphql-core's schema
TYPES = [kind for kind in SCHEMA.type_map.values() if not is_introspection_type(kind)]
OBJECTS = [kind for kind in TYPES if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)]
UNIONS = [kind for kind in TYPES if isinstance(kind, GraphQLUnionType)]
CONNECTION = re.compile(r"(\w+)Connection!?")


ANONYMOUS = {"provision", "redeemSetupLink", "acceptInvitation", "setPassword", "signIn"}
"""Mutations that ask for no permission: what is sent is the credential."""
OF_ONES_OWN = {"signOut", "endSession", "changePassword"}
"""Mutations of one's own account, for which nobody needs a permission."""
BY_ADDRESS = {"createPasswordReset"}
"""Mutations on one thing that is named by something else than its id."""


def describable() -> Iterator[tuple[str, str | None]]:
    """Everything that GraphiQL shows, by its coordinate, with its description."""
    for kind in TYPES:
        if not is_specified_scalar_type(kind):
            yield kind.name, kind.description
        yield from parts_of(kind)


def parts_of(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field.description
            for argument, described in field.args.items():
                yield f"{kind.name}.{name}({argument}:)", described.description
    if isinstance(kind, GraphQLInputObjectType):
        yield from ((f"{kind.name}.{name}", field.description) for name, field in kind.fields.items())
    if isinstance(kind, GraphQLEnumType):
        yield from ((f"{kind.name}.{name}", value.description) for name, value in kind.values.items())


def test_everything_has_a_description() -> None:
    lacking = [coordinate for coordinate, description in describable() if not (description or "").strip()]

    assert lacking == []


def test_descriptions_are_sentences() -> None:
    fragments = [
        coordinate for coordinate, text in describable() if not (text or "").rstrip().endswith((".", "`", ")"))
    ]

    assert fragments == []


@pytest.mark.parametrize("union", UNIONS, ids=str)
def test_fields_of_one_name_in_the_members_of_a_union_have_one_type(union: GraphQLUnionType) -> None:
    types: dict[str, set[str]] = {}
    for member in union.types:
        for name, field in member.fields.items():
            types.setdefault(name, set()).add(str(field.type))

    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_every_mutation_takes_one_input_and_answers_one_event_or_refusals() -> None:
    refusal = SCHEMA.type_map["Refusal"]
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        result = field.type.of_type
        assert isinstance(result, GraphQLUnionType), name
        events = [member for member in result.types if refusal not in member.interfaces]
        assert len(events) == 1, name
        assert re.fullmatch(r"\w+(ed|edIn|edOut|Saved|Made|Set)", events[0].name), name
        assert list(field.args) == ["input"], name
        assert str(field.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"


def test_whatever_says_why_nothing_was_done_is_a_refusal() -> None:
    refusal = SCHEMA.type_map["Refusal"]
    answered = {member for union in UNIONS if union.name.endswith("Result") for member in union.types}
    successes = {"SoftphoneConfig"} | {
        member.name for union in UNIONS if union.name.endswith("Result") for member in union.types[:1]
    }

    refusals = {kind for kind in answered if kind.name not in successes}

    assert refusals
    assert all(refusal in kind.interfaces for kind in refusals)
    assert refusals == set(SCHEMA.get_possible_types(refusal))  # type: ignore[arg-type]  # an interface, as seen above


def test_every_mutation_on_one_thing_can_answer_that_there_is_none() -> None:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        inputs = field.args["input"].type.of_type
        members = {member.name for member in field.type.of_type.types}
        has_id = any(str(sent.type) == "ID!" for sent in inputs.fields.values())
        assert ("Forbidden" in members) is (name not in ANONYMOUS | OF_ONES_OWN), name
        assert ("NotFound" in members) is (has_id or name in BY_ADDRESS), name
        assert ("VersionConflict" in members) is ("expectedVersion" in inputs.fields), name


def test_no_answer_is_a_flag() -> None:
    flags = [f"{kind.name}.{name}" for kind in OBJECTS for name in kind.fields if name in {"ok", "success", "error"}]

    assert flags == []


def test_lists_that_grow_are_connections_with_keyset_pages() -> None:
    connections = [
        (f"{kind.name}.{name}", field)
        for kind in OBJECTS
        for name, field in kind.fields.items()
        if CONNECTION.fullmatch(str(field.type))
    ]

    assert {name for name, _ in connections} == {
        "Query.tenants",
        "Tenant.members",
        "Tenant.revisions",
        "Tenant.setupLinks",
        "Tenant.tokens",
        "Tenant.auditLog",
        "Query.auditLog",
    }
    for _, field in connections:
        assert (str(field.args["first"].type), field.args["first"].default_value) == ("Int!", 20)
        assert str(field.args["after"].type) == "String"
        assert set(get_named_type(field.type).fields) == {"edges", "pageInfo"}


def test_inputs_are_text_and_outputs_are_typed() -> None:
    inputs = [kind for kind in TYPES if isinstance(kind, GraphQLInputObjectType)]
    scalars = {
        kind.name for kind in TYPES if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)
    }

    sent = {str(field.type).strip("[]!") for kind in inputs for field in kind.fields.values()}

    assert scalars == {"ProviderId", "ThemeColor", "HttpsUrl", "LinkTemplate", "EmailAddress", "DateTime"}
    assert sent & scalars == {"DateTime"}  # a moment has one spelling, and no form shows problems beside it


def test_every_scalar_says_where_it_is_specified() -> None:
    scalars = [kind for kind in TYPES if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)]

    assert [kind.name for kind in scalars if not (kind.specified_by_url or "").startswith(("https://", "/docs/"))] == []


def test_an_absent_field_of_a_save_can_be_told_from_null() -> None:
    for name in ("BrandingInput", "ProvisioningInput", "HelpInput"):
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLInputObjectType)
        assert all(not str(field.type).endswith("!") for field in kind.fields.values()), name


def test_the_committed_schema_is_what_the_code_says(root: Path) -> None:
    committed = build_schema((root / "schema.graphql").read_text("utf-8"))

    assert find_breaking_changes(committed, SCHEMA) == []
    assert find_breaking_changes(SCHEMA, committed) == []
    assert find_dangerous_changes(committed, SCHEMA) == []


def test_ids_give_nothing_away_to_the_eye_and_differ_between_kinds(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    ask.publish(tenant)
    document = "query($id: ID!) { node(id: $id) { id ... on Tenant { draft { id } published { id } } } }"

    found: dict[str, Any] = ask(document, {"id": tenant})

    ids = [found["id"], found["draft"]["id"], found["published"]["id"]]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[\w-]+", one) and not one.isdigit() for one in ids)
    assert not any(b"AcmeInc" in base64.urlsafe_b64decode(f"{one}==") for one in ids)
