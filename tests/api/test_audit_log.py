"""The audit log through the API: newest first, narrowed, in pages, for those who may read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.schema.node import node_id
from tests.api.documents import DELETE, SAVE_BRANDING, SUSPEND
from tests.conftest import Ask

ENTRY = "id at action actor { kind name actorId } subject changes { path before after } address requestId hash"
LOG = f"""
query($providerId: String!, $first: Int! = 20, $after: String, $filter: AuditFilterInput) {{
  tenant(providerId: $providerId) {{ id auditLog(first: $first, after: $after, filter: $filter) {{
    edges {{ cursor node {{ {ENTRY} }} }} pageInfo {{ hasNextPage endCursor }}
  }} }}
}}
"""
PLATFORM_LOG = f"""
query($first: Int! = 20, $after: String, $filter: AuditFilterInput) {{
  auditLog(first: $first, after: $after, filter: $filter) {{
    edges {{ cursor node {{ {ENTRY} }} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
NODE = f"query($id: ID!) {{ node(id: $id) {{ ... on AuditEvent {{ {ENTRY} }} }} }}"


@pytest.fixture
def acme(ask: Ask) -> str:
    """A tenant with four entries."""
    tenant = ask.create("AcmeInc", name="A-Name")
    for version, color in ((1, "#111111"), (2, "#222222"), (3, "#333333")):
        sent = {"tenantId": tenant, "expectedVersion": version, "branding": {"themeColor": color}}
        ask(SAVE_BRANDING, {"input": sent})
    return tenant


def log(ask: Ask, **variables: Any) -> Any:
    return ask(LOG, {"providerId": "AcmeInc", **variables})["auditLog"]


def nodes(page: Any) -> list[Any]:
    return [edge["node"] for edge in page["edges"]]


def refusal(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def test_the_newest_entry_comes_first_and_says_all_there_is_to_say(ask: Ask, acme: str) -> None:
    answer = ask.client.post("/graphql", json={"query": "{ __typename }"})
    newest, *rest = nodes(log(ask))

    assert [node["action"] for node in rest] == ["DRAFT_SAVED", "DRAFT_SAVED", "TENANT_CREATED"]
    assert newest["action"] == "DRAFT_SAVED"
    assert newest["subject"] == "draft"
    assert newest["actor"] == rest[-1]["actor"]
    assert newest["actor"]["kind"] == "PERSON"
    assert newest["actor"]["actorId"].startswith("person:")
    assert {"path": ["branding", "themeColor"], "before": "#222222", "after": "#333333"} in newest["changes"]
    assert newest["address"]
    assert len(newest["requestId"]) == len(answer.headers["x-request-id"])
    assert len(bytes.fromhex(newest["hash"])) == 32


def test_pages_show_each_entry_once_also_while_others_come(ask: Ask, acme: str) -> None:
    first = log(ask, first=2)
    sent = {"tenantId": acme, "expectedVersion": 4, "branding": {"themeColor": "#444444"}}
    ask(SAVE_BRANDING, {"input": sent})
    second = log(ask, first=2, after=first["pageInfo"]["endCursor"])

    assert first["pageInfo"]["hasNextPage"] is True
    assert second["pageInfo"]["hasNextPage"] is False
    afters = [
        change["after"]
        for node in nodes(first) + nodes(second)
        for change in node["changes"]
        if change["path"] == ["branding", "themeColor"]
    ]
    assert afters == ["#333333", "#222222", "#111111"]


def test_the_log_is_narrowed_by_actor_action_and_time(ask: Ask, acme: str) -> None:
    everything = nodes(log(ask))
    actor, newest = everything[0]["actor"]["actorId"], everything[0]["at"]

    def count(**narrow: Any) -> int:
        return len(nodes(log(ask, filter=narrow)))

    assert count() == count(actions=[]) == count(actorId=actor) == 4
    assert count(actorId="person:424242") == count(actorId="nobody") == 0
    assert count(actions=["TENANT_CREATED"]) == 1
    assert count(actions=["TENANT_CREATED", "DRAFT_SAVED"], actorId=actor) == 4
    assert count(since="2020-01-01T00:00:00Z") == count(until="2100-01-01T01:00:00+01:00") == 4
    assert count(since="2100-01-01T00:00:00Z") == count(until="2020-01-01T00:00:00Z") == 0
    assert count(since=newest, until=newest) == 0


@pytest.mark.parametrize(
    "variables",
    [
        {"first": 0},
        {"first": 101},
        {"after": "none"},
        {"after": "WzEsMl0x"},
        {"filter": {"actorId": "person:1\0"}},
        {"filter": {"actorId": "x" * 41}},
        {"filter": {"actions": ["NO_SUCH_ACTION"]}},
        {"filter": {"since": "yesterday SECRET-text"}},
        {"filter": {"since": "2026-11-28"}},
        {"filter": {"since": "2026-11-28T12:00:00"}},
        {"filter": {"until": "2026-13-28T12:00:00Z"}},
        {"filter": {"until": "0001-01-01T00:00:00+23:00"}},
        {"filter": {"until": 7}},
        {"filter": {"since": "2026-11-28T12:00:00Z", "until": "2026-11-27T12:00:00Z"}},
    ],
    ids=str,
)
def test_what_is_no_page_and_no_filter_is_a_bad_request(ask: Ask, acme: str, variables: dict[str, Any]) -> None:
    of_tenant = ask.raw(LOG, {"providerId": "AcmeInc", **variables})
    of_platform = ask.raw(PLATFORM_LOG, variables)

    assert refusal(of_tenant) == refusal(of_platform) == ["BAD_REQUEST"]
    assert "SECRET" not in json.dumps([of_tenant, of_platform])


def test_the_log_of_one_tenant_holds_nothing_of_another(ask: Ask, acme: str) -> None:
    told = json.dumps(log(ask, first=100))
    foreign = ask(LOG, {"providerId": "NeighbourTel"})["auditLog"]

    assert "N-" not in told
    assert "Neighbour" not in told
    assert nodes(foreign)
    cursor = foreign["edges"][0]["cursor"]
    assert "N-" not in json.dumps(log(ask, after=cursor))


def test_the_platform_s_log_shows_what_concerns_it_and_keeps_it_when_the_tenant_is_gone(ask: Ask, acme: str) -> None:
    ask(SUSPEND, {"input": {"tenantId": acme, "reason": "unpaid"}})
    ask(DELETE, {"input": {"tenantId": acme, "confirmProviderId": "AcmeInc"}})

    told = nodes(ask(PLATFORM_LOG, {"filter": {"actions": ["TENANT_CREATED", "TENANT_SUSPENDED", "TENANT_DELETED"]}}))

    assert [(node["action"], node["subject"]) for node in told] == [
        ("TENANT_DELETED", "tenant AcmeInc"),
        ("TENANT_SUSPENDED", "tenant AcmeInc"),
        ("TENANT_CREATED", "tenant AcmeInc"),
        ("TENANT_CREATED", "tenant NeighbourTel"),
    ]
    assert told[1]["changes"] == [{"path": ["reason"], "before": None, "after": "unpaid"}]
    assert ask(NODE, {"id": told[0]["id"]}) == told[0]


def test_an_entry_is_a_node(ask: Ask, acme: str) -> None:
    newest = nodes(log(ask))[0]

    assert ask(NODE, {"id": newest["id"]}) == newest
    assert ask(NODE, {"id": node_id("AuditEvent", 10**18 - 1)}) is None
    assert ask(NODE, {"id": node_id("AuditEvent", 0)}) is None


def test_who_may_not_read_the_log_gets_null_and_is_told(ask: Ask, acme: str) -> None:
    event = nodes(log(ask))[0]["id"]
    of_tenant = ask.raw(LOG, {"providerId": "AcmeInc"}, as_="publisher")
    of_platform = ask.raw(PLATFORM_LOG, {}, as_="publisher")
    of_node = ask.raw(NODE, {"id": event}, as_="publisher")

    assert of_tenant["data"]["tenant"]["auditLog"] is None
    assert of_tenant["data"]["tenant"]["id"] == acme
    assert of_platform["data"] == {"auditLog": None}
    assert of_node == {"data": {"node": None}}
    assert refusal(of_tenant) == refusal(of_platform) == ["FORBIDDEN"]


def test_an_owner_reads_the_log_of_the_tenant_and_of_nothing_else(ask: Ask, acme: str) -> None:
    foreign = nodes(ask(LOG, {"providerId": "NeighbourTel"})["auditLog"])[0]["id"]

    own = ask.raw(LOG, {"providerId": "AcmeInc"}, as_="owner")
    others = [ask.raw(NODE, {"id": one}, as_="owner") for one in (foreign, node_id("AuditEvent", 77 * 10**9 + 1))]

    assert len(own["data"]["tenant"]["auditLog"]["edges"]) == 4
    assert others == [{"data": {"node": None}}] * 2
    assert refusal(ask.raw(PLATFORM_LOG, {}, as_="owner")) == ["FORBIDDEN"]


def test_a_stranger_is_told_to_sign_in(ask: Ask, acme: str) -> None:
    assert refusal(ask.raw(PLATFORM_LOG, {}, as_="anonymous")) == ["UNAUTHENTICATED"]
