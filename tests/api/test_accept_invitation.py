"""An invitation through the real application: accepted once, by the person it is for, and by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.people import (
    ACCEPT,
    CREATE_OWNED,
    PASSWORD,
    REMOVE,
    RIGHTS,
    VIEWER,
    Browser,
    accept,
    invite,
    invite_admin,
    make_owner,
    members_of,
    token_of,
)

if TYPE_CHECKING:
    from tests.conftest import Ask

EDITOR = ["READ_CONFIG", "EDIT_DRAFT", "MANAGE_SETUP_LINKS"]
ADMINS = ["CREATE_TENANT", "SUSPEND_TENANT", "RESET_PASSWORDS", "READ_PLATFORM_AUDIT_LOG"]
NOBODYS = "x" * 43


@pytest.fixture
def acme(ask: Ask) -> tuple[str, Browser]:
    """A tenant and its owner's browser, beside a neighbour with an owner of its own."""
    make_owner(ask, "OtherTel", "n-owner@n.example", "N-Owner")
    return make_owner(ask, "AcmeInc", "anna@acme.example", "Anna Acme")


def test_a_new_person_joins_as_what_they_were_invited_and_is_signed_in(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    jane = Browser(ask.client)

    done = accept(jane, invite(owner, tenant, "jane@acme.example", "EDITOR")["url"], "Jane Doe")

    assert done["viewer"] == {"kind": "PERSON", "name": "Jane Doe", "permissions": []}
    assert jane(VIEWER)["name"] == "Jane Doe"
    assert jane(RIGHTS, {"name": "AcmeInc"})["viewerPermissions"] == EDITOR


def test_a_link_works_once(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    url = invite(owner, tenant, "jane@acme.example")["url"]
    accept(Browser(ask.client), url, "Jane Doe")

    again = Browser(ask.client).send(ACCEPT, token=token_of(url), name="Mallory", password=PASSWORD)
    unknown = Browser(ask.client).send(ACCEPT, token=NOBODYS, name="Mallory", password=PASSWORD)

    assert again == unknown
    assert again["__typename"] == "OneTimeLinkUnusable"


def test_an_address_with_an_account_is_let_in_only_signed_in_as_that_person(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    tenant, owner = acme
    jane, mallory = Browser(ask.client), Browser(ask.client)
    accept(jane, invite(owner, tenant, "jane@acme.example")["url"], "Jane Doe")
    accept(mallory, invite(owner, tenant, "mallory@acme.example")["url"], "Mallory")
    made = ask(CREATE_OWNED, {"input": {"providerId": "Third", "app": "GENERIC", "ownerEmail": "Jane@ACME.example"}})
    token = token_of(made["ownerInvitationUrl"])

    anonymous = Browser(ask.client).send(ACCEPT, token=token, name="Mallory", password=PASSWORD)
    somebody_else = mallory.send(ACCEPT, token=token, name="Mallory", password=PASSWORD)
    program = ask(ACCEPT, {"input": {"token": token, "name": "Robot", "password": PASSWORD}})
    herself = jane.send(ACCEPT, token=token)

    assert {one["__typename"] for one in (anonymous, somebody_else, program)} == {"OneTimeLinkUnusable"}
    assert anonymous == somebody_else == program
    assert herself["viewer"]["name"] == "Jane Doe"
    assert "MANAGE_MEMBERS" in jane(RIGHTS, {"name": "Third"})["viewerPermissions"]
    assert jane(RIGHTS, {"name": "AcmeInc"})["viewerPermissions"] == EDITOR


def test_signed_in_as_somebody_else_even_a_new_address_is_refused_and_the_link_goes_on_working(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    tenant, owner = acme
    token = token_of(invite(owner, tenant, "jane@acme.example")["url"])

    told = owner.send(ACCEPT, token=token, name="Anna", password=PASSWORD)

    assert told["__typename"] == "OneTimeLinkUnusable"
    assert Browser(ask.client).send(ACCEPT, token=token, name="Jane", password=PASSWORD)["viewer"]["name"] == "Jane"


def test_without_a_link_the_form_is_not_looked_at(ask: Ask) -> None:
    told = Browser(ask.client).send(ACCEPT, token=NOBODYS, name="", password="short", email="nonsense")

    assert told["__typename"] == "OneTimeLinkUnusable"


def test_a_form_with_problems_tells_all_of_them_and_does_not_use_the_link_up(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    tenant, owner = acme
    token, jane = token_of(invite(owner, tenant, "jane@acme.example")["url"]), Browser(ask.client)

    empty = jane.send(ACCEPT, token=token)
    bad = jane.send(ACCEPT, token=token, name="\u202eJane", password="password1234")
    good = jane.send(ACCEPT, token=token, name="Jane", password=PASSWORD)

    assert [(one["code"], one["path"]) for one in empty["problems"]] == [
        ("REQUIRED", ["name"]),
        ("REQUIRED", ["password"]),
    ]
    assert [one["code"] for one in bad["problems"]] == ["TEXT_CHARACTERS", "PASSWORD_COMMON"]
    assert good["__typename"] == "InvitationAccepted"


def test_a_withdrawn_invitation_lets_nobody_in(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    made = invite(owner, tenant, "jane@acme.example")
    owner.send(REMOVE, memberId=made["member"]["id"])

    told = Browser(ask.client).send(ACCEPT, token=token_of(made["url"]), name="Jane", password=PASSWORD)

    assert told["__typename"] == "OneTimeLinkUnusable"
    assert [one["email"] for one in members_of(owner, tenant)] == ["anna@acme.example"]


def test_the_whole_link_can_be_pasted_for_its_token(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    url = invite(owner, tenant, "jane@acme.example")["url"]

    done = Browser(ask.client).send(ACCEPT, token=f" {url}\n", name="Jane", password=PASSWORD)

    assert done["__typename"] == "InvitationAccepted"


def test_refusals_of_one_address_are_limited_and_a_link_that_works_passes(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    token, stranger = token_of(invite(owner, tenant, "jane@acme.example")["url"]), Browser(ask.client)

    told = [stranger.send(ACCEPT, token=NOBODYS) for _ in range(21)]
    done = stranger.send(ACCEPT, token=token, name="Jane", password=PASSWORD)

    assert [one["__typename"] for one in told] == ["OneTimeLinkUnusable"] * 20 + ["TooManyAttempts"]
    assert 1 <= told[-1]["retryAfterSeconds"] <= 60
    assert done["__typename"] == "InvitationAccepted"


def test_a_link_for_somebody_else_counts_as_a_refusal_so_that_the_limit_does_not_tell_it_from_an_unknown_one(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    tenant, owner = acme
    token = token_of(invite(owner, tenant, "jane@acme.example")["url"])

    told = [owner.send(ACCEPT, token=token)["__typename"] for _ in range(21)]

    assert told == ["OneTimeLinkUnusable"] * 20 + ["TooManyAttempts"]


def test_a_platform_admin_signs_up_with_an_address_of_their_choice_or_the_default(ask: Ask) -> None:
    chosen, default, malformed = Browser(ask.client), Browser(ask.client), Browser(ask.client)
    tokens = [invite_admin(ask) for _ in range(3)]

    mine = chosen.send(ACCEPT, token=tokens[0], name="Zoe", password=PASSWORD, email="zoe@ops.example")
    theirs = default.send(ACCEPT, token=tokens[1], name="Adam", password=PASSWORD)
    wrong = malformed.send(ACCEPT, token=tokens[2], name="Eve", password=PASSWORD, email="no address")
    taken = malformed.send(ACCEPT, token=tokens[2], name="Eve", password=PASSWORD, email="ZOE@ops.example")

    assert (mine["viewer"]["permissions"], theirs["viewer"]["permissions"]) == (ADMINS, ADMINS)
    assert wrong["problems"] == [{"code": "EMAIL_SYNTAX", "path": ["email"]}]
    assert taken["__typename"] == "OneTimeLinkUnusable"


def test_whoever_is_signed_in_becomes_a_platform_admin_with_the_account_they_have(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    _, owner = acme

    done = owner.send(ACCEPT, token=invite_admin(ask))

    assert done["viewer"] == {"kind": "PERSON", "name": "Anna Acme", "permissions": ADMINS}
    assert owner(VIEWER)["permissions"] == ADMINS
