"""The bytes between the mock provider and one caller, written by hand: half of what it does is not HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_SECONDS = 60.0
"""However patient a caller is, nothing here goes on for longer."""
_LARGEST_REQUEST = 64 * 1024
_FLOOD_BLOCK = 64 * 1024
JSON = ("Content-Type: application/json",)


class Wire:
    """One connection, after the handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read_head(self) -> bytes:
        """The request line and headers, with the empty line that ends them."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def read_body(self, length: int) -> bytes:
        """As many bytes as were announced."""
        return await self._reader.readexactly(min(length, _LARGEST_REQUEST))

    async def send(self, data: bytes) -> None:
        """These bytes, now. Raises ConnectionError when the caller has left."""
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)  # a line that is being closed takes everything without waiting
        if self._reader.at_eof():
            raise ConnectionResetError

    async def hang(self) -> None:
        """Nothing more, until the caller gives up."""
        while await self._reader.read(_FLOOD_BLOCK):
            pass

    async def drip(self, data: bytes) -> None:
        """A byte a second."""
        for position in range(len(data)):
            await self.send(data[position : position + 1])
            await asyncio.sleep(1)

    async def flood(self, part: bytes) -> None:
        """The same again and again, as fast as it is taken."""
        block = part * max(1, _FLOOD_BLOCK // len(part))
        while True:
            await self.send(block)

    def abort(self) -> None:
        """Cut the line, without a word of TLS."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Say goodbye; whoever has left already does not hear it."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


def head(status: int, headers: Iterable[str] = ()) -> bytes:
    """The status line and headers of an answer."""
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def answer(body: bytes, status: int = 200, headers: Iterable[str] = JSON) -> bytes:
    """A whole answer that ends the connection."""
    return head(status, [*headers, f"Content-Length: {len(body)}", "Connection: close"]) + body


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Whatever"
