"""Made-up operations of A's people and programs about B and about nothing: not a trace of B, and the same bytes."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, cast

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.cast import on_database
from tests.conftest import Ask
from tests.proofs import count
from tests.servers import gateway_process
from tests.twins.asking import ROOTS, Twins
from tests.twins.generator import KINDS, Generator, fill
from tests.twins.world import SECRET, learn_ids, make_twin

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SEED = 20261128
ENV = {"GATEWAY_SECRET_KEY": "a key for tests, 32 characters long", "GATEWAY_LOG_LEVEL": "debug"}


@pytest.fixture
def twins(database_url: str) -> Iterator[Twins]:
    """A process of its own that logs all that it can, with both tenants."""
    with (
        gateway_process("serve", "--port", "0", "--database", database_url, env=ENV) as server,
        httpx2.Client(base_url=server.ready[0], timeout=30, trust_env=False) as client,
    ):
        ask = Ask(
            cast("TestClient", client),  # of which it posts alone
            run=lambda function, *arguments: asyncio.run(on_database(database_url, function, *arguments)),
        )
        b, a = make_twin(ask, "B"), make_twin(ask, "A")
        learn_ids(ask, b, "neighbour")
        learn_ids(ask, a, "owner")
        yield Twins(ask, server, a, b, Random(SEED))  # noqa: S311 - the same operations each time


def check(twins: Twins, operations: int) -> None:
    """No trace of B in any answer or in the log; every root field asked, every kind of id sent, and not in vain."""
    before = len(twins.server.errors)

    twins.check(operations)

    log = twins.server.errors[before:].lower()
    assert [trace for trace in twins.traces("owner") if trace in log] == []
    assert '"level": "error"' not in log
    assert set(twins.asked) == set(ROOTS)
    assert set(twins.places) == {*KINDS, "name"}
    assert twins.codes["-"] + twins.codes["FORBIDDEN"] > operations / 4


@pytest.mark.proof
def test_twin_tenants(twins: Twins) -> None:
    check(twins, count(full=20_000, ci=900))
    for title, counted in (("root fields", twins.asked), ("places for ids", twins.places), ("answers", twins.codes)):
        print(f"{title}: {dict(sorted(counted.items()))}")  # noqa: T201 - the proof's log


def test_what_a_must_not_meet_is_there_to_be_met(twins: Twins) -> None:
    """B's owner meets the canary wherever B is asked about, and no secret: so a leak would be seen."""
    generator = Generator(twins.random, twins.b.cursors)
    reads = [generator.operation(root) for root in ("node", "tenant", "tenants") * 50]

    answers = [twins.ask.raw(read.document, fill(read.variables, twins.foreign), as_="neighbour") for read in reads]

    met = [answer for answer in answers if twins.b.canary.lower() in str(answer).lower()]
    assert len(met) > len(reads) / 5
    assert SECRET not in str(answers)
