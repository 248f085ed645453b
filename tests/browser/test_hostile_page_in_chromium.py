"""A page that wishes us ill, in a real browser in which somebody is signed in: it changes nothing and learns nothing.

Two pages: one of another site (`localhost` against `127.0.0.1`), and one of the same site but another origin (another
port), to which `SameSite` is no obstacle: every request it makes carries the session cookie.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tenants import database
from tests.needs import find_chromium
from tests.servers import RunningProcess, gateway_process
from tests.staff import JANE, PASSWORD, insert_people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
COOKIE = "__Host-gateway"
MUTATION = "mutation { signOut(input: {everywhere: true}) { __typename } }"
QUERY = "{ viewer { name email } }"
BODY = json.dumps({"query": MUTATION})
REACH_THE_GATEWAY = 40
"""Of what the script below tries; for the rest the browser asks first."""
SIGN_IN = """async ([email, password]) => {
  const body = {
    query: "mutation($input: SignInInput!) { signIn(input: $input) { __typename } }",
    variables: { input: { email, password } },
  };
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(body) });
  return [await answer.json(), document.cookie];
}"""
ASK = """async query => {
  const headers = { "Content-Type": "application/json", "GraphQL-Require-Preflight": "1" };
  const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
  return answer.json();
}"""
# Everything that a script can send without asking first, and what it would have to ask for; never an exception.
FETCHES = """async ([url, query, body]) => {
  const get = `${url}?query=${encodeURIComponent(query)}`;
  const form = new FormData();
  form.set("query", query);
  form.set("operations", body);
  const types = [
    "text/plain", "text/plain;charset=UTF-8", "text/plain; application/json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b", "application/json", "application/json; charset=utf-8",
  ];
  const options = [{ method: "GET" }, { method: "HEAD" }];
  options.push(...[undefined, body, new URLSearchParams({ query }), form, new Blob([body])].map(each => ({
    method: "POST", body: each,
  })));
  options.push(...types.map(type => ({ method: "POST", body, headers: { "Content-Type": type } })));
  options.push({ method: "POST", body, headers: {
    "Content-Type": "application/json", "GraphQL-Require-Preflight": "1",
  } });
  const read = [];
  for (const mode of ["no-cors", "cors"]) {
    for (const policy of ["no-referrer", "unsafe-url"]) {
      for (const option of options) {
        const target = option.method === "POST" ? url : get;
        try {
          const answer = await fetch(target, { ...option, mode, credentials: "include", referrerPolicy: policy });
          read.push(await answer.text());
        } catch { read.push(""); }
      }
    }
  }
  for (const type of types) {
    try { navigator.sendBeacon(url, new Blob([body], { type })); } catch { /* asked and not allowed */ }
  }
  for (const source of [get, `${url}?query=${encodeURIComponent("{ viewer { name } }")}`]) {
    await new Promise(done => {
      const image = new Image();
      image.onload = image.onerror = done;
      image.src = source;
    });
    await new Promise(done => {
      const script = document.createElement("script");
      script.onload = script.onerror = done;
      script.src = source;
      document.head.append(script);
    });
  }
  return read.filter(text => text !== "");
}"""
FORM = """([url, query, body, enctype, policy]) => {
  const form = document.createElement("form");
  document.head.insertAdjacentHTML("beforeend", `<meta name="referrer" content="${policy}">`);
  Object.assign(form, { action: url, method: "POST", enctype });
  const field = document.createElement("input");
  // In text/plain the name, a "=" and the value are the body.
  const [name, value] = enctype === "text/plain" ? [body.slice(0, -1) + ', "x": "', '"}'] : ["query", query];
  Object.assign(field, { name, value });
  form.append(field);
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A process with people in its database."""

    server: RunningProcess
    database: Path

    @property
    def port(self) -> int:
        return int(self.server.ready["port"])

    def actions(self) -> list[str]:
        """What the audit log holds."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            return [action for (action,) in connection.execute("SELECT action FROM audit_event ORDER BY id")]


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway in which Jane is signed in by a browser, and a server of pages that wish her ill."""

    gateway: Gateway
    hostile_port: int
    context: BrowserContext
    page: Page
    """Hers, at the gateway."""
    actions_before: int
    log_read: int
    """How much of its log was there before."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}/graphql"

    def open_hostile(self, host: str) -> Page:
        page = self.context.new_page()
        page.goto(f"http://{host}:{self.hostile_port}/")
        return page

    def actions(self) -> list[str]:
        """What was done since Jane's browser was opened, as the audit log has it."""
        return self.gateway.actions()[self.actions_before :]


@pytest.fixture(scope="module")
def hostile_port() -> Iterator[int]:
    """Of a server whose every page is empty."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>hostile</title><body>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


async def _prepare(url: str) -> None:
    await database.migrate(url)
    await database.connect(url)
    await insert_people()
    await database.disconnect()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    path = tmp_path_factory.mktemp("hostile") / "gateway.db"
    asyncio.run(_prepare(f"sqlite:///{path}"))
    with gateway_process("serve", "--port", "0", "--database", f"sqlite:///{path}", env={}) as server:
        yield Gateway(server, path)


@pytest.fixture(scope="module")
def chromium(gateway: Gateway) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # not installed where these tests are not run

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def place(gateway: Gateway, chromium: Browser, hostile_port: int) -> Iterator[Place]:
    """A browser of its own for each test: cookies, pages and a sign-in that no other has."""
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.route("**/static/**", lambda route: route.abort())  # GraphiQL takes its time, and is not what is asked here
    page.goto(f"http://127.0.0.1:{gateway.port}/graphql")
    page.unroute_all()
    actions, log = len(gateway.actions()), len(gateway.server.errors)
    (answer, seen_by_script) = page.evaluate(SIGN_IN, [JANE, PASSWORD])
    assert (answer, seen_by_script) == ({"data": {"signIn": {"__typename": "SignedIn"}}}, "")
    page.evaluate("fetch('/livez')")
    yield Place(gateway, hostile_port, context, page, actions, _end_of_log(gateway.server, log))
    context.close()


def _end_of_log(server: RunningProcess, since: int) -> int:
    """Once it tells of the request for /livez, it has told of all before."""
    until = time.monotonic() + 10
    while '"/livez"' not in (log := server.errors)[since:] and time.monotonic() < until:
        time.sleep(0.05)
    return len(log)


def answered(place: Place, count: int = 0) -> Counter[tuple[str, int]]:
    """What the gateway's log says of the requests of the hostile pages: method and status, once there are so many.

    Not what the browser says: it hides these answers, as `Cross-Origin-Resource-Policy` tells it to.
    """
    until = time.monotonic() + 10
    while (found := _logged(place)).total() < count and time.monotonic() < until:
        time.sleep(0.05)
    return found


def _logged(place: Place) -> Counter[tuple[str, int]]:
    log = place.gateway.server.errors[place.log_read :]
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return Counter((line["method"], line["status"]) for line in lines if line.get("route") == "/graphql")


def test_the_cookie_is_kept_on_loopback_with_all_its_flags(place: Place) -> None:
    elsewhere = place.context.new_page()
    elsewhere.goto(f"http://localhost:{place.gateway.port}/graphql")
    elsewhere.evaluate(SIGN_IN, [JANE, PASSWORD])

    cookies: list[dict[str, Any]] = [dict(cookie) for cookie in place.context.cookies()]

    assert sorted((cookie["name"], cookie["domain"]) for cookie in cookies) == [
        (COOKIE, "127.0.0.1"),
        (COOKIE, "localhost"),
    ]
    flags = {(cookie["path"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies}
    assert flags == {("/", True, True, "Lax")}
    assert {cookie["expires"] for cookie in cookies} == {-1}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_script_of_a_hostile_page_runs_or_reads_anything(place: Place, host: str) -> None:
    hostile = place.open_hostile(host)

    read = hostile.evaluate(FETCHES, [place.url, MUTATION, BODY])

    assert read == []
    assert place.actions() == ["SIGNED_IN"]
    assert place.page.evaluate(ASK, QUERY) == {"data": {"viewer": {"name": "Jane Doe", "email": JANE}}}


def test_a_page_of_the_same_site_sends_the_session_with_each_and_each_is_refused(place: Place) -> None:
    place.open_hostile("127.0.0.1").evaluate(FETCHES, [place.url, MUTATION, BODY])

    found = answered(place, REACH_THE_GATEWAY)

    assert {status for method, status in found if method != "OPTIONS"} == {403}
    assert {status for method, status in found if method == "OPTIONS"} == {405}
    assert found["POST", 403] >= 30
    assert found["GET", 403] >= 6
    assert found["HEAD", 403] == 4


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("enctype", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("policy", ["no-referrer", "unsafe-url"])
def test_no_form_of_a_hostile_page_runs_anything(place: Place, host: str, enctype: str, policy: str) -> None:
    hostile = place.open_hostile(host)

    with hostile.expect_navigation():
        hostile.evaluate(FORM, [place.url, MUTATION, BODY, enctype, policy])

    assert answered(place, 1) == {("POST", 403 if host == "127.0.0.1" else 415): 1}
    assert place.actions() == ["SIGNED_IN"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_link_of_a_hostile_page_runs_nothing_though_the_session_comes_with_it(place: Place, host: str) -> None:
    hostile = place.open_hostile(host)

    with hostile.expect_navigation():
        hostile.evaluate("url => { location.href = url; }", f"{place.url}?query={quote(QUERY)}")

    assert answered(place, 1) == {("GET", 403): 1}
    assert "Jane" not in hostile.content()


def test_the_same_mutation_from_the_gateways_own_page_is_run(place: Place) -> None:
    assert place.page.evaluate(ASK, MUTATION) == {"data": {"signOut": {"__typename": "SignedOut"}}}

    assert place.actions() == ["SIGNED_IN", "SIGNED_OUT"]
    assert place.context.cookies() == []
    assert place.page.evaluate(ASK, QUERY) == {"data": {"viewer": None}}
