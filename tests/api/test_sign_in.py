"""Staff sign in: one answer for every refusal, limits that refusals alone count for, and an entry in the log."""

from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher

from gateway.http.cookies import NAME
from tenants.access import CREDENTIALS, Principal
from tenants.actions import proof
from tenants.actions.sign_in import sign_in
from tenants.attempts import StaffAttempt, sender_of_code
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import SignInRefusedError
from tenants.passwords import needs_rehash
from tenants.store import attempts, people
from tests import make
from tests.staff import (
    FIREFOX,
    HOME,
    JANE,
    NEIGHBOUR,
    PASSWORD,
    SIGN_IN,
    WHO,
    WRONG,
    Office,
    hashed,
    office,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.settings import Settings

REFUSED = {"__typename": "SignInRefused", "message": "This address and this password do not belong together."}
NOBODY = "nobody@acme.example"
ELSEWHERE = "198.51.100.9"


@pytest.fixture
def acme(settings: Settings) -> Iterator[Office]:
    with office(settings) as made:
        yield made


def test_a_person_signs_in_and_is_known_from_then_on(acme: Office) -> None:
    browser = acme.browser()

    answer = browser.sign_in("Jane@ACME.example")

    viewer = answer["viewer"]
    assert (viewer["kind"], viewer["name"], viewer["email"]) == ("PERSON", "Jane Doe", JANE)
    assert "CREATE_TENANT" in viewer["permissions"]
    assert viewer["sessions"] == [{"isCurrent": True, "device": "Firefox on Debian", "address": HOME}]
    assert browser(WHO) == {"name": "Jane Doe"}


def test_the_cookie_is_for_this_host_alone_and_for_no_script(acme: Office) -> None:
    answer = acme.browser().post(SIGN_IN, {"input": {"email": JANE, "password": PASSWORD}})

    (cookie,) = answer.headers.get_list("set-cookie")
    pair, *attributes = cookie.split("; ")
    assert (pair.partition("=")[0], len(pair.partition("=")[2])) == (NAME, 43)
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert answer.headers["cache-control"] == "private, no-store"


def test_whoever_asks_in_the_same_request_is_the_one_who_signed_in(acme: Office) -> None:
    more = "out: signOut(input: {}) { ... on SignedOut { endedSessions } }"
    query = f"{SIGN_IN.rstrip().removesuffix('}')} {more} }}"
    answer = acme.browser().post(query, {"input": {"email": JANE, "password": PASSWORD}})

    assert answer.json()["data"]["out"] == {"endedSessions": 1}
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_each_sign_in_has_a_new_session_and_the_one_before_in_this_browser_is_over(acme: Office) -> None:
    browser, other = acme.signed_in(), acme.signed_in()
    before = acme.browser()
    before.session = browser.session

    browser.sign_in()

    assert browser.session not in (before.session, other.session)
    assert (before(WHO), browser(WHO), other(WHO)) == (None, {"name": "Jane Doe"}, {"name": "Jane Doe"})


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (JANE, WRONG),
        (JANE, PASSWORD + " "),
        (JANE, PASSWORD.upper()),
        (JANE, ""),
        (JANE, "x" * 257),
        (JANE, "x" * 8000),
        (JANE, "a\nb"),
        (NOBODY, PASSWORD),
        (NEIGHBOUR, WRONG),
        ("", PASSWORD),
        ("Jane Doe <jane@acme.example>", PASSWORD),
        ("jane@acme.example ' OR 1=1", PASSWORD),
        ("j\u00e4ne@acme.example", PASSWORD),
        (f"{'x' * 300}@acme.example", PASSWORD),
    ],
)
def test_every_refusal_has_the_same_bytes(acme: Office, email: str, password: str) -> None:
    usual = acme.browser().post(SIGN_IN, {"input": {"email": JANE, "password": "SECRET-wrong"}})

    answer = acme.browser(ELSEWHERE).post(SIGN_IN, {"input": {"email": email, "password": password}})

    assert answer.json() == {"data": {"signIn": REFUSED}}
    assert (answer.status_code, answer.content) == (usual.status_code, usual.content)
    assert "set-cookie" not in answer.headers


@pytest.mark.slow
def test_the_time_tells_nothing_of_which_accounts_exist(acme: Office) -> None:
    def seconds(email: str, round_: int) -> float:
        browser, started = acme.browser(f"198.51.{round_}.{len(email)}"), perf_counter()
        browser.sign_in(email, WRONG)
        return perf_counter() - started

    rounds = [(seconds(JANE, number), seconds(NOBODY, number)) for number in range(15)]

    known, unknown = (median(column) for column in zip(*rounds, strict=True))
    assert 2 / 3 < known / unknown < 3 / 2


def test_the_fifth_refusal_makes_the_name_wait_at_this_address_and_nowhere_else(acme: Office) -> None:
    answers = [acme.browser().sign_in(password=WRONG) for _ in range(6)]

    right = acme.browser().sign_in()
    assert [answer["__typename"] for answer in answers] == ["SignInRefused"] * 5 + ["TooManyAttempts"]
    assert (right["__typename"], right["retryAfterSeconds"]) == ("TooManyAttempts", 900)
    assert acme.browser(ELSEWHERE).sign_in()["__typename"] == "SignedIn"
    assert acme.browser().sign_in(NEIGHBOUR)["__typename"] == "SignedIn"


@pytest.mark.parametrize("email", [JANE, NOBODY])
def test_an_unknown_name_waits_as_a_known_one_does(acme: Office, email: str) -> None:
    for spelling in (email, email.upper(), email.title(), f" {email} ", email):
        acme.browser().sign_in(spelling.replace("ACME.EXAMPLE", "acme.example"), WRONG)

    assert acme.browser().sign_in(email, WRONG)["__typename"] == "TooManyAttempts"


def test_nobody_waits_for_good(acme: Office) -> None:
    for _ in range(5):
        acme.browser().sign_in(password=WRONG)
    for _ in range(10):  # what is not tried is not counted
        acme.browser().sign_in(password=WRONG)

    acme.clock.go(minutes=15)

    assert acme.browser().sign_in()["__typename"] == "SignedIn"


def test_successes_never_count(acme: Office) -> None:
    answers = [acme.browser().sign_in() for _ in range(25)]

    assert {answer["__typename"] for answer in answers} == {"SignedIn"}


def test_an_address_waits_after_twenty_refusals_of_whomever(acme: Office) -> None:
    answers = [acme.browser().sign_in(f"person{number}@acme.example", WRONG) for number in range(21)]

    assert [answer["__typename"] for answer in answers] == ["SignInRefused"] * 20 + ["TooManyAttempts"]
    assert acme.browser().sign_in()["retryAfterSeconds"] == 60
    assert acme.browser(ELSEWHERE).sign_in()["__typename"] == "SignedIn"
    acme.clock.go(minutes=1)
    assert acme.browser().sign_in()["__typename"] == "SignedIn"


def test_refusals_of_staff_and_of_setup_codes_neither_count_for_nor_forget_each_other(acme: Office) -> None:
    keys = make.KEYS
    attempt = StaffAttempt.of(keys, JANE, HOME)
    code = sender_of_code(keys, HOME)

    async def refuse(now: datetime) -> None:
        async with transaction():
            for _ in range(5):
                await attempts.insert_staff_refusal(CREDENTIALS, attempt, now)
        async with transaction():
            await attempts.insert_refused_code(CREDENTIALS, code, now)

    async def look(now: datetime) -> tuple[int | None, datetime | None]:
        async with transaction():  # forgets codes of more than a minute ago
            await attempts.insert_refused_code(CREDENTIALS, code, now)
        staff = (await attempts.list_staff_refusals(CREDENTIALS, attempt, now)).wait_seconds(now)
        return staff, await attempts.find_end_of_wait(CREDENTIALS, code, now)

    acme.call(refuse, acme.clock.now)
    acme.clock.go(minutes=2)

    assert acme.call(look, acme.clock.now) == (13 * 60, None)


async def _guess_at_once(now: datetime, guesses: int) -> list[str]:
    """What became of guesses that were all let in before the first of them was compared."""
    attempt = StaffAttempt.of(make.KEYS, JANE, HOME)
    found = await asyncio.gather(
        *(proof.prove(attempt, hashed(), f"SECRET-guess-{number}", now) for number in range(guesses)),
        return_exceptions=True,
    )
    return [type(each).__name__ for each in found]


def test_a_flood_of_guesses_at_once_gets_hardly_more_through_than_the_limit(acme: Office) -> None:
    ends = acme.call(_guess_at_once, acme.clock.now, 60)

    assert 5 <= ends.count(SignInRefusedError.__name__) <= 6
    assert set(ends) == {"SignInRefusedError", "TooManyAttemptsError"}


def test_a_sign_in_is_in_the_platforms_log_and_a_refusal_is_not(acme: Office) -> None:
    acme.browser().sign_in(password=WRONG)
    acme.browser().sign_in(NEIGHBOUR)

    ((action, actor, personal),) = acme.log()
    assert (action, actor) == ("SIGNED_IN", "person:2")
    assert personal == f'["N-Name","{HOME}","session of {NEIGHBOUR} in Firefox on Debian",[]]'


def test_a_hash_of_other_parameters_is_made_anew(acme: Office) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

    async def put(stored: str) -> None:
        async with transaction():
            await people.update_password(CREDENTIALS, 1, stored)

    async def stored() -> str:
        found = await people.find_person_by_email(CREDENTIALS, EmailAddress.parse(JANE))
        assert found is not None
        return found.password_hash

    acme.call(put, old)
    first = acme.browser().sign_in()

    is_old = needs_rehash(acme.call(stored))
    assert (first["__typename"], is_old) == ("SignedIn", False)
    assert acme.browser().sign_in()["__typename"] == "SignedIn"


async def _sign_in_beside_a_change(now: datetime) -> None:
    """The password is changed after the account was read, and while the old one waits to be compared."""
    line = proof.line()
    async with line, line:
        signing_in = asyncio.create_task(
            sign_in(Principal(make.ORIGIN), JANE, PASSWORD, address=HOME, device="", now=now)
        )
        while not line._waiters:  # noqa: SLF001 - nothing else tells that it waits
            await asyncio.sleep(0)
        async with transaction():
            await people.update_password(CREDENTIALS, 1, hashed(WRONG))
    await signing_in


def test_a_password_that_was_changed_while_it_was_compared_signs_nobody_in(acme: Office) -> None:
    with pytest.raises(SignInRefusedError):
        acme.call(_sign_in_beside_a_change, acme.clock.now)

    assert acme.log() == []


def test_a_session_goes_with_the_deadline_of_idleness_and_of_twelve_hours(acme: Office) -> None:
    busy, idle = acme.signed_in(), acme.signed_in()

    for _ in range(35):
        acme.clock.go(minutes=20)
        said = busy(WHO)
        acme.call(asyncio.sleep, 0.15)  # the stamp is written after the answer
        assert said == {"name": "Jane Doe"}

    assert idle(WHO) is None
    acme.clock.go(minutes=20)
    assert busy(WHO) is None


def test_two_sign_ins_in_one_request_are_refused(acme: Office) -> None:
    one = 'signIn(input: {email: "a@acme.example", password: "SECRET-x"}) { __typename }'

    answer = acme.browser().post(f"mutation {{ a: {one} b: {one} }}").json()

    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"


@pytest.mark.parametrize("header", [None, "", FIREFOX, "x" * 20_000, "<script>alert(1)</script>"])
def test_a_device_is_made_of_known_words(acme: Office, header: str | None) -> None:
    said: Any = acme.browser(agent=header or "").sign_in()

    assert said["viewer"]["sessions"][0]["device"] in {"Firefox on Debian", "Unknown browser"}
