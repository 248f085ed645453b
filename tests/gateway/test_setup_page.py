"""The page of a setup link: whole without a script, the same for everything unusable, and harmless to open."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from tenants.colors import DARK, WHITE, ThemeColor, contrast
from tests.api.documents import (
    CREATE_SETUP_LINK,
    REDEEM_SETUP_LINK,
    REVOKE_SETUP_LINK,
    SAVE_BRANDING,
    SAVE_HELP,
    SUSPEND,
)
from tests.gateway.test_health import Wire, remote, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.settings import Settings
    from tests.conftest import Ask

__all__ = ["remote", "wire"]  # the fixtures

CONTENT = {"accounts": {"sipAccounts": [{"username": "A-User", "password": "SECRET-A", "transport": "TLS"}]}}
ROWS = "query($id: ID!) { node(id: $id) { ... on SetupLink { status redeemedAt } } }"


class Page:
    """Links, and their pages as a person's browser gets them."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.tenant = ask.create("AcmeInc", name="A-Name & Söhne <b>")
        ask.publish(self.tenant)

    def make(self, tenant: str | None = None, **fields: Any) -> Any:
        sent = {"tenantId": tenant or self.tenant, "content": CONTENT, **fields}
        return self.ask(CREATE_SETUP_LINK, {"input": sent})

    def open(self, url: str, method: str = "GET", **headers: str) -> Any:
        return self.ask.client.request(method, url, headers={"Accept": "text/html", **headers})

    def redeem(self, code: str) -> Any:
        sent = {"setupCode": code, "deviceId": "phone-1", "app": "GENERIC"}
        return self.ask(REDEEM_SETUP_LINK, {"input": sent}, as_="anonymous")


@pytest.fixture
def page(ask: Ask) -> Page:
    return Page(ask)


def test_the_page_says_which_app_shows_the_code_and_offers_a_button(page: Page) -> None:
    made = page.make()

    answer = page.open(made["url"])

    assert answer.status_code == 200
    shown = unescape(re.sub("<[^>]*>", "", answer.text))
    code = answer.text.count(made["setupCode"].replace("&", "&amp;"))
    assert code == 2  # the button and the text to paste
    assert f'<a class="button" href="{made["setupCode"].replace("&", "&amp;")}">' in answer.text
    assert made["qrCode"]["svg"] in answer.text
    assert "A-Name & Söhne <b> uses the shared one" in shown
    assert "1000:AcmeInc" in shown
    assert re.search(r"It works once, until \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC, 23 hours from now\.", shown)
    assert "When it does not work" in shown


def test_a_whitelabel_tenants_page_names_its_own_app(page: Page) -> None:
    bright = page.ask.create("BrightTel", "WHITELABEL", "B-Name")
    page.ask(
        SAVE_HELP, {"input": {"tenantId": bright, "expectedVersion": 1, "help": {"contactEmail": "help@b.example"}}}
    )
    page.ask.publish(bright)

    answer = page.open(page.make(bright, lifetimeHours=72)["url"])

    assert "Open the softphone app of <b>B-Name</b> on your phone." in answer.text
    assert '<a href="mailto:help@b.example">' in answer.text
    assert "2 days from now" in answer.text
    assert "1000:" not in answer.text


def test_the_page_holds_nothing_of_the_content_and_no_word_of_the_neighbour(page: Page) -> None:
    text = page.open(page.make(note="A-Note")["url"]).text

    assert not [one for one in ("A-User", "SECRET", "A-Note", "N-Name", "Neighbour") if one in text]


def test_the_head_of_the_answer_keeps_the_page_out_of_caches_indexes_and_frames(page: Page) -> None:
    headers = page.open(page.make()["url"]).headers

    assert headers["cache-control"] == "private, no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "etag" not in headers


def test_the_policy_allows_no_script_and_no_style_but_those_of_the_page(page: Page) -> None:
    answer = page.open(page.make()["url"])

    (style,) = re.findall(r"<style>(.*?)</style>", answer.text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; img-src data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=|javascript:|https?:(?!//www\.w3\.org)", answer.text)


def test_what_a_preview_takes_from_the_page_holds_no_code_and_names_nobody(page: Page) -> None:
    made = page.make()

    head = page.open(made["url"]).text.partition("</head>")[0]

    assert re.findall(r'<meta property="og:[a-z]+" content="([^"]*)">', head) == ["Set up your phone"]
    assert made["setupCode"].partition("token=")[2] not in head
    assert '<meta name="robots" content="noindex, nofollow">' in head


@pytest.mark.parametrize("color", ["#ffeb3b", "#0d47a1", "#767676", "#000000", "#ffffff"])
def test_the_tenants_colours_are_readable_in_both_schemes(page: Page, color: str) -> None:
    page.ask(
        SAVE_BRANDING,
        {"input": {"tenantId": page.tenant, "expectedVersion": 2, "branding": {"themeColor": color}}},
    )
    page.ask.publish(page.tenant)

    text = page.open(page.make()["url"]).text

    schemes = re.findall(r"--brand:(#\w{6});--on-brand:(#\w{6});--accent:(#\w{6})", text)
    assert schemes[0][0] == color
    assert all(contrast(ThemeColor(ink), brand) >= 4.5 for brand, ink, _ in schemes)
    assert all(
        contrast(ThemeColor(accent), paper) >= 4.5 for (_, _, accent), paper in zip(schemes, (WHITE, DARK), strict=True)
    )


def test_everything_unusable_is_one_page(page: Page) -> None:
    used, revoked, early = page.make(), page.make(), page.make(page.ask.create("NewTel"))
    page.redeem(used["setupCode"])
    page.ask(REVOKE_SETUP_LINK, {"input": {"setupLinkId": revoked["setupLink"]["id"]}})
    urls = [used["url"], revoked["url"], early["url"], f"/setup/{'x' * 43}", "/setup/x", "/setup/%00%ff"]

    told = [page.open(url) for url in urls]

    assert {answer.status_code for answer in told} == {404}
    assert len({answer.content for answer in told}) == 1
    ids = {"x-request-id", "date"}
    heads = [{name: value for name, value in answer.headers.items() if name not in ids} for answer in told]
    assert all(head == heads[0] for head in heads)
    assert "This setup code does not work any more. Ask your provider for a new one." in told[0].text


def test_a_suspended_tenants_page_is_gone(page: Page) -> None:
    made = page.make()
    page.ask(SUSPEND, {"input": {"tenantId": page.tenant, "reason": "unpaid"}})

    assert page.open(made["url"]).content == page.open("/setup/x").content


def test_fifty_previews_burn_nothing(page: Page) -> None:
    made = page.make()
    id_of = {"id": made["setupLink"]["id"]}
    before = page.ask(ROWS, id_of)

    statuses = {
        page.open(made["url"], ("GET", "HEAD")[n % 2], **{"User-Agent": f"Preview/{n}"}).status_code for n in range(50)
    }

    assert statuses == {200}
    assert page.ask(ROWS, id_of) == before == {"status": "OPEN", "redeemedAt": None}
    assert page.redeem(made["setupCode"])["__typename"] == "SetupLinkRedeemed"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_sent_to_the_page(page: Page, method: str) -> None:
    made = page.make()

    assert page.open(made["url"], method).status_code == 405
    assert page.redeem(made["setupCode"])["__typename"] == "SetupLinkRedeemed"


@pytest.mark.parametrize("path", ["/setup/x", "/provisioning/linphone/x"])
def test_without_its_database_the_gateway_asks_for_a_moment(wire: Wire, remote: TestClient, path: str) -> None:
    wire.cut()

    answer = remote.get(path, headers={"X-Linphone-Provisioning": "1"})

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.fixture
def mounted(settings: Settings) -> Iterator[TestClient]:
    """The application below a path of a larger site."""
    with TestClient(create_app(settings), root_path="/gate&way", raise_server_exceptions=False) as client:
        yield client


def test_below_a_prefix_the_page_and_its_files_carry_it(mounted: TestClient) -> None:
    page = mounted.get("/gate&way/setup/x")

    assert page.status_code == 404
    assert re.findall(r'<link rel="stylesheet" href="([^"]*)"', page.text) == [
        "/gate&amp;way/static/pages.css",
        "/gate&amp;way/static/setup.css",
    ]
    assert mounted.get("/gate&way/static/setup.css").status_code == 200
