"""The one way out: what is asked, what is answered, what can go wrong.

Fails closed: an address that is not plainly public is not dialled, and what is not plainly an answer is a fault.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING

from gateway.upstream.breaker import Breaker, OpenError
from gateway.upstream.bulkhead import Bulkhead, NoRoomError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.upstream.breaker import Attempt
    from gateway.upstream.resolver import Resolver
    from gateway.upstream.watch import Watch

Headers = tuple[tuple[str, str], ...]
_SERVER_FAILED = 500


class Fault(Enum):
    """What kept a call from being answered."""

    URL = "URL"
    DNS = "DNS"
    ADDRESS = "ADDRESS"
    CONNECTION = "CONNECTION"
    TLS = "TLS"
    PROTOCOL = "PROTOCOL"
    REDIRECT = "REDIRECT"
    ENCODING = "ENCODING"
    SIZE = "SIZE"
    TIME = "TIME"
    BUSY = "BUSY"


class OutboundError(Exception):
    """A call came to nothing. Message and advice are for the provider's staff; no value that was sent is in them."""

    def __init__(self, fault: Fault, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.fault, self.message, self.advice = fault, message, advice


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """What to ask. Host, length, encoding and connection headers are the client's own business."""

    method: str
    url: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False, default=b"")
    sign: Callable[[str, str, bytes], Headers] | None = field(repr=False, default=None)
    """Headers made from method, URL and body; asked again for each redirect, whose URL is another."""


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """What came back, whatever the status; redirects are behind it."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case; one that came more than once holds all values, with commas between them."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamLimits:
    """What a call may take, and how many there may be."""

    connect_seconds: float = 2.0
    """Finding the address and connecting."""
    total_seconds: float = 4.0
    """All of it, redirects included."""
    redirects: int = 3
    body_bytes: int = 64 * 1024
    head_bytes: int = 16 * 1024
    """Status and headers, with whatever interim answers come before them."""
    framing_bytes: int = 32 * 1024
    """What chunks may add to a body."""
    tls_bytes: int = 256 * 1024
    """What TLS may add to all of it: certificates, tickets, records."""
    pieces: int = 1024
    """Reads and chunks: a body that comes byte by byte costs a hundred times its length."""
    lane_calls: int = 20
    all_calls: int = 200


DEFAULT_LIMITS = UpstreamLimits()


class Upstream:
    """Calls other people's servers. One object a process: it knows what is in flight, and who fails."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        admitted: frozenset[str],
        ca_file: Path | None,
        limits: UpstreamLimits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.resolver, self.admitted, self.limits = resolver, admitted, limits
        self._ca_file = ca_file
        self._trust: ssl.SSLContext | None = None
        self._bulkhead = Bulkhead(lane_calls=limits.lane_calls, all_calls=limits.all_calls)
        self._breaker = Breaker(clock)

    async def call(self, lane: int, request: OutboundRequest, *, watch: Watch | None = None) -> OutboundAnswer:
        """What the server answers. Raises OutboundError within the limits, and at once while its lane is closed.

        A watched call is somebody looking for the cause: it has room of its own and is not held back by the breaker.
        """
        try:
            with self._bulkhead.enter((lane, watch is not None)):
                if watch is not None:
                    return await self._transfer(request, watch)
                with self._breaker.attempt(lane) as attempt:
                    return await self._judged(request, attempt)
        except NoRoomError:
            message = "As many calls as may be are waiting for answers already."
            raise OutboundError(Fault.BUSY, message, "Answer faster: each call waits for four seconds.") from None
        except OpenError:
            message = "The server failed so often that it is left alone for some seconds."
            raise OutboundError(Fault.BUSY, message, "Find out why the calls before failed.") from None

    async def _judged(self, request: OutboundRequest, attempt: Attempt) -> OutboundAnswer:
        """A call that ends neither way, since nobody waits for it any more, says nothing about the server."""
        try:
            answer = await self._transfer(request, None)
        except OutboundError:
            attempt.has_failed = True
            raise
        attempt.has_failed = answer.status >= _SERVER_FAILED
        return answer

    def trust(self) -> ssl.SSLContext:
        """Whose certificates are believed; read once, when first needed."""
        from gateway.upstream import trust  # noqa: PLC0415 - a hundred authorities take time to read

        if self._trust is None:
            self._trust = trust.make_context(self._ca_file)
        return self._trust

    def warm_up(self) -> None:
        """Load what the first call needs, before somebody waits for it."""
        for library in ("aiodns", "gateway.upstream.transfer"):
            import_module(library)
        self.trust()

    async def close(self) -> None:
        """Let go of what the resolver holds."""
        await self.resolver.close()

    async def _transfer(self, request: OutboundRequest, watch: Watch | None) -> OutboundAnswer:
        from gateway.upstream.transfer import Transfer  # noqa: PLC0415 - the HTTP library costs time at start

        return await Transfer(self, request, watch).run()
