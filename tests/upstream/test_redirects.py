"""A redirect is followed on the same host and port only, exactly where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.upstream.client import Fault, OutboundError, OutboundRequest
from gateway.upstream.target import Target
from tests.upstream.conftest import Client, request
from tests.upstream.raw_server import HOST, OK, RawServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Serve = Callable[..., RawServer]

pytestmark = pytest.mark.anyio


def redirecting(location: str, *, status: int = 302, times: int = 1) -> Callable[[socket.socket, RawServer], None]:
    """Redirects so many times, then answers."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        target = location.replace("PORT", str(server.port))
        head = f"HTTP/1.1 {status} Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(OK if len(server.heads) > times else head.encode("latin-1"))

    return script


def asked(server: RawServer) -> list[str]:
    """The request lines so far."""
    return [head.decode().split(" HTTP/")[0] for head in server.heads]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/q?username=1000&x=%20y", "/q?username=1000&x=%20y"),
        ("q", "/a/q"),
        ("../q/./r", "/q/r"),
        ("?b=2", "/a/p?b=2"),
        ("/q#fragment", "/q"),
        (f"https://{HOST}:PORT/q?x=1", "/q?x=1"),
        (f"HTTPS://{HOST.upper()}:PORT/q", "/q"),
        (f"//{HOST}:PORT/q", "/q"),
        (f"https://{HOST}.:PORT", "/"),
    ],
)
def test_a_location_leads_where_it_says(location: str, leads_to: str, status: int) -> None:
    here = Target(HOST, 8443, "/a/p?username=1&password=2")

    there = here.follow(location.replace("PORT", "8443"), frozenset())

    assert (there.host, there.port, there.request_target) == (HOST, 8443, leads_to)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "http://pbx.acme.example:8443/q",
        "http:/q",
        "https://other.acme.example:8443/q",
        "https://pbx.acme.example/q",
        "https://pbx.acme.example:8444/q",
        "//other.acme.example/q",
        "///other.acme.example/q",
        "https://pbx.acme.example:8443@evil.example/q",
        "https://user@pbx.acme.example:8443/q",
        "https:pbx.acme.example:8443/q",
        "https:/q",
        "https:///q",
        "https://127.0.0.1:8443/q",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]:8443/q",
        "https://2130706433/q",
        "https://localhost:8443/q",
        "ftp://pbx.acme.example/q",
        "javascript:alert(1)",
        "data:application/json,{}",
        "\\\\other.acme.example\\q",
        "/\\other.acme.example/q",
        "/q r",
        "/q\tr",
        "/ä",
        "/%zz",
        "/q%",
        "/q?x={y}",
        "https://pbx.acme.example%2eevil.example/q",
        "https://pbx.acme.example:8443\x00/q",
    ],
)
def test_a_location_that_leads_elsewhere_is_refused_and_not_repeated(location: str) -> None:
    here = Target(HOST, 8443, "/p?password=SECRET")

    with pytest.raises(OutboundError) as caught:
        here.follow(location, frozenset())

    assert caught.value.fault is Fault.REDIRECT
    assert not location or location not in f"{caught.value.message} {caught.value.advice}"
    assert "SECRET" not in f"{caught.value.message} {caught.value.advice}"


async def test_the_query_of_a_redirect_is_what_location_says(client: Client, serve: Serve) -> None:
    server = serve(redirecting("/q"))

    answer = await client.get(server.url("/p?username=1&password=2"))

    assert answer.body == b"{}"
    assert asked(server) == ["GET /p?username=1&password=2", "GET /q"]


async def test_three_redirects_are_followed(client: Client, serve: Serve) -> None:
    server = serve(redirecting("/q", times=3))

    assert (await client.get(server.url())).body == b"{}"
    assert len(server.heads) == 4


async def test_a_fourth_is_not(client: Client, serve: Serve) -> None:
    server = serve(redirecting("/q", times=4))

    with pytest.raises(OutboundError) as caught:
        await client.get(server.url())

    assert caught.value.fault is Fault.REDIRECT
    assert len(server.heads) == 4


async def test_the_name_is_resolved_once_for_all_of_them(client: Client, serve: Serve) -> None:
    server = serve(redirecting("/q", times=3))

    await client.get(server.url())

    assert client.resolver.asked == [HOST]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_post_keeps_its_body_where_the_status_says_so(client: Client, serve: Serve, status: int) -> None:
    server = serve(redirecting("/q", status=status))

    await client.upstream.call(1, request(server.url(), "POST", b'{"a":1}'))

    assert asked(server) == ["POST /p", "POST /q"]
    assert server.bodies == [b'{"a":1}', b'{"a":1}']


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_post_is_not_made_a_get(client: Client, serve: Serve, status: int) -> None:
    server = serve(redirecting("/q", status=status))

    with pytest.raises(OutboundError) as caught:
        await client.upstream.call(1, request(server.url(), "POST", b"{}"))

    assert caught.value.fault is Fault.REDIRECT
    assert asked(server) == ["POST /p"]


@pytest.mark.parametrize("status", [300, 304, 305, 306])
async def test_other_statuses_of_their_kind_are_answers(client: Client, serve: Serve, status: int) -> None:
    server = serve(redirecting("/q", status=status))

    assert (await client.get(server.url())).status == status


async def test_every_request_of_a_call_is_signed_for_its_own_url(client: Client, serve: Serve) -> None:
    server = serve(redirecting("/q?x=1"))
    signed = []

    def sign(method: str, url: str, body: bytes) -> tuple[tuple[str, str], ...]:
        signed.append((method, url, body))
        return (("Gateway-Signature", f"v{len(signed)}"),)

    await client.upstream.call(1, OutboundRequest("GET", server.url(), (), sign=sign))

    assert signed == [("GET", server.url(), b""), ("GET", server.url("/q?x=1"), b"")]
    assert [f"Gateway-Signature: v{number + 1}\r\n".encode() in server.heads[number] for number in range(2)] == [
        True
    ] * 2


async def test_two_locations_are_none(client: Client, serve: Serve) -> None:
    server = serve(redirecting("/q\r\nLocation: /r"))

    with pytest.raises(OutboundError) as caught:
        await client.get(server.url())

    assert caught.value.fault is Fault.REDIRECT
