"""QR codes as a phone's camera has them: drawn by a real browser, small, tilted, pale and blurred, and read by zbar."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

import pytest

from gateway.formats.content import Target
from gateway.formats.payloads import QrFormat, make_payload
from gateway.formats.qr import draw
from tenants.accounts import Accounts, LoginPair, SipAccount, SipTransport
from tenants.hosts import SipDomain
from tenants.model import AppKind
from tenants.setup_links import SetupToken
from tests.browser.test_graphiql_in_chromium import CHROMIUM_ARGUMENTS
from tests.formats.zbar import read_code
from tests.needs import find_chromium
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.zbar]

TARGET = Target(
    provider_id="AcmeInc",
    app=AppKind.GENERIC,
    sip_domain=SipDomain("acme.example"),
    subdomain=None,
    base_url="https://gateway.example",
)
LOGIN = LoginPair("1000", "1234")
TOKEN = SetupToken.random()
SIP = SipAccount(username="user1", password="29de?8", transport=SipTransport.TLS, srtp=True)
DENSEST = 362
"""Bytes of the longest payload that is not warned of."""
TOO_DENSE = 450
"""Bytes that make a code of 81 modules."""
PAYLOADS = {
    "scsc": make_payload(QrFormat.SESSIONTALK, TARGET, LOGIN),
    "scsc beyond ASCII": make_payload(QrFormat.SESSIONTALK, TARGET, LoginPair("jürgen", "größe-пароль-パス")),
    "scloc": make_payload(QrFormat.SESSIONTALK, TARGET, Accounts((SIP,))),
    "scloc token": make_payload(QrFormat.SESSIONTALK, TARGET, TOKEN),
    "desktop": make_payload(QrFormat.SESSIONTALK_DESKTOP, TARGET, Accounts((SIP,))),
    "windows": make_payload(QrFormat.SESSIONTALK_WINDOWS, TARGET, LOGIN),
    "csc": make_payload(QrFormat.ACROBITS, TARGET, LoginPair("a@b:c", "größe")),
    "csc poster": make_payload(QrFormat.ACROBITS, TARGET, None),
    "linphone": make_payload(QrFormat.LINPHONE, TARGET, TOKEN),
    "densest": "x" * DENSEST,
}
STRICT = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
BARE = "<!doctype html>{policy}<body bgcolor=gray text=black>{svg}"
SEEN = """<!doctype html><style>
  body {{ margin: 0; background: #ddd }}
  div {{ position: absolute; left: 120px; top: 120px; width: 360px; filter: blur({blur}px) contrast(60%);
    transform: perspective(900px) rotateX({x}deg) rotateY({y}deg) rotateZ({z}deg) }}
  svg {{ display: block; width: 100%; height: auto }}
</style><div>{svg}</div>"""
"""A frame of a camera with the code in it, 360 pixels wide."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # not installed where these tests are not run

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page, which must not complain of anything; a policy that was written into it would stay."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 600, "height": 600})
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    page.close()

    assert complaints == []


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_svg_alone_is_a_picture_that_reads_as_its_payload(page: Page, tmp_path: Path, name: str) -> None:
    page.set_content(BARE.format(policy=STRICT, svg=draw(PAYLOADS[name]).svg))
    page.locator("svg").screenshot(path=tmp_path / "code.png")

    assert read_code(tmp_path / "code.png") == PAYLOADS[name]
    assert page.get_by_role("img", name="QR code").bounding_box() == {"x": 8, "y": 8, "width": 512, "height": 512}


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_svg_reads_on_the_narrowest_phone(page: Page, tmp_path: Path, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.set_content(f"<style>svg {{ width: 100%; height: auto }}</style>{draw(PAYLOADS[name]).svg}")
    page.screenshot(path=tmp_path / "phone.png")

    assert read_code(tmp_path / "phone.png") == PAYLOADS[name]


@pytest.mark.proof
def test_a_camera_reads_the_densest_code_that_is_not_warned_of_and_not_a_denser_one(page: Page, tmp_path: Path) -> None:
    codes = count(full=150, ci=10)

    read = [is_read(page, tmp_path / "frame.png", DENSEST, seed=number) for number in range(codes)]
    read_denser = [is_read(page, tmp_path / "frame.png", TOO_DENSE, seed=number) for number in range(codes)]

    print(f"of {codes} codes: {sum(read)} read with {DENSEST} bytes, {sum(read_denser)} with {TOO_DENSE}")  # noqa: T201 - into the log
    assert not draw("x" * DENSEST).is_dense
    assert draw("x" * (DENSEST + 1)).is_dense
    assert sum(read) >= 0.9 * codes
    assert sum(read_denser) <= 0.5 * codes


def is_read(page: Page, frame: Path, length: int, *, seed: int) -> bool:
    """Whether zbar reads a payload of so many bytes, seen at an angle by chance."""
    chance = random.Random(seed)  # noqa: S311 - the same angles in every run
    payload = "".join(chance.choices(string.ascii_letters + string.digits, k=length))
    x, y, z = (chance.uniform(-8, 8), chance.uniform(-8, 8), chance.uniform(-12, 12))
    page.set_content(SEEN.format(blur=1.4, x=x, y=y, z=z, svg=draw(payload).svg))
    page.screenshot(path=frame)
    return read_code(frame) == payload
