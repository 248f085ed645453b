"""What the plan of a document answers is what the library answers when it executes the document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_union_type, parse, validate
from hypothesis import assume, given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from gateway.api import make_schema
from gateway.plan import Plan, make_plan
from gateway.reads import NotPlainError, find_read
from gateway.schema.enums import AppKind
from gateway.schema.problems import UnknownProvider
from gateway.schema.scalars import SCALARS
from gateway.schema.softphone import SoftphoneConfig, SoftphoneConfigResult
from tenants import model
from tests import make
from tests.bare_schema import make_bare_schema
from tests.edge.published import published

SCHEMA = make_schema()._schema  # noqa: SLF001 - what a plan is made with
TYPES: dict[str, Any] = dict(SCHEMA.type_map)
ASKED = "softphoneConfig(providerId: $id, app: $app)"
HEAD = "($id: String!, $app: AppKind!)"
VARIABLES = {"id": "AcmeInc", "app": "WHITELABEL"}
ON = {"SoftphoneConfigResult": ["SoftphoneConfig", "SoftphoneScreens", "UnknownProvider", "Refusal"],
      "SignInScreen": ["StandardSignIn", "ProvisioningForm"]}  # fmt: skip
NAMED = ["SoftphoneConfig", "SoftphoneScreens", "Refusal", "Branding", "SignInScreen", "Help", "HelpLink"]
INTERFACES = {"SoftphoneConfig": ["SoftphoneScreens"], "UnknownProvider": ["Refusal"]}


def selections(type_name: str, depth: int = 3) -> st.SearchStrategy[str]:
    """What may stand between the braces of something of that type."""
    choices = [st.sampled_from(["__typename", "kind: __typename"])]
    conditions = [*ON.get(type_name, [type_name]), *INTERFACES.get(type_name, [])]
    if depth:
        inner = st.sampled_from(conditions).flatmap(
            lambda name: selections(name, depth - 1).map(lambda text: f"... on {name} {{ {text} }}")
        )
        choices += [inner, selections(type_name, depth - 1).map(lambda text: f"... {{ {text} }}")]
        choices += [st.just(f"...Of{name}") for name in conditions if name in NAMED]
    if type_name not in ON:
        names = st.sampled_from(sorted(TYPES[type_name].fields))
        choices.append(names.flatmap(lambda name: field(type_name, name, depth)))
    return st.lists(st.one_of(choices), min_size=1, max_size=4).map(" ".join)


def field(type_name: str, name: str, depth: int) -> st.SearchStrategy[str]:
    named: Any = get_named_type(TYPES[type_name].fields[name].type)
    spelt = st.sampled_from([name, f"also_{name}: {name}"])
    if is_leaf_type(named):
        return spelt
    inner = selections(named.name, max(depth - 1, 0))
    return st.tuples(spelt, inner).map(lambda parts: f"{parts[0]} {{ {parts[1]} }}")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A query of one config, with fragments of a name for all that spread them."""
    asked = f"{ASKED} {{ {draw(selections('SoftphoneConfigResult'))} }}"
    more = draw(st.sampled_from(["", "__typename", f"{ASKED} {{ __typename }}", "t: __typename ...OfQuery"]))
    root = draw(st.permutations([asked, more]))
    texts = {name: draw(selections(name, 1)) for name in NAMED}
    texts["Query"] = draw(st.sampled_from(["__typename", asked]))
    fragments = {name: f"fragment Of{name} on {name} {{ {text} }}" for name, text in texts.items()}
    document = f"query Config{HEAD} {{ {' '.join(root)} }}"
    while missing := [name for name in fragments if f"...Of{name} " in document and fragments[name] not in document]:
        document = "\n".join([document, *(fragments[name] for name in missing)])
    return document


@strawberry.type
class Query:
    @strawberry.field
    def softphone_config(self, info: strawberry.Info, provider_id: str, app: AppKind) -> SoftphoneConfigResult:
        info.context["given"] = {"providerId": provider_id, "app": app}
        result: SoftphoneConfigResult = info.context["result"]
        return result


LIBRARY = make_bare_schema(Query, types=[SoftphoneConfig], config=StrawberryConfig(scalar_map=SCALARS))


def execute(document: str, result: object) -> tuple[Any, Any]:
    """By the library alone; and what the field was given."""
    context = {"result": result}
    executed = LIBRARY.execute_sync(document, VARIABLES, context_value=context)
    assert not executed.errors
    return executed.data, context["given"]


def plan_of(document: str) -> Plan:
    plan = make_plan(SCHEMA, document, parse(document))
    assert plan is not None
    return plan


def config_of(settings: model.Config) -> SoftphoneConfig:
    one = published()
    return SoftphoneConfig.of(replace(one, revision=replace(one.revision, config=settings)))


@given(documents(), make.CONFIGS.map(config_of) | st.just(UnknownProvider()))
def test_a_plan_answers_as_the_library_does(document: str, result: object) -> None:
    assume(not validate(SCHEMA, parse(document)))
    plan = plan_of(document)

    answer = plan.answer(result)

    executed, given_to_field = execute(document, result)
    assert answer == executed
    assert str(answer) == str(executed)  # the order of fields, too
    assert plan.read_arguments(VARIABLES) == given_to_field
    assert str(plan.answer(result)) == str(executed)  # again by the same plan


def test_every_field_that_a_softphone_can_ask_for_is_read_by_a_plan() -> None:
    """Or its config would be read twice: by the plan that gives up, and by the application."""
    pending, seen = ["SoftphoneConfigResult"], set[str]()
    while pending:
        type_ = TYPES[pending.pop()]
        members = type_.types if is_union_type(type_) else [type_] if isinstance(type_, GraphQLObjectType) else []
        for member in members:
            fields = {name: get_named_type(each.type).name for name, each in member.fields.items()}
            assert [name for name in fields if find_read(member, name) is None] == []
            seen.add(member.name)
            pending += [name for name in fields.values() if name not in seen]

    assert {"SoftphoneConfig", "UnknownProvider", "HelpLink", "ProvisioningForm", "StandardSignIn"} <= seen


@pytest.mark.parametrize(
    "document",
    [
        f"query{HEAD} {{ {ASKED} {{ __typename @skip(if: true) }} }}",
        f"query{HEAD} {{ ...F @include(if: true) }} fragment F on Query {{ {ASKED} {{ __typename }} }}",
        f"query{HEAD} {{ {ASKED} {{ __typename }} b: {ASKED} {{ __typename }} }}",
        f"query{HEAD} {{ {ASKED} {{ __typename }} viewer {{ name }} }}",
        f"query A{HEAD} {{ {ASKED} {{ __typename }} }} query B {{ __typename }}",
        "{ __typename }",
    ],
)
def test_a_document_that_asks_for_more_or_less_than_one_config_has_no_plan(document: str) -> None:
    assert make_plan(SCHEMA, document, parse(document)) is None


@pytest.mark.parametrize(
    "variables",
    [None, {"id": "AcmeInc"}, VARIABLES | {"app": "GENERI"}, VARIABLES | {"id": None}, VARIABLES | {"id": 1}],
)
def test_what_cannot_be_run_is_left_to_the_library(variables: dict[str, Any] | None) -> None:
    plan = plan_of(f"query Config{HEAD} {{ {ASKED} {{ __typename }} }}")

    with pytest.raises(NotPlainError):
        plan.read_arguments(variables)


def test_a_plan_is_for_the_operation_that_is_named() -> None:
    named = plan_of(f"query Config{HEAD} {{ {ASKED} {{ __typename }} }}")
    nameless = plan_of(f"query{HEAD} {{ {ASKED} {{ __typename }} }}")

    assert [named.runs(name) for name in (None, "Config", "Other", "")] == [True, True, False, False]
    assert [nameless.runs(name) for name in (None, "Config")] == [True, False]
