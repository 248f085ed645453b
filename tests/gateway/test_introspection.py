"""What tools learn of the schema: all of it, without an error. `tests/test_front_door.py` measures what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from graphql import get_introspection_query

from gateway.api import make_schema
from gateway.guard import GatewaySchema
from gateway.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.anyio

WRAPPERS = (
    "fragment W on __Type { kind isOneOf ofType { kind isOneOf ofType { kind isOneOf ofType { kind isOneOf } } } }"
)
MEMBERS = "fields { type { ...W } args { type { ...W } } } inputFields { type { ...W } }"
EVERY_TYPE = f"{{ __schema {{ types {{ kind isOneOf {MEMBERS} }} }} }} {WRAPPERS}"
EVERYTHING = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    one_of=True,
)


@strawberry.input(one_of=True)
class Contact:
    mail: strawberry.Maybe[str]
    phone: strawberry.Maybe[str]


@strawberry.input
class Name:
    first: str


@strawberry.type
class Query:
    @strawberry.field
    def found(self, contact: Contact, names: list[Name]) -> bool:
        return contact.mail is None and not names


@pytest.fixture
def schema() -> GatewaySchema:
    """The real one, new for each test: graphql-core's types are shared, so the last schema built has set them up."""
    return make_schema()


def _walk(value: object) -> Iterator[dict[str, Any]]:
    """Every description of a type in an answer."""
    if isinstance(value, dict):
        if "isOneOf" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


async def test_each_type_through_all_its_wrappers_says_whether_it_is_one_of(schema: GatewaySchema) -> None:
    result = await schema.execute(EVERY_TYPE)

    assert result.errors is None
    told = {(each["kind"], each["isOneOf"]) for each in _walk(result.data)}
    assert told >= {("NON_NULL", None), ("LIST", None), ("OBJECT", None), ("INPUT_OBJECT", False)}
    assert {is_one_of for kind, is_one_of in told if kind != "INPUT_OBJECT"} == {None}


@pytest.mark.parametrize(("name", "told"), [("Contact", True), ("Name", False), ("Query", None), ("String", None)])
async def test_only_an_input_object_can_be_one_of(name: str, told: object) -> None:
    schema = GatewaySchema(query=Query, limits=Limits())

    result = await schema.execute(f'{{ __type(name: "{name}") {{ isOneOf }} }}')

    assert (result.errors, result.data) == (None, {"__type": {"isOneOf": told}})


async def test_a_tool_learns_everything_at_once(schema: GatewaySchema) -> None:
    result = await schema.execute(EVERYTHING)

    assert result.errors is None
    assert {"Query", "Mutation", "WarningCode"} <= {each["name"] for each in (result.data or {})["__schema"]["types"]}
