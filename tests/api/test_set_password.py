"""createPasswordReset and setPassword through the real application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.people import (
    ACCEPT,
    CREATE_RESET,
    PASSWORD,
    SET_PASSWORD,
    VIEWER,
    Browser,
    invite,
    make_owner,
    token_of,
)
from tests.operators import Hidden

if TYPE_CHECKING:
    from tests.conftest import Ask

CHANGE_PASSWORD = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }"
NEW = Hidden("another-four-words-nobody-knows")


@pytest.fixture
def acme(ask: Ask) -> tuple[str, Browser]:
    """A tenant and its owner's browser, beside a neighbour with an owner of its own."""
    make_owner(ask, "OtherTel", "n-owner@n.example", "N-Owner")
    return make_owner(ask, "AcmeInc", "anna@acme.example", "Anna Acme")


def reset(ask: Ask, email: str = "anna@acme.example") -> str:
    made = ask(CREATE_RESET, {"input": {"email": email}})
    assert made["__typename"] == "PasswordResetCreated"
    assert made["url"].startswith("http://testserver/password/")
    return token_of(made["url"])


def test_a_new_password_ends_all_sessions_and_begins_one(ask: Ask, acme: tuple[str, Browser]) -> None:
    old_session, fresh = acme[1], Browser(ask.client)

    done = fresh.send(SET_PASSWORD, token=reset(ask, "ANNA@acme.example"), newPassword=NEW)

    assert done["viewer"]["name"] == "Anna Acme"
    assert fresh(VIEWER)["name"] == "Anna Acme"
    assert old_session(VIEWER) is None


def test_a_reset_link_works_once_and_a_new_one_ends_the_one_before(ask: Ask, acme: tuple[str, Browser]) -> None:
    assert acme
    first, second = reset(ask), reset(ask)

    told = [
        Browser(ask.client).send(SET_PASSWORD, token=token, newPassword=NEW)["__typename"]
        for token in (first, second, second, "x" * 43)
    ]

    assert told == ["OneTimeLinkUnusable", "PasswordSet", "OneTimeLinkUnusable", "OneTimeLinkUnusable"]


def test_a_password_that_its_owner_changes_makes_reset_links_useless(ask: Ask, acme: tuple[str, Browser]) -> None:
    token = reset(ask)

    changed = acme[1].send(CHANGE_PASSWORD, currentPassword=PASSWORD, newPassword=NEW)
    told = Browser(ask.client).send(SET_PASSWORD, token=token, newPassword=Hidden("four-words-of-whoever-holds-it"))

    assert changed["__typename"] == "PasswordChanged"
    assert told["__typename"] == "OneTimeLinkUnusable"


def test_a_bad_password_leaves_the_link_as_it_is_and_without_one_nothing_is_looked_at(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    assert acme
    token, browser = reset(ask), Browser(ask.client)

    short = browser.send(SET_PASSWORD, token=token, newPassword="short")
    nowhere = browser.send(SET_PASSWORD, token="nonsense", newPassword="short")
    done = browser.send(SET_PASSWORD, token=token, newPassword=NEW)

    assert short["problems"] == [{"code": "PASSWORD_TOO_SHORT", "path": ["newPassword"]}]
    assert nowhere["__typename"] == "OneTimeLinkUnusable"
    assert done["__typename"] == "PasswordSet"


def test_ones_own_name_is_as_bad_a_new_password_as_at_the_sign_up(ask: Ask, acme: tuple[str, Browser]) -> None:
    make_owner(ask, "ThirdTel", "m@third.example", "Quentin Bartholomew")
    token, browser = reset(ask, "m@third.example"), Browser(ask.client)

    refused = browser.send(SET_PASSWORD, token=token, newPassword=Hidden("QuentinBartholomew1"))

    assert acme
    assert refused["problems"] == [{"code": "PASSWORD_COMMON", "path": ["newPassword"]}]


def test_whoever_was_signed_in_as_somebody_else_in_this_browser_is_not_any_more(
    ask: Ask, acme: tuple[str, Browser]
) -> None:
    browser, before = acme[1], Browser(ask.client, acme[1].session)

    done = browser.send(SET_PASSWORD, token=reset(ask, "n-owner@n.example"), newPassword=NEW)

    assert done["viewer"]["name"] == "N-Owner"
    assert browser(VIEWER)["name"] == "N-Owner"
    assert before(VIEWER) is None


def test_each_kind_of_link_opens_its_own_door_only(ask: Ask, acme: tuple[str, Browser]) -> None:
    tenant, owner = acme
    invitation = token_of(invite(owner, tenant, "jane@acme.example")["url"])
    browser = Browser(ask.client)

    told = [
        browser.send(SET_PASSWORD, token=invitation, newPassword=NEW)["__typename"],
        browser.send(ACCEPT, token=reset(ask), name="Jane", password=PASSWORD)["__typename"],
    ]

    assert told == ["OneTimeLinkUnusable"] * 2


def test_only_platform_admins_make_reset_links(ask: Ask, acme: tuple[str, Browser]) -> None:
    owner = acme[1]

    told = owner.send(CREATE_RESET, email="n-owner@n.example")
    own = owner.send(CREATE_RESET, email="nonsense")

    assert told == own
    assert told["__typename"] == "Forbidden"


def test_an_address_without_an_account_is_not_found_and_a_bad_one_is_a_problem(ask: Ask) -> None:
    absent = ask(CREATE_RESET, {"input": {"email": "nobody@acme.example"}})
    bad = ask(CREATE_RESET, {"input": {"email": "nobody"}})

    assert absent["__typename"] == "NotFound"
    assert bad["problems"] == [{"code": "EMAIL_SYNTAX", "path": ["email"]}]
