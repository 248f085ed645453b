"""Signing up, in, out and back in as people do it: a real browser without JavaScript, on a phone and on a screen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from gateway.http.cookies import NAME
from gateway.http.origins import HEADER
from tests.api.people import CREATE_RESET, INVITE
from tests.browser.test_graphiql_in_chromium import CHROMIUM_ARGUMENTS
from tests.needs import find_chromium
from tests.operators import Hidden
from tests.servers import gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.servers import RunningProcess

pytestmark = pytest.mark.browser

PHONE, SCREEN = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
PASSWORD, OTHER = Hidden("SECRET four words nobody guesses"), Hidden("SECRET other words nobody guesses")
BOSS = "boss@gateway.example"
TENANT = "query($providerId: String!) { tenant(providerId: $providerId) { id } }"
SMALL_TARGETS = """() => [...document.querySelectorAll("input:not([type=hidden]), button, a.button")]
  .map(one => one.getBoundingClientRect())
  .filter(box => box.height < 44 || box.width < 44)
  .length"""
IS_TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # not installed where these tests are not run

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@dataclass
class Desk:
    """A gateway, its first platform admin, and browsers of people."""

    browser: Browser
    server: RunningProcess
    seen: list[str] = field(default_factory=list)
    """What a browser complained of, each request elsewhere, and each Referer that says more than an origin."""
    admin: BrowserContext | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.ready['port']}"

    def sit_down(self, viewport: dict[str, int] | None = None, scheme: str = "light") -> Page:
        """A fresh profile that runs no script."""
        context = self.browser.new_context(
            viewport=viewport or SCREEN,  # type: ignore[arg-type]  # of the library's own types
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=False,
        )
        context.on("request", self._look)
        page = context.new_page()
        page.on("console", lambda message: self.seen.append(message.text))
        return page

    def _look(self, request: Any) -> None:
        referer = request.headers.get("referer", "")
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.seen.append(request.url)
        if urlsplit(referer).path not in ("", "/") or urlsplit(referer).query:
            self.seen.append(f"Referer from {request.resource_type}")

    def ask(self, document: str, **variables: Any) -> Any:
        """As the platform admin, by the session of their browser."""
        assert self.admin is not None
        cookies = {one["name"]: one["value"] for one in self.admin.cookies(self.url)}
        headers = {"Cookie": f"{NAME}={cookies[NAME]}", HEADER: "1", "Origin": self.url}
        with httpx2.Client(trust_env=False, timeout=20) as client:
            answer = client.post(
                f"{self.url}/graphql", json={"query": document, "variables": variables}, headers=headers
            )
        (data,) = answer.json()["data"].values()
        return data

    def invite(self, provider_id: str, email: str) -> str:
        tenant = self.ask(TENANT, providerId=provider_id)["id"]
        return Hidden(self.ask(INVITE, input={"tenantId": tenant, "email": email, "role": "EDITOR"})["url"])

    def reset(self, email: str) -> str:
        return Hidden(self.ask(CREATE_RESET, input={"email": email})["url"])

    def join(self, email: str, name: str) -> Page:
        """A new person, signed in."""
        page = self.sit_down()
        page.goto(self.invite("AcmeInc", email))
        fill(page, {"Your name": name, "New password": PASSWORD, "The same password again": PASSWORD})
        page.get_by_role("button", name="Join").click()
        assert is_signed_in(page, name)
        return page


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A gateway whose first platform admin has signed up by the link that it printed."""
    folder = tmp_path_factory.mktemp("people")
    database = f"sqlite:///{folder / 'gateway.db'}"
    with gateway_process("serve", "--demo", "--port", "0", "--database", database, env={}) as server:
        desk = Desk(browser, server)
        page = desk.sit_down()
        page.goto(Hidden(re.findall(r"http\S+/welcome/[\w-]{43}", server.output)[0]))
        typed = {"E-mail address": BOSS, "Your name": "The Boss", "New password": PASSWORD}
        fill(page, {**typed, "The same password again": PASSWORD})
        page.get_by_role("button", name="Become a platform admin").click()
        assert is_signed_in(page, "The Boss")
        desk.admin = page.context
        yield desk


@pytest.fixture(autouse=True)
def _seen_so_far(desk: Desk) -> None:
    """Each test looks at what was seen in it."""
    desk.seen.clear()


def fill(page: Page, typed: dict[str, str]) -> None:
    for label, text in typed.items():
        page.get_by_label(label).fill(text)


def sign_in(page: Page, email: str, password: str) -> None:
    fill(page, {"E-mail address": email, "Password": password})
    page.get_by_role("button", name="Sign in").click()


def is_signed_in(page: Page, name: str) -> bool:
    """Once the front page, where every form leads, is there."""
    who = page.locator("header .who")
    who.wait_for()
    return who.inner_text() == f"Signed in as {name}"


def test_the_first_admin_signs_up_by_the_printed_link_out_and_in_again(desk: Desk) -> None:
    assert desk.admin is not None
    page = desk.admin.pages[0]

    page.get_by_role("link", name="Signed in as The Boss").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("heading", name="Sign in").wait_for()
    sign_in(page, BOSS, PASSWORD)

    assert is_signed_in(page, "The Boss")
    assert urlsplit(page.url).path == "/"
    (cookie,) = desk.admin.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (NAME, True, True, "Lax")
    assert desk.seen == []


def test_an_invited_person_joins_by_keyboard_alone(desk: Desk) -> None:
    page = desk.sit_down(PHONE)
    page.goto(desk.invite("AcmeInc", "keys@acme.example"))

    page.locator("input:focus").wait_for()  # a moment after the page is there
    page.keyboard.type("Key Board")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert is_signed_in(page, "Key Board")
    assert desk.seen == []
    page.context.close()


def test_what_is_wrong_is_shown_and_has_the_focus_until_it_is_mended(desk: Desk) -> None:
    page = desk.sit_down()
    page.goto(desk.invite("AcmeInc", "mend@acme.example"))

    fill(page, {"Your name": "Men Der", "New password": "short", "The same password again": "shorter"})
    page.get_by_role("button", name="Join").click()
    page.get_by_role("alert").wait_for()
    focused = page.locator("input:focus").get_attribute("id")
    described = page.locator("input:focus").get_attribute("aria-describedby")
    kept = page.get_by_label("Your name").input_value()
    emptied = page.get_by_label("New password").input_value()
    fill(page, {"New password": PASSWORD, "The same password again": PASSWORD})
    page.get_by_role("button", name="Join").click()

    assert (focused, described) == ("password", "said password-hint password-problem")
    assert (kept, emptied) == ("Men Der", "")
    assert is_signed_in(page, "Men Der")
    page.context.close()


def test_somebody_with_an_account_signs_in_first_and_joins_by_one_button(desk: Desk) -> None:
    desk.join("two@acme.example", "Two Jobs").context.close()
    page = desk.sit_down(PHONE)

    page.goto(desk.invite("BrightTel", "two@acme.example"))
    says_whom = page.get_by_text("Sign in first as two@acme.example").is_visible()
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, "two@acme.example", PASSWORD)
    page.get_by_role("button", name="Join").click()

    assert says_whom
    assert is_signed_in(page, "Two Jobs")
    assert urlsplit(page.url).path == "/"
    assert desk.seen == []
    page.context.close()


def test_a_reset_link_gives_a_new_password_and_ends_the_other_sessions(desk: Desk) -> None:
    before = desk.join("lost@acme.example", "Lo St")
    page = desk.sit_down()

    page.goto(desk.reset("lost@acme.example"))
    fill(page, {"New password": OTHER, "The same password again": OTHER})
    page.get_by_role("button", name="Set password").click()
    is_in = is_signed_in(page, "Lo St")
    before.reload()

    assert is_in
    assert before.get_by_role("link", name="Sign in").is_visible()
    page.context.close()
    before.context.close()


def test_a_refused_sign_in_says_so_and_keeps_the_address(desk: Desk) -> None:
    page = desk.sit_down()
    page.goto(f"{desk.url}/sign-in?next=/docs/rules")

    sign_in(page, "nobody@acme.example", "SECRET-wrong")
    refused = page.get_by_role("alert").inner_text()
    kept, emptied = page.get_by_label("E-mail address").input_value(), page.get_by_label("Password").input_value()
    sign_in(page, BOSS, PASSWORD)
    page.wait_for_url(f"{desk.url}/docs/rules")

    assert "do not belong together" in refused
    assert (kept, emptied) == ("nobody@acme.example", "")
    page.context.close()


def test_signing_out_everywhere_reaches_the_other_browser(desk: Desk) -> None:
    one, other = desk.join("many@acme.example", "Ma Ny"), desk.sit_down()
    other.goto(f"{desk.url}/sign-in")
    sign_in(other, "many@acme.example", PASSWORD)
    was_in = is_signed_in(other, "Ma Ny")

    one.goto(f"{desk.url}/sign-in")
    one.get_by_role("button", name="Sign out everywhere").click()
    one.get_by_role("heading", name="Sign in").wait_for()
    other.reload()

    assert was_in
    assert other.get_by_role("link", name="Sign in").is_visible()
    one.context.close()
    other.context.close()


def test_a_page_of_another_origin_signs_nobody_in(desk: Desk, tmp_path: Path) -> None:
    page = desk.browser.new_context(java_script_enabled=False).new_page()
    hostile = tmp_path / "hostile.html"
    hostile.write_text(
        f'<form method="post" action="{desk.url}/sign-in"><input name="email" value="{BOSS}">'
        f'<input name="password" value="{PASSWORD!s}"><button>Win</button></form>'
    )

    page.goto(hostile.as_uri())
    page.get_by_role("button", name="Win").click()
    page.get_by_text("was not sent from a page of this gateway").wait_for()

    assert page.context.cookies(desk.url) == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, SCREEN], ids=["phone", "screen"])
def test_every_page_fits_on_any_screen(desk: Desk, viewport: dict[str, int], scheme: str, tmp_path: Path) -> None:
    known, new = (f"{who}.with.a.rather.long.address@{scheme}{viewport['width']}.acme.example" for who in "ab")
    desk.join(known, "Some Body").context.close()
    join, reset = desk.invite("BrightTel", known), desk.reset(known)
    page = desk.sit_down(viewport, scheme)
    small, wide = {}, {}

    def look(name: str, url: str | None = None) -> None:
        if url:
            page.goto(url)
        page.screenshot(path=tmp_path / f"{name}-{scheme}-{viewport['width']}.png", full_page=True)
        small[name], wide[name] = page.evaluate(SMALL_TARGETS), page.evaluate(IS_TOO_WIDE)

    look("unusable", f"{desk.url}/welcome/x")
    look("welcome", desk.invite("AcmeInc", new))
    page.get_by_role("button", name="Join").click()
    page.get_by_role("alert").wait_for()
    look("problems")
    look("known", join)
    look("password", reset)
    look("sign-in", f"{desk.url}/sign-in?next={quote(urlsplit(join).path, safe='')}")
    sign_in(page, known, PASSWORD)
    page.get_by_role("button", name="Join").wait_for()
    look("join")
    look("else", desk.invite("BrightTel", new))
    look("signed-in", f"{desk.url}/sign-in?next=/docs/rules")
    look("front", f"{desk.url}/")

    assert small == dict.fromkeys(small, 0)
    assert wide == dict.fromkeys(wide, False)
    assert not [said for said in desk.seen if "status of 4" not in said]  # a page that refuses is told by its status
    page.context.close()


def test_no_log_holds_a_token_or_a_password(desk: Desk) -> None:
    url = desk.invite("AcmeInc", "log@acme.example")
    page = desk.sit_down()
    page.goto(url)
    fill(page, {"Your name": "Lo Gs", "New password": PASSWORD, "The same password again": PASSWORD})
    page.get_by_role("button", name="Join").click()
    assert is_signed_in(page, "Lo Gs")
    page.goto(f"{desk.url}/sign-in?next=/welcome/{url.rpartition('/')[2]}")

    is_told = url.rpartition("/")[2] in desk.server.errors or "SECRET" in desk.server.errors
    assert not is_told  # a name of its own, or a failure would print it
    assert re.search(r'"route": "/welcome/\{token\}"', desk.server.errors)
    page.context.close()
