"""What Varnish keeps of our answers, and that it forgets them: the real server with the files of `deploy/varnish`."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import TYPE_CHECKING

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tests.api.documents import REQUIRE_APP_KEY, RESUME, SUSPEND
from tests.servers import run_server
from tests.varnishes import ECHO_SECONDS, TOKEN, Fronted, Varnish, free_port, fronted, is_hit, run_varnish, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request

pytestmark = [pytest.mark.varnish, pytest.mark.slow]

CODE = "Setup-code-that-nobody-may-read-0123456789a"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    """Two workers behind a Varnish."""
    with fronted(tmp_path_factory.mktemp("fronted") / "gateway.db", workers=2) as front:
        yield front


@pytest.fixture(scope="module")
def neighbour(front: Fronted) -> str:
    """Another tenant, whose answers stay where they are: all that Varnish is to be told of it has been told."""
    tenant = front.tenant("NeighbourTel")
    time.sleep(ECHO_SECONDS + 1)
    return tenant


def type_of(answer: httpx2.Response) -> str:
    return str(answer.json()["data"]["softphoneConfig"]["__typename"])


def keep(varnish: Varnish, provider_id: str) -> httpx2.Response:
    """The answer, once it is stored for good: what was under way at a change has been asked for anew."""
    wait_for(lambda: is_hit(varnish.ask(provider_id)))
    return varnish.ask(provider_id)


def test_the_second_who_asks_is_answered_by_varnish_with_the_same_bytes(front: Fronted, neighbour: str) -> None:
    front.tenant("TwiceAsked")

    first = front.varnish.ask("TwiceAsked")
    second = keep(front.varnish, "TwiceAsked")

    assert type_of(first) == "SoftphoneConfig"
    assert second.content == first.content
    assert second.headers["etag"] == first.headers["etag"]
    assert second.headers["cache-control"] == first.headers["cache-control"]
    assert "gateway-stale" not in second.headers
    assert "xkey" not in second.headers


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_who_has_it_is_told_so_by_varnish(front: Fronted, neighbour: str, coding: str) -> None:
    keep(front.varnish, "NeighbourTel")
    held = front.varnish.ask("NeighbourTel", Accept_Encoding=coding)

    again = front.varnish.ask("NeighbourTel", Accept_Encoding=coding, If_None_Match=held.headers["etag"])
    other = front.varnish.ask("NeighbourTel", Accept_Encoding=coding, If_None_Match='"another"')

    assert held.headers.get("content-encoding", "identity") == coding
    assert (again.status_code, again.content) == (304, b"")
    assert is_hit(again)
    assert (other.status_code, other.content) == (200, held.content)


def test_what_is_published_is_answered_within_a_second_and_nothing_older_after_it(
    front: Fronted, neighbour: str
) -> None:
    tenant = front.tenant("Publisher")
    keep(front.varnish, "Publisher")
    keep(front.varnish, "NeighbourTel")

    front.publish_color(tenant, "#abcdef")
    published = time.monotonic()
    wait_for(lambda: b"#abcdef" in front.varnish.ask("Publisher").content, seconds=1)
    after = [front.varnish.ask("Publisher").content for _ in range(30)]

    assert time.monotonic() - published < 5
    assert all(b"#abcdef" in content for content in after)
    assert is_hit(front.varnish.ask("NeighbourTel"))


def test_who_is_suspended_is_gone_within_a_second_and_back_when_resumed(front: Fronted, neighbour: str) -> None:
    tenant = front.tenant("Suspended")
    keep(front.varnish, "Suspended")

    front.staff.ask(SUSPEND, {"input": {"tenantId": tenant, "reason": "unpaid"}})
    wait_for(lambda: type_of(front.varnish.ask("Suspended")) == "UnknownProvider", seconds=1)
    after = {type_of(front.varnish.ask("Suspended")) for _ in range(30)}
    front.staff.ask(RESUME, {"input": {"tenantId": tenant}})
    wait_for(lambda: type_of(front.varnish.ask("Suspended")) == "SoftphoneConfig", seconds=1)

    assert after == {"UnknownProvider"}
    assert type_of(front.varnish.ask("NeighbourTel")) == "SoftphoneConfig"


def test_a_tenant_that_comes_to_demand_a_key_is_kept_no_longer(front: Fronted, neighbour: str) -> None:
    tenant = front.staff.create_tenant("KeyHolder")
    kind = "mutation($input: ChangeAppKindInput!) { changeAppKind(input: $input) { __typename } }"
    front.staff.ask(kind, {"input": {"tenantId": tenant, "expectedVersion": 1, "app": "WHITELABEL"}})
    front.publish(tenant)
    issue = "mutation($input: IssueAppKeyInput!) { issueAppKey(input: $input) { ... on AppKeyIssued { secret } } }"
    key = front.staff.ask(issue, {"input": {"tenantId": tenant, "name": "app"}})["secret"]
    wait_for(lambda: is_hit(front.varnish.ask("KeyHolder", app="WHITELABEL")))

    front.staff.ask(REQUIRE_APP_KEY, {"id": tenant, "isRequired": True})
    wait_for(lambda: type_of(front.varnish.ask("KeyHolder", app="WHITELABEL")) == "UnknownProvider", seconds=1)
    holders = [front.varnish.ask("KeyHolder", app="WHITELABEL", X_App_Key=key) for _ in range(5)]
    others = [front.varnish.ask("KeyHolder", app="WHITELABEL") for _ in range(5)]

    assert {type_of(one) for one in holders} == {"SoftphoneConfig"}
    assert {one.headers["cache-control"] for one in holders} == {"private, no-cache"}
    assert {type_of(one) for one in others} == {"UnknownProvider"}
    assert not any(is_hit(one) for one in holders + others)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer gw_{'x' * 40}"},
        {"Cookie": "any=thing"},
        {"X_App_Key": "any-key"},
        {"Origin": "https://elsewhere.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_who_shows_something_is_answered_by_the_gateway(
    front: Fronted, neighbour: str, headers: dict[str, str]
) -> None:
    keep(front.varnish, "NeighbourTel")

    answers = [front.varnish.ask("NeighbourTel", **headers) for _ in range(3)]

    assert not any(is_hit(one) for one in answers)
    assert is_hit(front.varnish.ask("NeighbourTel"))


def test_nothing_but_configs_is_kept(front: Fronted, neighbour: str) -> None:
    unknown = [front.varnish.ask("NoSuchTenant") for _ in range(3)]
    pages = [httpx2.get(f"{front.varnish.url}/sign-in", trust_env=False) for _ in range(3)]
    posts = [front.varnish.ask("NeighbourTel", method="POST") for _ in range(3)]

    assert {type_of(one) for one in unknown} == {"UnknownProvider"}
    assert {one.status_code for one in pages} == {200}
    assert not any(is_hit(one) for one in unknown + pages + posts)


@pytest.mark.parametrize("wanted", ["bytes=0-0,2-3", "bytes=9999999-", "bytes=3-1", "lines=1-2"])
def test_who_wants_a_part_gets_the_whole_whether_it_is_kept_or_not(front: Fronted, neighbour: str, wanted: str) -> None:
    whole = keep(front.varnish, "NeighbourTel")

    kept = front.varnish.ask("NeighbourTel", Range=wanted)
    passed = front.varnish.ask("NeighbourTel", Range=wanted, Cookie="any=thing")

    assert (kept.status_code, kept.content) == (passed.status_code, passed.content) == (200, whole.content)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Surrogate-Key": "all"}, 403),
        ({"Surrogate-Key": "all", "Authorization": "Bearer another"}, 403),
        ({"Surrogate-Key": "all", "Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.1"}, 403),
        ({"Authorization": f"Bearer {TOKEN}"}, 400),
        ({"Surrogate-Key": "of-nobody", "Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_only_the_gateway_purges_and_only_what_it_names(
    front: Fronted, neighbour: str, headers: dict[str, str], status: int
) -> None:
    keep(front.varnish, "NeighbourTel")

    answer = httpx2.request("PURGE", front.varnish.url, headers=headers, trust_env=False)

    assert answer.status_code == status
    assert is_hit(front.varnish.ask("NeighbourTel"))


def test_after_a_purge_of_all_each_is_asked_for_once_more(front: Fronted, neighbour: str) -> None:
    before = keep(front.varnish, "NeighbourTel")

    headers = {"Surrogate-Key": "all", "Authorization": f"Bearer {TOKEN}"}
    httpx2.request("PURGE", front.varnish.url, headers=headers, trust_env=False).raise_for_status()
    first, second = front.varnish.ask("NeighbourTel"), front.varnish.ask("NeighbourTel")

    assert (is_hit(first), is_hit(second)) == (False, True)
    assert first.content == second.content == before.content


def test_no_code_and_no_credential_is_in_the_log(front: Fronted, neighbour: str) -> None:
    places = [f"/{page}/{CODE}" for page in ("setup", "welcome", "password", "provisioning/linphone", CODE)]
    headers = {
        "Authorization": f"Bearer {CODE}",
        "Cookie": f"__Host-gateway={CODE}",
        "X-App-Key": CODE,
        "Referer": CODE,
    }
    for place in [*places, f"/?code={CODE}", f"//setup/{CODE}", f"/graphql?query={CODE}"]:
        httpx2.get(front.varnish.url + place, headers=headers, trust_env=False)
    with socket.create_connection(("127.0.0.1", front.varnish.port), timeout=10) as sock:
        sock.sendall(f"GET /setup/{CODE}\x01 HTTP/1.1\r\nHost\x01: {CODE}\r\n\r\n".encode())
        sock.recv(1000)
    with socket.create_connection(("127.0.0.1", front.varnish.port), timeout=10) as sock:
        sock.sendall(f"{CODE} /setup HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        sock.recv(1000)

    lines = front.varnish.access_log()
    everything = front.varnish.log("varnishlog", "-g", "raw")

    assert '"GET /setup" ' in lines
    assert '"GET /provisioning" ' in lines
    assert '"GET other" ' in lines
    assert '"other /setup" ' in lines
    assert '"GET /graphql" 200 ' in lines
    assert everything.count("VCL_Log") >= len(places)
    assert CODE not in lines + everything
    assert TOKEN not in everything
    assert front.staff.session not in everything


def test_the_gateway_tells_of_no_secret_and_of_no_failure(front: Fronted, neighbour: str) -> None:
    errors = front.gateway.errors

    assert TOKEN not in errors
    assert "a cache was not told" not in errors


def test_while_nobody_is_behind_it_varnish_answers_with_what_it_has_and_says_how_old_it_is(tmp_path: Path) -> None:
    with fronted(tmp_path / "gateway.db", workers=1) as front:
        front.tenant("AcmeInc")
        front.tenant("NeighbourTel")
        before = keep(front.varnish, "AcmeInc")
        headers = {"Surrogate-Key": "all", "Authorization": f"Bearer {TOKEN}"}

        os.kill(front.gateway.pid, signal.SIGKILL)
        front.gateway.popen.wait()
        # As if its minute were over.
        httpx2.request("PURGE", front.varnish.url, headers=headers, trust_env=False).raise_for_status()
        at_once = front.varnish.ask("AcmeInc")
        wait_for(lambda: "Went sick" in front.varnish.log("varnishlog", "-g", "raw", "-i", "Backend_health"))
        later = [front.varnish.ask("AcmeInc") for _ in range(10)]
        unknown = front.varnish.ask("NeighbourTel")

    assert {one.status_code for one in [at_once, *later]} == {200}
    assert {one.content for one in [at_once, *later]} == {before.content}
    assert all(int(one.headers["gateway-stale"]) >= 0 for one in [at_once, *later])
    assert (unknown.status_code, unknown.headers["cache-control"]) == (503, "private, no-store")
    assert unknown.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


def test_an_error_of_the_gateway_takes_the_place_of_no_answer_that_is_stored() -> None:
    shared = {
        "Cache-Control": "public, max-age=0, s-maxage=1, stale-if-error=86400",
        "Surrogate-Key": "k",
        "ETag": '"t"',
    }
    to_say = [Response("config", 200, shared)]

    async def answer(_request: Request) -> Response:
        return to_say[0]

    app = Starlette(routes=[Route("/graphql", answer), Route("/livez", lambda _request: Response("alive"))])
    with run_server(app) as gateway, run_varnish(free_port(), gateway.port) as varnish:
        wait_for(lambda: is_hit(varnish.ask("AcmeInc")))
        to_say[0] = Response("broken", 503, {"Cache-Control": "private, no-store"})
        wait_for(lambda: "gateway-stale" in varnish.ask("AcmeInc").headers)
        known, unknown = [varnish.ask("AcmeInc") for _ in range(5)], varnish.ask("NeighbourTel")
        to_say[0] = Response("another config", 200, shared)
        wait_for(lambda: varnish.ask("AcmeInc").text == "another config")

    assert {(one.status_code, one.text) for one in known} == {(200, "config")}
    assert (unknown.status_code, unknown.text) == (503, "broken")


def test_without_the_lines_about_a_token_the_address_decides() -> None:
    app = Starlette(routes=[Route("/livez", lambda _request: Response("alive"))])
    with run_server(app) as gateway, run_varnish(free_port(), gateway.port, is_token_demanded=False) as varnish:
        sent = [{"Surrogate-Key": "k"}, {"Surrogate-Key": "k", "X-Forwarded-For": "192.0.2.1"}]
        answers = [httpx2.request("PURGE", varnish.url, headers=one, trust_env=False).status_code for one in sent]

    assert answers == [200, 403]
