"""What a server may answer and how it is read, over real TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.upstream.client import Fault, OutboundError, OutboundRequest
from gateway.upstream.watch import Answered, Connected, Finished, Resolved, Secured, Watch
from tests.upstream.conftest import Client, request
from tests.upstream.raw_server import HOST, OK, RawServer, answering

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[..., RawServer]

pytestmark = pytest.mark.anyio

FULL = b"x" * 65536


def chunked(*chunks: bytes) -> bytes:
    """A whole answer in chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


async def fault_of(client: Client, server: RawServer, path: str = "/p") -> Fault:
    """What goes wrong with a call."""
    with pytest.raises(OutboundError) as caught:
        await client.get(server.url(path))
    return caught.value.fault


async def test_an_answer_is_returned_with_status_headers_and_body(client: Client, serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 403 No\r\nX-One: a\r\nx-one: b\r\nContent-Length: 3\r\n\r\n{ }"))

    answer = await client.get(server.url())

    assert (answer.status, answer.body, answer.headers["x-one"]) == (403, b"{ }", "a, b")


async def test_the_request_is_as_documented_and_says_nothing_more(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))

    await client.get(server.url("/p/?a=%C3%A4&b=1+2"))

    lines = server.heads[0].decode().split("\r\n")
    assert lines[0] == "GET /p/?a=%C3%A4&b=1+2 HTTP/1.1"
    assert sorted(lines[1:-2]) == [
        "Accept-Encoding: identity",
        "Connection: close",
        f"Host: {HOST}:{server.port}",
        "User-Agent: test",
    ]


async def test_a_post_carries_its_body(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))

    await client.upstream.call(1, request(server.url(), "POST", b"{}"))

    assert b"POST /p HTTP/1.1\r\n" in server.heads[0]
    assert b"Content-Length: 2\r\n" in server.heads[0]
    assert server.bodies == [b"{}"]


async def test_headers_of_the_connection_are_the_clients_own(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))
    headers = tuple((name, "x") for name in ("Host", "CONNECTION", "Accept-Encoding", "Content-Length", "X-Key"))

    await client.upstream.call(1, OutboundRequest("GET", server.url(), headers))

    assert server.heads[0].count(b"x\r\n") == 1
    assert b"X-Key: x\r\n" in server.heads[0]


async def test_a_header_that_cannot_be_sent_is_a_fault_that_does_not_show_it(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))

    with pytest.raises(OutboundError) as caught:
        await client.upstream.call(1, OutboundRequest("GET", server.url(), (("X-Key", "SECRET-a\r\nX: y"),)))

    assert caught.value.fault is Fault.PROTOCOL
    assert "SECRET" not in f"{caught.value.message} {caught.value!r} {caught.value.__cause__!r}"
    assert server.heads == []


async def test_nothing_secret_is_in_a_repr() -> None:
    asked = OutboundRequest("GET", "https://a.example/?password=SECRET-1", (("X", "SECRET-2"),), b"SECRET-3")

    assert repr(asked) == "OutboundRequest(method='GET')"


async def test_64_kib_are_read_in_whatever_way_they_come(client: Client, serve: Serve) -> None:
    announced = serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + FULL))
    in_chunks = serve(answering(chunked(*[FULL[:1000]] * 65, FULL[:536])))
    to_the_end = serve(answering(b"HTTP/1.0 200 OK\r\n\r\n", FULL))

    for server in (announced, in_chunks, to_the_end):
        assert (await client.get(server.url())).body == FULL


async def test_one_byte_more_is_too_much(client: Client, serve: Serve) -> None:
    announced = serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"))
    in_chunks = serve(answering(chunked(FULL, b"x")))
    to_the_end = serve(answering(b"HTTP/1.0 200 OK\r\n\r\n", FULL + b"x"))

    assert [await fault_of(client, server) for server in (announced, in_chunks, to_the_end)] == [Fault.SIZE] * 3


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"identity, gzip", b"x-unknown"])
async def test_an_encoded_answer_is_refused_unread(client: Client, serve: Serve, encoding: bytes) -> None:
    server = serve(answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding + b"\r\nContent-Length: 2\r\n\r\n{}"))

    assert await fault_of(client, server) is Fault.ENCODING


async def test_an_answer_that_says_it_is_not_encoded_is_good(client: Client, serve: Serve) -> None:
    server = serve(answering(OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: Identity\r\n\r\n")))

    assert (await client.get(server.url())).body == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n{}",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_fault_of_protocol(client: Client, serve: Serve, answer: bytes) -> None:
    assert await fault_of(client, serve(answering(answer))) is Fault.PROTOCOL


async def test_interim_answers_are_passed_over(client: Client, serve: Serve) -> None:
    server = serve(
        answering(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)
    )

    assert (await client.get(server.url())).body == b"{}"


async def test_a_server_that_hangs_up_without_a_word_is_a_fault_of_the_connection(client: Client, serve: Serve) -> None:
    assert await fault_of(client, serve(answering())) is Fault.CONNECTION


async def test_no_connection_is_kept_and_no_cookie(client: Client, serve: Serve) -> None:
    server = serve(answering(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=1\r\nConnection: keep-alive\r\n\r\n")))

    for _ in range(2):
        await client.get(server.url())

    assert len(server.heads) == 2
    assert b"ookie" not in server.heads[1]


async def test_the_environment_has_no_say(client: Client, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = serve(answering(OK))

    assert (await client.get(server.url())).status == 200


async def test_a_watched_call_tells_each_step(client: Client, serve: Serve) -> None:
    server, watch = serve(answering(OK)), Watch()

    await client.get(server.url(), watch=watch)

    resolved, connected, secured, answered, finished = watch.sights
    assert isinstance(resolved, Resolved)
    assert resolved.addresses == ("127.0.0.1",)
    assert isinstance(connected, Connected)
    assert (connected.address, connected.port) == ("127.0.0.1", server.port)
    assert isinstance(secured, Secured)
    assert secured.version == "TLSv1.3"
    assert isinstance(answered, Answered)
    assert answered.status == 200
    assert isinstance(finished, Finished)
    assert finished.size == 2
    assert all(0 <= sight.seconds < 1 for sight in watch.sights)
