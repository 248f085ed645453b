"""Requests that come again in the same bytes, which are then answered without being read."""

from __future__ import annotations

import re
import time
from random import Random
from typing import TYPE_CHECKING, cast

import pytest

from gateway.http.connection import Reading
from tests.api.documents import SCREENS
from tests.edge.served import (
    ALL,
    BYE,
    ETAG,
    HIT,
    KEEP_ALIVE_SECONDS,
    LAST,
    LONG,
    OTHER,
    PLAIN,
    UPGRADES,
    Served,
    dateless,
    get,
    post,
    read_all,
    read_one,
    serving,
    wait_until,
    without_request_ids,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.http.fast_lane import FastLaneProtocol

TIMES = 4
"""Until bytes are known: two that find it stored, and before those, of a POST, the one that has it stored."""
POST = post({"query": SCREENS, "variables": {"providerId": "AcmeInc", "app": "WHITELABEL"}}, {})
KNOWN = {**PLAIN, "a POST": POST}
NEVER_KNOWN = {
    **LONG,
    **LAST,
    "two at once": HIT + HIT,
    "after a blank line": b"\r\n" + HIT,
    "with a blank line after it": HIT + b"\r\n",
    "with the beginning of another": HIT + b"GET /",
    "one that is too large": get(b"X: " + b"x" * 4_096),
    "a POST with too long a body": POST + b"\r\n",
    "a POST in chunks": POST.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\nX: ") + b"\r\n",
}


@pytest.fixture(scope="module")
def served(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """In the fast lane, where two tenants' configs are known by the bytes of a request for each."""
    with serving(migrated_sqlite, tmp_path_factory.mktemp("known")) as served:
        served.app.is_fast = True
        served.store()
        for request_ in (OTHER, *KNOWN.values()):
            served.one_by_one(*[request_] * TIMES, BYE)
        yield served


def is_known(served: Served, request: bytes) -> bool:
    return served.app.cache.find_received(request) is not None


@pytest.mark.parametrize("request_", KNOWN.values(), ids=KNOWN)
def test_what_came_alone_again_is_known(served: Served, request_: bytes) -> None:
    served.one_by_one(*[request_] * TIMES, BYE)
    before = served.app.called

    served.one_by_one(*[request_] * TIMES, BYE)

    assert is_known(served, request_)
    assert served.app.called == before + 1


@pytest.mark.parametrize("request_", NEVER_KNOWN.values(), ids=NEVER_KNOWN)
def test_what_is_not_the_plain_case_never_is(served: Served, request_: bytes) -> None:
    served.one_by_one(*[request_] * TIMES, BYE)

    assert not is_known(served, request_)


def test_what_comes_in_pieces_is_not_known_by_the_last_of_them(served: Served) -> None:
    request = get(b"X: in pieces")
    for _ in range(TIMES):
        with served.server.connect() as connection:
            connection.sendall(request[:-9])
            time.sleep(0.02)
            connection.sendall(request[-9:])
            read_one(connection)

    assert not is_known(served, request)
    assert not is_known(served, request[-9:])


def test_what_was_answered_slowly_is_not_taken_for_what_came_in_pieces_meanwhile(served: Served) -> None:
    slow = get(url=b"/nothing-here")
    connections = served.server.server.server_state.connections
    wait_until(lambda: not connections)
    with served.server.connect() as connection:
        wait_until(lambda: len(connections) == 1)
        mine = cast("FastLaneProtocol", next(iter(connections)))
        for _ in range(2):
            served.app.is_open.clear()
            connection.sendall(slow)
            wait_until(mine.is_answering)
            connection.sendall(HIT[:20])
            wait_until(lambda: mine.reading is Reading.HEAD)
            served.app.is_open.set()
            assert read_one(connection).startswith(b"HTTP/1.1 404 ")
            connection.sendall(HIT[20:])
            assert read_one(connection).startswith(b"HTTP/1.1 200 ")

    assert not is_known(served, slow)


def test_bytes_that_differ_each_time_leave_nothing_behind(served: Served) -> None:
    weight = served.app.cache.weight

    served.one_by_one(*[get(b"X-Request-Id: %d" % number) for number in range(50)], BYE)

    assert served.app.cache.weight == weight


@pytest.mark.parametrize("request_", ALL.values(), ids=ALL)
def test_it_is_answered_with_the_bytes_of_the_application(served: Served, request_: bytes) -> None:
    served.one_by_one(*[request_] * TIMES, BYE)

    known = served.one_by_one(*[request_, HIT] * 2, BYE)
    served.app.is_fast = False
    called = served.one_by_one(*[request_, HIT] * 2, BYE)
    served.app.is_fast = True

    assert without_request_ids(dateless(known)) == without_request_ids(dateless(called))


@pytest.mark.parametrize("seed", range(12))
def test_however_they_are_mixed_and_cut_they_are_answered_so(served: Served, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the same at each run
    kinds = [*KNOWN.values(), OTHER, LONG["HEAD"], LONG["chunks"], LONG["a cookie"], UPGRADES["h2c"]]
    parts = list(cut(b"".join(random.choices(kinds, k=12)), random))

    known = said_to(served, parts)
    served.app.is_fast = False
    called = said_to(served, parts)
    served.app.is_fast = True

    assert without_request_ids(dateless(known)) == without_request_ids(dateless(called))
    assert len(re.findall(rb"HTTP/1.1 (\d+)", known)) == 13


def cut(requests: bytes, random: Random) -> Iterator[bytes]:
    """Between requests, mostly, and now and then within one."""
    while requests:
        ends = [found.start() for found in re.finditer(rb"(?<=.)(?:GET|HEAD|POST) /", requests, re.DOTALL)]
        size = random.choice([*ends[:3], random.randrange(1, 400), len(requests) if not ends else ends[0]])
        yield requests[:size]
        requests = requests[size:]


def said_to(served: Served, parts: list[bytes]) -> bytes:
    with served.server.connect() as connection:
        for part in [*parts, BYE]:
            connection.sendall(part)
            time.sleep(0.003)
        return read_all(connection)


def test_known_bytes_in_a_body_are_no_request(served: Served) -> None:
    with served.server.connect() as connection:
        connection.sendall(get(b"Content-Length: %d" % len(HIT), method=b"POST", url=b"/graphql"))
        time.sleep(0.05)
        connection.sendall(HIT)
        refused = read_one(connection)
        connection.sendall(HIT)
        found = read_one(connection)

    assert refused.startswith(b"HTTP/1.1 415 ")
    assert found.startswith(b"HTTP/1.1 200 ")


def test_known_bytes_after_the_beginning_of_a_head_are_part_of_it(served: Served) -> None:
    with served.server.connect() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: phones.example\r\nX: ")
        time.sleep(0.05)
        connection.sendall(HIT)
        refused = read_all(connection)

    assert re.findall(rb"HTTP/1.1 (\d+)", refused) == [b"400"]  # it has two of Host


def test_known_bytes_wait_for_the_answer_to_a_slow_request_before_them(served: Served) -> None:
    served.app.is_open.clear()
    before = served.app.called
    with served.server.connect() as connection:
        connection.sendall(get(url=b"/nothing-here"))
        wait_until(lambda: served.app.called == before + 1)
        connection.sendall(HIT)
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(10)
        served.app.is_open.set()
        connection.sendall(BYE)
        answers = read_all(connection)

    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"404", b"200", b"200"]


def test_each_is_counted_once(served: Served) -> None:
    unmodified = get(ETAG)
    served.one_by_one(*[unmodified] * TIMES, *[POST] * TIMES, BYE)
    served.app.cache.take_tally()
    total = served.server.server.server_state.total_requests

    served.one_by_one(HIT, unmodified, OTHER, POST, BYE)
    tally = served.app.cache.take_tally()

    assert (tally.hits, tally.misses, tally.not_modified) == (4, 0, 1)
    assert tally.answered == {("GET", 200): 2, ("GET", 304): 1, ("POST", 200): 1}
    assert served.server.server.server_state.total_requests == total + 5


def test_an_idle_connection_is_kept_and_then_closed(served: Served) -> None:
    with served.server.connect() as connection:
        for request in (get(url=b"/livez"), HIT, HIT):
            connection.sendall(request)
            read_one(connection)
            time.sleep(KEEP_ALIVE_SECONDS * 0.7)
        started = time.monotonic()
        rest = read_all(connection)

    assert rest == b""
    assert KEEP_ALIVE_SECONDS * 0.1 < time.monotonic() - started < KEEP_ALIVE_SECONDS


def test_what_is_stalled_after_known_bytes_is_closed_in_time(served: Served) -> None:
    with served.server.connect() as connection:
        connection.sendall(HIT)
        read_one(connection)
        connection.sendall(HIT[:50])
        started = time.monotonic()
        rest = read_all(connection)

    assert rest.startswith(b"HTTP/1.1 408 ")
    assert KEEP_ALIVE_SECONDS < time.monotonic() - started < 2 * served.head_seconds


def test_a_publish_shows_at_once(served: Served) -> None:
    with served.server.connect() as connection:
        connection.sendall(HIT)
        before = read_one(connection)
        connection.sendall(served.publish)
        read_one(connection)
        is_known_still = is_known(served, HIT)
        connection.sendall(HIT)
        after = read_one(connection)

    assert (b"#123456" in before, is_known_still, b"#123456" in after) == (False, False, True)
