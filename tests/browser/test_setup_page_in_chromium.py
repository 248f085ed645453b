"""The page of a setup link as a person meets it: a real browser without JavaScript, on a phone, a screen and paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.api.documents import CREATE_SETUP_LINK, REDEEM_SETUP_LINK
from tests.browser.test_graphiql_in_chromium import CHROMIUM_ARGUMENTS
from tests.formats.zbar import read_code
from tests.needs import find_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.operators import SignedIn
    from tests.servers import RunningProcess

pytestmark = pytest.mark.browser

PHONE, SCREEN = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
CONTENT = {"accounts": {"sipAccounts": [{"username": "user1", "password": "SECRET-sip", "transport": "TLS"}]}}
TENANT = "query($providerId: String!) { tenant(providerId: $providerId) { id } }"
SMALL_TARGETS = """() => [...document.querySelectorAll("a")]
  .map(link => link.getBoundingClientRect())
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


def ask(url: str, document: str, variables: Any) -> Any:
    with httpx2.Client(trust_env=False, timeout=20) as client:
        answer = client.post(f"{url}/graphql", json={"query": document, "variables": variables}).json()
    (data,) = answer["data"].values()
    return data


def make(owner: SignedIn, provider_id: str) -> Any:
    tenant = owner.ask(TENANT, {"providerId": provider_id})["id"]
    return owner.ask(CREATE_SETUP_LINK, {"input": {"tenantId": tenant, "content": CONTENT}})


def open_page(browser: Browser, url: str, viewport: dict[str, int], scheme: str, complaints: list[str]) -> Page:
    """In a fresh profile that runs no script; what the browser complains of is noted, and any request elsewhere."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=False)  # type: ignore[arg-type]  # of the library's own types
    here = urlsplit(url).netloc
    context.on("request", lambda sent: complaints.append(sent.url) if urlsplit(sent.url).netloc != here else None)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(url)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, SCREEN], ids=["phone", "screen"])
@pytest.mark.parametrize(
    ("provider_id", "color"),
    [
        ("PlainVoice", {"light": "rgb(21, 101, 192)", "dark": None}),  # not AcmeInc: the examples change its colour
        ("BrightTel", {"light": "rgb(194, 24, 91)", "dark": "rgb(240, 98, 146)"}),
    ],
)
def test_the_page_is_whole_in_the_tenants_colours_on_any_screen(
    browser: Browser,
    gateway_url: str,
    demo_admin: SignedIn,
    tmp_path: Path,
    provider_id: str,
    color: dict[str, str | None],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    made = make(demo_admin, provider_id)
    complaints: list[str] = []

    page = open_page(browser, made["url"], viewport, scheme, complaints)
    page.screenshot(path=tmp_path / "setup.png", full_page=True)

    button = page.get_by_role("link", name="Set up the app")
    painted = button.evaluate("node => getComputedStyle(node).backgroundColor")
    assert button.get_attribute("href") == made["setupCode"]
    assert page.get_by_role("img", name="QR code").is_visible()
    assert page.locator(".paste code").inner_text() == made["setupCode"]
    assert [one.inner_text() for one in page.get_by_role("heading", level=1).all()] == ["Set up your phone"]
    assert page.evaluate(SMALL_TARGETS) == 0
    assert page.evaluate(IS_TOO_WIDE) is False
    assert painted == (color[scheme] or painted)
    assert complaints == []
    page.context.close()


def test_on_paper_there_is_the_code_and_no_button(browser: Browser, gateway_url: str, demo_admin: SignedIn) -> None:
    made = make(demo_admin, "AcmeInc")
    page = open_page(browser, made["url"], SCREEN, "dark", [])

    page.emulate_media(media="print")

    assert page.get_by_role("img", name="QR code").is_visible()
    assert page.locator(".paste code").is_visible()
    assert not page.locator(".button").is_visible()
    assert page.locator(".end").inner_text().endswith(" UTC.")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    page.context.close()


@pytest.mark.zbar
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_camera_reads_the_code_from_the_screen(
    browser: Browser, gateway_url: str, demo_admin: SignedIn, tmp_path: Path, scheme: str
) -> None:
    made = make(demo_admin, "AcmeInc")
    page = open_page(browser, made["url"], PHONE, scheme, [])

    page.locator(".qr svg").screenshot(path=tmp_path / "code.png")

    is_read = read_code(tmp_path / "code.png") == made["setupCode"]  # a name of its own: a failure prints no code
    assert is_read
    page.context.close()


def test_a_look_burns_nothing_and_leaves_the_code_in_no_log(
    browser: Browser, gateway_url: str, demo_admin: SignedIn, demo_server: RunningProcess
) -> None:
    made = make(demo_admin, "AcmeInc")
    token = made["setupCode"].partition("token=")[2]

    open_page(browser, made["url"], PHONE, "light", []).context.close()
    sent = {"setupCode": made["setupCode"], "deviceId": "phone-1", "app": "GENERIC"}
    given = ask(gateway_url, REDEEM_SETUP_LINK, {"input": sent})
    page = open_page(browser, made["url"], PHONE, "light", [])

    assert given["__typename"] == "SetupLinkRedeemed"
    assert page.get_by_text("Ask your provider for a new one.").is_visible()
    log = demo_server.errors + demo_server.output
    is_told = token in log or "SECRET" in log  # a name of its own, or a failure would print it
    assert not is_told
    assert re.search(r'"route": "/setup/\{token\}"', log)
    page.context.close()
