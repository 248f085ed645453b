from __future__ import annotations

import json
import logging
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

import pytest
import strawberry
import structlog
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from gateway.errors import BadRequestError
from gateway.guard import GatewaySchema
from gateway.limits import Limits
from gateway.refusals import ErrorCode, RefusedError, request_error
from tenants.access import Permission
from tenants.errors import ForbiddenError, NotFoundError, UnauthenticatedError, UnavailableError
from tests.bare_schema import make_bare_schema
from tests.wrong_shapes import CANARY, CANARY_NUMBER, WrongShape, list_wrong_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

Pin = NewType("Pin", str)


def _parse_pin(value: object) -> Pin:
    if not isinstance(value, str) or " " in value:
        raise ValueError(f"not a pin: {value}")
    return Pin(value)


@strawberry.enum
class Color(Enum):
    RED = "red"


@strawberry.input
class Login:
    username: str
    password: str
    attempts: int = 1
    is_kept: bool = False


@strawberry.input(one_of=True)
class Contact:
    mail: strawberry.Maybe[str]
    login: strawberry.Maybe[Login]


@strawberry.input
class SaveInput:
    name: str
    login: Login
    color: Color = Color.RED
    ratio: float = 1.0
    notes: list[str] | None = None
    logins: list[Login] | None = None
    contact: Contact | None = None
    pin: Pin | None = None
    nickname: strawberry.Maybe[str]


@strawberry.type
class Saved:
    version: int = 1


@strawberry.type
class Query:
    @strawberry.field
    def saved(self, login: Login | None = None, pin: Pin | None = None) -> Saved | None:
        return Saved()

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError(f"a bug with {CANARY}")

    @strawberry.field
    def unserialisable(self) -> int | None:
        return CANARY  # type: ignore[return-value]  # the bug under test

    @strawberry.field
    def refused(self, how: str) -> str | None:
        raise _REFUSALS[how]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def save(self, input: SaveInput) -> Saved | None:
        return Saved()


_REFUSALS: dict[str, Exception] = {
    "unauthenticated": UnauthenticatedError(CANARY),
    "forbidden": ForbiddenError(next(iter(Permission))),
    "unavailable": UnavailableError(CANARY),
    "bad": BadRequestError("first is 1 to 100."),
    "ours": RefusedError("Too much.", ErrorCode.TOO_COSTLY),
    "absent": NotFoundError(CANARY),
}


def _build(*, is_suggesting: bool = True) -> GatewaySchema:
    return GatewaySchema(
        query=Query,
        mutation=Mutation,
        limits=Limits(),
        is_suggesting=is_suggesting,
        config=StrawberryConfig(scalar_map={Pin: strawberry.scalar(name="Pin", serialize=str, parse_value=_parse_pin)}),
    )


SCHEMA = _build()


async def _ask(query: str, variables: dict[str, Any] | None = None, name: str | None = None) -> list[dict[str, Any]]:
    result = await SCHEMA.execute(query, variable_values=variables, operation_name=name)
    return [dict(error.formatted) for error in result.errors or []]


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


SHAPES = list(list_wrong_shapes(SCHEMA._schema))  # noqa: SLF001  # the library offers no other way to it


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.label)
async def test_a_secret_in_the_wrong_place_is_neither_answered_nor_logged(
    shape: WrongShape, log: list[Any], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    errors = await _ask(shape.query, shape.variables, shape.operation_name)

    everything = json.dumps(errors) + repr(log) + caplog.text + "".join(capfd.readouterr())
    assert CANARY not in everything
    assert str(CANARY_NUMBER) not in everything
    assert repr(float(CANARY_NUMBER)) not in everything
    assert {error["extensions"]["code"] for error in errors} <= {"BAD_REQUEST", "TOO_COSTLY"}
    assert len(errors) <= 5
    assert log == []


async def test_the_library_itself_would_have_told_the_secret() -> None:
    """Without this, a generator that sends nothing would pass the test above."""
    bare = make_bare_schema(query=Query, mutation=Mutation, config=SCHEMA.config)
    bare.process_errors = lambda *_: None  # type: ignore[method-assign]  # it prints the errors

    told = [await bare.execute(shape.query, variable_values=shape.variables) for shape in SHAPES[:200]]

    assert sum(CANARY in repr(result.errors) for result in told) > 100


async def test_each_input_object_of_the_schema_was_tried() -> None:
    labels = {shape.label.split(":")[0] for shape in SHAPES}

    assert labels >= {"save.input", "save.input.login", "save.input.logins", "save.input.contact.login", "saved.login"}


async def test_a_misspelt_field_is_told_with_its_place_and_a_suggestion() -> None:
    errors = await _ask('mutation { save(input: {name: "a", login: {username: "b", pasword: "SECRET"}}) { version } }')

    assert errors == [
        {
            "message": "Expected value of type 'Login' to include required field 'password'.",
            "locations": [{"line": 1, "column": 43}],
            "extensions": {"code": "BAD_REQUEST"},
        },
        {
            "message": "Expected value of type 'Login' not to include unknown field '…'. Did you mean 'password'?",
            "locations": [{"line": 1, "column": 59}],
            "extensions": {"code": "BAD_REQUEST"},
        },
    ]


async def test_a_wrong_variable_is_told_by_its_path() -> None:
    variables = {"input": {"name": "a", "login": {"username": 1, "password": "SECRET"}, "logins": [{"username": "b"}]}}

    errors = await _ask("mutation ($input: SaveInput!) { save(input: $input) { version } }", variables)

    assert [(error["message"], error["extensions"]["path"]) for error in errors] == [
        ("Variable $input, login.username: the value is not of type String!.", ["login", "username"]),
        ("Variable $input, logins.0.password: a value is missing.", ["logins", "0", "password"]),
    ]


async def test_null_for_a_required_argument_is_the_clients_mistake(log: list[Any]) -> None:
    errors = await _ask('query ($how: String = "bad") { refused(how: $how) }', {"how": None})

    assert [(error["message"], error["extensions"]) for error in errors] == [
        ("Argument 'how' has invalid value.", {"code": "BAD_REQUEST"})
    ]
    assert log == []


async def test_a_mutation_where_only_queries_may_be_is_left_to_the_http_layer() -> None:
    with pytest.raises(InvalidOperationTypeError):
        await SCHEMA.execute("mutation { __typename }", allowed_operation_types=[OperationType.QUERY])


async def test_a_syntax_error_is_told_by_its_place() -> None:
    errors = await _ask('{\n  broken "SECRET" }')

    assert errors == [
        {
            "message": "The document is not valid GraphQL at line 2, column 10. Expected Name.",
            "locations": [{"line": 2, "column": 10}],
            "extensions": {"code": "BAD_REQUEST"},
        }
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ brokn }", "Cannot query field '…' on type 'Query'. Did you mean 'broken'?"),
        ("{ refused(hwo: 1) }", "Unknown argument '…' on field 'Query.refused'. Did you mean 'how'?"),
        (
            "{ saved }",
            "Field 'saved' of type 'Saved' must have a selection of subfields. Did you mean 'saved { ... }'?",
        ),
        ("query ($a: Logn) { broken }", "Unknown type '…'. Did you mean 'Login'?"),
        ("query ($a: Saved) { broken }", "Variable '$…' cannot be non-input type 'Saved'."),
        ("{ saved { ...on Query { broken } } }", "Fragment cannot be spread here as objects of type 'Saved' can never"),
        ("{ broken @skip }", "Argument '@skip(if:)' of type 'Boolean!' is required, but it was not provided."),
        ("{ a: broken a: unserialisable }", "Two fields of one name ask for different things: give one of them an"),
        ("subscription { broken }", "The subscription operation is not supported by the schema."),
    ],
)
async def test_a_developer_reads_what_is_wrong(query: str, message: str) -> None:
    errors = await _ask(query)

    assert any(error["message"].startswith(message) for error in errors), errors


@pytest.mark.parametrize(
    "query",
    [
        "{ brokn }",
        "{ refused(hwo: 1) }",
        "query ($a: Logn) { broken }",
        'mutation { save(input: {nam: "a"}) { version } }',
        'mutation { save(input: {color: RE, name: "", login: {username: "", password: ""}}) { version } }',
        "{ broken @skp }",
        "{ saved { ...on Savd { version } } }",
    ],
)
async def test_nothing_is_suggested_where_suggestions_are_off(query: str) -> None:
    schema = _build(is_suggesting=False)

    result = await schema.execute(query)

    assert result.errors
    assert "Did you mean" not in repr(result.errors)


@pytest.mark.parametrize(
    ("how", "message", "code"),
    [
        ("unauthenticated", "Sign in first.", "UNAUTHENTICATED"),
        ("forbidden", f"You lack the permission {next(iter(Permission)).value}.", "FORBIDDEN"),
        ("unavailable", "The gateway cannot reach its database right now. Try again.", "UNAVAILABLE"),
        ("bad", "first is 1 to 100.", "BAD_REQUEST"),
        ("ours", "Too much.", "TOO_COSTLY"),
    ],
)
async def test_a_refusal_in_a_resolver_has_its_code_and_is_no_bug(
    how: str, message: str, code: str, log: list[Any]
) -> None:
    errors = await _ask("query ($how: String!) { refused(how: $how) }", {"how": how})

    assert [(error["message"], error["extensions"], error["path"]) for error in errors] == [
        (message, {"code": code}, ["refused"])
    ]
    assert log == []


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("broken", "{ broken }"),
        ("unserialisable", "{ a: unserialisable }"),
        ("refused", '{ refused(how: "absent") }'),
    ],
)
async def test_a_bug_is_masked_and_logged_once(
    field: str, query: str, log: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        errors = await _ask(query)

    assert [error["message"] for error in errors] == ["Something went wrong."]
    assert errors[0]["extensions"] == {"code": "INTERNAL", "requestId": "request-1"}
    assert [(line["event"], line["field"]) for line in log] == [("operation_failed", field)]
    assert isinstance(log[0]["exc_info"], Exception)
    assert caplog.text == ""


async def test_an_alias_is_not_logged(log: list[Any]) -> None:
    await _ask(f"{{ {CANARY}: broken }}")

    assert log[0].pop("exc_info")
    assert CANARY not in repr(log)


async def test_what_an_extension_raises_is_masked_and_logged_once(log: list[Any]) -> None:
    class Faulty(strawberry.extensions.SchemaExtension):
        def on_execute(self) -> Iterator[None]:
            yield from self._fail()

        def _fail(self) -> Iterator[None]:
            raise ValueError(CANARY)

    schema = GatewaySchema(query=Query, limits=Limits(), config=SCHEMA.config, extensions=[Faulty])

    result = await schema.execute("{ broken }")

    assert [error.formatted for error in result.errors or []] == [
        {"message": "Something went wrong.", "extensions": {"code": "INTERNAL"}}
    ]
    assert len(log) == 1


async def test_the_client_reads_five_errors_at_most() -> None:
    errors = await _ask("{ " + " ".join(f"zzz{number}" for number in range(100)) + " }")

    assert len(errors) == 5
    assert errors[-1]["message"] == "There are more errors than are listed here."


async def test_five_bugs_are_told_of_nine() -> None:
    errors = await _ask("{ " + " ".join(f"a{number}: broken" for number in range(9)) + " }")

    assert [error["path"] for error in errors] == [["a0"], ["a1"], ["a2"], ["a3"], ["a4"]]


async def test_long_aliases_do_not_make_a_long_answer() -> None:
    errors = await _ask(f"{{ {'a' * 6000}: broken b: broken }}")

    assert len(json.dumps(errors)) <= 4096
    assert errors[0]["message"] == "Something went wrong."


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        (
            "query A { broken } query B { broken }",
            None,
            "The document has 2 operations: name one of them in operationName.",
        ),
        ("query A { broken }", CANARY, "The document has no operation of the name in operationName."),
        ("{ broken }", CANARY, "The document has no operation of the name in operationName."),
        ("fragment A on Query { broken }", None, "The document has no operation to run."),
    ],
)
async def test_the_operation_must_be_named_exactly(query: str, name: str | None, message: str) -> None:
    errors = await _ask(query, name=name)

    assert errors == [{"message": message, "extensions": {"code": "BAD_REQUEST"}}]


async def test_the_named_operation_runs() -> None:
    result = await SCHEMA.execute("query A { broken } query B { saved { version } }", operation_name="B")

    assert (result.data, result.errors) == ({"saved": {"version": 1}}, None)


def test_a_request_that_never_became_an_operation_has_the_same_shape() -> None:
    assert request_error("The body is not JSON.", ErrorCode.BAD_REQUEST) == {
        "errors": [{"message": "The body is not JSON.", "extensions": {"code": "BAD_REQUEST"}}]
    }
