"""GraphiQL as a person meets it: a real browser, a real gateway, every example run, no request to anywhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.api.documents import ISSUE_TOKEN
from tests.needs import find_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Response

    from tests.operators import SignedIn

pytestmark = pytest.mark.browser

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Were a name to be looked up after all, it would not be found, and the console would say so.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
QUERY_EDITOR = ".graphiql-query-editor .CodeMirror"
OPERATION_IS_NOTICED = """name =>
  document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === name"""
ANSWER_IS_SHOWN = """answer => {
  const shown = document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
  return shown !== "" && JSON.stringify(JSON.parse(shown)) === answer;
}"""


@pytest.fixture
def page(gateway_url: str, tmp_path: Path) -> Iterator[Page]:
    """GraphiQL, opened in a fresh profile; fails in the end if the page went elsewhere or complained of anything."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # not installed where these tests are not run

    requested: set[str | None] = set()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(15_000)
        page = context.new_page()
        context.on("request", lambda request: requested.add(urlsplit(request.url).netloc))
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{gateway_url}/graphql")
        page.wait_for_selector(QUERY_EDITOR)
        yield page
        page.screenshot(path=tmp_path / "graphiql.png")
        chromium.close()

    assert requested == {urlsplit(gateway_url).netloc}
    assert complaints == []


def test_graphiql_introspects_the_schema_and_explains_it(page: Page) -> None:
    page.get_by_label("Show Documentation Explorer").click()
    page.locator(".graphiql-doc-explorer").get_by_role("link", name="Query", exact=True).click()

    page.locator(".graphiql-doc-explorer").get_by_role("link", name="softphoneConfig", exact=True).wait_for()


def test_the_dialogs_open_under_the_strict_policy(page: Page) -> None:
    page.get_by_label("Open settings dialog").click()
    page.get_by_text("Remove all locally stored data").wait_for()
    page.keyboard.press("Escape")
    page.get_by_label("Open short keys dialog").click()

    page.get_by_role("dialog").get_by_text("Execute query").wait_for()


def test_every_example_tab_runs_and_the_token_is_stored_nowhere(page: Page, demo_admin: SignedIn) -> None:
    owned = demo_admin.ask('{ tenant(providerId: "AcmeInc") { id } }')["id"]
    issued = demo_admin.ask(ISSUE_TOKEN, {"input": {"tenantId": owned, "name": "GraphiQL", "role": "OWNER"}})
    token = issued["secret"]
    screens = _run(page, "WhatThePhoneShows")
    strangers = _run(page, "UnknownAndWrongKind")
    mine = _run(page, "WhoAmI", headers={"Authorization": f"Bearer {token}"})
    acme = next(edge["node"] for edge in mine["tenants"]["edges"] if edge["node"]["providerId"] == "AcmeInc")
    draft = {"tenantId": acme["id"], "version": acme["draft"]["version"]}
    refused = _run(page, "TryABadLink", variables=draft)
    saved = _run(page, "SetTheColour", variables=draft)
    reviewed = draft | {"version": saved["saveBranding"]["draft"]["version"]}
    published = _run(page, "MakeItLive", variables=reviewed)
    new_screens = _run(page, "WhatThePhoneShows")
    generic = _run(page, "SignAUserIn")
    whitelabel = _run(page, "SignAUserInWhitelabel")
    poster = _run(page, "PosterCode", variables={"tenantId": acme["id"]})
    link = _run(page, "SetAPhoneUp", variables={"tenantId": acme["id"]})

    assert screens["softphoneConfig"]["__typename"] == "SoftphoneConfig"
    assert generic["provision"]["failure"] == "UNREACHABLE"
    assert whitelabel["provision"]["__typename"] == "ProvisioningUnavailable"
    assert strangers["nobody"] == strangers["otherKind"]
    assert mine["viewer"]["kind"] == "TOKEN"
    assert refused["saveHelp"]["__typename"] == "InvalidInput"
    assert published["publish"]["__typename"] == "ConfigPublished"
    assert new_screens["softphoneConfig"]["revision"] == screens["softphoneConfig"]["revision"] + 1
    assert new_screens["softphoneConfig"]["branding"]["themeColor"] == "#ffeb3b"
    assert poster["makeQrCode"]["qrCode"]["payload"] == "csc:AcmeInc"
    assert poster["makeQrCode"]["warnings"] == []
    assert link["createSetupLink"]["__typename"] == "SetupLinkCreated"
    stored = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    is_token_stored = token in stored  # a name of its own, or a failure would print both
    assert "MakeItLive" in stored
    assert not is_token_stored


def _run(page: Page, tab: str, **editors: dict[str, Any]) -> dict[str, Any]:
    """Fill the editors named, press the run button, and give back the data that GraphiQL shows."""
    _open_tab(page, tab)
    for editor, content in editors.items():
        _fill(page, editor.title(), json.dumps(content))
    with page.expect_response(lambda response: _operation(response) == tab) as received:
        page.get_by_label("Execute query (Ctrl-Enter)").click()
    answer = received.value.json()
    page.wait_for_function(ANSWER_IS_SHOWN, arg=json.dumps(answer, separators=(",", ":"), ensure_ascii=False))
    assert "errors" not in answer
    data: dict[str, Any] = answer["data"]
    return data


def _operation(response: Response) -> str | None:
    """The name of the operation that this answers; GraphiQL's own introspection is under way at the same time."""
    sent = response.request.post_data_json
    return sent["operationName"] if sent else None


def _open_tab(page: Page, tab: str) -> None:
    """Switch to a tab, and wait as a person would: GraphiQL notices the new operation a moment later."""
    page.locator(".graphiql-tab-button").get_by_text(tab, exact=True).click()
    page.wait_for_function(OPERATION_IS_NOTICED, arg=tab)


def _fill(page: Page, editor: str, text: str) -> None:
    """Type into one of the two editors below the query, in place of what is there."""
    page.get_by_role("button", name=editor, exact=True).click()
    page.locator(f"[aria-label='{editor}'] .CodeMirror:visible").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
