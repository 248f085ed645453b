"""Softphones do not notice that the database is away: stopped, silent, slow or not there at the start."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.api.documents import ISSUE_APP_KEY, REQUIRE_APP_KEY, SAVE_BRANDING, SCREENS, SUSPEND
from tests.conftest import Ask
from tests.edge.served import misses_of
from tests.gateway.test_health import Wire, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

__all__ = ["wire"]


@pytest.fixture(params=[0, 1], ids=["by the application", "by the short way"])
def settings(wire: Wire, postgres_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """With the database at the end of a wire, and no room to store anything: each read is one of the database."""
    url, key = wire.url_to(postgres_url), Secret("a key for tests, 32 characters long")
    return Settings(database_url=url, secret_key=key, cache_bytes=request.param, snapshot=str(tmp_path / "snapshot"))


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Ask]:
    """Two tenants are live and have been served; a third has been served and demands a key."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        ask = Ask(client)
        for name, kind in (("AcmeInc", "GENERIC"), ("NeighbourTel", "GENERIC"), ("Keyed", "WHITELABEL")):
            ask.publish(ask.create(name, kind))
            assert type_of(get(ask, name, kind)) == "SoftphoneConfig"
        yield ask


def get(ask: Ask, provider_id: str = "AcmeInc", app: str = "GENERIC", **headers: str) -> httpx2.Response:
    variables = json.dumps({"providerId": provider_id, "app": app})
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask.client.get("/graphql", params={"query": SCREENS, "variables": variables}, headers=sent)


def type_of(answer: httpx2.Response) -> str:
    return str(answer.json()["data"]["softphoneConfig"]["__typename"])


_PAUSE_SECONDS = 0.7


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def until_known(ask: Ask, wire: Wire, provider_id: str = "AcmeInc", app: str = "GENERIC", **headers: str) -> None:
    """The job has read what was served: a moment of outage shows it."""

    def is_known() -> bool:
        wire.cut()
        answer = get(ask, provider_id, app, **headers)
        wire.mend()
        eventually(lambda: ask.client.get("/readyz").status_code == 200)
        time.sleep(_PAUSE_SECONDS)  # between two tries: the job looks only while the database is there
        return answer.status_code == 200 and "gateway-stale" in answer.headers

    eventually(is_known)


def test_while_the_server_is_stopped_softphones_are_answered_and_told_how_old_it_is(gateway: Ask, wire: Wire) -> None:
    fresh = get(gateway)
    until_known(gateway, wire)

    wire.cut()
    stale = get(gateway)
    unknown = get(gateway, "Stranger")
    conditional = get(gateway, If_None_Match=fresh.headers["etag"])

    assert (stale.status_code, stale.content, stale.headers["etag"]) == (200, fresh.content, fresh.headers["etag"])
    assert stale.headers["cache-control"] == "public, max-age=0"
    assert 0 <= int(stale.headers["gateway-stale"]) < 60
    assert "gateway-stale" not in fresh.headers
    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "1")
    assert (conditional.status_code, "gateway-stale" in conditional.headers) == (304, True)


def test_when_the_server_is_back_so_is_what_was_published(gateway: Ask, wire: Wire) -> None:
    until_known(gateway, wire)
    wire.cut()
    assert "gateway-stale" in get(gateway).headers

    wire.mend()

    eventually(lambda: "gateway-stale" not in get(gateway).headers)
    assert get(gateway, "Stranger").status_code == 200


def test_a_key_is_demanded_also_then(gateway: Ask, wire: Wire) -> None:
    tenant = gateway.raw('{ tenant(providerId: "Keyed") { id } }')["data"]["tenant"]["id"]
    key = gateway(ISSUE_APP_KEY, {"input": {"tenantId": tenant, "name": "Phones"}})["secret"]
    gateway(REQUIRE_APP_KEY, {"id": tenant, "isRequired": True})
    get(gateway, "Keyed", "WHITELABEL", X_App_Key=key)
    until_known(gateway, wire, "Keyed", "WHITELABEL", X_App_Key=key)

    wire.cut()
    admitted = get(gateway, "Keyed", "WHITELABEL", X_App_Key=key)
    refused = get(gateway, "Keyed", "WHITELABEL")

    assert (admitted.status_code, admitted.headers["cache-control"]) == (200, "private, no-cache")
    assert refused.status_code == 503


def test_a_suspended_tenant_is_not_answered_for(gateway: Ask, wire: Wire) -> None:
    tenant = gateway.raw('{ tenant(providerId: "AcmeInc") { id } }')["data"]["tenant"]["id"]
    until_known(gateway, wire)
    until_known(gateway, wire, "NeighbourTel")
    gateway(SUSPEND, {"input": {"tenantId": tenant, "reason": "Not paid"}})

    wire.cut()

    assert get(gateway).status_code == 503
    assert get(gateway, "NeighbourTel").status_code == 200


def test_silence_is_noticed_and_nobody_waits_for_long(gateway: Ask, wire: Wire) -> None:
    tenant = gateway.raw('{ tenant(providerId: "AcmeInc") { id } }')["data"]["tenant"]["id"]
    until_known(gateway, wire)
    change = {"input": {"tenantId": tenant, "expectedVersion": 1, "branding": {"themeColor": "#123456"}}}

    wire.block()
    reads = [timed(lambda: get(gateway)) for _ in range(20)]
    write = timed(lambda: save(gateway, change))
    unknown = timed(lambda: get(gateway, "Stranger"))
    wire.unblock()

    assert {answer.status_code for answer, _ in reads} == {200}
    assert max(seconds for _, seconds in reads) < 1.5
    assert sum(seconds for _, seconds in reads) < 5
    assert (write[0].status_code, write[1] < 2.1) == (503, True)
    assert (unknown[0].status_code, unknown[1] < 1.5) == (503, True)  # the database is asked once


def test_the_first_write_in_the_silence_is_refused_in_two_seconds(gateway: Ask, wire: Wire) -> None:
    tenant = gateway.raw('{ tenant(providerId: "AcmeInc") { id } }')["data"]["tenant"]["id"]
    change = {"input": {"tenantId": tenant, "expectedVersion": 1, "branding": {"themeColor": "#123456"}}}

    wire.block()
    answer, seconds = timed(lambda: save(gateway, change))
    wire.unblock()

    assert answer.status_code == 503
    assert seconds < 2.1


def test_who_is_the_first_to_ask_for_a_stranger_in_the_silence_is_told_in_two_seconds(gateway: Ask, wire: Wire) -> None:
    wire.block()
    answer, seconds = timed(lambda: get(gateway, "Stranger"))
    wire.unblock()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert seconds < 2.1


def save(ask: Ask, variables: dict[str, Any]) -> httpx2.Response:
    headers = ask.staff.headers("admin")
    return ask.client.post("/graphql", json={"query": SAVE_BRANDING, "variables": variables}, headers=headers)


def timed(ask_it: Callable[[], httpx2.Response]) -> tuple[httpx2.Response, float]:
    started = time.monotonic()
    answer = ask_it()
    return answer, time.monotonic() - started


def is_from_memory(ask: Ask) -> bool:
    before = misses_of(ask.client.app)
    return get(ask).status_code == 200 and misses_of(ask.client.app) == before


def test_what_is_stored_is_answered_while_nothing_is_heard(settings: Settings, wire: Wire) -> None:
    with TestClient(create_app(replace(settings, cache_bytes=1_000_000, snapshot="off"))) as client:
        ask = Ask(client)
        ask.publish(ask.create("AcmeInc", "GENERIC"))
        eventually(lambda: is_from_memory(ask))

        wire.cut()
        eventually(lambda: "gateway-stale" in get(ask).headers)

        answer = get(ask)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=0")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/provisioning/acrobits/AcmeInc?username=100&password=secret", {}),
        ("/provisioning/linphone/not-a-code-that-was-ever-made", {"X-Linphone-Provisioning": "1"}),
        ("/setup/not-a-code-that-was-ever-made", {}),
        ("/welcome/not-a-link-that-was-ever-made", {}),
    ],
    ids=["acrobits", "linphone", "setup", "welcome"],
)
def test_at_every_other_door_too_the_first_to_meet_the_silence_is_told_in_two_seconds(
    gateway: Ask, wire: Wire, path: str, headers: dict[str, str]
) -> None:
    wire.block()
    answer, seconds = timed(lambda: gateway.client.get(path, headers=headers))
    wire.unblock()

    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert seconds < 2.1


def test_a_process_stops_in_time_while_nothing_comes_through(settings: Settings, wire: Wire) -> None:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        wire.block()
        assert get(Ask(client), "Stranger").status_code == 503
        began = time.monotonic()

    assert time.monotonic() - began < 12


def test_answers_that_are_stale_are_counted(settings: Settings, wire: Wire) -> None:
    token = "operators-token-of-32-characters-"
    with TestClient(create_app(replace(settings, metrics_token=Secret(token)))) as client:
        ask = Ask(client)
        ask.publish(ask.create("AcmeInc", "GENERIC"))
        get(ask)
        until_known(ask, wire)
        wire.cut()
        before = count_stale(client, token)
        stale = get(ask), get(ask), get(ask, "Stranger")
        after = count_stale(client, token)

    assert [answer.status_code for answer in stale] == [200, 200, 503]
    assert after - before == 2


def count_stale(client: TestClient, token: str) -> float:
    text = client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
    # index: no match is a failure of the test.
    return float(re.search(r"^gateway_config_stale_total (\S+)$", text, re.MULTILINE)[1])  # type: ignore[index]
