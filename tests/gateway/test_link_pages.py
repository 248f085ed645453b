"""The pages of one-time links: what a stranger, a new person and somebody with an account see and can do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.context import utc_now
from tenants.one_time_links import UNUSABLE
from tests.api.people import (
    CREATE_RESET,
    PASSWORD,
    REMOVE,
    VIEWER,
    Browser,
    invite,
    invite_admin,
    make_owner,
    members_of,
    token_of,
)
from tests.operators import Hidden
from tests.visitor import Inputs, Visitor, head_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.settings import Settings
    from tests.conftest import Ask

OTHER = Hidden("other-words-nobody-guesses")
NEW = {"name": "New Person", "password": PASSWORD, "again": PASSWORD}


@dataclass(slots=True)
class Clock:
    """Time that passes when told to."""

    late: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.late


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(settings: Settings, clock: Clock) -> Iterator[TestClient]:
    with TestClient(create_app(settings, now=clock), raise_server_exceptions=False) as client:
        yield client


@dataclass(slots=True)
class House:
    """A tenant with an owner, beside the neighbour."""

    ask: Ask
    tenant: str
    owner: Browser = field(repr=False)

    def invite(self, email: str, role: str = "EDITOR") -> str:
        return path_of(invite(self.owner, self.tenant, email, role)["url"])

    def reset(self, email: str) -> str:
        made = self.ask(CREATE_RESET, {"input": {"email": email}})
        return path_of(made["url"])

    def visitor(self) -> Visitor:
        return Visitor(self.ask.client)

    def person(self, email: str, name: str = "Joe Known") -> Visitor:
        """Somebody with an account, signed in, who works for another tenant."""
        visitor = self.visitor()
        elsewhere = invite(self.owner, self.tenant, email)
        visitor.send(path_of(elsewhere["url"]), name=name, password=PASSWORD, again=PASSWORD)
        self.owner.send(REMOVE, memberId=elsewhere["member"]["id"])
        return visitor

    def members(self) -> set[tuple[str, str]]:
        return {(one["email"], one["status"]) for one in members_of(self.owner, self.tenant)}

    def browser(self, visitor: Visitor) -> Browser:
        """Theirs, to ask the API."""
        return Browser(self.ask.client, visitor.session)


def path_of(url: str) -> str:
    """What a browser asks for; nothing that a failing test prints."""
    return Hidden("/" + url.split("/", 3)[3])


@pytest.fixture
def house(ask: Ask) -> House:
    tenant, owner = make_owner(ask, "AcmeInc", "owner@acme.example", "A-Owner")
    return House(ask, tenant, owner)


@pytest.fixture
def admin_path(ask: Ask) -> str:
    """Of a link by which a platform admin signs up."""
    return Hidden(f"/welcome/{invite_admin(ask)}")


# A new person


def test_an_invitation_says_what_for_and_asks_a_new_person_for_a_name_and_a_password(house: House) -> None:
    answer = house.visitor().open(house.invite("new@acme.example", "PUBLISHER"))

    page = Inputs(answer.text)
    assert answer.status_code == 200
    assert "Welcome to AcmeInc" in text_of(answer.text)
    assert "a publisher, who prepares what the softphone shows and makes it live" in text_of(answer.text)
    assert page.inputs["email"]["value"] == "new@acme.example"
    assert {name: one["autocomplete"] for name, one in page.inputs.items()} == {
        "email": "username",
        "name": "name",
        "password": "new-password",
        "again": "new-password",
    }


def test_a_new_person_joins_and_is_signed_in(house: House) -> None:
    path, visitor = house.invite("new@acme.example"), house.visitor()

    answer = visitor.send(path, **NEW)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitor.who() == "new@acme.example"
    assert "Signed in as New Person" in visitor.open("/").text


def test_an_invitation_is_for_its_address_whatever_is_sent(house: House) -> None:
    visitor = house.visitor()

    visitor.send(house.invite("new@acme.example"), email="else@evil.example", **NEW)

    assert visitor.who() == "new@acme.example"


def test_every_problem_stands_beside_its_field_and_the_link_still_works(house: House) -> None:
    path, visitor = house.invite("new@acme.example"), house.visitor()

    answer = visitor.send(path, name="", password="short", again="shor")

    page = Inputs(answer.text)
    assert answer.status_code == 422
    assert page.texts["name-problem"] == "Something must stand here."
    assert page.texts["password-problem"].startswith("A password has at least 12 characters.")
    assert page.texts["again-problem"] == "The two passwords are not the same."
    assert page.inputs["email"]["value"] == "new@acme.example"
    assert visitor.send(path, **NEW).status_code == 303


def test_what_was_typed_is_kept_and_a_password_never_comes_back(house: House) -> None:
    path, visitor = house.invite("new@acme.example"), house.visitor()

    answer = visitor.send(path, name="J <b>", password="SECRET-one-typed-here", again="SECRET-two-typed-here")

    assert answer.status_code == 422
    assert Inputs(answer.text).inputs["name"]["value"] == "J <b>"
    assert "SECRET" not in answer.text
    assert visitor.session is None


# A platform admin


def test_the_page_of_the_first_admin_asks_for_an_address_too(house: House, admin_path: str) -> None:
    page = Inputs(house.visitor().open(admin_path).text)

    assert {name: (one["type"], one["autocomplete"]) for name, one in page.inputs.items()} == {
        "email": ("email", "email"),
        "name": ("text", "name"),
        "password": ("password", "new-password"),
        "again": ("password", "new-password"),
    }


def test_a_platform_admin_signs_up(house: House, admin_path: str) -> None:
    visitor = house.visitor()

    answer = visitor.send(admin_path, email="boss@gateway.example", **NEW)

    assert answer.status_code == 303
    assert visitor.who() == "boss@gateway.example"
    assert "CREATE_TENANT" in house.browser(visitor)(VIEWER)["permissions"]


@pytest.mark.parametrize("email", ["", "boss", "Boss <boss@gateway.example>"])
def test_an_admin_without_an_address_is_told_so(house: House, admin_path: str, email: str) -> None:
    answer = house.visitor().send(admin_path, email=email, **NEW)

    page = Inputs(answer.text)
    assert answer.status_code == 422
    assert page.texts["email-problem"].startswith("This is not one plain e-mail address.")
    assert (page.inputs["email"].get("value") or "") == email
    assert page.inputs["name"]["value"] == "New Person"


def test_an_admin_who_has_an_account_is_sent_to_sign_in_and_then_needs_one_button(
    house: House, admin_path: str
) -> None:
    known = house.person("joe@acme.example")
    stranger = house.visitor()

    refused = stranger.send(admin_path, email="joe@acme.example", **NEW)
    page = known.open(admin_path).text
    answer = known.send(admin_path)

    assert refused.status_code == 403
    assert "sign in first" in text_of(refused.text)
    assert f'href="/sign-in?next={admin_path.replace("/", "%2F")}"' in refused.text
    assert Inputs(page).inputs == {}
    assert "Become a platform admin" in page
    assert answer.status_code == 303
    assert "CREATE_TENANT" in house.browser(known)(VIEWER)["permissions"]


# Somebody with an account


def test_an_invitation_for_an_account_asks_to_sign_in_first_and_for_nothing_else(house: House) -> None:
    house.person("joe@acme.example")
    path = house.invite("joe@acme.example")

    answer = house.visitor().open(path)

    assert "Sign in first as joe@acme.example" in text_of(answer.text)
    assert f'href="/sign-in?next={path.replace("/", "%2F")}"' in answer.text
    assert "<form" not in answer.text
    assert "Joe Known" not in answer.text


def test_an_invitation_for_an_account_takes_no_new_password(house: House) -> None:
    house.person("joe@acme.example")
    path, stranger = house.invite("joe@acme.example"), house.visitor()

    answer = stranger.send(path, name="Evil", password=OTHER, again=OTHER)

    assert answer.status_code == 403
    assert stranger.session is None
    assert stranger.send("/sign-in", email="joe@acme.example", password=OTHER).status_code == 403


def test_whoever_is_signed_in_as_that_person_joins_by_one_button(house: House) -> None:
    known = house.person("joe@acme.example")
    path, before = house.invite("joe@acme.example"), known.session

    page = known.open(path).text
    answer = known.send(path)

    assert Inputs(page).inputs == {}
    assert page.count("<button") == 1
    assert "Join AcmeInc" in page
    assert answer.status_code == 303
    assert known.session == before
    assert known.who() == "joe@acme.example"
    assert ("joe@acme.example", "ACTIVE") in house.members()


@pytest.mark.parametrize(
    ("email", "onward"),
    [("joe@acme.example", "/sign-in?next=%2Fwelcome%2F"), ("new@acme.example", "/welcome/")],
    ids=["has an account", "is new"],
)
def test_whoever_is_signed_in_as_somebody_else_is_asked_to_sign_out(house: House, email: str, onward: str) -> None:
    house.person("joe@acme.example")
    somebody = house.person("ann@acme.example", "Ann Else")
    path = house.invite(email)

    page = somebody.open(path).text
    answer = somebody.send(path, **NEW)
    left = somebody.send("/sign-out", next=str(Inputs(page).inputs["next"]["value"]))

    assert "You are signed in as ann@acme.example" in text_of(page)
    assert f"the invitation is for {email}" in text_of(page)
    assert answer.status_code == 403
    assert left.headers["location"].startswith(onward)
    assert somebody.session is None


# A new password


def test_a_reset_link_sets_a_new_password_and_signs_in(house: House) -> None:
    known, visitor = house.person("joe@acme.example"), house.visitor()
    path = house.reset("joe@acme.example")

    page = Inputs(visitor.open(path).text)
    answer = visitor.send(path, password=OTHER, again=OTHER)

    assert page.inputs["email"]["value"] == "joe@acme.example"
    assert page.inputs["email"]["autocomplete"] == "username"
    assert page.inputs["password"]["autocomplete"] == page.inputs["again"]["autocomplete"] == "new-password"
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitor.who() == "joe@acme.example"
    assert "Sign in" in text_of(known.open("/").text)
    assert house.visitor().send("/sign-in", email="joe@acme.example", password=PASSWORD).status_code == 403
    assert house.visitor().send("/sign-in", email="joe@acme.example", password=OTHER).status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "problem"),
    [
        ("short", "short", "password"),
        ("", "", "password"),
        ("password1234", "password1234", "password"),
        (PASSWORD, OTHER, "again"),
        ("joe@acme.example", "joe@acme.example", "password"),
    ],
)
def test_a_new_password_with_a_problem_leaves_the_link_as_it_is(
    house: House, password: str, again: str, problem: str
) -> None:
    house.person("joe@acme.example")
    path, visitor = house.reset("joe@acme.example"), house.visitor()

    answer = visitor.send(path, password=password, again=again)

    assert answer.status_code == 422
    assert f"{problem}-problem" in Inputs(answer.text).texts
    assert 'value="joe@acme.example"' in answer.text
    assert visitor.send(path, password=OTHER, again=OTHER).status_code == 303


# Every link


def test_everything_unusable_is_one_page(house: House, clock: Clock) -> None:
    house.person("joe@acme.example")
    used, old = house.invite("new@acme.example"), house.invite("old@acme.example")
    house.visitor().send(used, **NEW)
    gone = invite(house.owner, house.tenant, "gone@acme.example")
    house.owner.send(REMOVE, memberId=gone["member"]["id"])
    reset, spent = house.reset("joe@acme.example"), house.reset("new@acme.example")
    house.visitor().send(spent, password=OTHER, again=OTHER)
    wrong_kinds = [reset.replace("/password/", "/welcome/"), old.replace("/welcome/", "/password/")]
    unknown = [f"/welcome/{'x' * 43}", "/welcome/x", "/welcome/%00%ff", f"/password/{'x' * 43}", "/password/x"]

    told = [house.visitor().open(path) for path in [used, path_of(gone["url"]), spent, *wrong_kinds, *unknown]]
    clock.late = timedelta(hours=73)
    told += [house.visitor().open(path) for path in (old, reset)]

    assert {answer.status_code for answer in told} == {404}
    assert len({answer.content for answer in told}) == 1
    assert all(head_of(answer) == head_of(told[0]) for answer in told)
    assert f"This link cannot be used {UNUSABLE}" in text_of(told[0].text)


@pytest.mark.parametrize("path", [f"/welcome/{'x' * 43}", f"/password/{'x' * 43}"])
def test_guessing_is_answered_with_the_same_page_and_then_with_how_long_to_wait(house: House, path: str) -> None:
    visitor = house.visitor()
    sent = {**NEW, "email": "a@b.example"}

    told = [visitor.send(path, **sent) for _ in range(25)]

    assert told[0].content == visitor.open(path).content
    assert told[0].status_code == 404
    assert told[-1].status_code == 429
    assert "There were too many attempts. Wait " in text_of(told[-1].text)
    assert int(told[-1].headers["retry-after"]) >= 1


def test_fifty_previews_use_nothing_up(house: House) -> None:
    house.person("joe@acme.example")
    paths = [house.invite("new@acme.example"), house.reset("joe@acme.example")]

    statuses = {
        house.visitor().open(path, ("GET", "HEAD")[n % 2], **{"User-Agent": f"Preview/{n}"}).status_code
        for n in range(25)
        for path in paths
    }

    assert statuses == {200}
    assert house.visitor().send(paths[0], **NEW).status_code == 303
    assert house.visitor().send(paths[1], password=OTHER, again=OTHER).status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://testserver.evil.example"])
def test_a_form_from_elsewhere_uses_nothing_up(house: House, origin: str | None) -> None:
    path, visitor = house.invite("new@acme.example"), house.visitor()

    answer = visitor.send(path, origin, **NEW)

    assert answer.status_code == 403
    assert visitor.session is None
    assert visitor.send(path, **NEW).status_code == 303


def test_what_a_preview_takes_from_a_page_names_nobody_and_holds_no_token(house: House) -> None:
    path = house.invite("new@acme.example")

    head = house.visitor().open(path).text.partition("</head>")[0]

    assert not [one for one in ("AcmeInc", "new@acme", token_of(path)) if one in head]
    assert '<meta name="robots" content="noindex, nofollow">' in head


def test_a_page_with_a_form_does_not_hold_its_own_token(house: House) -> None:
    house.person("joe@acme.example")
    paths = [house.invite("new@acme.example"), house.reset("joe@acme.example")]

    pages = [house.visitor().open(path).text for path in paths]

    assert not [path for path, page in zip(paths, pages, strict=True) if token_of(path) in page]
