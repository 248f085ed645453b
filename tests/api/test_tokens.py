"""Access tokens of programs through the API: issued, used, listed, revoked, forgotten."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from tenants.access_rows import AccessTokenRow
from tenants.audit_rows import AuditEventRow
from tenants.credentials import digest
from tests.api.documents import DELETE, ISSUE_TOKEN, REVOKE_TOKEN, TOKENS
from tests.conftest import Ask
from tests.databases import looking_at_rows

if TYPE_CHECKING:
    from gateway.settings import Settings

VIEWER = "{ viewer { kind name } }"
TENANTS = "{ tenants { edges { node { providerId viewerPermissions } } } }"


@pytest.fixture
def acme(ask: Ask) -> str:
    """A tenant; its neighbour has a token, too."""
    neighbour = ask('{ tenant(providerId: "NeighbourTel") { id } }')["id"]
    assert issue(ask, neighbour, "N-Token")["secret"]
    return ask.create("AcmeInc", name="A-Name")


def issue(ask: Ask, tenant: str, name: str = "deploy-bot", role: str = "EDITOR", **more: Any) -> Any:
    return ask(ISSUE_TOKEN, {"input": {"tenantId": tenant, "name": name, "role": role, **more}})


def listed(ask: Ask, **variables: Any) -> Any:
    return ask(TOKENS, {"providerId": "AcmeInc", **variables})["tokens"]


def names(page: Any) -> list[str]:
    return [edge["node"]["name"] for edge in page["edges"]]


def raw_as(ask: Ask, secret: str, query: str, variables: Any = None) -> Any:
    """The whole answer to a program with this token."""
    headers = {"Authorization": f"Bearer {secret}"}
    return ask.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers).json()


def rows(ask: Ask) -> Any:
    return run(ask, AccessTokenRow.all().order_by("id").values)


def actions(ask: Ask) -> list[tuple[str, str]]:
    """What the audit log has of tokens."""
    found = run(ask, AuditEventRow.all().order_by("id").values_list, "action", "personal")
    return [(action, personal) for action, personal in found if action.startswith("TOKEN_")]


def run(ask: Ask, function: Any, *arguments: Any) -> Any:
    async def unscoped() -> Any:
        with looking_at_rows():
            return await function(*arguments)

    assert ask.client.portal is not None
    return ask.client.portal.call(unscoped)


def test_a_token_is_issued_and_its_secret_shown_once(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme, "  deploy-bot ", "PUBLISHER", lifetimeDays=30)

    assert issued["__typename"] == "TokenIssued"
    assert re.fullmatch(r"gwt_[A-Za-z0-9_-]{43}", issued["secret"])
    token = issued["token"]
    assert (token["name"], token["role"], token["lastUsedAt"]) == ("deploy-bot", "PUBLISHER", None)
    assert token["prefix"] == issued["secret"][:8]
    assert token["createdBy"]["name"] == "admin"
    made, end = (datetime.fromisoformat(token[name]) for name in ("createdAt", "expiresAt"))
    assert end - made == timedelta(days=30)
    assert [edge["node"] for edge in listed(ask)["edges"]] == [token]


def test_of_the_secret_only_a_digest_is_stored(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme)

    stored = [row for row in rows(ask) if row["name"] == "deploy-bot"]

    assert [bytes(row["sha256"]) for row in stored] == [digest(issued["secret"])]
    assert issued["secret"][9:] not in str(stored)


def test_without_a_lifetime_it_is_ninety_days(ask: Ask, acme: str) -> None:
    token = issue(ask, acme)["token"]

    made, end = (datetime.fromisoformat(token[name]) for name in ("createdAt", "expiresAt"))
    assert end - made == timedelta(days=90)


@pytest.mark.parametrize(
    ("sent", "problems"),
    [
        ({"name": " "}, [("REQUIRED", ["name"])]),
        ({"name": "x" * 61}, [("TEXT_TOO_LONG", ["name"])]),
        ({"name": "a\u202eb"}, [("TEXT_CHARACTERS", ["name"])]),
        ({"lifetimeDays": 0}, [("NUMBER_OUT_OF_RANGE", ["lifetimeDays"])]),
        ({"lifetimeDays": 367}, [("NUMBER_OUT_OF_RANGE", ["lifetimeDays"])]),
        ({"name": "", "lifetimeDays": -1}, [("REQUIRED", ["name"]), ("NUMBER_OUT_OF_RANGE", ["lifetimeDays"])]),
    ],
)
def test_what_breaks_a_rule_is_refused_all_at_once(ask: Ask, acme: str, sent: Any, problems: Any) -> None:
    refused = issue(ask, acme, **sent)

    assert refused["__typename"] == "InvalidInput"
    assert [(one["code"], one["path"]) for one in refused["problems"]] == problems
    assert listed(ask)["edges"] == []


@pytest.mark.parametrize("sent", [{"name": "é" * 60}, {"lifetimeDays": 1}, {"lifetimeDays": 366}])
def test_the_longest_and_the_shortest_are_taken(ask: Ask, acme: str, sent: Any) -> None:
    assert issue(ask, acme, **sent)["__typename"] == "TokenIssued"


def test_a_token_sees_its_tenant_with_its_role_and_no_other(ask: Ask, acme: str) -> None:
    secret = issue(ask, acme, role="EDITOR")["secret"]

    viewer = raw_as(ask, secret, VIEWER)
    tenants = raw_as(ask, secret, TENANTS)
    neighbour = raw_as(ask, secret, '{ tenant(providerId: "NeighbourTel") { id } }')

    assert viewer["data"]["viewer"] == {"kind": "TOKEN", "name": "deploy-bot"}
    own = tenants["data"]["tenants"]["edges"]
    assert [edge["node"] for edge in own] == [
        {"providerId": "AcmeInc", "viewerPermissions": ["READ_CONFIG", "EDIT_DRAFT", "MANAGE_SETUP_LINKS"]}
    ]
    assert neighbour == {"data": {"tenant": None}}


@pytest.mark.parametrize("role", ["VIEWER", "EDITOR", "PUBLISHER"])
def test_who_is_no_owner_neither_sees_nor_issues_nor_revokes_tokens(ask: Ask, acme: str, role: str) -> None:
    issued = issue(ask, acme, role=role)

    made = raw_as(ask, issued["secret"], ISSUE_TOKEN, {"input": {"tenantId": acme, "name": "x", "role": "VIEWER"}})
    ended = raw_as(ask, issued["secret"], REVOKE_TOKEN, {"id": issued["token"]["id"]})
    seen = raw_as(ask, issued["secret"], TOKENS, {"providerId": "AcmeInc"})
    node = raw_as(ask, issued["secret"], "query($id: ID!) { node(id: $id) { id } }", {"id": issued["token"]["id"]})

    assert made["data"]["issueToken"]["__typename"] == "Forbidden"
    assert ended["data"]["revokeToken"]["__typename"] == "Forbidden"
    assert seen["data"]["tenant"] == {"tokens": None}
    assert [error["extensions"]["code"] for error in seen["errors"]] == ["FORBIDDEN"]
    assert node["data"]["node"] is None
    assert names(listed(ask)) == ["deploy-bot"]


def test_an_owners_token_issues_tokens_in_its_own_name(ask: Ask, acme: str) -> None:
    owner = issue(ask, acme, "owner-bot", "OWNER")

    issued = raw_as(ask, owner["secret"], ISSUE_TOKEN, {"input": {"tenantId": acme, "name": "b", "role": "OWNER"}})

    made_by = issued["data"]["issueToken"]["token"]["createdBy"]
    assert (made_by["kind"], made_by["name"]) == ("TOKEN", "owner-bot")


def test_a_token_that_was_revoked_does_nothing_more_in_the_request_that_is_under_way(ask: Ask, acme: str) -> None:
    owner = issue(ask, acme, "owner-bot", "OWNER")
    document = (
        "mutation($me: ID!, $tenant: ID!) { revokeToken(input: { tokenId: $me }) { __typename } "
        'issueToken(input: { tenantId: $tenant, name: "successor", role: OWNER }) { __typename } }'
    )

    answer = raw_as(ask, owner["secret"], document, {"me": owner["token"]["id"], "tenant": acme})

    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["issueToken"], "UNAUTHENTICATED")
    ]
    assert listed(ask)["edges"] == []


def test_an_owner_has_no_say_over_the_neighbours_tokens(ask: Ask, acme: str) -> None:
    owner = issue(ask, acme, "owner-bot", "OWNER")["secret"]
    neighbour = ask(TOKENS, {"providerId": "NeighbourTel"})["tokens"]["edges"][0]["node"]

    made = raw_as(ask, owner, ISSUE_TOKEN, {"input": {"tenantId": neighbour_id(ask), "name": "x", "role": "VIEWER"}})
    ended = raw_as(ask, owner, REVOKE_TOKEN, {"id": neighbour["id"]})
    unknown = raw_as(ask, owner, REVOKE_TOKEN, {"id": "QWNjZXNzVG9rZW46NDI0MjQy"})  # AccessToken:424242

    assert made["data"]["issueToken"]["__typename"] == "NotFound"
    assert ended == unknown
    assert ended["data"]["revokeToken"]["__typename"] == "NotFound"
    assert names(ask(TOKENS, {"providerId": "NeighbourTel"})["tokens"]) == ["N-Token"]


def neighbour_id(ask: Ask) -> str:
    return str(ask('{ tenant(providerId: "NeighbourTel") { id } }')["id"])


def test_a_platform_admins_token_is_nobodys_to_revoke(ask: Ask, acme: str) -> None:
    assert acme
    assert ask.staff.headers("platform-token")
    (admin,) = [row["id"] for row in rows(ask) if row["role"] == "platform-admin"]

    ended = ask(REVOKE_TOKEN, {"id": id_of(admin)})

    assert ended["__typename"] == "NotFound"


def id_of(number: int) -> str:
    from gateway.schema.node import node_id  # noqa: PLC0415 - for this one id

    return str(node_id("AccessToken", number))


def test_a_revoked_token_is_refused_and_repeating_it_changes_nothing(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme)
    before = raw_as(ask, issued["secret"], VIEWER)

    ended = ask(REVOKE_TOKEN, {"id": issued["token"]["id"]})
    again = ask(REVOKE_TOKEN, {"id": issued["token"]["id"]})
    after = raw_as(ask, issued["secret"], VIEWER)

    assert before["data"]["viewer"]
    assert ended == again == {"__typename": "TokenRevoked", "tokenId": issued["token"]["id"]}
    assert [error["extensions"]["code"] for error in after["errors"]] == ["UNAUTHENTICATED"]
    assert listed(ask)["edges"] == []
    assert ask("query($id: ID!) { node(id: $id) { id } }", {"id": issued["token"]["id"]}) is None
    assert [action for action, _ in actions(ask)] == ["TOKEN_ISSUED", "TOKEN_ISSUED", "TOKEN_REVOKED"]


def test_the_audit_log_says_which_token_and_never_its_secret(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme)

    ask(REVOKE_TOKEN, {"id": issued["token"]["id"]})

    told = actions(ask)[1:]
    assert all("token deploy-bot" in personal for _, personal in told)
    assert "EDITOR" in told[0][1]
    assert issued["secret"][4:] not in str(told)


def test_the_list_has_pages_newest_first_that_stand_while_others_come(ask: Ask, acme: str) -> None:
    for name in ("one", "two", "three"):
        issue(ask, acme, name)

    first = listed(ask, first=2)
    issue(ask, acme, "four")
    second = listed(ask, first=2, after=first["pageInfo"]["endCursor"])

    assert names(first) == ["three", "two"]
    assert names(second) == ["one"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.parametrize("variables", [{"first": 0}, {"first": 101}, {"after": "bm9uZQ"}, {"after": "WyJ4Il0"}])
def test_a_page_that_is_none_is_a_bad_request(ask: Ask, acme: str, variables: Any) -> None:
    assert acme
    told = ask.raw(TOKENS, {"providerId": "AcmeInc", **variables})

    assert [error["extensions"]["code"] for error in told["errors"]] == ["BAD_REQUEST"]


def test_a_node_is_found_by_its_id(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme)

    found = ask("query($id: ID!) { node(id: $id) { ... on AccessToken { name role } } }", {"id": issued["token"]["id"]})

    assert found == {"name": "deploy-bot", "role": "EDITOR"}


def test_a_token_that_has_expired_is_refused_and_listed_no_more(settings: Settings) -> None:
    clock = [datetime(2026, 11, 28, 12, tzinfo=UTC)]
    with TestClient(create_app(settings, now=lambda: clock[0]), raise_server_exceptions=False) as client:
        ask = Ask(client, now=lambda: clock[0])
        secret = issue(ask, ask.create("AcmeInc"), lifetimeDays=1)["secret"]
        clock[0] += timedelta(days=1, seconds=-1)
        last = raw_as(ask, secret, VIEWER)
        clock[0] += timedelta(seconds=1)
        over = raw_as(ask, secret, VIEWER)
        remaining = listed(ask)["edges"]

    assert last["data"]["viewer"]
    assert [error["extensions"]["code"] for error in over["errors"]] == ["UNAUTHENTICATED"]
    assert remaining == []


def test_tokens_that_stopped_working_a_month_ago_are_forgotten(settings: Settings) -> None:
    clock = [datetime(2026, 11, 28, 12, tzinfo=UTC)]
    with TestClient(create_app(settings, now=lambda: clock[0]), raise_server_exceptions=False) as client:
        ask = Ask(client, now=lambda: clock[0])
        acme, neighbour = ask.create("AcmeInc"), ask.create("NeighbourTel")
        issue(ask, neighbour, "N-Token", lifetimeDays=1)
        issue(ask, acme, "expired", lifetimeDays=1)
        revoked = issue(ask, acme, "revoked", lifetimeDays=366)
        ask(REVOKE_TOKEN, {"id": revoked["token"]["id"]})
        clock[0] += timedelta(days=30)
        issue(ask, acme, "new")
        kept = [row["name"] for row in rows(ask)]
        clock[0] += timedelta(days=2)
        issue(ask, acme, "newest")
        forgotten = [row["name"] for row in rows(ask)]

    assert kept == ["N-Token", "expired", "new"]
    assert forgotten == ["N-Token", "new", "newest"]


def test_the_last_use_is_shown_to_the_minute(settings: Settings) -> None:
    clock = [datetime(2026, 11, 28, 12, 34, 56, tzinfo=UTC)]
    with TestClient(create_app(settings, now=lambda: clock[0]), raise_server_exceptions=False) as client:
        ask = Ask(client, now=lambda: clock[0])
        acme = ask.create("AcmeInc")
        secret = issue(ask, acme)["secret"]
        unused = issue(ask, acme, "unused")["token"]
        raw_as(ask, secret, VIEWER)
    with TestClient(create_app(settings, now=lambda: clock[0]), raise_server_exceptions=False) as client:
        found = listed(Ask(client, now=lambda: clock[0]))["edges"]  # the end of the first wrote what it had noted

    assert {edge["node"]["name"]: edge["node"]["lastUsedAt"] for edge in found} == {
        "deploy-bot": "2026-11-28T12:34:00Z",
        "unused": None,
    }
    assert unused["lastUsedAt"] is None


def test_a_deleted_tenants_tokens_open_nothing(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme, role="OWNER")
    ask(DELETE, {"input": {"tenantId": acme, "confirmProviderId": "AcmeInc"}})

    told = raw_as(ask, issued["secret"], VIEWER)
    ended = ask(REVOKE_TOKEN, {"id": issued["token"]["id"]})

    assert [error["extensions"]["code"] for error in told["errors"]] == ["UNAUTHENTICATED"]
    assert ended["__typename"] == "NotFound"
