"""The mock provider: one raw TLS server on the loopback."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import orjson
import structlog

from gateway.mock_provider.call import WrongCallError, check, read_request
from gateway.mock_provider.catalogue import find_mode
from gateway.mock_provider.certificates import Certificates, authority_path, server_name
from gateway.mock_provider.doors import DOORS, CertificateDoor, RawDoor
from gateway.mock_provider.redirects import find_landing
from gateway.mock_provider.wire import LONGEST_SECONDS, Wire, answer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine
    from pathlib import Path

log = structlog.get_logger("gateway.mock_provider")
_BACKLOG = 512
_GOODBYE_SECONDS = 2.0
_POLL_SECONDS = 0.005
_DOORS = {door.name: door for door in DOORS}


class MockProvider:
    """Listens while its context is open. Calls that were not as documented are counted, with the reason."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "mock.localhost",
        address: str = "127.0.0.1",
        port: int = 0,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.host, self.port = host, port
        self.complaints = Counter[str]()
        self.calls = Counter[str]()
        """How often each mode was asked."""
        self._certificates = Certificates.kept_in(folder, host)
        self._folder, self._address = folder, address
        self._secrets = secrets
        """Each must have signed every call; without any, signatures are not looked at."""
        self._listening: list[socket.socket] = []
        self._tasks = set[asyncio.Task[None]]()

    @property
    def authority(self) -> Path:
        """The file for GATEWAY_UPSTREAM_CA."""
        return authority_path(self._folder)

    def url(self, door: str | None = None) -> str:
        """The provisioning URL; with a door, that of the host where things go wrong before the call."""
        return f"https://{f'{door}.' if door else ''}{self.host}:{self.port}/provisioning"

    async def __aenter__(self) -> Self:
        """Take the port; on IPv6 too where the machine has it, since names of the loopback lead to both."""
        self._listen(self._address)
        if self._address == "127.0.0.1":
            with suppress(OSError):
                self._listen("::1")
        for listening in self._listening:
            self._start(self._accept(listening))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the port and of every caller."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(_POLL_SECONDS)  # the loop closes what was aborted in its next round
        for listening in self._listening:
            listening.close()

    def _listen(self, address: str) -> None:
        listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, self.port))
        except OSError:
            listening.close()
            raise
        listening.listen(_BACKLOG)
        listening.setblocking(False)  # noqa: FBT003 - the library's own signature
        self.port = listening.getsockname()[1]
        self._listening.append(listening)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            self._start(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        """One caller, whatever becomes of it: a line that breaks is no news here."""
        connection.setblocking(False)  # noqa: FBT003 - the library's own signature
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as web servers do: 40 ms for each answer
        with connection, suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(LONGEST_SECONDS):
                name = await _wanted_name(connection) or ""
                await self._open(_DOORS.get(name.removesuffix(f".{self.host}")), connection)

    async def _open(self, door: CertificateDoor | RawDoor | None, connection: socket.socket) -> None:
        if door is not None:
            log.info("call", door=door.name)
        if isinstance(door, RawDoor):
            await door.act(connection)
            return
        wire = await _shake_hands(connection, door.choose(self._certificates) if door else self._certificates.good)
        try:
            await self._answer(wire)
            await wire.close()
        finally:
            wire.abort()

    async def _answer(self, wire: Wire) -> None:
        try:
            request = await read_request(wire)
            landing = find_landing(request.target)
            if landing is not None:
                await wire.send(landing)
                return
            call = check(request, self._secrets)
        except WrongCallError as error:
            self.complaints[str(error)] += 1
            log.warning("wrong call", reason=str(error))
            await wire.send(answer(orjson.dumps({"reason": str(error)}), 400))
            return
        mode = find_mode(call.username, reprovision=call.reprovision)
        self.calls[mode.name] += 1
        log.info("call", mode=mode.name, reprovision=call.reprovision)
        await mode.act(wire, call)


async def _shake_hands(connection: socket.socket, context: ssl.SSLContext) -> Wire:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, connection, ssl=context, ssl_shutdown_timeout=_GOODBYE_SECONDS
    )
    return Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def _wanted_name(connection: socket.socket) -> str | None:
    """The host name in the caller's first bytes, which stay unread. None when it names none within a second."""
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while (hello := _peek(connection)) != b"":
                name = server_name(hello) if hello else None
                if name is not None:
                    return name
                await asyncio.sleep(_POLL_SECONDS)
    return None


def _peek(connection: socket.socket) -> bytes | None:
    """What has arrived, left where it is; None when nothing has, and nothing at the end."""
    try:
        return connection.recv(16 * 1024, socket.MSG_PEEK)
    except BlockingIOError:
        return None
