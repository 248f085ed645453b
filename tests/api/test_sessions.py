"""Sessions as people see them: listed, ended one by one or all at once, ended by a change of the password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.staff import (
    CHANGE_PASSWORD,
    END_SESSION,
    HOME,
    JANE,
    NEIGHBOUR,
    PASSWORD,
    SESSIONS,
    SIGN_OUT,
    WHO,
    WRONG,
    Browser,
    Office,
    office,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.settings import Settings

NEW = "SECRET-three-other-words"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Session { device isCurrent } } }"
NOT_FOUND = {"__typename": "NotFound", "message": "There is nothing here that you can see."}
JANE_IS_HERE = {"name": "Jane Doe"}


@pytest.fixture
def acme(settings: Settings) -> Iterator[Office]:
    with office(settings) as made:
        yield made


def sessions(browser: Browser) -> list[dict[str, Any]]:
    return list(browser(SESSIONS)["sessions"])


def id_of(browser: Browser) -> str:
    """Of the session that asks."""
    (current,) = [session["id"] for session in sessions(browser) if session["isCurrent"]]
    return str(current)


def test_ones_own_sessions_are_listed_last_used_first(acme: Office) -> None:
    acme.signed_in(NEIGHBOUR)
    older = acme.signed_in(agent=CHROME, address="198.51.100.9")
    acme.clock.go(minutes=2)
    newer = acme.signed_in()

    first, second = sessions(newer)

    assert (first["isCurrent"], first["device"], first["address"]) == (True, "Firefox on Debian", HOME)
    assert (second["isCurrent"], second["device"], second["address"]) == (False, "Chrome on Windows", "198.51.100.9")
    assert datetime.fromisoformat(first["createdAt"]) == acme.clock.now
    assert datetime.fromisoformat(first["lastUsedAt"]) == acme.clock.now - timedelta(seconds=30)
    assert id_of(older) == second["id"]


def test_a_token_has_no_sessions_and_no_address(acme: Office) -> None:
    acme.signed_in()
    headers = {"Authorization": f"Bearer {acme.token()}"}

    answer = acme.client.post("/graphql", json={"query": "{ viewer { email sessions { id } } }"}, headers=headers)

    assert answer.json() == {"data": {"viewer": {"email": None, "sessions": []}}}


def test_a_session_is_a_node_for_its_owner_alone(acme: Office) -> None:
    jane, neighbour = acme.signed_in(), acme.signed_in(NEIGHBOUR)
    mine = id_of(jane)
    headers = {"Authorization": f"Bearer {acme.token()}"}

    by_token = acme.client.post("/graphql", json={"query": NODE, "variables": {"id": mine}}, headers=headers).json()

    assert jane(NODE, {"id": mine}) == {
        "__typename": "Session",
        "id": mine,
        "device": "Firefox on Debian",
        "isCurrent": True,
    }
    assert (neighbour(NODE, {"id": mine}), by_token) == (None, {"data": {"node": None}})


def test_signing_out_ends_this_session_and_no_other(acme: Office) -> None:
    neighbour, other, browser = acme.signed_in(NEIGHBOUR), acme.signed_in(), acme.signed_in()
    stolen = acme.browser()
    stolen.session = browser.session

    said = browser.send(SIGN_OUT)

    assert (said, browser.session) == ({"__typename": "SignedOut", "endedSessions": 1}, None)
    assert (stolen(WHO), other(WHO), neighbour(WHO)) == (None, JANE_IS_HERE, {"name": "N-Name"})


def test_signing_out_everywhere_ends_all_of_ones_own(acme: Office) -> None:
    neighbour, other, browser = acme.signed_in(NEIGHBOUR), acme.signed_in(), acme.signed_in()

    said = browser.send(SIGN_OUT, everywhere=True)

    assert (said["endedSessions"], browser.session) == (2, None)
    assert (other(WHO), neighbour(WHO)) == (None, {"name": "N-Name"})
    assert acme.log()[-1] == ("SIGNED_OUT", "person:1", f'["Jane Doe","{HOME}","2 sessions of {JANE}",[]]')


def test_whoever_is_not_signed_in_is_told_the_same(acme: Office) -> None:
    over = acme.browser()
    over.session = "x" * 43
    headers = {"Authorization": f"Bearer {acme.token()}"}

    by_token = acme.client.post("/graphql", json={"query": SIGN_OUT, "variables": {"input": {}}}, headers=headers)

    nothing = {"__typename": "SignedOut", "endedSessions": 0}
    assert (acme.browser().send(SIGN_OUT), over.send(SIGN_OUT, everywhere=True)) == (nothing, nothing)
    assert by_token.json() == {"data": {"signOut": nothing}}
    assert [over.session, *acme.log()] == [None]


def test_one_of_ones_own_sessions_is_ended_from_another(acme: Office) -> None:
    lost, browser = acme.signed_in(agent=CHROME), acme.signed_in()
    session = id_of(lost)

    said = browser.send(END_SESSION, sessionId=session)

    assert said == {"__typename": "SessionEnded", "sessionId": session}
    assert (lost(WHO), browser(WHO)) == (None, JANE_IS_HERE)
    assert browser.send(END_SESSION, sessionId=session) == NOT_FOUND
    words = f'["Jane Doe","{HOME}","session of {JANE} in Chrome on Windows",[]]'
    assert acme.log()[2:] == [("SIGNED_OUT", "person:1", words)]


def test_ending_the_session_that_asks_is_signing_out(acme: Office) -> None:
    browser = acme.signed_in()

    browser.send(END_SESSION, sessionId=id_of(browser))

    assert browser.session is None


@pytest.mark.parametrize("wrong", ["", "x", "VGVuYW50OjE=", "U2Vzc2lvbjo5OTk5OTk="])
def test_a_session_that_is_none_of_ones_own_is_not_found(acme: Office, wrong: str) -> None:
    neighbour, browser = acme.signed_in(NEIGHBOUR), acme.signed_in()

    foreign = browser.send(END_SESSION, sessionId=id_of(neighbour))

    assert (foreign, browser.send(END_SESSION, sessionId=wrong)) == (NOT_FOUND, NOT_FOUND)
    assert neighbour(WHO) == {"name": "N-Name"}


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (END_SESSION, {"sessionId": "x"}),
        (CHANGE_PASSWORD, {"currentPassword": PASSWORD, "newPassword": NEW}),
    ],
)
def test_what_needs_a_session_says_so(acme: Office, query: str, sent: dict[str, str]) -> None:
    over = acme.browser()
    over.session = "x" * 43
    body = {"query": query, "variables": {"input": sent}}

    by_token = acme.client.post("/graphql", json=body, headers={"Authorization": f"Bearer {acme.token()}"}).json()

    assert [acme.browser().code(query, **sent), over.code(query, **sent)] == ["UNAUTHENTICATED"] * 2
    assert by_token["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert over.session is None


def test_a_changed_password_ends_the_other_sessions_and_is_the_one_that_works(acme: Office) -> None:
    neighbour, other, browser = acme.signed_in(NEIGHBOUR), acme.signed_in(), acme.signed_in()

    said = browser.send(CHANGE_PASSWORD, currentPassword=PASSWORD, newPassword=NEW)

    assert said == {"__typename": "PasswordChanged", "endedSessions": 1}
    assert (browser(WHO), other(WHO), neighbour(WHO)) == (JANE_IS_HERE, None, {"name": "N-Name"})
    assert acme.browser().sign_in()["__typename"] == "SignInRefused"
    assert acme.browser().sign_in(password=NEW)["__typename"] == "SignedIn"
    assert acme.browser().sign_in(NEIGHBOUR)["__typename"] == "SignedIn"
    entries = [entry for entry in acme.log() if entry[0] == "PASSWORD_CHANGED"]
    assert entries == [("PASSWORD_CHANGED", "person:1", f'["Jane Doe","{HOME}","password of {JANE}",[]]')]


def test_a_wrong_current_password_changes_nothing_and_counts_with_the_failed_sign_ins(acme: Office) -> None:
    other, browser = acme.signed_in(), acme.signed_in()
    wrong = {"currentPassword": WRONG, "newPassword": NEW}

    answers = [browser.send(CHANGE_PASSWORD, **wrong) for _ in range(3)]
    refused = [acme.browser().sign_in(password=WRONG) for _ in range(2)]

    assert {answer["__typename"] for answer in (*answers, *refused)} == {"SignInRefused"}
    late = browser.send(CHANGE_PASSWORD, currentPassword=PASSWORD, newPassword=NEW)
    assert (late["__typename"], late["retryAfterSeconds"]) == ("TooManyAttempts", 900)
    assert acme.browser().sign_in()["__typename"] == "TooManyAttempts"
    assert (browser(WHO), other(WHO)) == (JANE_IS_HERE, JANE_IS_HERE)


@pytest.mark.parametrize(
    ("new", "code"), [("SECRET-2", "PASSWORD_TOO_SHORT"), ("passwordpassword", "PASSWORD_COMMON"), ("", "REQUIRED")]
)
def test_a_bad_new_password_is_told_and_nothing_is_compared(acme: Office, new: str, code: str) -> None:
    browser = acme.signed_in()

    answers = [browser.send(CHANGE_PASSWORD, currentPassword=WRONG, newPassword=new) for _ in range(6)]

    told = {"__typename": "InvalidInput", "problems": [{"code": code, "path": ["newPassword"]}]}
    assert [{key: answer[key] for key in told} for answer in answers] == [told] * 6
    assert acme.browser().sign_in()["__typename"] == "SignedIn"
