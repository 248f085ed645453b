"""Sign in, see who is signed in, sign out: by plain forms, and telling nobody who has an account."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.http.cookies import NAME
from tests.api.people import PASSWORD, make_owner
from tests.gateway.test_health import Wire, remote, wire
from tests.visitor import ORIGIN, Inputs, Visitor, head_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.settings import Settings
    from tests.conftest import Ask

__all__ = ["remote", "wire"]  # the fixtures

EMAIL = "jane@acme.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN}
NASTY = '"><script>alert(1)</script>@x.example'


@pytest.fixture
def jane(ask: Ask) -> Visitor:
    """Not signed in, and with an account."""
    make_owner(ask, "AcmeInc", EMAIL, "Jane <b> A")
    return Visitor(ask.client)


@pytest.fixture
def signed_in(jane: Visitor) -> Visitor:
    assert jane.send("/sign-in", email=EMAIL, password=PASSWORD).status_code == 303
    return jane


def test_the_form_is_one_that_password_managers_know(jane: Visitor) -> None:
    page = Inputs(jane.open("/sign-in").text)

    assert {name: (one["type"], one["autocomplete"]) for name, one in page.inputs.items()} == {
        "email": ("email", "username"),
        "password": ("password", "current-password"),
    }
    assert "autofocus" in page.inputs["email"]


def test_a_person_signs_in(jane: Visitor) -> None:
    answer = jane.send("/sign-in", email=EMAIL, password=PASSWORD)

    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/", b"")
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"path=/", "secure", "httponly", "samesite=lax"} <= attributes
    assert jane.who() == EMAIL


def test_each_sign_in_has_a_session_of_its_own(signed_in: Visitor) -> None:
    first = signed_in.session

    signed_in.send("/sign-in", email=EMAIL, password=PASSWORD)

    assert signed_in.session not in (None, first)


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ("/docs/rules", "/docs/rules"),
        ("/sign-in?next=%2Fa", "/sign-in?next=%2Fa"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_one_lands_where_one_wanted_to_go_inside_this_gateway(jane: Visitor, wish: str, place: str) -> None:
    shown = jane.client.get("/sign-in", params={"next": wish}).text
    carried = Inputs(shown).inputs.get("next", {}).get("value") or ""

    answer = jane.send("/sign-in", email=EMAIL, password=PASSWORD, next=wish)

    assert carried == ("" if place == "/" else place)
    assert answer.headers["location"] == place


def test_two_wishes_are_none(jane: Visitor) -> None:
    assert "next" not in Inputs(jane.open("/sign-in?next=/a&next=/b").text).inputs


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody@acme.example", PASSWORD),
        ("no address at all", PASSWORD),
        (EMAIL, "wrong-words-somebody-guesses"),
        (EMAIL, "x" * 5000),
        (EMAIL, "\x7f"),
        ("ä@\ud83d\ude00.example".encode("utf-16", "surrogatepass").decode("utf-16"), PASSWORD),
    ],
)
def test_one_sentence_whatever_is_wrong(jane: Visitor, email: str, password: str) -> None:
    reference = jane.send("/sign-in", email="a@b.example", password="wrong")

    answer = jane.send("/sign-in", email=email, password=password)

    assert answer.status_code == 403
    assert answer.text.replace(email, "a@b.example") == reference.text
    assert head_of(answer).keys() == head_of(reference).keys()
    assert password not in answer.text
    assert jane.session is None


def test_a_refusal_keeps_the_address_and_asks_for_the_password_again(jane: Visitor) -> None:
    answer = jane.send("/sign-in", email=NASTY, password="SECRET-typed-here", next="/docs/rules")

    page = Inputs(answer.text)
    assert page.inputs["email"]["value"] == NASTY
    assert page.inputs["next"]["value"] == "/docs/rules"
    assert "autofocus" in page.inputs["password"]
    assert page.inputs["password"]["aria-describedby"] == "said"
    assert "SECRET" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("sent", "problems"),
    [
        ({}, {"email", "password"}),
        ({"email": " ", "password": "x"}, {"email"}),
        ({"email": EMAIL}, {"password"}),
    ],
)
def test_what_is_missing_is_said_beside_its_field(jane: Visitor, sent: dict[str, str], problems: set[str]) -> None:
    answer = jane.send("/sign-in", **sent)

    texts = Inputs(answer.text).texts
    assert answer.status_code == 422
    assert {name.removesuffix("-problem") for name in texts if name.endswith("-problem")} == problems


def test_too_many_attempts_are_told_how_long_to_wait(jane: Visitor) -> None:
    told = [jane.send("/sign-in", email=EMAIL, password=f"wrong {number}") for number in range(25)]

    assert told[-1].status_code == 429
    assert re.search(r"There were too many attempts\. Wait (a minute|\d+ minutes), then try", text_of(told[-1].text))
    assert int(told[-1].headers["retry-after"]) >= 1
    assert jane.session is None


# From elsewhere, and what is no form


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_from_elsewhere_does_nothing(signed_in: Visitor, path: str, headers: dict[str, str]) -> None:
    before = signed_in.session
    content = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"{NAME}={before}"}

    answer = signed_in.client.post(path, content=b"everywhere=yes", headers={**content, **headers})

    assert answer.status_code == 403
    assert "was not sent from a page of this gateway" in text_of(answer.text)
    assert "set-cookie" not in answer.headers
    assert signed_in.who() == EMAIL


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b'{"email": "SECRET"}', 415),
        ({"Content-Type": "text/plain"}, b"email=SECRET", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--SECRET", 415),
        ({}, b"email=SECRET&email=SECRET", 400),
        ({}, b"email=SECRET&password=%ff", 400),
        ({}, b"email=SECRET&password=%00", 400),
        ({}, b"email=SECRET&password=" + b"x" * 70_000, 413),
    ],
)
def test_what_is_no_form_is_refused_on_a_page_that_repeats_nothing(
    jane: Visitor, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = jane.client.post("/sign-in", content=body, headers={**FORM, **headers})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "SECRET" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/welcome/x", "/password/x"])
def test_pages_are_looked_at_or_sent_a_form(jane: Visitor, path: str, method: str) -> None:
    assert jane.open(path, method, Origin=ORIGIN).status_code == 405


# Signed in


def test_whoever_is_signed_in_sees_as_whom_and_can_sign_out(signed_in: Visitor) -> None:
    answer = signed_in.open("/sign-in?next=/docs/rules")

    assert "You are signed in As Jane <b> A, jane@acme.example." in text_of(answer.text)
    assert '<a class="button" href="/docs/rules">Continue</a>' in answer.text
    assert "password" not in Inputs(answer.text).inputs
    assert "Jane &lt;b&gt; A" in answer.text


def test_signing_out_ends_this_session(signed_in: Visitor) -> None:
    other = Visitor(signed_in.client)
    other.send("/sign-in", email=EMAIL, password=PASSWORD)
    before = signed_in.session

    answer = signed_in.send("/sign-out", next="/sign-in")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert signed_in.session is None
    assert Visitor(signed_in.client, before).who() is None
    assert other.who() == EMAIL


def test_signing_out_everywhere_ends_all(signed_in: Visitor) -> None:
    other = Visitor(signed_in.client)
    other.send("/sign-in", email=EMAIL, password=PASSWORD)

    signed_in.send("/sign-out", everywhere="yes")

    assert signed_in.session is None
    assert other.who() is None


def test_signing_out_twice_is_signing_out(signed_in: Visitor) -> None:
    late = Visitor(signed_in.client, signed_in.session)
    signed_in.send("/sign-out")

    answer = late.send("/sign-out")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert late.session is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_signs_nobody_out(signed_in: Visitor, method: str) -> None:
    answer = signed_in.open("/sign-out", method)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert signed_in.who() == EMAIL


@pytest.mark.parametrize("path", ["/sign-in", "/"])
def test_a_session_that_is_over_is_nobody_and_its_cookie_goes(jane: Visitor, path: str) -> None:
    jane.session = "x" * 43

    answer = jane.open(path)

    assert answer.status_code == 200
    assert "you are signed in" not in text_of(answer.text).lower()
    assert EMAIL not in answer.text
    assert "Jane" not in answer.text
    assert jane.session is None


def test_a_page_looks_at_the_cookie_alone(signed_in: Visitor) -> None:
    answer = signed_in.open("/sign-in", Authorization="Basic eDp5")

    assert "You are signed in" in answer.text


def test_the_front_page_says_who_is_signed_in_to_nobody_else(signed_in: Visitor) -> None:
    theirs, anybodys = signed_in.open("/"), Visitor(signed_in.client).open("/")

    assert "Signed in as Jane <b> A" in text_of(theirs.text)
    assert "Jane &lt;b&gt; A" in theirs.text
    assert theirs.headers["cache-control"] == "private, no-store"
    assert "etag" not in theirs.headers
    assert "Jane" not in anybodys.text
    assert '<a class="who" href="/sign-in">Sign in</a>' in anybodys.text
    assert theirs.headers["vary"] == anybodys.headers["vary"] == "Cookie"


# Around the pages


@pytest.mark.parametrize("path", ["/sign-in", "/welcome/x", "/password/x"])
def test_the_head_of_the_answer_keeps_a_page_out_of_caches_indexes_and_frames(jane: Visitor, path: str) -> None:
    answer = jane.open(path)

    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "strict-origin"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    assert "etag" not in answer.headers
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|https?://", answer.text)


@pytest.mark.parametrize("path", ["/sign-in", "/welcome/x", "/password/x", "/sign-out"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_its_database_a_page_asks_for_a_moment(wire: Wire, remote: TestClient, path: str, method: str) -> None:
    visitor = Visitor(remote, "x" * 43)
    wire.cut()

    answer = visitor.open(path, method, **FORM) if method == "GET" else visitor.send(path, email=EMAIL, password="x")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "One moment, please" in text_of(answer.text)
    assert answer.headers["cache-control"] == "private, no-store"
    assert visitor.session == "x" * 43


@pytest.fixture
def mounted(settings: Settings) -> Iterator[TestClient]:
    """The application below a path of a larger site."""
    with TestClient(create_app(settings), root_path="/gate&way", raise_server_exceptions=False) as client:
        yield client


def test_below_a_prefix_every_way_carries_it(mounted: TestClient) -> None:
    visitor = Visitor(mounted)

    page = visitor.open("/gate&way/sign-in").text
    out = visitor.send("/gate&way/sign-out")

    assert 'action="/gate&amp;way/sign-in"' in page
    assert set(re.findall(r'href="(/[^"]*)"', page)) == {
        "/gate&amp;way/",
        "/gate&amp;way/static/pages.css",
        "/gate&amp;way/static/account.css",
    }
    assert out.headers["location"] == "/gate&way/sign-in"
    assert mounted.get("/gate&way/static/account.css").status_code == 200
