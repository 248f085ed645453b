"""GraphiQL in production, for a platform admin who signed in: by the session cookie alone, and gone with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tenants import database
from tests.needs import find_chromium
from tests.servers import gateway_process
from tests.staff import JANE, PASSWORD, insert_people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SETTINGS = {"GATEWAY_PROFILE": "production", "GATEWAY_SECRET_KEY": "SECRET-key-of-the-tests-0123456789-abc"}


async def _prepare(url: str) -> None:
    await database.migrate(url)
    await database.connect(url)
    await insert_people()
    await database.disconnect()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """The sign-in page of a gateway in production, from which one wants to go on to GraphiQL."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # not installed where these tests are not run

    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    asyncio.run(_prepare(url))
    with (
        gateway_process("serve", "--port", "0", "--database", url, env=SETTINGS) as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.ready['port']}/sign-in?next=/graphql")
        yield page
        chromium.close()


def test_a_platform_admin_signs_in_explores_the_schema_and_signs_out(page: Page) -> None:
    page.get_by_label("E-mail address").fill(JANE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".graphiql-query-editor .CodeMirror")
    shown = page.locator(".account .person").inner_text()
    page.get_by_label("Show Documentation Explorer").click()
    page.locator(".graphiql-doc-explorer").get_by_role("link", name="Query", exact=True).wait_for()
    with page.expect_response(
        lambda answer: answer.request.method == "GET" and answer.url.endswith("/graphql")
    ) as left:
        page.get_by_role("button", name="Sign out").click()

    assert shown == "Jane Doe"
    assert (left.value.status, page.context.cookies()) == (400, [])
