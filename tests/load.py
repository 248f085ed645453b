"""Clients that keep a gateway busy on connections they keep, each with the config of a tenant of its own.

A request has failed unless it was answered 200, in whole and in time, with the config of the tenant that it asked for.
A client also counts as failed a connection that it cannot open, and one that it finds closed though no answer on it
said `Connection: close`: a request might have been on its way. Only while a worker is killed, whose requests nobody can
answer any more, a connection may be cut: then the client asks again, once, as the libraries of HTTP do.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ANSWER_SECONDS = 15.0
TENANTS = [f"Carrier-{number}" for number in range(8)]
FILE = "".join(f"  - providerId: {name}\n    name: Name of {name}\n    app: GENERIC\n" for name in TENANTS)
"""For `gateway import`."""
QUERY = '{ softphoneConfig(providerId: "%s", app: GENERIC) { ... on SoftphoneConfig { name } } }'


class FailedError(Exception):
    """What makes a request a failed one."""


class ClosedError(Exception):
    """The connection is gone."""


@dataclass(slots=True, kw_only=True)
class Client:
    """One that asks, waits a little and asks again."""

    port: int
    tenant: str
    is_get: bool
    pause_seconds: float
    """At most, between an answer and the next request."""
    most_requests: int
    """On one connection; then it opens another."""
    answered: int = 0
    connections: int = 0
    stale: int = 0
    """Answers that said so."""
    may_be_cut: bool = False
    cuts: int = 0
    failures: list[str] = field(default_factory=list)
    local_port: int = 0
    """Of the connection that it has now."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until the stop, and then to the end of the request under way."""
        is_again = False
        while not stop.is_set():
            answered = self.answered
            try:
                await self._use_connection(stop)
                is_again = False
            except (ClosedError, ConnectionError, asyncio.IncompleteReadError) as error:
                is_again = self.may_be_cut and not (is_again and answered == self.answered)
                self.cuts += is_again
                if not is_again:
                    self.failures.append(f"{type(error).__name__}: {error}")
            except (OSError, FailedError, TimeoutError) as error:
                self.failures.append(
                    f"{asyncio.get_running_loop().time():.2f} {self.tenant} {type(error).__name__}: {error}"
                )

    async def _use_connection(self, stop: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.connections += 1
        self.local_port = writer.get_extra_info("sockname")[1]
        try:
            for _ in range(self.most_requests):
                if reader.at_eof():
                    raise ClosedError("closed between two requests, and nothing had said so")
                is_last = await asyncio.wait_for(self._ask(reader, writer), ANSWER_SECONDS)
                self.answered += 1
                if is_last or stop.is_set():
                    return
                await asyncio.sleep(random.uniform(0, self.pause_seconds))  # noqa: S311 - no secret
        finally:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the answer said that it is the last on this connection."""
        writer.write(self._request())
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"\r\ncontent-length: (\d+)\r\n", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if not head.startswith("http/1.1 200 ") or json.loads(body) != self._expected():
            raise FailedError(f"{head.splitlines()[0]}, {len(body)} bytes")
        self.stale += "\r\ngateway-stale: " in head
        return "\r\nconnection: close\r\n" in head

    def _request(self) -> bytes:
        query = QUERY % self.tenant
        host = f"Host: 127.0.0.1:{self.port}\r\n"
        if self.is_get:
            return f"GET /graphql?query={quote(query)} HTTP/1.1\r\n{host}Accept: application/json\r\n\r\n".encode()
        body = json.dumps({"query": query})
        headers = f"{host}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return f"POST /graphql HTTP/1.1\r\n{headers}{body}".encode()

    def _expected(self) -> object:
        return {"data": {"softphoneConfig": {"name": f"Name of {self.tenant}"}}}


class Load:
    """All clients: most busy, some unhurried, some with a connection for each request."""

    def __init__(self, port: int, pause_seconds: float = 0.1) -> None:
        kinds = [(pause_seconds, 1000)] * 12 + [(1.5, 1000)] * 4 + [(0.1, 1)] * 4
        self.clients = [
            Client(
                port=port,
                tenant=TENANTS[number % len(TENANTS)],
                is_get=number % 3 == 0,
                pause_seconds=pause,
                most_requests=most,
            )
            for number, (pause, most) in enumerate(kinds)
        ]

    @property
    def answered(self) -> int:
        """Requests so far."""
        return sum(client.answered for client in self.clients)

    @property
    def stale(self) -> int:
        """Answers so far that said that they were."""
        return sum(client.stale for client in self.clients)

    @property
    def cuts(self) -> int:
        """Connections so far that a killed worker had, on which a request was asked again."""
        return sum(client.cuts for client in self.clients)

    @contextmanager
    def may_be_cut(self) -> Iterator[None]:
        """Meanwhile a worker is killed."""
        for client in self.clients:
            client.may_be_cut = True
        yield
        for client in self.clients:
            client.may_be_cut = False

    @property
    def failures(self) -> list[str]:
        """All that went wrong so far."""
        return [failure for client in self.clients for failure in client.failures]

    async def wait_for(self, more: int) -> None:
        """Until so many more requests were answered."""
        wanted = self.answered + more
        async with asyncio.timeout(60 + more / 50):
            while self.answered < wanted:
                await asyncio.sleep(0.01)

    async def wait_for_each(self) -> None:
        """Until each client was answered once more, also one that is in no hurry."""
        before = [client.answered for client in self.clients]
        async with asyncio.timeout(60):
            while any(client.answered <= then for client, then in zip(self.clients, before, strict=True)):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def under_load(port: int, pause_seconds: float = 0.1) -> AsyncIterator[Load]:
    """Clients ask meanwhile; at the end each finishes the request it has begun."""
    load, stop = Load(port, pause_seconds), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for client in load.clients:
            group.create_task(client.run(stop))
        try:
            yield load
        finally:
            stop.set()
