"""inviteMember, changeRole, removeMember and Tenant.members through the real application."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.api.people import (
    ACCEPT,
    CHANGE_ROLE,
    CREATE_OWNED,
    INVITE,
    MEMBER,
    MEMBERS,
    PASSWORD,
    REMOVE,
    RIGHTS,
    Browser,
    accept,
    invite,
    make_owner,
    members_of,
    token_of,
)

if TYPE_CHECKING:
    from tests.conftest import Ask

NODE = f"query($id: ID!) {{ node(id: $id) {{ ... on Member {{ {MEMBER} }} }} }}"
LAST_OWNER = ("WrongState", "LAST_OWNER")


@pytest.fixture
def other(ask: Ask) -> tuple[str, Browser]:
    """A neighbour tenant with an owner and an invitation."""
    tenant, owner = make_owner(ask, "OtherTel", "n-owner@n.example", "N-Owner")
    invite(owner, tenant, "n-guest@n.example")
    return tenant, owner


@pytest.fixture
def acme(ask: Ask, other: tuple[str, Browser]) -> tuple[str, Browser]:
    """A tenant and its owner's browser."""
    assert other[0]
    return make_owner(ask, "AcmeInc", "anna@acme.example", "Anna Acme")


def test_an_invitation_is_a_member_to_be_until_it_is_accepted(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme

    made = invite(owner, tenant, "Jane@Acme.Example", "PUBLISHER")
    before = owner(NODE, {"id": made["member"]["id"]})
    accept(Browser(ask.client), made["url"], "Jane Doe")
    after = owner(NODE, {"id": made["member"]["id"]})

    assert before == made["member"]
    assert (before["name"], before["email"], before["status"]) == ("Jane@acme.example", "Jane@acme.example", "INVITED")
    assert before["invitationExpiresAt"]
    assert made["url"].startswith("http://testserver/welcome/")
    assert after == before | {"name": "Jane Doe", "status": "ACTIVE", "invitationExpiresAt": None}


def test_inviting_again_makes_a_new_link_the_old_one_useless_and_perhaps_another_role(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    tenant, owner = acme
    first = invite(owner, tenant, "jane@acme.example", "VIEWER")

    same = invite(owner, tenant, "JANE@acme.example", "VIEWER")
    other_role = invite(owner, tenant, "jane@acme.example", "OWNER")

    old = Browser(ask.client).send(ACCEPT, token=token_of(same["url"]), name="Jane", password=PASSWORD)
    accept(Browser(ask.client), other_role["url"], "Jane")
    assert old["__typename"] == "OneTimeLinkUnusable"
    assert {one["member"]["id"] for one in (first, same, other_role)} == {first["member"]["id"]}
    assert [one["member"]["version"] for one in (first, same, other_role)] == [1, 1, 2]
    assert [one["role"] for one in members_of(owner, tenant)] == ["OWNER", "OWNER"]


def test_whoever_is_a_member_already_is_not_invited(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    accept(Browser(ask.client), invite(owner, tenant, "jane@acme.example")["url"], "Jane")

    told = owner.send(INVITE, tenantId=tenant, email="JANE@acme.example", role="OWNER")

    assert (told["__typename"], told["reason"]) == ("WrongState", "ALREADY_MEMBER")


def test_a_bad_address_is_told_at_its_field(acme: tuple[str, Browser]) -> None:
    tenant, owner = acme

    told = owner.send(INVITE, tenantId=tenant, email="jane", role="VIEWER")

    assert told["problems"] == [{"code": "EMAIL_SYNTAX", "path": ["email"]}]


def test_below_owner_nobody_manages_members_or_sees_them(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    publisher = Browser(ask.client)
    made = invite(owner, tenant, "paul@acme.example", "PUBLISHER")
    accept(publisher, made["url"], "Paul")
    member = made["member"]["id"]

    told = [
        publisher.send(INVITE, tenantId=tenant, email="x", role="OWNER"),
        publisher.send(CHANGE_ROLE, memberId=member, expectedVersion=1, role="OWNER"),
        publisher.send(REMOVE, memberId=member),
    ]

    assert [one["__typename"] for one in told] == ["Forbidden"] * 3
    seen = publisher.raw(MEMBERS, {"id": tenant})
    assert seen["data"] == {"node": {"members": None}}
    assert [error["extensions"]["code"] for error in seen["errors"]] == ["FORBIDDEN"]
    assert publisher(RIGHTS, {"name": "AcmeInc"})["viewerPermissions"][-1] == "MANAGE_SETUP_LINKS"


def test_a_neighbours_members_are_like_random_ids(acme: tuple[str, Browser], other: tuple[str, Browser]) -> None:
    tenant, owner = acme
    theirs = [one["id"] for one in members_of(other[1], other[0])]
    unknown = "TWVtYmVyOjQyNDI0Mg"  # Member:424242

    told = [
        [
            owner.send(CHANGE_ROLE, memberId=one, expectedVersion=1, role="VIEWER"),
            owner.send(REMOVE, memberId=one),
            owner(NODE, {"id": one}),
        ]
        for one in (*theirs, unknown)
    ]

    assert told[0] == told[1] == told[2]
    assert "n-owner" not in json.dumps(members_of(owner, tenant))
    assert [one["name"] for one in members_of(other[1], other[0])] == ["n-guest@n.example", "N-Owner"]


def test_another_role_is_in_force_at_once_and_raises_the_version(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    jane = Browser(ask.client)
    made = invite(owner, tenant, "jane@acme.example", "OWNER")
    accept(jane, made["url"], "Jane")
    member = made["member"]["id"]

    changed = owner.send(CHANGE_ROLE, memberId=member, expectedVersion=1, role="VIEWER")
    late = owner.send(CHANGE_ROLE, memberId=member, expectedVersion=1, role="OWNER")
    same = owner.send(CHANGE_ROLE, memberId=member, expectedVersion=2, role="VIEWER")

    assert (changed["member"]["role"], changed["member"]["version"]) == ("VIEWER", 2)
    assert jane(RIGHTS, {"name": "AcmeInc"})["viewerPermissions"] == ["READ_CONFIG"]
    assert late["__typename"] == "VersionConflict"
    assert (late["currentVersion"], late["changedBy"]) == (2, {"name": "Anna Acme"})
    assert same["member"] == changed["member"]


def test_whoever_is_removed_sees_nothing_at_once_and_can_be_invited_anew(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    jane = Browser(ask.client)
    made = invite(owner, tenant, "jane@acme.example")
    accept(jane, made["url"], "Jane")

    removed = owner.send(REMOVE, memberId=made["member"]["id"])
    again = owner.send(REMOVE, memberId=made["member"]["id"])
    node = jane(NODE, {"id": tenant})
    back = jane.send(ACCEPT, token=token_of(invite(owner, tenant, "jane@acme.example")["url"]))

    assert removed["memberId"] == made["member"]["id"]
    assert again["__typename"] == "NotFound"
    assert node is None
    assert back["__typename"] == "InvitationAccepted"


def test_the_last_owner_stays_whatever_others_were_invited_as(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    invite(owner, tenant, "jane@acme.example", "OWNER")
    accept(Browser(ask.client), invite(owner, tenant, "paul@acme.example", "PUBLISHER")["url"], "Paul")
    me = next(one for one in members_of(owner, tenant) if one["name"] == "Anna Acme")["id"]

    lowered = owner.send(CHANGE_ROLE, memberId=me, expectedVersion=1, role="EDITOR")
    removed = owner.send(REMOVE, memberId=me)

    assert (lowered["__typename"], lowered["reason"]) == LAST_OWNER
    assert (removed["__typename"], removed["reason"]) == LAST_OWNER
    assert "MANAGE_MEMBERS" in owner(RIGHTS, {"name": "AcmeInc"})["viewerPermissions"]


def test_an_owner_may_leave_while_another_one_stays(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    jane = Browser(ask.client)
    accept(jane, invite(owner, tenant, "jane@acme.example", "OWNER")["url"], "Jane")
    me = next(one for one in members_of(owner, tenant) if one["name"] == "Anna Acme")["id"]

    left = owner.send(REMOVE, memberId=me)

    assert left["__typename"] == "MemberRemoved"
    assert [one["name"] for one in members_of(jane, tenant)] == ["Jane"]


def test_whoever_left_invites_nobody_in_the_request_that_is_under_way(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    jane = Browser(ask.client)
    accept(jane, invite(owner, tenant, "jane@acme.example", "OWNER")["url"], "Jane")
    me = next(one for one in members_of(owner, tenant) if one["name"] == "Anna Acme")["id"]
    document = (
        "mutation($me: ID!, $tenant: ID!) { removeMember(input: { memberId: $me }) { __typename } "
        'inviteMember(input: { tenantId: $tenant, email: "friend@acme.example", role: OWNER }) { __typename } }'
    )

    answer = owner.raw(document, {"me": me, "tenant": tenant})["data"]

    assert {name: one["__typename"] for name, one in answer.items()} == {
        "removeMember": "MemberRemoved",
        "inviteMember": "NotFound",
    }
    assert [one["name"] for one in members_of(jane, tenant)] == ["Jane"]


def test_pages_of_members_are_by_name_then_by_id_and_stable(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    for name in ("Zoe", "adam", "Bob", "bob"):
        accept(Browser(ask.client), invite(owner, tenant, f"{name}{len(name)}{ord(name[0])}@a.example")["url"], name)
    first = owner(MEMBERS, {"id": tenant, "first": 2})["members"]
    invite(owner, tenant, "aaa@a.example")  # before the position

    second = owner(MEMBERS, {"id": tenant, "first": 2, "after": first["pageInfo"]["endCursor"]})["members"]
    third = owner(MEMBERS, {"id": tenant, "first": 2, "after": second["pageInfo"]["endCursor"]})["members"]

    pages = [[edge["node"]["name"] for edge in page["edges"]] for page in (first, second, third)]
    assert pages == [["adam", "Anna Acme"], ["Bob", "bob"], ["Zoe"]]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, third)] == [True, True, False]


def test_a_person_may_be_a_member_of_two_tenants_with_a_role_in_each(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    made = ask(CREATE_OWNED, {"input": {"providerId": "Second", "app": "GENERIC", "ownerEmail": "anna@acme.example"}})
    jane = Browser(ask.client)
    accept(jane, invite(owner, tenant, "jane@acme.example", "VIEWER")["url"], "Jane")
    owner.send(ACCEPT, token=token_of(made["ownerInvitationUrl"]))

    jane.send(ACCEPT, token=token_of(invite(owner, made["tenant"]["id"], "jane@acme.example", "EDITOR")["url"]))

    rights = [jane(RIGHTS, {"name": name})["viewerPermissions"] for name in ("AcmeInc", "Second")]
    assert rights == [["READ_CONFIG"], ["READ_CONFIG", "EDIT_DRAFT", "MANAGE_SETUP_LINKS"]]


def test_a_tenant_is_created_with_its_owner_invited_or_not_at_all(ask: Ask) -> None:
    bad = ask(CREATE_OWNED, {"input": {"providerId": "A-", "app": "GENERIC", "ownerEmail": "nobody"}})
    without = ask(CREATE_OWNED, {"input": {"providerId": "AcmeInc", "app": "GENERIC"}})
    refused = ask(CREATE_OWNED, {"input": {"providerId": "Beta", "app": "GENERIC", "ownerEmail": "nobody"}})
    mended = ask(CREATE_OWNED, {"input": {"providerId": "Beta", "app": "GENERIC", "ownerEmail": "b@b.example"}})

    assert [(one["code"], one["path"]) for one in bad["problems"]] == [
        ("PROVIDER_ID_SYNTAX", ["providerId"]),
        ("EMAIL_SYNTAX", ["ownerEmail"]),
    ]
    assert without["ownerInvitationUrl"] is None
    assert refused["__typename"] == "InvalidInput"
    assert "/welcome/" in mended["ownerInvitationUrl"]
