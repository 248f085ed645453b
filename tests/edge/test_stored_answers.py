"""Answers from memory, through the real application."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from inspect import getclosurevars
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tenants.store.feed import read_changes
from tenants.system import FEED
from tests.api.documents import (
    APP_KEYS,
    DELETE,
    ISSUE_APP_KEY,
    REQUIRE_APP_KEY,
    REVOKE_APP_KEY,
    SAVE_BRANDING,
    SCREENS,
    SUSPEND,
)
from tests.api.test_sql_cost import statements
from tests.conftest import Ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

SHARED = "public, max-age=0, s-maxage=60, stale-if-error=86400"
TOKEN = "operators-token-of-32-characters-"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """With a token for the operator."""
    key = Secret("a key for tests, 32 characters long")
    return Settings(database_url=database_url, secret_key=key, metrics_token=Secret(TOKEN))


@pytest.fixture
def acme(ask: Ask) -> str:
    """A live tenant."""
    tenant = ask.create("AcmeInc", "WHITELABEL")
    ask.publish(tenant)
    return tenant


def get(ask: Ask, provider_id: str = "AcmeInc", *, method: str = "GET", **headers: str) -> httpx2.Response:
    variables = json.dumps({"providerId": provider_id, "app": "WHITELABEL"})
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask.client.request(method, "/graphql", params={"query": SCREENS, "variables": variables}, headers=sent)


def post(ask: Ask, provider_id: str = "AcmeInc") -> httpx2.Response:
    variables = {"providerId": provider_id, "app": "WHITELABEL"}
    return ask.client.post("/graphql", json={"query": SCREENS, "variables": variables})


def until_told(ask: Ask) -> None:
    """What this process has done itself it is told twice, and what was stored in between ends by the second time."""
    assert ask.client.portal is not None
    app: Any = ask.client.app
    feed = getclosurevars(app.cache._is_current).nonlocals["feed"]  # noqa: SLF001 - the one of this application
    for _ in range(2_000):
        if ask.client.portal.call(read_changes, FEED, feed._number).changes == ():  # noqa: SLF001 - where it stands
            return
        time.sleep(0.005)
    pytest.fail("The feed does not come to its end.")


def until_stored(ask: Ask, ask_it: Callable[[], httpx2.Response]) -> httpx2.Response:
    """The answer from memory, where it stays."""
    until_told(ask)
    ask_it()
    with statements() as seen:
        answer = ask_it()
    assert seen == []
    return answer


def type_of(answer: httpx2.Response) -> str:
    return str(answer.json()["data"]["softphoneConfig"]["__typename"])


def change_color(ask: Ask, tenant: str) -> None:
    change = {"tenantId": tenant, "expectedVersion": ask.version(tenant), "branding": {"themeColor": "#123456"}}
    ask(SAVE_BRANDING, {"input": change})


def counted(ask: Ask, name: str) -> float:
    lines = ask.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("ask_it", [get, post], ids=["GET", "POST"])
def test_what_was_asked_before_is_asked_of_nobody(ask: Ask, acme: str, ask_it: Any) -> None:
    first = ask_it(ask)

    again = until_stored(ask, lambda: ask_it(ask))

    assert again.content == first.content
    assert type_of(again) == "SoftphoneConfig"
    assert "x-request-id" not in again.headers


def test_another_spelling_is_answered_without_the_database_too(ask: Ask, acme: str) -> None:
    first = until_stored(ask, lambda: get(ask))

    with statements() as seen:
        other = get(ask, Accept="application/json", User_Agent="Another")

    assert (other.content, other.headers["etag"], seen) == (first.content, first.headers["etag"], [])


def test_another_spelling_is_answered_without_the_database_also_after_a_flood_of_odd_documents(
    ask: Ask, acme: str
) -> None:
    until_stored(ask, lambda: get(ask))
    for number in range(520):
        ask.client.get("/graphql", params={"query": f"{{ a{number}: __typename }}"})

    with statements() as seen:
        other = get(ask, Accept="application/json")

    assert (type_of(other), seen) == ("SoftphoneConfig", [])


def test_a_config_may_be_kept_by_shared_caches_and_asked_for_by_its_tag(ask: Ask, acme: str) -> None:
    first = get(ask)
    same, other = get(ask, If_None_Match=f'"x", W/{first.headers["etag"]}'), get(ask, If_None_Match='"x"')

    assert first.headers["cache-control"] == SHARED
    assert first.headers["vary"] == "Accept, Accept-Encoding, X-App-Key"
    assert first.headers["surrogate-key"]
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (same.headers["cache-control"], same.headers["vary"]) == (SHARED, first.headers["vary"])
    assert not {"content-type", "content-length", "content-encoding"} & set(same.headers)
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize(
    "headers", [{}, {"If_None_Match": "*"}], ids=["plain", "with a condition that names whatever there is"]
)
def test_an_unknown_one_is_kept_by_nobody(ask: Ask, acme: str, headers: dict[str, str]) -> None:
    unknown = [get(ask, "NoSuchTenant", **headers) for _ in range(2)]

    assert [type_of(one) for one in unknown] == ["UnknownProvider"] * 2
    assert {one.headers["cache-control"] for one in unknown} == {"private, no-store"}
    assert not {"etag", "surrogate-key"} & {name for one in unknown for name in one.headers}


def test_by_post_an_answer_is_kept_by_nobody_else(ask: Ask, acme: str) -> None:
    answers = [post(ask) for _ in range(2)]

    assert {one.headers["cache-control"] for one in answers} == {"private, no-store"}
    assert not {"etag", "surrogate-key"} & {name for one in answers for name in one.headers}


def test_staff_are_answered_by_no_cache(ask: Ask, acme: str) -> None:
    get(ask)

    answer = get(ask, **{name.replace("-", "_"): value for name, value in ask.staff.headers("owner").items()})

    assert (type_of(answer), answer.headers["cache-control"]) == ("SoftphoneConfig", "private, no-store")
    assert get(ask, Authorization="Bearer nonsense").status_code == 401


def test_a_head_is_answered_as_a_get_without_its_body(ask: Ask, acme: str) -> None:
    got = get(ask)

    heads = [get(ask, method="HEAD") for _ in range(2)]

    assert {(one.headers["etag"], one.headers["content-length"], one.content) for one in heads} == {
        (got.headers["etag"], got.headers["content-length"], b"")
    }


def test_a_publish_shows_at_once(ask: Ask, acme: str) -> None:
    before = get(ask)
    change_color(ask, acme)
    unpublished = get(ask)

    ask.publish(acme)

    assert unpublished.content == before.content
    assert get(ask).json()["data"]["softphoneConfig"]["branding"]["themeColor"] == "#123456"
    assert get(ask, If_None_Match=before.headers["etag"]).status_code == 200


@pytest.mark.parametrize(
    ("document", "change"), [(SUSPEND, {"reason": "unpaid"}), (DELETE, {"confirmProviderId": "AcmeInc"})]
)
def test_who_is_gone_is_unknown_at_once(ask: Ask, acme: str, document: str, change: dict[str, str]) -> None:
    known = get(ask)

    ask(document, {"input": {"tenantId": acme, **change}})

    assert (type_of(known), type_of(get(ask))) == ("SoftphoneConfig", "UnknownProvider")
    assert get(ask, If_None_Match=known.headers["etag"]).status_code == 200


def test_who_was_unknown_is_known_at_once(ask: Ask) -> None:
    unknown = get(ask)

    ask.publish(ask.create("AcmeInc", "WHITELABEL"))

    assert (type_of(unknown), type_of(get(ask))) == ("UnknownProvider", "SoftphoneConfig")


def test_a_demanded_key_keeps_the_answer_from_others_and_from_shared_caches(ask: Ask, acme: str) -> None:
    open_to_all = get(ask)
    issued = ask(ISSUE_APP_KEY, {"input": {"tenantId": acme, "name": "iOS"}})
    ask(REQUIRE_APP_KEY, {"id": acme, "isRequired": True})

    by_key = [get(ask, X_App_Key=issued["secret"]) for _ in range(2)]
    without = get(ask, If_None_Match=open_to_all.headers["etag"])
    other = get(ask, X_App_Key="gwa_" + "A" * 43, If_None_Match=by_key[0].headers["etag"])

    assert {(type_of(one), one.headers["cache-control"]) for one in by_key} == {
        ("SoftphoneConfig", "private, no-cache")
    }
    assert "surrogate-key" not in by_key[0].headers
    assert get(ask, X_App_Key=issued["secret"], If_None_Match=by_key[0].headers["etag"]).status_code == 304
    assert [type_of(one) for one in (without, other)] == ["UnknownProvider"] * 2


def test_a_revoked_key_opens_nothing_at_once(ask: Ask, acme: str) -> None:
    old, new = (ask(ISSUE_APP_KEY, {"input": {"tenantId": acme, "name": name}}) for name in ("old", "new"))
    ask(REQUIRE_APP_KEY, {"id": acme, "isRequired": True})
    before = [type_of(get(ask, X_App_Key=one["secret"])) for one in (old, new)]

    ask(REVOKE_APP_KEY, {"id": old["appKey"]["id"]})

    assert before == ["SoftphoneConfig"] * 2
    assert [type_of(get(ask, X_App_Key=one["secret"])) for one in (old, new)] == ["UnknownProvider", "SoftphoneConfig"]


def test_the_last_use_of_a_key_is_noted_also_when_the_answer_is_stored(settings: Settings) -> None:
    days = [datetime(2026, 11, 28, 12, 34, tzinfo=UTC)]
    with TestClient(create_app(settings, now=lambda: days[-1])) as client:
        ask = Ask(client, now=lambda: days[-1])
        tenant = ask.create("AcmeInc", "WHITELABEL")
        ask.publish(tenant)
        secret = ask(ISSUE_APP_KEY, {"input": {"tenantId": tenant, "name": "iOS"}})["secret"]
        until_stored(ask, lambda: get(ask, X_App_Key=secret))
        days.append(days[-1] + timedelta(days=1))
        with statements() as seen:
            get(ask, X_App_Key=secret)
    with TestClient(create_app(settings, now=lambda: days[-1])) as client:
        (key,) = Ask(client, now=lambda: days[-1])(APP_KEYS, {"providerId": "AcmeInc"})["appKeys"]

    assert (seen, key["lastUsedAt"]) == ([], "2026-11-29T12:00:00Z")


def test_a_client_that_takes_gzip_gets_it_and_another_does_not(ask: Ask, acme: str) -> None:
    zipped, plain = get(ask, Accept_Encoding="gzip"), get(ask, Accept_Encoding="identity")

    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])


def test_who_asks_for_too_many_unknown_ones_waits_and_others_do_not(ask: Ask, acme: str) -> None:
    until_stored(ask, lambda: get(ask))
    unknown = [get(ask, f"nobody-{number}") for number in range(60)]

    refused, by_post = get(ask, "nobody-60"), post(ask, "nobody-61")
    with statements() as seen:
        get(ask, "nobody-62")
    change_color(ask, acme)
    ask.publish(acme)

    assert {one.status_code for one in unknown} == {200}
    for one in (refused, by_post):
        assert (one.status_code, one.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert 1 <= int(one.headers["retry-after"]) <= 60
        assert one.headers["cache-control"] == "private, no-store"
    assert seen == []
    assert type_of(get(ask, "nobody-59")) == "UnknownProvider", "it is stored"
    assert type_of(get(ask)) == "SoftphoneConfig", "it was known before"


def test_a_tenant_behind_a_key_is_counted_like_nobody(ask: Ask, acme: str) -> None:
    issued = ask(ISSUE_APP_KEY, {"input": {"tenantId": acme, "name": "iOS"}})
    ask(REQUIRE_APP_KEY, {"id": acme, "isRequired": True})
    get(ask, X_App_Key=issued["secret"])
    for number in range(60):
        get(ask, f"nobody-{number}")

    told, unknown = get(ask), get(ask, "NoSuchTenant")

    assert (told.status_code, told.content) == (unknown.status_code, unknown.content)
    assert told.status_code == 429


def test_hits_misses_and_conditions_that_hold_are_counted(ask: Ask, acme: str) -> None:
    etag = until_stored(ask, lambda: get(ask)).headers["etag"]
    names = ['gateway_config_cache_total{result="hit"}', 'gateway_config_cache_total{result="miss"}']
    names += [
        "gateway_config_not_modified_total ",
        'gateway_http_requests_total{method="GET",route="/graphql",status="304"}',
    ]
    before = [counted(ask, name) for name in names]

    for _ in range(3):
        get(ask, If_None_Match=etag)

    assert [counted(ask, name) - then for name, then in zip(names, before, strict=True)] == [3, 0, 3, 3]


def test_without_room_everything_is_answered_and_nothing_stored(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, cache_bytes=0))) as client:
        ask = Ask(client)
        ask.publish(ask.create("AcmeInc", "WHITELABEL"))
        first = get(ask)
        with statements() as seen:
            again = get(ask)

        assert (again.content, seen) == (first.content, ["SELECT tenant"])
        assert get(ask, If_None_Match=first.headers["etag"]).status_code == 304


@pytest.fixture
def portal(settings: Settings) -> Iterator[TestClient]:
    """A gateway whose API pages of a portal may call."""
    with TestClient(create_app(replace(settings, cors_origins=frozenset({"https://portal.example"})))) as client:
        yield client


def test_a_page_of_an_admitted_origin_is_told_that_it_may_read_also_what_is_stored(portal: TestClient) -> None:
    ask = Ask(portal)
    ask.publish(ask.create("AcmeInc", "WHITELABEL"))
    get(ask)

    answer = get(ask, Origin="https://portal.example")

    assert answer.headers["access-control-allow-origin"] == "https://portal.example"
    assert "access-control-allow-origin" not in get(ask).headers


def test_caches_are_told_that_pages_of_other_origins_get_another_answer_also_by_what_is_stored(
    portal: TestClient,
) -> None:
    """Or one of them would give a page what it keeps for phones, and the browser would not let the page read it."""
    ask = Ask(portal)
    ask.publish(ask.create("AcmeInc", "WHITELABEL"))

    made = get(ask)
    stored = until_stored(ask, lambda: get(ask))
    shown = get(ask, Origin="https://portal.example")
    kept = get(ask, If_None_Match=made.headers["etag"])

    assert kept.status_code == 304
    assert {answer.headers["vary"] for answer in (made, stored, shown, kept)} == {
        "Accept, Accept-Encoding, X-App-Key, Origin"
    }
