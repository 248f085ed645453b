"""The front page and the reference of the rules: whole without a script, and saying what the code says."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.context import utc_now
from gateway.environment import key_ring
from gateway.http.pages import CONTENT_SECURITY_POLICY, EXAMPLE_QUERY, IndexPage, rules
from gateway.http.static import static_routes
from gateway.settings import Secret, Settings
from tenants.codes import ProblemCode, WarningCode
from tenants.rules.examples import FormExample, TypedExample
from tenants.rules.reference import EXAMPLES, RULES

SETTINGS = Settings(secret_key=Secret("a key for tests, 32 characters long"))
INDEX = IndexPage(SETTINGS, key_ring(SETTINGS), utc_now)
ROUTES = [Route("/docs/rules", rules), Route("/", INDEX.__call__), *static_routes()]
PAGES = ["/", "/docs/rules"]


@pytest.fixture
def browser() -> TestClient:
    return TestClient(Starlette(routes=ROUTES))


def text_of(page: str) -> str:
    """What a person reads, markup taken away."""
    return unescape(re.sub("<[^>]*>", "", page))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_one_document_under_a_policy_without_script(browser: TestClient, path: str) -> None:
    answer = browser.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "script-src" not in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_everything_a_page_loads_comes_from_here_and_is_there(browser: TestClient, path: str) -> None:
    loaded = re.findall(r'<link rel="(?:icon|stylesheet)" href="([^"]*)"', browser.get(path).text)

    assert loaded == ["data:,", "/static/pages.css"]
    assert browser.get("/static/pages.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_is_known_is_not_sent_again(browser: TestClient, path: str) -> None:
    first = browser.get(path)

    again = browser.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_changed_is_sent(browser: TestClient, path: str) -> None:
    assert browser.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_rule_and_every_code_has_exactly_one_anchor(browser: TestClient) -> None:
    anchors = re.findall(r'\sid="([^"]*)"', browser.get("/docs/rules").text)

    names = [rule.id for rule in RULES] + [code.name for code in (*ProblemCode, *WarningCode)]
    assert sorted(anchors) == sorted([*names, "I", "B", "P", "H", "L", "G", "shared"])


def test_every_link_inside_the_page_leads_somewhere(browser: TestClient) -> None:
    page = browser.get("/docs/rules").text

    assert set(re.findall(r'href="#([^"]*)"', page)) == set(re.findall(r'\sid="([^"]*)"', page))


def test_the_page_says_what_the_rules_the_codes_and_the_gateway_say(browser: TestClient) -> None:
    shown = text_of(browser.get("/docs/rules").text)
    answers = [
        said for example in EXAMPLES if isinstance(example, FormExample | TypedExample) for said in example.refuse()
    ]

    assert [rule.text for rule in RULES if rule.text not in shown] == []
    assert [code.name for code in (*ProblemCode, *WarningCode) if _end_of(code) not in shown] == []
    assert [said.message for said in answers if said.message not in shown] == []


def test_what_nobody_could_see_is_shown_as_its_number(browser: TestClient) -> None:
    page = browser.get("/docs/rules").text

    assert "https://ac\\u00adme.example/help" in page
    assert not [char for char in page if not char.isprintable() and char != "\n"]


def test_a_very_long_example_is_cut_and_says_how_long_it_is(browser: TestClient) -> None:
    page = browser.get("/docs/rules").text

    assert "(2,049 characters)" in page
    assert "a" * 100 not in page


def test_examples_with_markup_in_them_are_shown_and_not_obeyed(browser: TestClient) -> None:
    page = browser.get("/docs/rules").text

    assert "&lt;help@acme.example&gt;" in page
    assert "<help@acme.example>" not in page


def test_the_front_page_leads_to_graphiql_and_the_rules(browser: TestClient) -> None:
    page = browser.get("/").text

    assert 'href="/graphql"' in page
    assert 'href="/docs/rules"' in page


def test_the_query_on_the_front_page_is_valid_and_names_this_server() -> None:
    schema = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text())
    shown = text_of(TestClient(Starlette(routes=ROUTES), base_url="http://gateway.example:8000").get("/").text)

    assert validate(schema, parse(EXAMPLE_QUERY)) == []
    assert EXAMPLE_QUERY in shown
    assert "'" not in EXAMPLE_QUERY  # it stands between a shell's single quotes
    assert "curl --get http://gateway.example:8000/graphql " in shown


@pytest.mark.parametrize("host", ["[", "a b", "$(id)", "<b>", "a'b", "x" * 300])
def test_a_host_that_looks_like_none_is_not_repeated(browser: TestClient, host: str) -> None:
    answer = browser.get("/", headers={"Host": host})

    assert answer.status_code == 200
    assert re.search(r"curl --get http://[a-z0-9.:]+/graphql ", text_of(answer.text))
    assert f"//{host}/" not in text_of(answer.text)


def test_below_a_prefix_every_link_carries_it() -> None:
    mounted = TestClient(Starlette(routes=ROUTES), root_path="/gate&way")

    pages = [mounted.get(f"/gate&way{path}").text for path in PAGES]

    links = [link for page in pages for link in re.findall(r'href="(/[^"]*)"', page)]
    assert links
    assert all(link.startswith("/gate&amp;way/") for link in links)


def _end_of(code: ProblemCode | WarningCode) -> str:
    """The description without the rule's number and without its first letter, which is made a capital."""
    return re.sub("^[A-Z][0-9].*?: ", "", code.value).replace("`", "")[1:]
