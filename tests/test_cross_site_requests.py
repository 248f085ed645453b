"""With a session cookie, no request that a page can send unasked runs a resolver; without one nothing changes.

Every shape: method, content type, body, Origin and Sec-Fetch-Site in all combinations, against the real application.
Refused is before the session is looked for, so the proof is that not one statement reaches the database. What a real
page in a real browser can do is in `tests/browser/test_hostile_page_in_chromium.py`.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from gateway.http.cookies import NAME
from gateway.http.origins import HEADER
from tests.staff import WHO, Browser, Office, office

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from gateway.settings import Settings

MUTATION = "mutation { signOut(input: {everywhere: true}) { __typename } }"
QUERY = "{ viewer { name email } }"
TYPES = [
    None,
    "",
    "text/plain",
    "text/plain;charset=UTF-8",
    "text/plain; application/json",
    "text/plain, application/json",
    "text/plain; charset=application/json",
    "text/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; x=application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=application/json",
    "application/json",
    "application/json; charset=utf-8",
    "application/jsonp",
    "application/graphql",
]
"""Those of simple requests, what looks like JSON to a careless reader, and JSON itself."""
ORIGINS = [None, "null", "https://evil.example", "http://testserver.evil.example", "http://testserver"]
SITES = [None, "cross-site", "same-site", "none", "same-origin"]
FILE = '--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--b--\r\n'


def bodies(query: str) -> list[str]:
    """As JSON, as JSON that a form of text makes, as a form, as a form with a file, and none."""
    sent = json.dumps({"query": query})
    return [sent, f'{sent[:-1]}, "x": "="}}', urlencode({"query": query}), FILE.format(sent), ""]


@pytest.fixture
def acme(settings: Settings) -> Iterator[Office]:
    with office(settings) as made:
        yield made


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    found = list[str]()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if '"change_counter" AS head' not in text:  # read beside the requests, whenever something was committed
                found.append(text)

    log, handler = logging.getLogger("tortoise.db_client"), Handler()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield found
    log.removeHandler(handler)
    log.setLevel(level)


def headers_of(browser: Browser | None, kind: str | None, origin: str | None, site: str | None) -> dict[str, str]:
    """Without those that are None."""
    said = {"Content-Type": kind, "Origin": origin, "Sec-Fetch-Site": site}
    cookie = {"Cookie": f"{NAME}={browser.session}"} if browser else {}
    return cookie | {name: value for name, value in said.items() if value is not None}


def refusal_of(answer: httpx2.Response) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"], answer.headers.get("cache-control")


REFUSED = (403, "FORBIDDEN", "private, no-store")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("query", [MUTATION, QUERY])
def test_no_post_of_a_page_runs_with_a_session(acme: Office, kind: str | None, query: str) -> None:
    browser = acme.signed_in()
    shapes = list(product(("/graphql", f"/graphql?{urlencode({'query': query})}"), bodies(query), ORIGINS, SITES))

    with statements() as sent:
        answers = {
            refusal_of(acme.client.post(url, content=body, headers=headers_of(browser, kind, origin, site)))
            for url, body, origin, site in shapes
        }

    assert (answers, sent) == ({REFUSED}, [])
    assert len(shapes) == 250
    assert browser(WHO) == {"name": "Jane Doe"}
    assert [action for action, _, _ in acme.log()] == ["SIGNED_IN"]


@pytest.mark.parametrize("query", [MUTATION, QUERY])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,*/*;q=0.8", "image/avif,image/*,*/*;q=0.8"])
def test_no_get_of_a_page_runs_with_a_session(acme: Office, query: str, accept: str) -> None:
    browser = acme.signed_in()
    url = f"/graphql?{urlencode({'query': query})}"
    shapes = list(product((None, "text/plain", "application/json"), ORIGINS, SITES))

    with statements() as sent:
        answers = {
            refusal_of(acme.client.get(url, headers={**headers_of(browser, *shape), "Accept": accept}))
            for shape in shapes
        }

    assert (answers, sent) == ({REFUSED}, [])
    assert browser(WHO) == {"name": "Jane Doe"}


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://testserver.evil.example"])
def test_not_even_the_header_lets_a_foreign_page_in(acme: Office, origin: str) -> None:
    browser = acme.signed_in()
    shapes = list(product(TYPES, SITES))

    with statements() as sent:
        answers = {
            refusal_of(
                acme.client.post(
                    "/graphql",
                    content=bodies(MUTATION)[0],
                    headers={**headers_of(browser, kind, origin, site), HEADER: "1"},
                )
            )
            for kind, site in shapes
        }

    assert (answers, sent) == ({REFUSED}, [])


def test_the_same_request_with_the_header_is_run(acme: Office) -> None:
    browser = acme.signed_in()
    headers = {**headers_of(browser, "application/json", "http://testserver", "same-origin"), HEADER: "1"}

    with statements() as sent:
        answer = acme.client.post("/graphql", content=bodies(MUTATION)[0], headers=headers)

    assert answer.json() == {"data": {"signOut": {"__typename": "SignedOut"}}}
    assert sent
    assert browser(WHO) is None
    assert [action for action, _, _ in acme.log()] == ["SIGNED_IN", "SIGNED_OUT"]


def test_without_a_session_nothing_of_this_is_looked_at(acme: Office) -> None:
    url = f"/graphql?{urlencode({'query': QUERY})}"
    shapes = list(product(TYPES, ORIGINS, SITES))

    by_get = {acme.client.get(url, headers=headers_of(None, *shape)).content for shape in shapes}
    by_post = {
        acme.client.post(
            "/graphql", content=bodies(QUERY)[0], headers=headers_of(None, "application/json", *shape)
        ).content
        for shape in product(ORIGINS, SITES)
    }

    assert by_get == by_post == {b'{"data":{"viewer":null}}'}


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("DELETE", 405), ("PATCH", 405), ("OPTIONS", 405)])
def test_other_methods_run_nothing(acme: Office, method: str, status: int) -> None:
    browser = acme.signed_in()

    with statements() as sent:
        answer = acme.client.request(method, "/graphql", headers={**headers_of(browser, None, None, None), HEADER: "1"})

    assert (answer.status_code, sent) == (status, [])
