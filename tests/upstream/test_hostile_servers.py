"""A server that hangs or floods ends early, and costs little: time, processor and memory."""

from __future__ import annotations

import socket
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from gateway.upstream.client import Fault, OutboundError, UpstreamLimits
from tests.fake_resolver import FakeResolver
from tests.upstream.conftest import SHORT, Client, request
from tests.upstream.raw_server import HOST, OK, RawServer, answering, flooding, hanging, silent

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Serve = Callable[..., RawServer]
    Script = Callable[[socket.socket, RawServer], None]

pytestmark = pytest.mark.anyio

MEMORY_BYTES = 5 * 2**20
CPU_SECONDS = 0.2
SLACK_SECONDS = 1.0
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def dripping(start: bytes, piece: bytes) -> Script:
    """Reads the request, and writes a little now and then, without an end."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        connection.sendall(start)
        while not server.stopped.wait(0.02):
            connection.sendall(piece)

    return script


HANGS = {
    "before the head": hanging(b""),
    "in the head": hanging(HEAD + b"Content-"),
    "after an interim answer": hanging(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "in a body of a length": hanging(HEAD + b"Content-Length: 10\r\n\r\n{"),
    "in a body without": hanging(HEAD + b"\r\n{"),
    "in a chunk": hanging(CHUNKED + b"5\r\n{"),
    "after the last chunk": hanging(CHUNKED + b"2\r\n{}\r\n0\r\n"),
    "dripping the head": dripping(HEAD, b"a"),
    "dripping headers": dripping(HEAD, b"X: y\r\n"),
    "dripping interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "dripping the body": dripping(HEAD + b"Content-Length: 60000\r\n\r\n", b"x"),
    "dripping chunks": dripping(CHUNKED, b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("stage", HANGS)
async def test_a_server_that_hangs_is_left_in_time(client: Client, serve: Serve, stage: str) -> None:
    server, upstream = serve(HANGS[stage]), client.hurried()
    upstream.trust()
    began = time.monotonic()

    with pytest.raises(OutboundError) as caught:
        await upstream.call(1, request(server.url()))

    assert caught.value.fault is Fault.TIME
    assert abs(time.monotonic() - began - SHORT.total_seconds) < SLACK_SECONDS
    assert server.left.wait(2)


async def test_a_server_that_never_shakes_hands_is_left_in_time(client: Client, serve: Serve) -> None:
    server, upstream = serve(silent, None), client.hurried()

    with pytest.raises(OutboundError) as caught:
        await upstream.call(1, request(server.url()))

    assert (caught.value.fault, "handshake" in caught.value.message) == (Fault.TIME, True)
    assert server.left.wait(2)


async def test_a_server_that_never_accepts_is_left_in_time(client: Client) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))  # and never listens: nothing is sent back but a reset
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # fills the queue, after which the kernel drops what comes
            one.setblocking(False)  # noqa: FBT003 - its only argument
            one.connect_ex(listening.getsockname())
        with pytest.raises(OutboundError) as caught:
            await client.hurried().call(1, request(f"https://pbx.acme.example:{listening.getsockname()[1]}/p"))
        for one in waiting:
            one.close()

    assert (caught.value.fault, "firewall" in caught.value.message) == (Fault.TIME, True)


def one_byte_records(connection: ssl.SSLSocket, server: RawServer) -> None:
    """Each byte in a TLS record of its own."""
    server.read_request(connection)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in HEAD + b"\r\n" + b"x" * 65536:
        connection.sendall(bytes([byte]))


FLOODS: dict[str, tuple[Script, Fault]] = {
    "interim answers": (flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), Fault.SIZE),
    "processing": (flooding(b"", b"HTTP/1.1 102 P\r\nA: b\r\n\r\n" * 100), Fault.SIZE),
    "headers": (flooding(HEAD, b"X-Header: value\r\n" * 100), Fault.SIZE),
    "one endless header": (flooding(HEAD + b"X: ", b"y" * 8192), Fault.SIZE),
    "a folded header": (flooding(HEAD + b"X: y", b"\r\n y" * 2048), Fault.SIZE),
    "an endless status": (flooding(b"HTTP/1.1 200 ", b"O" * 8192), Fault.SIZE),
    "blank lines": (flooding(b"", b"\r\n" * 4096), Fault.PROTOCOL),
    "a body of 10 GB": (flooding(HEAD + b"Content-Length: 10000000000\r\n\r\n", b"x" * 65536), Fault.SIZE),
    "a body without an end": (flooding(HEAD + b"\r\n", b"x" * 65536), Fault.SIZE),
    "a chunk of 10 GB": (flooding(CHUNKED + b"2540be400\r\n", b"x" * 65536), Fault.SIZE),
    "chunks": (flooding(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), Fault.SIZE),
    "tiny chunks": (flooding(CHUNKED, b"1\r\nx\r\n" * 1000), Fault.SIZE),
    "chunk extensions": (flooding(CHUNKED + b"1;a=", b"b" * 8192), Fault.SIZE),
    "tiny chunks with extensions": (flooding(CHUNKED, b"1;a=bcdefghijklmnopq\r\nx\r\n" * 1000), Fault.SIZE),
    "a long chunk length": (flooding(CHUNKED, b"0" * 8192), Fault.SIZE),
    "trailers": (flooding(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Trailer: value\r\n" * 100), Fault.SIZE),
    "one byte a record": (one_byte_records, Fault.SIZE),  # type: ignore[dict-item]  # these sockets are TLS's
    "noise": (answering(bytes(range(256)) * 256), Fault.PROTOCOL),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_ends_early_and_costs_little(client: Client, serve: Serve, kind: str) -> None:
    script, fault = FLOODS[kind]
    await client.get(serve(answering(OK)).url())  # what is read once is no cost of this call
    server = serve(script)
    tracemalloc.start()
    before, began, cpu = tracemalloc.get_traced_memory()[0], time.monotonic(), time.thread_time()

    with pytest.raises(OutboundError) as caught:
        await client.get(server.url())

    cpu, took = time.thread_time() - cpu, time.monotonic() - began
    grown = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert caught.value.fault is fault
    assert took < 3
    assert cpu < CPU_SECONDS
    assert grown < MEMORY_BYTES
    assert server.left.wait(2)


HANDSHAKES = {
    "change of ciphers": b"\x14\x03\x03\x00\x01\x01",
    "warnings": b"\x15\x03\x03\x00\x02\x01\x5a",
    "empty records": b"\x16\x03\x03\x00\x00",
    "a message in crumbs": b"\x16\x03\x03\x00\x01\x02",
    "requests to begin anew": b"\x16\x03\x03\x00\x04\x00\x00\x00\x00",
}


@pytest.mark.parametrize("kind", HANDSHAKES)
async def test_a_flood_in_the_handshake_ends_early(client: Client, serve: Serve, kind: str) -> None:
    def script(connection: socket.socket, server: RawServer) -> None:
        connection.recv(65536)
        while not server.stopped.is_set():
            connection.sendall(HANDSHAKES[kind] * 1000)

    client.upstream.trust()
    server, cpu = serve(script, None), time.thread_time()

    with pytest.raises(OutboundError) as caught:
        await client.get(server.url())

    assert caught.value.fault in (Fault.TLS, Fault.SIZE)
    assert time.thread_time() - cpu < CPU_SECONDS


async def test_what_comes_below_tls_is_counted_too(client: Client, serve: Serve) -> None:
    limits = UpstreamLimits(head_bytes=200, body_bytes=0, framing_bytes=0, tls_bytes=300)
    upstream = client.with_(FakeResolver({HOST: ["127.0.0.1"]}), limits=limits)

    with pytest.raises(OutboundError) as caught:
        await upstream.call(1, request(serve(answering(OK)).url()))

    assert caught.value.fault is Fault.SIZE
