"""One call, from the name to the last byte. Nothing is kept for the next one: no connection, no cookie."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from enum import Enum
from typing import TYPE_CHECKING

import httpcore2

from gateway.upstream import dial, tls
from gateway.upstream.client import Fault, OutboundAnswer, OutboundError
from gateway.upstream.stream import Quota, SocketStream, Stream
from gateway.upstream.target import Target
from gateway.upstream.watch import Answered, Connected, Finished, Resolved, Secured, Watch

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from gateway.upstream.addresses import Address
    from gateway.upstream.client import Headers, OutboundRequest, Upstream

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_OF_POST = frozenset({307, 308})
_OWN_HEADERS = frozenset(
    {
        *("host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"),
        *("accept-encoding", "content-length", "transfer-encoding"),
    }
)


class _Stage(Enum):
    """What a call that ran out of time was waiting for, in words for the provider's staff."""

    NAME = ("The name servers did not answer in time.", "Check that the name servers of your domain are up.")
    CONNECTION = ("The server did not take the connection in time.", "Let the gateway's addresses through.")
    HANDSHAKE = (
        "The server took the connection and did not finish the TLS handshake in time.",
        "Check that https is served on this port, and that the server is not overloaded.",
    )
    HEAD = (
        "The server took the request and did not begin to answer in time.",
        "Look for what takes so long behind the URL: most often a database or another server it asks.",
    )
    BODY = (
        "The server began to answer and did not finish in time.",
        "Send the answer in one piece with its length, or close the connection at its end.",
    )


class Transfer:
    """What one call needs to know on its way."""

    def __init__(self, upstream: Upstream, request: OutboundRequest, watch: Watch | None) -> None:
        self._upstream, self._request, self._limits = upstream, request, upstream.limits
        self._watch = watch or Watch()
        self._stage, self._since = _Stage.NAME, time.monotonic()

    async def run(self) -> OutboundAnswer:
        """The answer behind all redirects. Raises OutboundError, in time."""
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._follow()
        except TimeoutError:
            raise OutboundError(Fault.TIME, *self._stage.value) from None

    async def _follow(self) -> OutboundAnswer:
        target = Target.parse(self._request.url, self._upstream.admitted)
        checked = await self._resolve(target.host)
        for _ in range(self._limits.redirects + 1):
            outcome = await self._ask(target, checked)
            if isinstance(outcome, OutboundAnswer):
                return outcome
            target = outcome
        message = f"The server redirects more than {self._limits.redirects} times."
        raise OutboundError(Fault.REDIRECT, message, "Enter the URL at which your server answers without a redirect.")

    async def _resolve(self, host: str) -> list[Address]:
        """Once: a name that changes its mind between redirects has no say."""
        self._enter(_Stage.NAME)
        async with asyncio.timeout(self._limits.connect_seconds):
            checked = await dial.find_addresses(host, self._upstream.resolver, self._upstream.admitted)
        self._watch.note(Resolved(host, tuple(map(str, checked)), self._spent()))
        return checked

    async def _ask(self, target: Target, checked: Sequence[Address]) -> OutboundAnswer | Target:
        """One request on a connection of its own, closed whatever happens."""
        sock = await self._connect(target, checked)
        try:
            return await self._exchange(sock, target)
        except httpcore2.LocalProtocolError:
            message = "A header of the settings cannot be sent."
            raise OutboundError(Fault.PROTOCOL, message, "Set its value anew, in plain letters.") from None
        except httpcore2.ProtocolError:
            message = "The server does not answer by the rules of HTTP/1.1."
            raise OutboundError(Fault.PROTOCOL, message, "Test the URL with another client, such as curl.") from None
        finally:
            sock.close()

    async def _connect(self, target: Target, checked: Sequence[Address]) -> socket.socket:
        spent = self._spent() if self._stage is _Stage.NAME else 0
        until = self._enter(_Stage.CONNECTION) + self._limits.connect_seconds - spent
        dialled = await dial.dial(checked, target.port, until=until)
        passed_over = tuple(map(str, dialled.passed_over))
        self._watch.note(Connected(str(dialled.address), target.port, passed_over, self._spent()))
        return dialled.sock

    async def _exchange(self, sock: socket.socket, target: Target) -> OutboundAnswer | Target:
        limits = self._limits
        clear = Quota(limits.head_bytes, limits.pieces)
        all_bytes = limits.head_bytes + limits.body_bytes + limits.framing_bytes + limits.tls_bytes
        raw = SocketStream(sock, Quota(all_bytes, 4 * limits.pieces))
        self._enter(_Stage.HANDSHAKE)
        secured = await tls.secure(raw, self._upstream.trust(), target.host)
        self._watch.note(Secured(target.host, *tls.described(secured), self._spent()))
        self._enter(_Stage.HEAD)
        origin = httpcore2.Origin(b"https", target.host.encode(), target.port)
        connection = httpcore2.AsyncHTTP11Connection(origin, Stream(secured, clear))
        response = await connection.handle_async_request(self._outgoing(target))
        headers = _joined(response.headers)
        self._watch.note(Answered(response.status, headers, self._spent()))
        if response.status in _REDIRECTS:
            return self._next(target, response)
        clear.octets = limits.body_bytes + limits.framing_bytes
        return OutboundAnswer(response.status, headers, await self._read(response, headers))

    def _outgoing(self, target: Target) -> httpcore2.Request:
        asked = self._request
        headers = [("Host", target.authority), ("Connection", "close"), ("Accept-Encoding", "identity")]
        if asked.method != "GET":
            headers.append(("Content-Length", str(len(asked.body))))
        signature: Headers = asked.sign(asked.method, target.url, asked.body) if asked.sign else ()
        headers += [(name, value) for name, value in (*asked.headers, *signature) if name.lower() not in _OWN_HEADERS]
        url = httpcore2.URL(
            scheme=b"https", host=target.host.encode(), port=target.port, target=target.request_target.encode()
        )
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        return httpcore2.Request(asked.method.encode(), url, headers=encoded, content=asked.body)

    def _next(self, target: Target, response: httpcore2.Response) -> Target:
        if self._request.method != "GET" and response.status not in _REDIRECTS_OF_POST:
            message = (
                f"The server answers a POST with a redirect of status {response.status}, which would lose its body."
            )
            raise OutboundError(Fault.REDIRECT, message, "Answer without a redirect, or redirect with 307 or 308.")
        locations = [value for name, value in response.headers if name.lower() == b"location"]
        location = locations[0].decode("latin-1").strip() if len(locations) == 1 else ""
        return target.follow(location, self._upstream.admitted)

    async def _read(self, response: httpcore2.Response, headers: Mapping[str, str]) -> bytes:
        self._enter(_Stage.BODY)
        _check_encoding(headers)
        limit, body, pieces = self._limits.body_bytes, bytearray(), 0
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced[:20]) > limit:
            raise _too_long(limit)
        async with aclosing(response.aiter_stream()) as chunks:
            async for chunk in chunks:
                body += chunk
                pieces += 1
                if len(body) > limit or pieces > self._limits.pieces:
                    raise _too_long(limit)
        self._watch.note(Finished(len(body), self._spent()))
        return bytes(body)

    def _enter(self, stage: _Stage) -> float:
        self._stage, self._since = stage, time.monotonic()
        return self._since

    def _spent(self) -> float:
        return time.monotonic() - self._since


def _joined(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; the values of a name that came more than once, with commas between them."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _check_encoding(headers: Mapping[str, str]) -> None:
    """What is not unpacked cannot explode."""
    if any(one.strip().lower() not in ("", "identity") for one in headers.get("content-encoding", "").split(",")):
        message = "The answer is compressed, although the gateway asks for it as it is."
        raise OutboundError(Fault.ENCODING, message, "Turn compression off for this path, or honour Accept-Encoding.")


def _too_long(limit: int) -> OutboundError:
    message = f"The answer has more than {limit // 1024} KiB, or comes in too many small pieces."
    return OutboundError(Fault.SIZE, message, "Answer the JSON alone, in one piece; a web page is longer.")
