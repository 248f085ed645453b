"""What is known is answered around the application, and nothing else: whatever is odd is told by the application.

Answers that the application makes carry an id by which the log has them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.limits import Limits
from gateway.segments import SegmentedMap
from gateway.settings import AnonymousDocuments, Secret, Settings
from tests.api.documents import ISSUE_APP_KEY, REQUIRE_APP_KEY, SCREENS, SUSPEND
from tests.conftest import Ask
from tests.edge.test_stored_answers import TOKEN, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

ASKED = "softphoneConfig(providerId: $providerId, app: $app)"
HEAD = "($providerId: String!, $app: AppKind!)"
SMALL = f"query Small{HEAD} {{ {ASKED} {{ __typename ... on SoftphoneConfig {{ name }} }} }}"
OURS = {"providerId": "AcmeInc", "app": "WHITELABEL"}
ID = "x-request-id"
TOO_DEEP = json.loads("[" * 40 + "]" * 40)


@pytest.fixture
def settings(database_url: str) -> Settings:
    key = Secret("a key for tests, 32 characters long")
    return Settings(database_url=database_url, secret_key=key, metrics_token=Secret(TOKEN))


@pytest.fixture
def live(ask: Ask) -> str:
    """Two live tenants, one of which has been asked for by each of two documents."""
    tenants = [ask.create(name, "WHITELABEL") for name in ("BrightTel", "AcmeInc")]
    for tenant in tenants:
        ask.publish(tenant)
    for document in (SMALL, SCREENS):
        assert post(ask, query=document, variables=OURS | {"providerId": "BrightTel"}).status_code == 200
    return tenants[1]


def post(ask: Ask, headers: dict[str, str] | None = None, **asked: Any) -> httpx2.Response:
    body = json.dumps({"query": SMALL, "variables": OURS, **asked})
    return ask.client.post("/graphql", content=body, headers={"Content-Type": "application/json", **(headers or {})})


def name_of(answer: httpx2.Response) -> str:
    return str(answer.json()["data"]["softphoneConfig"]["name"])


def test_another_tenant_by_a_known_document_is_answered_around_the_application_and_counted(ask: Ask, live: str) -> None:
    names = [
        'gateway_config_cache_total{result="miss"}',
        'gateway_http_requests_total{method="POST",route="/graphql",status="200"}',
    ]
    before = [counted(ask, name) for name in names]

    answer = post(ask)

    assert (answer.status_code, name_of(answer)) == (200, "AcmeInc")
    assert ID not in answer.headers
    assert [counted(ask, name) - then for name, then in zip(names, before, strict=True)] == [1, 1]


def test_who_has_it_is_told_so_and_counted(ask: Ask, live: str) -> None:
    params = {"query": SMALL, "variables": json.dumps(OURS)}
    etag = ask.client.get("/graphql", params=params).headers["etag"]
    names = [
        "gateway_config_not_modified_total ",
        'gateway_http_requests_total{method="GET",route="/graphql",status="304"}',
    ]
    before = [counted(ask, name) for name in names]

    # In a spelling that is new, so that it is not found by it.
    answer = ask.client.get("/graphql", params={**params, "more": "1"}, headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content, ID in answer.headers) == (304, b"", False)
    assert [counted(ask, name) - then for name, then in zip(names, before, strict=True)] == [1, 1]


@pytest.fixture
def other(ask: Ask, settings: Settings) -> Iterator[Ask]:
    """A gateway without a cache, which answers everything by the application."""
    # With other limits it has a schema of its own, or it would know the documents that the first has read.
    client = TestClient(create_app(replace(settings, cache_bytes=0, limits=Limits(aliases=16))))
    client.portal = ask.client.portal  # within the process of the first, whose connection to the database it uses
    yield Ask(client)
    client.portal = None


def test_a_document_that_is_new_is_answered_so_too(ask: Ask, live: str, other: Ask) -> None:
    document = SMALL.replace("Small", "New")

    answer = post(ask, query=document)

    assert ID not in answer.headers
    assert said(answer) == said(post(other, query=document))


def test_a_document_that_nobody_can_keep_in_mind_is_answered_with_all_headers(
    ask: Ask, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is with one that others push out while its tenant is read."""
    app: Any = ask.client.app
    answer = post(ask)
    documents = app._short_way._schema.documents  # noqa: SLF001 - those of this application
    monkeypatch.setattr(documents, "_valid", SegmentedMap(0))

    new = post(ask, query=SMALL.replace("Small", "Fresh"))

    assert (ID in new.headers, new.json()) == (False, answer.json())
    assert set(new.headers) == set(answer.headers) >= {"content-security-policy", "vary"}


def test_a_document_that_comes_with_its_hash_is_registered(ask: Ask, live: str) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(SMALL.encode()).hexdigest()}}

    first = post(ask, extensions=extensions)
    by_hash = post(ask, query=None, extensions=extensions)

    assert (ID in first.headers, ID in by_hash.headers) == (True, False)
    assert name_of(first) == name_of(by_hash) == "AcmeInc"


@pytest.mark.parametrize("asked", [{"operationName": "Other"}, {"variables": OURS | {"x": TOO_DEEP}}])
def test_a_new_document_that_is_not_run_is_refused_as_by_the_application(
    ask: Ask, live: str, other: Ask, asked: dict[str, Any]
) -> None:
    document = SMALL.replace("Small", f"Refused{len(str(asked))}")

    assert said(post(ask, query=document, **asked)) == said(post(other, query=document, **asked))


@pytest.mark.parametrize(
    "document", [SMALL.replace("name", "nam"), SMALL.replace("$app)", "$ap)"), "{", "{ " * 300, f"{SMALL} {SMALL}"]
)
def test_what_is_wrong_with_a_new_document_is_said_by_the_application_each_time(
    ask: Ask, live: str, other: Ask, document: str
) -> None:
    answers = [post(ask, query=document) for _ in range(3)]

    assert [ID in answer.headers for answer in answers] == [True] * 3
    assert [said(answer) for answer in answers] == [said(post(other, query=document))] * 3


def test_it_says_what_the_application_says_without_a_cache(ask: Ask, live: str, other: Ask) -> None:
    forms = list(product((SMALL, SCREENS), ("*/*", "application/graphql-response+json")))
    ours, theirs = (
        [post(one, {"Accept": accept}, query=document) for document, accept in forms] for one in (ask, other)
    )

    assert [ID in answer.headers for answer in (*ours, *theirs)] == [False] * 4 + [True] * 4
    assert [said(answer) for answer in ours] == [said(answer) for answer in theirs]


def said(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name != ID}
    return answer.status_code, answer.content, headers


def test_nobody_is_told_so_too(ask: Ask, live: str) -> None:
    answer = post(ask, variables=OURS | {"providerId": "NoSuchTenant"})

    assert answer.json()["data"]["softphoneConfig"]["__typename"] == "UnknownProvider"
    assert (ID in answer.headers, answer.headers["cache-control"]) == (False, "private, no-store")


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [
        ({"query": "{ __typename }"}, {}, 200),
        ({"query": SMALL.replace("name", "name @skip(if: true)")}, {}, 200),
        ({"variables": {"providerId": "AcmeInc"}}, {}, 200),
        ({"variables": OURS | {"app": "GENERI"}}, {}, 200),
        ({"variables": OURS | {"x": TOO_DEEP}}, {}, 200),
        ({"variables": 1}, {}, 400),
        ({"operationName": "Large"}, {}, 200),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}, {}, 200),
        ({"query": None, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}, {}, 200),
        ({}, {"Content-Type": "text/plain"}, 415),
        ({}, {"Accept": "image/png"}, 406),
        ({}, {"Authorization": "Bearer nonsense"}, 401),
        ({}, {"Cookie": f"__Host-gateway={'A' * 43}"}, 403),
        ({}, {"X-App-Key": "gwa_nonsense"}, 200),
        ({}, {"Origin": "https://elsewhere.example"}, 200),
    ],
)
def test_what_is_out_of_the_ordinary_is_answered_by_the_application(
    ask: Ask, live: str, asked: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    answer = post(ask, headers, **asked)

    assert (ID in answer.headers, answer.status_code) == (True, status)


def test_whoever_asks_for_too_many_is_told_by_the_application_and_each_counts_once(ask: Ask, live: str) -> None:
    answers = [post(ask, variables=OURS | {"providerId": f"Nobody-{number}"}) for number in range(61)]

    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert [ID in answer.headers for answer in answers] == [False] * 60 + [True]


def test_a_known_document_that_is_not_trusted_is_refused_to_who_has_no_credential(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, anonymous_documents=AnonymousDocuments.TRUSTED))) as client:
        ask = Ask(client)
        ask.publish(ask.create("AcmeInc", "WHITELABEL"))
        by_staff = [post(ask, ask.staff.headers("admin")) for _ in range(2)]

        answer = post(ask)

    assert [name_of(one) for one in by_staff] == ["AcmeInc"] * 2
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNTRUSTED_DOCUMENT"


def test_a_body_that_is_larger_than_allowed_is_refused(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, body_bytes=1_000))) as client:
        ask = Ask(client)
        ask.publish(ask.create("AcmeInc", "WHITELABEL"))
        assert post(ask).status_code == 200

        assert post(ask, variables=OURS | {"x": "y" * 1_000}).status_code == 413


def test_who_is_suspended_or_hides_behind_a_key_is_nobody_at_once(ask: Ask, live: str) -> None:
    assert name_of(post(ask)) == "AcmeInc"
    ask(ISSUE_APP_KEY, {"input": {"tenantId": live, "name": "App"}})
    ask(REQUIRE_APP_KEY, {"id": live, "isRequired": True})
    without = post(ask, query=SCREENS)
    ask(REQUIRE_APP_KEY, {"id": live, "isRequired": False})
    again = post(ask, query=SCREENS)
    ask(SUSPEND, {"input": {"tenantId": live, "reason": "test"}})
    suspended = post(ask, query=SCREENS)

    kinds = [answer.json()["data"]["softphoneConfig"]["__typename"] for answer in (without, again, suspended)]
    assert kinds == ["UnknownProvider", "SoftphoneConfig", "UnknownProvider"]
    assert [ID in answer.headers for answer in (without, again, suspended)] == [False] * 3


def test_a_bug_of_the_short_way_is_logged_and_nobody_else_notices(
    ask: Ask, live: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    schema: Any = ask.client.app._short_way._schema  # type: ignore[attr-defined]  # noqa: SLF001 - of this application
    plan = schema.find_plan(SMALL, None)
    monkeypatch.setattr(plan, "_names", None)

    answer = post(ask)

    assert (ID in answer.headers, name_of(answer)) == (True, "AcmeInc")
    assert "short way given up" in (told := "".join(capsys.readouterr()))
    assert "AttributeError" in told
