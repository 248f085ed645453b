"""Wrong variables are refused before the library reads them, at a bounded cost, and as the protocol wants it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import make_schema
from gateway.http.negotiation import JSON, RESPONSE_JSON

if TYPE_CHECKING:
    from starlette.testclient import TestClient
    from strawberry.types import ExecutionResult

pytestmark = pytest.mark.anyio

SCHEMA = make_schema()
CPU_SECONDS = 0.05  # what one request may cost
NEAR_MISS = "CREDENTIALS_SOURCE_OFG1"
GOOD = "CREDENTIALS_SOURCE_OFF"


def _publish(warnings: str) -> str:
    return f'publish(input: {{tenantId: "x", expectedVersion: 1, acceptedWarnings: {warnings}}}) {{ __typename }}'


def _list(item: str, count: int) -> str:
    return "[" + " ".join(item % number for number in range(count)) + "]"


def _many(count: int, default: str = "") -> str:
    defined = " ".join(f"$a{number}: WarningCode!{default}" for number in range(count))
    return f"mutation({defined}) {{ {_publish(_list('$a%d', count))} }}"


def _lists(count: int) -> str:
    defined = " ".join(f"$a{number}: [WarningCode!]" for number in range(count))
    asked = " ".join(f"p{number}: " + _publish(f"$a{number}") for number in range(count))
    return f"mutation({defined}) {{ {asked} }}"


def _values(count: int, value: object = NEAR_MISS) -> dict[str, Any]:
    return {f"a{number}": value for number in range(count)}


COSTLY = {
    "50 variables": (_many(50), _values(50)),
    "99 variables": (_many(99), _values(99)),
    "136 variables": (_many(136), _values(136)),
    "the last of 136": (_many(136), {**_values(136, GOOD), "a135": NEAR_MISS}),
    "a list": (_lists(1), _values(1, [NEAR_MISS] * 100)),
    "15 lists": (_lists(15), _values(15, [f"{NEAR_MISS}{number}" for number in range(100)])),
    "unknown fields": (
        "mutation($a: PublishInput!) { publish(input: $a) { __typename } }",
        {"a": {f"expectedVersio{number}": 1 for number in range(3_000)}},
    ),
    "literals": (f"mutation {{ {_publish('[' + f'{NEAR_MISS} ' * 600 + ']')} }}", {}),
    "unlike literals": (f"mutation {{ {_publish(_list('CREDENTIALS_SOURCE_O%d', 600))} }}", {}),
    "defaults": (_many(90, f" = {NEAR_MISS}"), {}),
}
ONE = "mutation($a0: WarningCode!) { " + _publish("[$a0]") + " }"


async def _measure(query: str, variables: dict[str, Any]) -> tuple[ExecutionResult, float]:
    start = time.process_time()
    result = await SCHEMA.execute(query, variable_values=variables)
    return result, time.process_time() - start


@pytest.mark.parametrize(("query", "variables"), COSTLY.values(), ids=COSTLY.keys())
async def test_values_that_nearly_fit_are_refused_cheaply(query: str, variables: dict[str, Any]) -> None:
    runs = [await _measure(query, variables) for _ in range(3)]

    result, _ = runs[0]
    assert min(seconds for _, seconds in runs) < CPU_SECONDS
    assert {(error.extensions or {})["code"] for error in result.errors or []} == {"BAD_REQUEST"}
    assert NEAR_MISS not in repr([error.formatted for error in result.errors or []])


async def test_a_document_that_is_known_has_its_variables_checked_all_the_same() -> None:
    texts = []
    for number in range(2):
        result = await SCHEMA.execute(ONE, variable_values={"a0": f"{NEAR_MISS}{number}"})
        texts.append([error.message for error in result.errors or []])

    assert texts == [["Variable $…: the value is not of type WarningCode!."]] * 2


async def test_only_the_variables_of_the_operation_that_runs_are_checked() -> None:
    document = (
        "query A($a: Boolean!) { __typename @skip(if: $a) } query B($b: Boolean!) { __typename @include(if: $b) }"
    )

    result = await SCHEMA.execute(document, variable_values={"b": True}, operation_name="B")

    assert (result.errors, result.data) == (None, {"__typename": "Query"})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("accept", "status"), [(RESPONSE_JSON, 400), (JSON, 200)])
def test_a_wrong_variable_is_an_error_of_the_request(client: TestClient, accept: str, status: int) -> None:
    body = {"query": ONE, "variables": {"a0": NEAR_MISS}}

    answers = [client.post("/graphql", json=body, headers={"Accept": accept}) for _ in range(2)]

    assert [(answer.status_code, set(answer.json())) for answer in answers] == [(status, {"errors"})] * 2
