"""A flood of what nobody asks for twice: memory is bounded, and the others are served as before."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import structlog
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.conftest import Ask
from tests.edge.served import misses_of
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message

ROOM = count(full=16, ci=1) * 1024 * 1024
TENANTS = count(full=200, ci=5)
FLOOD = count(full=1_000_000, ci=3_000)
BETWEEN = count(full=5_000, ci=500)
"""So many strangers ask between two rounds over the tenants."""
PROCESS = Path("/proc/self")
SLACK = 64 * 1024 * 1024
"""What the process may grow beside the cache: documents that are remembered, pools, what the allocator keeps."""
DOCUMENT = """query($providerId: String!) { softphoneConfig(providerId: $providerId, app: GENERIC) {
... on SoftphoneConfig { name help { menuTitle links { title url } } branding { themeColor darkThemeColor } } } }"""
OWN = "query Own" + DOCUMENT.removeprefix("query")
"""That the softphones have registered, and call by its hash."""
NAME = "TenantWhoseNameIsLong"


@dataclass(frozen=True)
class Asked:
    """A request to /graphql."""

    query_string: bytes = b""
    address: str = "192.0.2.7"
    accept_encoding: bytes = b"gzip"
    accept: bytes = b"*/*"
    body: bytes = b""


def query_of(document: str | None, provider_id: str, *, sha: str | None = None) -> bytes:
    asked = {"query": document, "variables": json.dumps({"providerId": provider_id})}
    if sha:
        asked["extensions"] = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": sha}})
    return urlencode({name: value for name, value in asked.items() if value is not None}).encode()


def hash_of(document: str) -> str:
    return sha256(document.encode()).hexdigest()


# What strangers send, each in words of its own or for another ProviderId, and nobody else's.


def unknown(number: int) -> Asked:
    """From an address that is new: the database is asked."""
    return Asked(query_of(DOCUMENT, f"nobody-{number}"), f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")


def unknown_from_one_network(number: int) -> Asked:
    """From another address each time, all of which one subscriber has: refused, the first few of a minute excepted."""
    return Asked(query_of(DOCUMENT, f"nobody-{number}"), f"2001:db8::{number >> 16:x}:{number & 65_535:x}")


def unknown_hash(number: int) -> Asked:
    return Asked(query_of(None, "nobody", sha=hash_of(str(number))))


def odd_id(number: int) -> Asked:
    """A tenant's own ProviderId, of which there are a million spellings, by POST."""
    letters = (one.upper() if number >> place & 1 else one.lower() for place, one in enumerate(NAME))
    variables = {"providerId": f"{''.join(letters)}-{number % TENANTS}"}
    return Asked(body=json.dumps({"query": DOCUMENT, "variables": variables}).encode())


def small_document(number: int) -> Asked:
    return Asked(query_of(small(number), "-"), accept_encoding=b"gzip;q=0.%d, br" % number)


def registered_document(number: int) -> Asked:
    return Asked(query_of(small(number), "-", sha=hash_of(small(number))))


def whole_document(number: int) -> Asked:
    document = DOCUMENT.replace("{ softphoneConfig", f"{{ a{number}: softphoneConfig")
    return Asked(query_of(document, f"{NAME}-{number % TENANTS}"), accept=b"application/json, text/x%d" % number)


def small(number: int) -> str:
    return f'{{a{number}:softphoneConfig(providerId:"{NAME}-{number % TENANTS}",app:GENERIC){{__typename}}}}'


KINDS = (
    *[unknown] * 12,
    *[unknown_from_one_network] * 80,
    *[unknown_hash] * 98,
    *[odd_id] * 5,
    *[small_document] * 3,
    registered_document,
    whole_document,
)
"""Of two hundred. Mostly what costs a flood the least."""
RUN = FLOOD // len(KINDS) // count(full=5, ci=1)
"""So many of a kind come in a row."""
AGAIN = (0, 0, 0, 0, 0, 1, 2)
"""How often each asks again; who is refused does not."""


@pytest.fixture
def _quiet() -> Iterator[None]:
    """A million lines are of no use. No logger is kept by this, or later tests would log nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


class Flood:
    """Asks the application itself, without a server and without a client in between."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.rounds = self.waits = 0

    async def strangers(self, first: int, last: int) -> None:
        for number in range(first, last):
            kind = KINDS[number // RUN % len(KINDS)]
            asked = kind(number)
            status, _head = await self.ask(asked)
            assert status == 200 or (status == 429 and kind is unknown_from_one_network)
            for _ in range(AGAIN[number % len(AGAIN)] if status == 200 else 0):
                await self.ask(asked)

    async def softphones(self) -> tuple[float, float]:
        """Which share of what tenants' own ask needs no application, and which no schema.

        The first ask as ever, in the document's words and by its hash; the others in a spelling that is new.
        """
        self.rounds += 1
        around, missed = 0, misses_of(self.app)
        for number in range(TENANTS):
            for asked in (query_of(DOCUMENT, tenant(number)), query_of(None, tenant(number), sha=hash_of(OWN))):
                await self._until_current()
                before = misses_of(self.app)
                _, head = await self.ask(Asked(asked))
                around += b"x-request-id" not in head and misses_of(self.app) == before
                await self.ask(Asked(asked + b"&round=%d" % self.rounds))
        return around / TENANTS / 2, 1 - (misses_of(self.app) - missed) / TENANTS / 4

    async def _until_current(self) -> None:
        """A process that was given no time for seconds answers nothing from memory, flood or not."""
        app: Any = self.app
        while not app.cache._is_current():  # noqa: SLF001 - what each look-up asks
            self.waits += 1
            await asyncio.sleep(0.1)

    async def register(self) -> None:
        for number in range(TENANTS):
            await self.ask(Asked(query_of(OWN, tenant(number), sha=hash_of(OWN))))

    async def ask(self, asked: Asked) -> tuple[int, dict[bytes, bytes]]:
        headers = [
            (b"host", b"gateway"),
            (b"accept-encoding", asked.accept_encoding),
            (b"accept", asked.accept),
            (b"x-forwarded-for", asked.address.encode()),
        ]
        if asked.body:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(asked.body))]
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST" if asked.body else "GET",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": asked.query_string,
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        heads: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                heads.append(message)

        await asyncio.sleep(0)  # as each request comes from the event loop, whose other work goes on in between
        await self.app(scope, receive, send)
        return heads[0]["status"], dict(heads[0]["headers"])


def asked_in_which_ways() -> str:
    return ", ".join(f"{KINDS.count(kind) / len(KINDS):.1%} {kind.__name__}" for kind in dict.fromkeys(KINDS))


def tenant(number: int) -> str:
    return f"{NAME}-{number}"


def resident(root: Path) -> int:
    """Bytes of this process in memory."""
    return int((root / "statm").read_text("ascii").split()[1]) * 4_096


@pytest.mark.proof
@pytest.mark.usefixtures("_quiet")
def test_flood(sqlite_url: str) -> None:
    key, proxies = Secret("a key for tests, 32 characters long"), (ip_network("127.0.0.0/8"),)
    settings = Settings(database_url=sqlite_url, secret_key=key, cache_bytes=ROOM, trusted_proxies=proxies)
    app: Any = create_app(settings)
    with TestClient(app) as client:
        assert client.portal is not None
        ask, flood, run = Ask(client), Flood(app), client.portal.call
        for number in range(TENANTS):
            ask.publish(ask.create(tenant(number)))
        run(flood.register)
        for _ in range(5):
            run(flood.softphones)
        before, size = run(flood.softphones), resident(PROCESS)
        heaviest = grown = 0

        around, shares = [], []
        for first in range(0, FLOOD, BETWEEN):
            run(flood.strangers, first, first + BETWEEN)
            one, other = run(flood.softphones)
            around.append(one)
            shares.append(other)
            heaviest = max(heaviest, app.cache.weight)
            grown = max(grown, resident(PROCESS) - size)

        print(  # noqa: T201 - the figures, for the log of the proof
            f"{FLOOD:,} strangers ({asked_in_which_ways()}); "
            f"of the others' questions {before[1]:.1%} are answered from memory before and "
            f"{min(shares):.1%} at worst, of those in the words of the last time {before[0]:.1%} and {min(around):.1%} "
            f"around the application; at most {heaviest:,} of {ROOM:,} bytes stored, "
            f"and the process grown by {grown:,}; {flood.waits} waits for a process that was given no time"
        )
        assert (before, min(around), min(shares)) == ((1.0, 1.0), 1.0, 1.0)
        assert ROOM // 3 < heaviest <= ROOM
        assert grown < ROOM + SLACK
