"""Bytes to and from a server, counted on both sides of TLS, so that a flood of anything ends early.

Sockets are read by hand: nothing is read ahead of need, and closing is at once, wherever a call is cancelled.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
import httpcore2

from gateway.upstream import tls
from gateway.upstream.client import Fault, OutboundError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from anyio.streams.tls import TLSStream

_RAW_READ = 16 * 1024


@dataclass(slots=True)
class Quota:
    """How many bytes, in how many reads, may still come."""

    octets: int
    reads: int

    def room(self, wanted: int) -> int:
        """At most so many bytes may be read now. Raises OutboundError, SIZE, when that is none."""
        if self.octets <= 0:
            raise OutboundError(Fault.SIZE, "The server sends more than an answer may have.", "Answer the JSON alone.")
        if self.reads <= 0:
            message = "The server sends its answer in too many small pieces."
            raise OutboundError(Fault.SIZE, message, "Write the answer in one piece.")
        return min(wanted, self.octets)

    def take(self, octets: int) -> None:
        """So many came."""
        self.octets -= octets
        self.reads -= 1


class SocketStream(anyio.abc.ByteStream):
    """What TLS reads and writes."""

    def __init__(self, sock: socket.socket, quota: Quota) -> None:
        self._sock, self._quota = sock, quota
        self._loop = asyncio.get_running_loop()

    async def receive(self, max_bytes: int = _RAW_READ) -> bytes:
        """Raises EndOfStream, OSError, or OutboundError where too much came."""
        data = await self._loop.sock_recv(self._sock, self._quota.room(min(max_bytes, _RAW_READ)))
        if not data:
            raise anyio.EndOfStream
        self._quota.take(len(data))
        return data

    async def send(self, item: bytes) -> None:
        await self._loop.sock_sendall(self._sock, item)

    async def send_eof(self) -> None:
        """TLS ends in its own way."""
        raise NotImplementedError

    async def aclose(self) -> None:
        self._sock.close()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        return {}


class Stream(httpcore2.AsyncNetworkStream):
    """What HTTP reads and writes. A request leaves in one piece: some servers answer as soon as they see its head."""

    def __init__(self, secured: TLSStream, quota: Quota) -> None:
        self._tls, self._quota = secured, quota
        self._unsent = bytearray()
        self._has_read = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - not ours
        try:
            await self._send()
            data = await self._tls.receive(self._quota.room(max_bytes))
        except anyio.EndOfStream:
            if not self._has_read:
                raise _hung_up() from None
            return b""
        except ssl.SSLError as error:
            raise tls.refusal(error) from None
        except (OSError, anyio.BrokenResourceError):
            raise _hung_up() from None
        self._has_read = True
        self._quota.take(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - not ours
        self._unsent += buffer

    async def _send(self) -> None:
        if self._unsent:
            data, self._unsent = bytes(self._unsent), bytearray()
            await self._tls.send(data)

    async def aclose(self) -> None:
        await self._tls.aclose()


def _hung_up() -> OutboundError:
    message = "The server closed the connection before it had answered."
    return OutboundError(Fault.CONNECTION, message, "Look for the call in the error log of your web server.")
