"""What is stored, asked for over a real socket: once answered by the server itself and once by the application."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.edge.lane import Lane
from gateway.http.connection import ProtocolLimits
from gateway.http.fast_lane import FastLaneProtocol
from gateway.settings import Secret, Settings, Switch
from tests.api.documents import SAVE_BRANDING, SCREENS
from tests.conftest import PUBLISH, Ask
from tests.servers import RunningServer, gateway_process, run_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

QUICK = ProtocolLimits(head_seconds=2.0, unread_seconds=0.5, drain_seconds=0.4)
KEEP_ALIVE_SECONDS = 1
CLOSE = b"Connection: close"


class Watched(Lane):
    """The outermost layer of the application. It tells how often it was called, and can be held up."""

    def __init__(self, lane: Lane) -> None:
        vars(self).update(vars(lane))
        self.called = 0
        self.is_open = threading.Event()
        self.is_open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called += scope["type"] == "http"
        while scope["type"] == "http" and not self.is_open.is_set():
            await asyncio.sleep(0.01)
        await super().__call__(scope, receive, send)


class Served:
    """A gateway with two live tenants, and one connection after another to it."""

    def __init__(self, server: RunningServer, app: Watched, publish: bytes) -> None:
        self.server, self.app, self.publish = server, app, publish

    def exchange(self, *requests: bytes) -> bytes:
        """All that is answered until the server closes; the last request asks for that."""
        with self.server.connect(timeout_seconds=10) as connection:
            connection.sendall(b"".join(requests))
            return read_all(connection)

    def store(self) -> None:
        """Both tenants' answers."""
        for request in (HIT, OTHER):
            last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            wait_until(lambda last=last: b"x-request-id" not in self.exchange(last))  # type: ignore[misc]

    def called_for(self, *requests: bytes) -> int:
        """How many of the requests, and of a last one that says goodbye, the application hears of."""
        before = self.app.called
        self.exchange(*requests, BYE)
        return self.app.called - before


def target(provider_id: str = "AcmeInc", document: str = SCREENS) -> bytes:
    variables = json.dumps({"providerId": provider_id, "app": "WHITELABEL"})
    return f"/graphql?{urlencode({'query': document, 'variables': variables})}".encode()


def get(*lines: bytes, method: bytes = b"GET", url: bytes | None = None, version: bytes = b"1.1") -> bytes:
    start = b"%b %b HTTP/%b" % (method, target() if url is None else url, version)
    return b"\r\n".join((start, b"Host: phones.example", b"Accept: application/json", *lines, b"", b""))


HIT = get()
BYE = get(CLOSE, url=b"/livez")
OTHER = get(url=target("BrightTel"))


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def read_one(connection: socket.socket) -> bytes:
    """One answer with a body of known length, and nothing after it."""
    (answer,) = read_answers(connection, 1)
    return answer


def read_answers(connection: socket.socket, times: int) -> Iterator[bytes]:
    received = b""
    for _ in range(times):
        while b"\r\n\r\n" not in received:
            received += receive(connection)
        end = received.index(b"\r\n\r\n") + 4
        (length,) = re.findall(rb"\r\ncontent-length: (\d+)\r\n", received[:end])
        while len(received) < end + int(length):
            received += receive(connection)
        yield received[: end + int(length)]
        received = received[end + int(length) :]
    assert received == b""


def receive(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    assert part, "The server has closed the connection."
    return part


def dateless(answers: bytes) -> bytes:
    return re.sub(rb"\r\ndate: [^\r]+GMT\r\n", b"\r\ndate: *\r\n", answers)


class Quick(FastLaneProtocol):
    """With limits that a test can wait for."""

    limits = QUICK


@contextmanager
def serving(template: Path, folder: Path) -> Iterator[Served]:
    settings = Settings(
        database_url=f"sqlite:///{shutil.copy(template, folder / 'gateway.db')}",
        secret_key=Secret("a key for tests, 32 characters long"),
    )
    with TestClient(create_app(settings)) as client:
        ask = Ask(client)
        tenants = [ask.create(name, "WHITELABEL") for name in ("AcmeInc", "BrightTel")]
        for tenant in tenants:
            ask.publish(tenant)
        change = {"tenantId": tenants[0], "expectedVersion": ask.version(tenants[0])}
        ask(SAVE_BRANDING, {"input": {**change, "branding": {"themeColor": "#123456"}}})
        publish = {"tenantId": tenants[0], "expectedVersion": ask.version(tenants[0])}
        headers = ask.staff.headers("admin")
    app = Watched(cast("Lane", create_app(settings)))
    with run_server(app, protocol=Quick, timeout_keep_alive=KEEP_ALIVE_SECONDS, proxy_headers=False) as server:
        yield Served(server, app, post({"query": PUBLISH, "variables": {"input": publish}}, headers))


def post(body: object, headers: Mapping[str, str]) -> bytes:
    text = json.dumps(body).encode()
    lines = [f"{name}: {value}".encode() for name, value in headers.items()]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(text)]
    return get(*lines, method=b"POST", url=b"/graphql") + text


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


ETAG = b"If-None-Match: *"
PLAIN = {
    "plain": HIT,
    "not modified": get(ETAG),
    "other conditions": get(b'If-None-Match: "x"'),
    "headers that nothing hangs on": get(b"User-Agent: A phone", b"Connection: keep-alive", b"X: y"),
    "names in other letters": HIT.replace(b"Accept:", b"aCCEPT:"),
}
LONG = {
    "HEAD": get(method=b"HEAD"),
    "an escaped path": get(url=target().replace(b"graphql", b"gr%61phql")),
    "an absolute form": get(url=b"http://other.example" + target()),
    "a fragment": get(url=target() + b"#a"),
    "another path": get(url=target().replace(b"graphql", b"graphql/")),
    "no query": get(url=b"/graphql"),
    "a body": get(b"Content-Length: 5") + b"hello",
    "an empty body": get(b"Content-Length: 0"),
    "chunks": get(b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
    "Expect": get(b"Expect: 100-continue"),
    "a cookie": get(b"Cookie: a=b"),
    "a credential": get(b"Authorization: Bearer nonsense"),
    "an app key": get(b"X-App-Key: gwa_" + b"A" * 43),
    "an origin": get(b"Origin: https://portal.example"),
    "two of Accept": get(b"Accept: text/html"),
    "two conditions": get(ETAG, b'If-None-Match: "y"'),
}
LAST = {
    "Connection: close": get(CLOSE),
    "close among others": get(b"Connection: keep-alive, close"),
    "HTTP/1.0": get(version=b"1.0"),
    "HTTP/1.0 that would be kept": get(b"Connection: keep-alive", version=b"1.0"),
}
UPGRADES = {
    "h2c": get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
    "a WebSocket": get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
}
REFUSED = {
    "two hosts": get(b"Host: other.example"),
    "no host": HIT.replace(b"Host: phones.example\r\n", b""),
    "a head that is too large": get(b"X: " + b"x" * 33_000),
    "a folded header": get(b"X: a\r\n b"),
    "two lengths": get(b"Content-Length: 1", b"Content-Length: 2"),
}
ALL = {**PLAIN, **LONG, **LAST, **UPGRADES, **REFUSED}


def of_both_lanes(shared: Served, *requests: bytes) -> list[bytes]:
    shared.store()
    answers = []
    for is_fast in (True, False):
        shared.app.is_fast = is_fast
        answers.append(dateless(shared.exchange(*requests)))
    return answers


def without_request_ids(answers: bytes) -> bytes:
    return re.sub(rb"\r\nx-request-id: [^\r]+", b"", answers)


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
            wait_until(lambda connection=connection: b"x-request-id" not in asked(connection))  # type: ignore[misc]
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


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
