"""What goes wrong before the call: chosen by the host name that the caller asks for, since no username is known yet."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Awaitable, Callable

    from gateway.mock_provider.certificates import Certificates


@dataclass(frozen=True, slots=True)
class CertificateDoor:
    """A handshake with a certificate that is not in order."""

    name: str
    words: str
    choose: Callable[[Certificates], ssl.SSLContext]


@dataclass(frozen=True, slots=True)
class RawDoor:
    """No handshake: the bare connection, whose first bytes are still unread."""

    name: str
    words: str
    act: Callable[[socket.socket], Awaitable[None]]


async def _wait(connection: socket.socket) -> None:
    """Until the caller gives up."""
    while await asyncio.get_running_loop().sock_recv(connection, 4096):
        pass


async def _close(_connection: socket.socket) -> None:
    """The caller closes it."""


def _sends(data: bytes) -> Callable[[socket.socket], Awaitable[None]]:
    async def act(connection: socket.socket) -> None:
        await asyncio.get_running_loop().sock_sendall(connection, data)
        await _wait(connection)

    return act


async def _noise(connection: socket.socket) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(connection, os.urandom(16 * 1024))


async def _drip(connection: socket.socket) -> None:
    for byte in _HANDSHAKE:
        await asyncio.get_running_loop().sock_sendall(connection, bytes([byte]))
        await asyncio.sleep(1)


_HANDSHAKE = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(60)
"""The start of a ServerHello."""
_OLD_TLS = b"\x15\x03\x01\x00\x02\x02\x46"
"""The alert "protocol version"."""

DOORS: tuple[CertificateDoor | RawDoor, ...] = (
    CertificateDoor("expired", "A certificate that has run out.", lambda all_: all_.expired),
    CertificateDoor("not-yet", "A certificate that is not valid yet.", lambda all_: all_.not_yet_valid),
    CertificateDoor("wrong-host", "A certificate of another host.", lambda all_: all_.of_another_host),
    CertificateDoor("unknown-ca", "A certificate of an unknown authority.", lambda all_: all_.of_unknown_authority),
    RawDoor("silent", "Takes the connection and says nothing.", _wait),
    RawDoor("slammed", "Closes the connection at once.", _close),
    RawDoor("stuck", "Begins the handshake and stops.", _sends(_HANDSHAKE)),
    RawDoor("dripping", "A handshake of a byte a second.", _drip),
    RawDoor("noise", "Random bytes without end in place of a handshake.", _noise),
    RawDoor("old-tls", "Says that it speaks another version of TLS.", _sends(_OLD_TLS)),
    RawDoor("plain-http", "Answers in plain HTTP.", _sends(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
)
