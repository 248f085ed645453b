"""Loaders never cross: interleaved requests of two tenants' people are answered with their own alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import cycle, islice, product
from typing import Any

import httpx2
import pytest

from tests.conftest import Ask
from tests.proofs import count
from tests.test_isolation import NEIGHBOUR, Target, acme

__all__ = ["acme"]  # a fixture
AT_ONCE = 40
ACME = ("A-Name", "A-Note", "A-Bot", "AcmeInc", "a@b.example")
NESTED = """
  id name providerId signingSecretRotatedAt
  draft { version hasChanges changes { path before after } warnings { path } config { help { links { title url } } } }
  published { number note changes { path before after } config { help { links { title url } } } }
  revisions(first: 5) { edges { node { number note changes { path before after } } } }
"""
LIST = f"{{ tenants(first: 10) {{ edges {{ node {{ {NESTED} }} }} }} }}"
NODES = f"query($own: ID!, $other: ID!) {{ own: node(id: $own) {{ ... on Tenant {{ {NESTED} members(first: 5) \
{{ edges {{ node {{ name email }} }} }} }} }} other: node(id: $other) {{ ... on Tenant {{ {NESTED} }} }} }}"
SCREENS = "query($own: ID!, $other: ID!) { a: node(id: $own) { id ... on Tenant { name } } b: node(id: $other) { id } }"


@dataclass(frozen=True)
class Asker:
    """Somebody with one tenant, and what must be in their answers and what must not."""

    headers: dict[str, str]
    variables: dict[str, str]
    own: str
    others: tuple[str, ...]

    def finds_fault_with(self, answer: dict[str, Any], text: str) -> bool:
        return "errors" in answer or self.own not in text or any(other in text for other in self.others)


async def faults(app: Any, askers: list[Asker], requests: int) -> int:
    """How many of so many requests were answered with something of the other's, or without what is one's own."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:

        async def is_faulty(document: str, asker: Asker) -> bool:
            sent = {"query": document, "variables": asker.variables if "$own" in document else {}}
            answer = await client.post("/graphql", json=sent, headers=asker.headers)
            return asker.finds_fault_with(answer.json(), answer.text)

        found = 0
        for number in range(0, requests, AT_ONCE):
            turn = islice(cycle(product((LIST, NODES, SCREENS), askers)), number % 6, number % 6 + AT_ONCE)
            found += sum(await asyncio.gather(*(is_faulty(document, asker) for document, asker in turn)))
        return found


@pytest.fixture
def askers(ask: Ask, acme: Target) -> list[Asker]:
    """The owner of each of two tenants."""
    neighbour = ask('{ tenant(providerId: "NeighbourTel") { id } }')["id"]
    ids = {"own": acme.tenant_id, "other": neighbour}
    turned = {"own": neighbour, "other": acme.tenant_id}
    return [
        Asker(ask.staff.headers("owner"), ids, "A-Name", NEIGHBOUR),
        Asker(ask.staff.headers("neighbour"), turned, "N-Name", ACME),
    ]


@pytest.mark.proof
def test_interleaved_requests_are_answered_with_what_is_the_caller_s_own(ask: Ask, askers: list[Asker]) -> None:
    requests = count(full=10_000, ci=400)

    found = ask.staff.run(faults, ask.client.app, askers, requests)

    print(f"{requests:,} requests of two tenants' owners, {AT_ONCE} at a time: {found} faults")  # noqa: T201 - the proof's log
    assert found == 0


def test_an_answer_with_what_is_somebody_else_s_would_be_noticed(ask: Ask, askers: list[Asker]) -> None:
    ours, theirs = askers
    crossed = [replace(ours, headers=theirs.headers), replace(theirs, headers=ours.headers)]

    assert ask.staff.run(faults, ask.client.app, askers, AT_ONCE) == 0
    assert ask.staff.run(faults, ask.client.app, crossed, AT_ONCE) == AT_ONCE
