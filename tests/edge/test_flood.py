"""A flood of what nobody asks for twice: memory is bounded, and the others are served as before."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import structlog
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.logs import configure_logging
from gateway.settings import Secret, Settings
from tests.conftest import Ask
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message

ROOM = count(full=16, ci=1) * 1024 * 1024
TENANTS = count(full=200, ci=5)
FLOOD = count(full=1_000_000, ci=1_200)
BETWEEN = count(full=5_000, ci=200)
"""So many strangers ask between two rounds over the tenants."""
PROCESS = Path("/proc/self")
SLACK = 64 * 1024 * 1024
"""What the process may grow beside the cache: documents that are remembered, pools, what the allocator keeps."""
DOCUMENT = """query($providerId: String!) { softphoneConfig(providerId: $providerId, app: GENERIC) {
... on SoftphoneConfig { name help { menuTitle links { title url } } branding { themeColor darkThemeColor } } } }"""


@pytest.fixture
def _quiet() -> Iterator[None]:
    """A million lines are of no use."""
    configure_logging("error")
    yield
    structlog.reset_defaults()


class Flood:
    """Asks the application itself, without a server and without a client in between."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked = self.stored = 0

    async def strangers(self, first: int, last: int) -> None:
        """Every other one asks in words of its own, the rest for somebody who is not there."""
        for number in range(first, last):
            odd = number % 2
            document = DOCUMENT.replace("{ softphoneConfig", f"{{ a{number}: softphoneConfig") if odd else DOCUMENT
            name = f"tenant-{number % TENANTS}" if odd else f"nobody-{number}"
            await self.ask(document, name, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    async def softphones(self) -> float:
        """Which share of the tenants' own is answered from memory."""
        self.asked = self.stored = 0
        for number in range(TENANTS):
            await self.ask(DOCUMENT, f"tenant-{number}", "192.0.2.7")
        return self.stored / self.asked

    async def ask(self, document: str, provider_id: str, address: str) -> None:
        asked = urlencode({"query": document, "variables": f'{{"providerId":"{provider_id}"}}'})
        headers = [(b"host", b"gateway"), (b"accept-encoding", b"gzip"), (b"x-forwarded-for", address.encode())]
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": asked.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        heads: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                heads.append(message)

        await self.app(scope, receive, send)
        assert heads[0]["status"] == 200
        self.asked += 1
        self.stored += not any(name == b"x-request-id" for name, _ in heads[0]["headers"])


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
            ask.publish(ask.create(f"tenant-{number}"))
        for _ in range(5):
            run(flood.softphones)
        before, size, heaviest = run(flood.softphones), resident(PROCESS), 0

        shares = []
        for first in range(0, FLOOD, BETWEEN):
            run(flood.strangers, first, first + BETWEEN)
            shares.append(run(flood.softphones))
            heaviest = max(heaviest, app.cache.weight)

        grown = resident(PROCESS) - size
        print(  # noqa: T201 - the figures, for the log of the proof
            f"{FLOOD:,} strangers; of the others' questions {before:.1%} are answered from memory before and "
            f"{min(shares):.1%} at worst; {heaviest:,} of {ROOM:,} bytes stored, the process grown by {grown:,}"
        )
        assert (before, min(shares)) == (1.0, 1.0)
        assert ROOM // 2 < heaviest <= ROOM
        assert grown < ROOM + SLACK
