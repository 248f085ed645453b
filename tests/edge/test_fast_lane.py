"""What is stored, asked for over a real socket: once answered by the server itself and once by the application."""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import pytest

from gateway.app import create_app
from gateway.settings import Settings, Switch
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
    read_all,
    read_answers,
    read_one,
    serving,
    wait_until,
    without_request_ids,
)
from tests.servers import gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.edge.lane import Lane


@pytest.fixture(scope="module")
def shared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests."""
    with serving(migrated_sqlite, tmp_path_factory.mktemp("fast")) as served:
        yield served


@pytest.fixture(params=[True, False], ids=["fast lane", "application"])
def served(shared: Served, request: pytest.FixtureRequest) -> Iterator[Served]:
    """Connections opened from now on are answered by this lane."""
    shared.app.is_fast = request.param
    shared.store()
    yield shared
    shared.app.is_open.set()


def of_both_lanes(shared: Served, *requests: bytes) -> list[bytes]:
    shared.store()
    answers = []
    for is_fast in (True, False):
        shared.app.is_fast = is_fast
        answers.append(dateless(shared.exchange(*requests)))
    return answers


@pytest.mark.parametrize("request_", ALL.values(), ids=ALL)
def test_both_lanes_answer_with_the_same_bytes(shared: Served, request_: bytes) -> None:
    fast, slow = of_both_lanes(shared, request_, HIT, request_, BYE)

    assert without_request_ids(fast) == without_request_ids(slow)
    assert fast.startswith(b"HTTP/1.1 ")
    assert b"\r\ndate: *\r\n" in fast or fast.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("request_", [*PLAIN.values(), *UPGRADES.values()], ids=[*PLAIN, *UPGRADES])
def test_the_plain_case_never_reaches_the_application_in_the_fast_lane(served: Served, request_: bytes) -> None:
    assert served.called_for(request_, request_) == (1 if served.app.is_fast else 3)


@pytest.mark.parametrize("request_", LONG.values(), ids=LONG)
def test_what_is_not_the_plain_case_takes_the_long_way(served: Served, request_: bytes) -> None:
    assert served.called_for(request_) == 2


@pytest.mark.parametrize("request_", LAST.values(), ids=LAST)
def test_a_last_request_takes_the_long_way_and_is_told_to_close(served: Served, request_: bytes) -> None:
    before = served.app.called

    answer = served.exchange(request_)

    assert served.app.called == before + 1
    assert b"\r\nconnection: close\r\n" in answer
    assert b'"SoftphoneConfig"' in answer


def test_a_head_that_comes_in_pieces_is_answered_once_it_is_whole(served: Served) -> None:
    with served.server.connect() as connection:
        for piece in (HIT[:20], HIT[20:-3], HIT[-3:-1], HIT[-1:]):
            connection.sendall(piece)
            time.sleep(0.02)
        first = read_one(connection)
        connection.sendall(HIT + BYE)
        rest = read_all(connection)

    assert rest.startswith(first)


def test_many_in_one_piece_are_answered_in_order(served: Served) -> None:
    answers = served.exchange(*[HIT, OTHER] * 10, BYE)

    assert re.findall(rb'"name": ?"(AcmeInc|BrightTel)"', answers) == [b"AcmeInc", b"BrightTel"] * 10


def test_a_hit_waits_for_the_answer_to_a_slow_request_before_it(served: Served) -> None:
    served.app.is_open.clear()
    before = served.app.called
    with served.server.connect() as connection:
        connection.sendall(get(url=b"/nothing-here") + HIT + OTHER)
        wait_until(lambda: served.app.called == before + 1)
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(10)
        served.app.is_open.set()
        connection.sendall(HIT + BYE)
        answers = read_all(connection)

    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"404", b"200", b"200", b"200", b"200"]
    assert re.findall(rb'"name": ?"(AcmeInc|BrightTel)"', answers) == [b"AcmeInc", b"BrightTel", b"AcmeInc"]


def test_a_refusal_comes_after_the_answers_before_it(served: Served) -> None:
    answers = served.exchange(HIT, OTHER, b"nonsense\r\n\r\n")

    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"400"]


def test_an_idle_connection_is_kept_and_then_closed(served: Served) -> None:
    with served.server.connect() as connection:
        connection.sendall(HIT)
        read_one(connection)
        time.sleep(KEEP_ALIVE_SECONDS * 0.7)
        connection.sendall(HIT)
        read_one(connection)
        started = time.monotonic()
        rest = read_all(connection)

    assert rest == b""
    assert KEEP_ALIVE_SECONDS * 0.8 < time.monotonic() - started < KEEP_ALIVE_SECONDS * 2


def test_who_does_not_read_is_written_no_more_and_cut(shared: Served) -> None:
    shared.app.is_fast = True
    shared.store()
    connections = shared.server.server.server_state.connections
    wait_until(lambda: not connections)
    with shared.server.connect() as connection:
        connection.sendall(HIT)
        read_one(connection)
        (mine,) = connections
        ask_without_reading(connection)
        written = mine.transport.get_write_buffer_size()
        wait_until(lambda: not connections)

    assert 0 < written < 1_000_000


def ask_without_reading(connection: socket.socket) -> None:
    """Until nothing more is taken."""
    connection.settimeout(0.2)
    try:
        for _ in range(50_000):
            connection.sendall(HIT * 10)
    except (TimeoutError, ConnectionResetError, BrokenPipeError):
        return
    pytest.fail("The server takes whatever is sent.")


def test_each_is_counted_once(served: Served) -> None:
    served.exchange(BYE)
    served.app.cache.take_tally()
    total = served.server.server.server_state.total_requests

    served.exchange(HIT, get(ETAG), HIT, BYE)
    tally = served.app.cache.take_tally()

    assert (tally.hits, tally.misses, tally.not_modified) == (3, 0, 1)
    assert tally.answered == {("GET", 200): 2, ("GET", 304): 1}
    assert served.server.server.server_state.total_requests == total + 4


def test_a_publish_shows_at_once_on_a_connection_that_was_answered_before(shared: Served) -> None:
    shared.app.is_fast = True
    shared.store()
    with shared.server.connect() as connection:
        connection.sendall(HIT)
        before = read_one(connection)
        connection.sendall(shared.publish)
        done = read_one(connection)
        connection.sendall(HIT)
        after = read_one(connection)

    assert b'"ConfigPublished"' in done
    assert (b"#123456" in before, b"#123456" in after) == (False, True)


@pytest.mark.slow
def test_every_worker_has_it_and_stops_gently(tmp_path: Path) -> None:
    """It can be told by what it does not need: a place in the queue of one connection, which has 32."""
    arguments = ["serve", "--demo", "--port", "0", "--workers", "2"]
    with gateway_process(*arguments, "--database", f"sqlite:///{tmp_path / 'gateway.db'}", env={}) as process:
        connections = [socket.create_connection(("127.0.0.1", int(process.ready["port"])), timeout=10) for _ in "1234"]
        for connection in connections:
            # misc: no type is inferred for a lambda with a default.
            wait_until(lambda connection=connection: b"x-request-id" not in asked(connection))  # type: ignore[misc]
            repeatedly = [asked(connection) for _ in range(5)]  # in the same bytes, so that they are known
            assert len(set(map(dateless, repeatedly))) == 1
        many = [asked(connection, times=100) for connection in connections]
        stopping = threading.Thread(target=process.terminate)
        stopping.start()
        time.sleep(0.5)
        last = [asked(connection) for connection in connections]
        stopping.join()
        for connection in connections:
            connection.close()

    assert [one.count(b"HTTP/1.1 200 OK") for one in many] == [100] * 4
    assert [b"\r\nconnection: close\r\n" in one and b"Acme" in one for one in last] == [True] * 4


def asked(connection: socket.socket, *, times: int = 1) -> bytes:
    query = '{ softphoneConfig(providerId: "AcmeInc", app: GENERIC) { ... on SoftphoneConfig { name } } }'
    connection.sendall(get(url=f"/graphql?{urlencode({'query': query})}".encode()) * times)
    return b"".join(read_answers(connection, times))


@pytest.mark.parametrize("switch", Switch)
def test_a_setting_turns_it_off(settings: Settings, switch: Switch) -> None:
    app = cast("Lane", create_app(replace(settings, fast_lane=switch)))

    assert app.is_fast is (switch is Switch.ON)
