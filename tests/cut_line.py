"""A line to a server that can be cut, or go silent: what stands between a gateway and its database in tests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK_BYTES = 65_536


class Line:
    """Listens on a port of the loopback address and passes on what comes, both ways."""

    def __init__(self, url: str) -> None:
        self._server_url = urlsplit(url)
        self._open: set[asyncio.StreamWriter] = set()
        self._passes = asyncio.Event()
        self._is_cut = False
        self._passes.set()
        self.port = 0

    @property
    def url(self) -> str:
        """The same database, by this line."""
        user = self._server_url.netloc.rpartition("@")[0]
        return urlunsplit(self._server_url._replace(netloc=f"{user}@127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Ends every connection, and each that is tried, until it is mended."""
        self._is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def silence(self) -> None:
        """Connections stay, and nothing comes through any more, until it is mended."""
        self._passes.clear()

    def mend(self) -> None:
        """All is as before; what was held back comes through."""
        self._is_cut = False
        self._passes.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, to its end."""
        if self._is_cut:
            writer.transport.abort()
            return
        host, port = self._server_url.hostname, self._server_url.port
        far_reader, far_writer = await asyncio.open_connection(host, port)
        ends = {writer, far_writer}
        self._open |= ends
        ways = [asyncio.ensure_future(self._pass(*way)) for way in ((reader, far_writer), (far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in ends:
                end.transport.abort()
            self._open -= ends
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._passes.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """Such a line to the server of this database URL."""
    line = Line(url)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        line.cut()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)
