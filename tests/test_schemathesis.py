"""Documents that Schemathesis makes up from the schema, against a real server process (must-show 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis

from tests.operators import create_token
from tests.proofs import count
from tests.servers import RunningProcess, gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('schemathesis') / 'gateway.db'}"


@pytest.fixture(scope="module")
def server(database: str) -> Iterator[RunningProcess]:
    """A gateway of its own: what is made up here changes tenants."""
    with gateway_process("serve", "--port", "0", "--database", database, env={}) as it:
        yield it


@pytest.fixture(params=["anonymous", "admin"])
def headers(request: pytest.FixtureRequest, server: RunningProcess, database: str) -> dict[str, str]:
    """Who asks."""
    assert server.popen.poll() is None
    return {"Authorization": f"Bearer {create_token(database)}"} if request.param == "admin" else {}


def test_a_few_made_up_documents_make_nothing_fail(server: RunningProcess, headers: dict[str, str]) -> None:
    try_cases(server, headers, 40)


@pytest.mark.proof
def test_schemathesis_finds_nothing_that_fails(server: RunningProcess, headers: dict[str, str]) -> None:
    try_cases(server, headers, count(full=2_000, ci=500))


def try_cases(server: RunningProcess, headers: dict[str, str], cases: int) -> None:
    """That many documents, the same ones each time: no 5xx, no bug masked, none in the log."""
    schema = schemathesis.graphql.from_url(f"{server.ready[0]}/graphql")
    codes = set[Any]()

    @hypothesis.seed(20261124)
    @hypothesis.settings(
        max_examples=cases, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=schema.as_strategy())
    def send(case: schemathesis.Case[Any]) -> None:
        answer = case.call(headers=headers)
        assert answer.status_code < 500
        found = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert "INTERNAL" not in found
        codes.update(found or {None})

    send()

    assert None in codes or "UNAUTHENTICATED" in codes
    assert "operation_failed" not in server.errors
    assert '"level": "error"' not in server.errors
