"""The page at /graphql for browsers: whole, from this package, and with nothing a strict policy would have to allow."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.http.graphiql import graphiql_response
from gateway.http.static import STATIC_FOLDER, static_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

VENDORED = STATIC_FOLDER / "graphiql"
EXAMPLES = STATIC_FOLDER / "examples"
GRAPHIQL = "/static/graphiql/graphiql-3.8.3/graphiql.min.js"
CHECKSUMS = [
    line.split(maxsplit=1) for line in (VENDORED / "VERSION").read_text().splitlines() if not line.startswith("#")
]
COMPRESSED = sorted(path.relative_to(VENDORED).as_posix() for path in VENDORED.rglob("*.gz"))
INDEX: list[dict[str, Any]] = json.loads((EXAMPLES / "index.json").read_text())
FILES = [str(entry["file"]) for entry in INDEX]
# Repeated from the page on purpose: a test that reads the list out of the page cannot miss a tag that vanished.
LINKED = [
    "/static/graphiql/graphiql-3.8.3/graphiql.min.css",
    "/static/explorer.css",
    "/static/graphiql/react-18.3.1/react.production.min.js",
    "/static/graphiql/react-dom-18.3.1/react-dom.production.min.js",
    GRAPHIQL,
    "/static/explorer.js",
]


async def _page(request: Request) -> Response:
    return graphiql_response(prefix=request.query_params.get("prefix", ""))


@pytest.fixture
def browser() -> TestClient:
    return TestClient(Starlette(routes=[Route("/graphql", _page), *static_routes()]))


def test_the_page_links_exactly_the_files_of_this_package(browser: TestClient) -> None:
    page = browser.get("/graphql").text

    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["data:,", *LINKED]


def test_the_page_holds_no_inline_script_style_or_handler(browser: TestClient) -> None:
    page = browser.get("/graphql").text

    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?:", page) == []


def test_the_policy_of_the_page_allows_no_other_host_and_nothing_inline(browser: TestClient) -> None:
    policy = browser.get("/graphql").headers["content-security-policy"]

    assert policy == (
        "default-src 'none'; script-src 'self'; "
        "style-src 'self' 'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


def test_a_person_without_javascript_is_told_what_to_do(browser: TestClient) -> None:
    page = browser.get("/graphql").text

    assert "<noscript>GraphiQL needs JavaScript." in page


def test_a_gateway_below_a_path_links_its_files_below_that_path(browser: TestClient) -> None:
    page = browser.get("/graphql", params={"prefix": '/a"b'}).text

    assert 'src="/a&quot;b/static/explorer.js"' in page


@pytest.mark.parametrize("path", LINKED)
def test_every_linked_file_is_served(browser: TestClient, path: str) -> None:
    answer = browser.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] in {"text/javascript; charset=utf-8", "text/css; charset=utf-8"}


@pytest.mark.parametrize(("checksum", "name"), CHECKSUMS, ids=[name for _, name in CHECKSUMS])
def test_a_vendored_file_is_the_published_one(checksum: str, name: str) -> None:
    content = (VENDORED / name).read_bytes()

    assert hashlib.sha256(content).hexdigest() == checksum


def test_nothing_is_vendored_that_has_no_checksum() -> None:
    present = {path.relative_to(VENDORED).as_posix() for path in VENDORED.rglob("*") if path.is_file()}

    assert present == {name for _, name in CHECKSUMS} | set(COMPRESSED) | {"VERSION"}


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_compressed_copy_holds_the_bytes_of_its_original(name: str) -> None:
    copy = VENDORED / name

    assert gzip.decompress(copy.read_bytes()) == copy.with_suffix("").read_bytes()


def test_a_versioned_file_is_kept_for_ever(browser: TestClient) -> None:
    answer = browser.get(GRAPHIQL)

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_file_without_a_version_is_asked_for_again_and_answered_by_its_etag(browser: TestClient) -> None:
    first = browser.get("/static/explorer.js")

    again = browser.get("/static/explorer.js", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert (again.content, again.headers["cache-control"]) == (b"", "no-cache")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("gzip; q=1", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("*", None),
        ("identity", None),
        ("x-gzipped", None),
    ],
)
def test_only_a_client_that_takes_gzip_is_sent_the_compressed_copy(
    browser: TestClient, accepted: str, encoding: str | None
) -> None:
    answer = browser.get(GRAPHIQL, headers={"Accept-Encoding": accepted})

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == (VENDORED / "graphiql-3.8.3/graphiql.min.js").read_bytes()


def test_the_two_forms_of_a_file_have_etags_of_their_own(browser: TestClient) -> None:
    compressed = browser.head(GRAPHIQL, headers={"Accept-Encoding": "gzip"})
    original = browser.head(GRAPHIQL, headers={"Accept-Encoding": "identity"})

    assert compressed.headers["etag"] != original.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/static",
        "/static/",
        "/static/graphiql",
        "/static/nothing.js",
        "/static/%2e%2e/app.py",
        "/static/..%2fhttp%2fstatic.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/" + "a" * 5_000,
        "/static/explorer.js/more",
    ],
)
def test_a_path_that_names_no_file_is_not_found(browser: TestClient, path: str) -> None:
    answer = browser.get(path)

    assert answer.status_code == 404


def test_a_file_is_read_and_never_written(browser: TestClient) -> None:
    answer = browser.post("/static/explorer.js")

    assert answer.status_code == 405


def test_the_tabs_are_the_operations_of_this_stage_in_order() -> None:
    names = [_operation(file).name for file in FILES]

    assert [name and name.value for name in names] == [
        "WhatThePhoneShows",
        "UnknownAndWrongKind",
        "WhoAmI",
        "TryABadLink",
        "SetTheColour",
        "MakeItLive",
        "SignAUserIn",
        "SignAUserInWhitelabel",
        "PosterCode",
        "SetAPhoneUp",
    ]


def test_every_example_has_a_tab() -> None:
    assert sorted(FILES) == sorted(path.name for path in EXAMPLES.glob("*.graphql"))


@pytest.mark.parametrize("entry", INDEX, ids=FILES)
def test_a_tab_prefills_exactly_the_variables_its_operation_declares(entry: dict[str, Any]) -> None:
    declared = {definition.variable.name.value for definition in _operation(entry["file"]).variable_definitions or ()}

    assert set(entry.get("variables", {})) == declared


@pytest.mark.parametrize("file", FILES)
def test_a_tab_opens_with_a_comment_that_fits_beside_the_run_button(file: str) -> None:
    lines = (EXAMPLES / file).read_text().splitlines()

    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 51


@pytest.mark.parametrize("file", FILES)
def test_an_example_is_valid_in_the_schema_of_this_release(file: str) -> None:
    schema = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text())

    assert validate(schema, parse((EXAMPLES / file).read_text())) == []


def _operation(file: str) -> OperationDefinitionNode:
    (operation,) = parse((EXAMPLES / file).read_text()).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation
