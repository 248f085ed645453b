from __future__ import annotations

import logging
import re
import socket
import statistics
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from gateway.http.connection import ProtocolLimits
from gateway.http.protocol import protocol
from tests.servers import RunningServer, process, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = b"Host: phones.example\r\n"
GET = b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n"
QUICK = ProtocolLimits(
    head_seconds=0.4,
    stall_seconds=0.4,
    body_seconds=1.2,
    discard_bytes=2 * 1024 * 1024,
    unread_seconds=0.5,
    drain_seconds=0.5,
)


class Application:
    """Answers with what it was sent; counts, so that a refusal can be seen not to have started it."""

    def __init__(self) -> None:
        self.started = 0
        self.scopes: list[dict[str, Any]] = []
        self.release = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _accept_lifespan(receive, send)
            return
        self.started += 1
        self.scopes.append(scope)
        body = await getattr(self, "on_" + scope["path"].strip("/"), self.on_echo)(receive)
        close = [(b"connection", b"close")] if scope["path"].endswith("-close") else []
        length = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": length + close})
        await send({"type": "http.response.body", "body": body})

    async def on_echo(self, receive: Any) -> bytes:
        body, is_more = b"", True
        while is_more:
            message = await receive()
            body, is_more = body + message.get("body", b""), message.get("more_body", False)
        return b"[" + body + b"]"

    async def on_refuse(self, _receive: Any) -> bytes:
        return b"too much"

    async def on_slow(self, receive: Any) -> bytes:
        while not self.release.is_set():
            await anyio.sleep(0.01)
        return await self.on_echo(receive)

    async def on_late(self, _receive: Any) -> bytes:
        while not self.release.is_set():
            await anyio.sleep(0.01)
        return b"too much"

    async def on_wait(self, receive: Any) -> bytes:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.release.set()
        return b""

    async def on_large(self, _receive: Any) -> bytes:
        return b"x" * 16 * 1024 * 1024


setattr(Application, "on_refuse-and-close", Application.on_refuse)
setattr(Application, "on_late-and-close", Application.on_late)


async def _accept_lifespan(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[RunningServer, Application]]:
    """One server with short limits for all tests that do not stop it: a stop takes half a second."""
    application = Application()
    with run_server(application, protocol=protocol(QUICK)) as server:
        yield server, application


@pytest.fixture
def application(shared: tuple[RunningServer, Application]) -> Application:
    _, application = shared
    application.started = 0
    application.scopes.clear()
    application.release.clear()
    return application


@pytest.fixture
def quick(shared: tuple[RunningServer, Application], application: Application) -> RunningServer:
    server, served = shared
    assert served is application
    _wait_for_open(server, 0)  # what an earlier test has left
    return server


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes; a reset counts as closed."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def read_answer(connection: socket.socket) -> bytes:
    """One answer with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        assert part, received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = map(int, re.findall(rb"content-length: (\d+)", head))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def exchange(server: RunningServer, *parts: bytes) -> bytes:
    with server.connect(timeout_seconds=5) as connection:
        for part in parts:
            connection.sendall(part)
        return read_all(connection)


def status_of(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert match, answer[:100]
    return int(match[1])


def request(*lines: bytes, start: bytes = b"POST /echo HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([start, b"Host: phones.example", *lines, b"", b""]) + body


CHUNKED = b"Transfer-Encoding: chunked"
CLOSE = b"Connection: close"
H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")

REFUSED = {
    "no host": b"GET /echo HTTP/1.1\r\n\r\n",
    "two hosts": request(b"Host: phones.example", start=b"GET /echo HTTP/1.1"),
    "two hosts in HTTP/1.0": request(b"Host: other.example", start=b"GET /echo HTTP/1.0"),
    "a host with a blank": b"GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a host with a broken bracket": b"GET /echo HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "a host with a user": b"GET /echo HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "CONNECT": request(start=b"CONNECT phones.example:443 HTTP/1.1"),
    "an absolute form without a path": request(start=b"GET http://phones.example HTTP/1.1"),
    "a target that is no path": request(start=b"GET nonsense HTTP/1.1"),
    "a path that is not ASCII": request(start=b"GET /\xc3\xa9 HTTP/1.1"),
    "a query that is not ASCII": request(start=b"GET /?q=\xff HTTP/1.1"),
    "HTTP/0.9": b"GET /echo\r\n\r\n",
    "HTTP/2 in clear text": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2.0 in the request line": request(start=b"GET /echo HTTP/2.0"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown method": request(start=b"PROVISION /echo HTTP/1.1"),
    "a folded header": request(b"X: a\r\n b"),
    "a NUL": request(b"X: a\x00b"),
    "a header without a name": request(b": a"),
    "bare line feeds": b"GET /echo HTTP/1.1\nHost: a\n\n",
    "two lengths": request(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
    "a negative length": request(b"Content-Length: -1"),
    "a length and chunks": request(CHUNKED, b"Content-Length: 5", body=b"5\r\nhello\r\n0\r\n\r\n"),
    "chunks and a length": request(b"Content-Length: 5", CHUNKED, body=b"5\r\nhello\r\n0\r\n\r\n"),
    "chunks in HTTP/1.0": request(CHUNKED, start=b"POST /echo HTTP/1.0", body=b"0\r\n\r\n"),
    "a coding under the chunks": request(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "a coding that is not chunked": request(b"Transfer-Encoding: gzip", body=b"hello"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused_before_the_application(
    quick: RunningServer, application: Application, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = exchange(quick, data)

    assert status_of(answer) == 400
    assert b"\r\nconnection: close\r\n" in answer
    assert b"\r\nx-content-type-options: nosniff\r\n" in answer
    assert b"\r\ncache-control: private, no-store\r\n" in answer
    assert b"server:" not in answer
    assert application.started == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


ANSWERED = {
    "HTTP/1.0 without a host": (b"GET /echo HTTP/1.0\r\n\r\n", b"[]"),
    "an IPv6 host": (b"GET /echo HTTP/1.1\r\nHost: [::1]:8000\r\nConnection: close\r\n\r\n", b"[]"),
    "an absolute form": (request(CLOSE, start=b"GET http://other.example/echo?a=b HTTP/1.1"), b"[]"),
    "an asterisk": (request(CLOSE, start=b"OPTIONS * HTTP/1.1"), b"[]"),
    "an escaped path": (request(CLOSE, start=b"GET /%C3%A9%FF%00 HTTP/1.1"), b"[]"),
    "a WebSocket": (request(b"Connection: close, Upgrade", b"Upgrade: websocket", start=b"GET /echo HTTP/1.1"), b"[]"),
    "blank lines first": (b"\r\n\r\n" + request(CLOSE, start=b"GET /echo HTTP/1.1"), b"[]"),
    "a chunk with an extension": (request(CLOSE, CHUNKED, body=b"5;a=b\r\nhello\r\n0\r\n\r\n"), b"[hello]"),
    "chunks of one byte": (request(CLOSE, CHUNKED, body=b"1\r\na\r\n" * 5000 + b"0\r\n\r\n"), b"a" * 5000),
}


@pytest.mark.parametrize(("data", "expected"), ANSWERED.values(), ids=ANSWERED)
def test_what_is_unusual_is_answered_like_any_request(quick: RunningServer, data: bytes, expected: bytes) -> None:
    answer = exchange(quick, data)

    assert status_of(answer) == 200
    assert expected in answer


def test_the_body_of_an_upgrade_to_another_protocol_is_not_lost(quick: RunningServer, application: Application) -> None:
    """Java's HTTP client sends it with every first request."""
    upgrading = request(*H2C, b"Content-Length: 48", body=b"GET /smuggled HTTP/1.1\r\nHost: phones.example\r\n\r\n")

    answer = exchange(quick, upgrading, request(CLOSE, start=b"GET /echo HTTP/1.1"))

    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"[GET /smuggled" in answer
    assert [scope["path"] for scope in application.scopes] == ["/echo", "/echo"]
    assert b"upgrade" not in dict(application.scopes[0]["headers"])


def test_an_expected_continue_is_sent(quick: RunningServer) -> None:
    with quick.connect() as connection:
        connection.sendall(request(b"Expect: 100-continue", b"Content-Length: 5"))
        interim = connection.recv(1000)
        connection.sendall(b"hello")
        answer = read_answer(connection)

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.endswith(b"[hello]")


def test_a_trailer_does_not_become_a_header(quick: RunningServer, application: Application) -> None:
    exchange(quick, request(CLOSE, CHUNKED, body=b"5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\n\r\n"))

    assert b"authorization" not in dict(application.scopes[0]["headers"])


# Sizes


def head_of(size: int) -> bytes:
    head = request(CLOSE, b"X: ", start=b"GET /echo HTTP/1.1")
    return head.replace(b"X: ", b"X: " + b"x" * (size - len(head)))


def test_a_head_of_exactly_32_kib_is_read(quick: RunningServer) -> None:
    assert status_of(exchange(quick, head_of(32 * 1024))) == 200


LARGE = {
    "a byte more": head_of(32 * 1024 + 1),
    "a long target": request(start=b"GET /" + b"a" * 33000 + b" HTTP/1.1"),
    "many headers": request(*[b"X: y"] * 6000),
    "a value that never ends": request()[:-2] + b"X: " + b"x" * 1_000_000,
    "blanks that never end": request()[:-2] + b"X:" + b" " * 1_000_000,
    "a name that never ends": request()[:-2] + b"x" * 1_000_000,
    "blank lines that never end": b"\r\n" * 500_000,
}


@pytest.mark.parametrize("data", LARGE.values(), ids=LARGE)
def test_a_head_that_is_too_large_is_cut_while_it_arrives(
    quick: RunningServer, application: Application, data: bytes
) -> None:
    answer = exchange(quick, data)

    assert status_of(answer) == 431
    assert application.started == 0


FRAMING = {
    "an extension": b"5;" + b"e" * 1_000_000 + b"\r\nhello\r\n0\r\n\r\n",
    "a trailer": b"5\r\nhello\r\n0\r\nT: " + b"t" * 1_000_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("body", FRAMING.values(), ids=FRAMING)
def test_chunks_cannot_carry_a_head_of_their_own(quick: RunningServer, body: bytes) -> None:
    assert status_of(exchange(quick, request(CHUNKED, body=body))) == 431


# Pipelines


def test_pipelined_requests_are_answered_in_order(quick: RunningServer) -> None:
    parts = [request(b"Content-Length: 2", body=b"%02d" % number) for number in range(20)]

    answer = exchange(quick, b"".join(parts), request(CLOSE, start=b"GET /echo HTTP/1.1"))

    assert re.findall(rb"\[(\d*)\]", answer) == [b"%02d" % number for number in range(20)] + [b""]


def test_a_refusal_waits_for_the_answers_before_it(quick: RunningServer, application: Application) -> None:
    slow = request(start=b"GET /slow HTTP/1.1")
    with quick.connect() as connection:
        connection.sendall(slow + GET + b"nonsense\r\n\r\n")
        threading.Timer(0.1, application.release.set).start()
        answer = read_all(connection)

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200", b"400"]


def test_a_broken_body_in_a_pipeline_is_refused_in_its_turn(quick: RunningServer, application: Application) -> None:
    with quick.connect() as connection:
        connection.sendall(request(start=b"GET /slow HTTP/1.1") + request(CHUNKED, body=b"zz\r\n"))
        threading.Timer(0.1, application.release.set).start()
        answer = read_all(connection)

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"400"]
    assert application.started == 1


def test_every_request_of_a_pipeline_hears_that_its_client_is_gone(
    quick: RunningServer, application: Application
) -> None:
    with quick.connect() as connection:
        connection.sendall(request(start=b"GET /wait HTTP/1.1") + GET)
        time.sleep(0.1)

    assert application.release.wait(2)
    assert application.started == 1


def test_a_pipeline_has_an_end(quick: RunningServer, application: Application) -> None:
    answer = exchange(quick, GET * 5000)

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200"] * application.started + [b"400"]
    assert application.started <= QUICK.pipelined + 1


# Early answers


@pytest.mark.parametrize("path", [b"/refuse", b"/refuse-and-close"])
def test_an_answer_before_the_end_of_the_body_reaches_a_client_that_is_still_sending(
    quick: RunningServer, path: bytes
) -> None:
    body = b"x" * 1_900_000
    with quick.connect() as connection:
        connection.sendall(request(b"Content-Length: 1900000", start=b"POST " + path + b" HTTP/1.1"))
        time.sleep(0.05)
        connection.sendall(body)
        answer = read_answer(connection)

    assert answer.endswith(b"too much")


def test_an_early_last_answer_ends_at_once(quick: RunningServer) -> None:
    started = time.monotonic()

    answer = exchange(quick, request(b"Content-Length: 5", start=b"POST /refuse-and-close HTTP/1.1", body=b"he"))

    assert answer.endswith(b"too much")
    assert time.monotonic() - started < QUICK.stall_seconds / 2


def test_a_client_that_had_to_wait_can_send_on_after_an_early_answer(
    quick: RunningServer, application: Application
) -> None:
    with quick.connect() as connection:
        threading.Timer(0.2, application.release.set).start()
        head = request(b"Content-Length: 99000000", start=b"POST /late-and-close HTTP/1.1")
        connection.sendall(head)
        sent = _send_until_closed(connection, limit=99_000_000)

    assert sent > QUICK.discard_bytes


def test_a_connection_is_used_again_after_an_early_answer_and_closed_when_idle(application: Application) -> None:
    with run_server(application, protocol=protocol(QUICK), timeout_keep_alive=1) as server, server.connect() as client:
        client.sendall(request(b"Content-Length: 400000", start=b"POST /refuse HTTP/1.1", body=b"x" * 400_000))
        first = read_answer(client)
        client.sendall(GET)
        second = read_answer(client)
        client.sendall(request(b"Content-Length: 400000", start=b"POST /refuse HTTP/1.1", body=b"x" * 400_000))
        started = time.monotonic()
        rest = read_all(client)

    assert first.endswith(b"too much")
    assert second.endswith(b"[]")
    assert rest.endswith(b"too much")
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("path", [b"/refuse", b"/refuse-and-close"])
def test_more_than_is_worth_discarding_is_cut(quick: RunningServer, path: bytes) -> None:
    with quick.connect() as connection:
        connection.sendall(request(b"Content-Length: 99000000", start=b"POST " + path + b" HTTP/1.1"))
        sent = _send_until_closed(connection, limit=99_000_000)

    assert sent < 20_000_000  # what the sockets' buffers hold comes on top


def _send_until_closed(connection: socket.socket, *, limit: int) -> int:
    sent = 0
    try:
        while sent < limit:
            sent += connection.send(b"x" * 65536)
    except OSError:
        return sent
    return sent


def test_a_client_that_never_takes_its_answer_is_cut(quick: RunningServer) -> None:
    with quick.connect() as connection:
        connection.sendall(request(start=b"GET /large HTTP/1.1"))
        _wait_for_open(quick, 1)
        open_at_first = len(quick.server.server_state.connections)
        _wait_for_open(quick, 0)
        open_in_the_end = len(quick.server.server_state.connections)

    assert (open_at_first, open_in_the_end) == (1, 0)


def _wait_for_open(server: RunningServer, count: int, *, seconds: float = 3.0) -> None:
    """Until so many connections are open, or the time is over."""
    deadline = time.monotonic() + seconds
    while len(server.server.server_state.connections) != count and time.monotonic() < deadline:
        time.sleep(0.01)


# Time


STALLS = {
    "nothing": [],
    "half a head": [b"GET /echo HT"],
    "a blank line": [b"\r\n"],
    "half a body": [request(b"Content-Length: 5", body=b"he")],
    "half a chunk": [request(CHUNKED, body=b"5\r\nhe")],
    "a body not sent after 100 Continue": [request(b"Expect: 100-continue", b"Content-Length: 5")],
    "half a body after an early answer": [request(b"Content-Length: 5", start=b"POST /refuse HTTP/1.1", body=b"he")],
    "half a body after a last answer": [
        request(b"Content-Length: 5", start=b"POST /refuse-and-close HTTP/1.1", body=b"he")
    ],
    "half a second request": [GET, b"GET /echo HT"],
}


@pytest.mark.parametrize("parts", STALLS.values(), ids=STALLS)
def test_a_stalled_client_is_closed(quick: RunningServer, parts: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    with quick.connect() as connection:
        started = time.monotonic()
        for part in parts:
            connection.sendall(part)
        _wait_for_open(quick, 1)
        _wait_for_open(quick, 0)
        seconds = time.monotonic() - started

    assert 0.3 < seconds < 1.0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


DRIPS = {
    "a head": (request()[:-2] + b"X: ", b"x", QUICK.head_seconds),
    "blank lines": (b"", b"\r\n", QUICK.head_seconds),
    "blank lines after an answer": (GET, b"\r\n", QUICK.head_seconds),
    "a body": (request(b"Content-Length: 1000"), b"x", QUICK.body_seconds),
    "an extension": (request(CHUNKED, body=b"5;"), b"e", QUICK.stall_seconds),
    "a body after an early answer": (
        request(b"Content-Length: 1000", start=b"POST /refuse-and-close HTTP/1.1"),
        b"x",
        QUICK.body_seconds,
    ),
}


@pytest.mark.parametrize(("begin", "drop", "seconds"), DRIPS.values(), ids=DRIPS)
def test_a_drip_does_not_extend_the_time(quick: RunningServer, begin: bytes, drop: bytes, seconds: float) -> None:
    with quick.connect() as connection:
        started = time.monotonic()
        connection.sendall(begin)
        _drip_until_closed(connection, drop)

    assert seconds * 0.8 < time.monotonic() - started < seconds + 0.6


def _drip_until_closed(connection: socket.socket, drop: bytes) -> None:
    """A byte, then another: the second send after the server's close fails."""
    try:
        for _ in range(300):
            connection.sendall(drop)
            time.sleep(0.05)
    except OSError:
        return
    pytest.fail("never closed")


def test_a_client_is_not_late_while_the_application_is_busy(quick: RunningServer, application: Application) -> None:
    body = b"x" * 300_000
    with quick.connect() as connection:
        connection.sendall(request(CLOSE, b"Content-Length: 300000", start=b"POST /slow HTTP/1.1", body=body))
        time.sleep(QUICK.stall_seconds * 2)
        application.release.set()
        answer = read_all(connection)

    assert status_of(answer) == 200
    assert answer.endswith(body + b"]")


def test_stalled_clients_cost_the_others_nothing(application: Application) -> None:
    with run_server(application) as server, ExitStack() as stack:
        alone = _median_seconds(server)
        for number in range(200):
            connection = stack.enter_context(server.connect())
            connection.sendall((b"GET /echo HT", request(b"Content-Length: 5", body=b"he"))[number % 2])
        among_stalled = _median_seconds(server)

    assert among_stalled < 3 * alone + 0.005


def _median_seconds(server: RunningServer) -> float:
    with server.connect() as connection:
        return statistics.median(_timed(connection) for _ in range(200))


def _timed(connection: socket.socket) -> float:
    started = time.perf_counter()
    connection.sendall(GET)
    read_answer(connection)
    return time.perf_counter() - started


@pytest.mark.slow
def test_the_limits_in_service_close_stalled_clients_after_ten_seconds(application: Application) -> None:
    stalled = {
        "nothing": b"",
        "head": b"GET /echo HT",
        "body": request(b"Content-Length: 5", body=b"he"),
        "early answer": request(b"Content-Length: 5", start=b"POST /refuse-and-close HTTP/1.1", body=b"he"),
    }
    with run_server(application, timeout_keep_alive=30) as server, ExitStack() as stack:
        started = time.monotonic()
        connections = [stack.enter_context(server.connect()) for _ in stalled]
        dripping = stack.enter_context(server.connect())
        dripping.sendall(request()[:-2] + b"X: ")
        for connection, data in zip(connections, stalled.values(), strict=True):
            connection.sendall(data)
        drip = threading.Thread(target=_drip_until_closed, args=(dripping, b"x"))
        drip.start()
        _wait_for_open(server, 5)
        _wait_for_open(server, 0, seconds=started + 9.5 - time.monotonic())
        open_at_9_5_seconds = len(server.server.server_state.connections)
        _wait_for_open(server, 0, seconds=5)
        closed_seconds = time.monotonic() - started
        drip.join()

    assert open_at_9_5_seconds == 5
    assert 9.5 < closed_seconds < 11


# The stop


def test_requests_arriving_after_a_stop_is_asked_for_are_answered_and_told_to_close(application: Application) -> None:
    with (
        run_server(application, protocol=protocol(QUICK)) as server,
        server.connect() as client,
        server.connect() as new,
    ):
        client.sendall(GET)
        before = read_answer(client)
        server.stop()
        time.sleep(0.3)
        client.sendall(GET)
        new.sendall(GET)
        after = [read_all(client), read_all(new)]

    assert b"connection: close" not in before
    assert [b"\r\nconnection: close\r\n" in answer for answer in after] == [True, True]
    assert [status_of(answer) for answer in after] == [200, 200]


def test_idle_connections_are_closed_when_the_drain_ends(application: Application) -> None:
    with (
        run_server(application, protocol=protocol(QUICK)) as server,
        server.connect() as idle,
        server.connect() as used,
    ):
        used.sendall(GET)
        read_answer(used)
        started = time.monotonic()
        server.stop()
        left = [read_all(idle), read_all(used)]

    assert left == [b"", b""]
    assert 0.3 < time.monotonic() - started < 1.5


def test_a_request_in_flight_at_the_stop_finishes(application: Application) -> None:
    with run_server(application, protocol=protocol(QUICK)) as server, server.connect() as client:
        client.sendall(request(start=b"GET /slow HTTP/1.1"))
        time.sleep(0.1)
        server.stop()
        time.sleep(QUICK.drain_seconds * 2)
        application.release.set()
        answer = read_all(client)

    assert status_of(answer) == 200
    assert b"\r\nconnection: close\r\n" in answer


PROGRAM = """
import socket, sys, uvicorn

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    uvicorn.run("program:app", port=port, workers=int(sys.argv[1]), http="gateway.http.fast_lane:FastLaneProtocol",
                ws="none", lifespan="off", access_log=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_process_with_workers_serves_and_stops_gently_on_sigterm(tmp_path: Path, workers: str) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(tmp_path / "program.py"), workers]
    environment = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    with process(command, env=environment, ready=r"http://127\.0\.0\.1:(?P<port>\d+)") as running:
        client = _connect_when_up(int(running.ready["port"]))
        client.sendall(GET)
        first = read_answer(client)
        stopping = threading.Thread(target=running.terminate)
        stopping.start()
        time.sleep(1)
        client.sendall(GET)
        last = read_all(client)
        stopping.join()
        client.close()
        log = running.errors

    assert first.endswith(b"ok")
    assert b"connection: close" in last
    assert last.endswith(b"ok")
    assert "Traceback" not in log


def _connect_when_up(port: int) -> socket.socket:
    deadline = time.monotonic() + 15
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
