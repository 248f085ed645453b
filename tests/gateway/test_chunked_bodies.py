"""Chunked bodies over real connections: answered early, they are no longer parsed; an early answer is then the last."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

import pytest

from gateway.http.connection import ProtocolLimits
from gateway.http.protocol import protocol
from tests.servers import RunningServer, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = ProtocolLimits(stall_seconds=0.4, body_seconds=2.0, discard_bytes=4 * 1024 * 1024)
CLOSES = b"\r\nconnection: close\r\n"
ANSWER_BYTES = 65536


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers /early without reading the body, everything else with the body's length."""
    if scope["type"] == "lifespan":
        return
    length, is_more = 0, scope["path"] != "/early"
    while is_more:
        message = await receive()
        length, is_more = length + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d" % length
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server(application, protocol=protocol(QUICK), lifespan="off") as server:
        yield server


@pytest.fixture
def connection(server: RunningServer) -> Iterator[socket.socket]:
    with server.connect(timeout_seconds=5) as connection:
        yield connection


def head(path: bytes, framing: bytes = b"Transfer-Encoding: chunked") -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: phones.example\r\n%s\r\n\r\n" % (path, framing)


def chunks(count: int, size: int) -> bytes:
    return (b"%x\r\n" % size + b"a" * size + b"\r\n") * count


def read_answer(connection: socket.socket) -> bytes:
    """One answer of a few bytes."""
    received = b""
    while not re.search(rb"\r\n\r\n\d+$", received):
        part = connection.recv(ANSWER_BYTES)
        assert part, received
        received += part
    return received


def test_a_chunked_body_that_was_read_to_its_end_leaves_the_connection_open(connection: socket.socket) -> None:
    connection.sendall(head(b"/read") + chunks(3, 5))
    connection.sendall(b"0\r\n\r\n")
    first = read_answer(connection)
    connection.sendall(head(b"/read") + chunks(2, 5) + b"0\r\n\r\n")
    second = read_answer(connection)

    assert [first[-2:], second[-2:]] == [b"15", b"10"]
    assert CLOSES not in first + second


def test_a_client_that_asks_for_the_end_gets_it_after_a_chunked_body(connection: socket.socket) -> None:
    connection.sendall(head(b"/read", b"Connection: close\r\nTransfer-Encoding: chunked") + chunks(3, 5) + b"0\r\n\r\n")

    answer = read_answer(connection)

    assert CLOSES in answer
    assert connection.recv(1) == b""


def test_an_answer_before_the_end_of_a_chunked_body_is_the_last_of_its_connection(connection: socket.socket) -> None:
    connection.sendall(head(b"/early") + chunks(1, 5))
    early = read_answer(connection)
    connection.sendall(b"0\r\n\r\n" + head(b"/read") + b"0\r\n\r\n")

    assert CLOSES in early
    assert connection.recv(ANSWER_BYTES) == b""


def test_what_comes_after_an_early_answer_need_not_be_chunks_any_more(connection: socket.socket) -> None:
    """Nobody looks: parsed, this would be refused at its first byte and the connection closed."""
    connection.sendall(head(b"/early") + chunks(1, 5))
    early = read_answer(connection)

    for _ in range(20):
        connection.sendall(b"no chunk\r\n" * 10_000)

    assert CLOSES in early


@pytest.mark.parametrize("size", [16, 1024, 65536])
def test_a_client_that_sends_all_of_a_chunked_body_first_reads_its_early_answer(
    connection: socket.socket, size: int
) -> None:
    connection.sendall(head(b"/early") + chunks(1, 5))
    part = chunks(4096 // size or 1, size)

    for _ in range(3 * 1024 * 1024 // len(part)):
        connection.sendall(part)
    connection.sendall(b"0\r\n\r\n")

    assert read_answer(connection).startswith(b"HTTP/1.1 200 ")


def test_the_end_of_a_body_of_known_length_is_known_after_an_early_answer(connection: socket.socket) -> None:
    connection.sendall(head(b"/early", b"Content-Length: 400000"))
    early = read_answer(connection)
    connection.sendall(b"x" * 400_000 + head(b"/read") + b"0\r\n\r\n")

    assert CLOSES not in early
    assert read_answer(connection).endswith(b"\r\n\r\n0")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_body_of_tiny_chunks_is_cut_while_the_application_reads(connection: socket.socket, size: int) -> None:
    connection.sendall(head(b"/read"))
    received = b""
    try:
        for _ in range(10):
            connection.sendall(chunks(5_000, size))
        while part := connection.recv(ANSWER_BYTES):
            received += part
    except OSError:
        pytest.fail("cut before the answer could be read")

    assert received.startswith(b"HTTP/1.1 431 ")
    assert CLOSES in received
