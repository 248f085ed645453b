"""A live gateway with the vectors' tenants, at a standing time, and the mock provider they are provisioned from."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from gateway import exchange
from gateway.app import create_app
from gateway.environment import key_ring
from gateway.settings import Secret, Settings
from tenants import database
from tenants.access import Role
from tenants.store import tenants
from tenants.system import SystemScope
from tests.cast import join, on_database, sign_in, sign_up, signed_in
from tests.mock_providers import mock_provider
from tests.servers import run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
KIT = ROOT / "kit"
STANDS_AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Clock:
    """Stands still until a test moves it on."""

    def __init__(self) -> None:
        self.now = STANDS_AT

    def __call__(self) -> datetime:
        return self.now

    def let_a_day_pass(self) -> None:
        """So that nobody is held back for what they tried before."""
        self.now += timedelta(days=1)


@dataclass(frozen=True)
class Live:
    """Starts gateways."""

    settings: Settings
    person: int
    clock: Clock

    @contextmanager
    def gateway(self) -> Iterator[Ask]:
        """A new one on the same database: it has not learnt yet which providers fail."""
        cookie = asyncio.run(on_database(self.settings.database_url, sign_in, self.person, self.clock.now))
        with (
            run_server(create_app(self.settings, now=self.clock)) as server,
            httpx2.Client(base_url=server.url, timeout=20) as client,
        ):
            yield Ask(client, signed_in(cookie))


@dataclass(frozen=True)
class Ask:
    """Sends documents."""

    client: httpx2.Client
    owner: dict[str, str]

    def phone(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """One of the kit's documents, without a credential; queries by GET, as phones send them."""
        query = (KIT / "documents" / f"{document}.graphql").read_text("utf-8")
        if query.startswith("query"):
            parameters = {"query": query, "variables": json.dumps(variables)}
            return dict(self.client.get("/graphql", params=parameters).json())
        return dict(self.client.post("/graphql", json={"query": query, "variables": variables}).json())

    def staff(self, query: str, variables: dict[str, Any]) -> Any:
        """The one root field, asked by the tenants' owner."""
        read = self.client.post("/graphql", json={"query": query, "variables": variables}, headers=self.owner).json()
        assert "errors" not in read, read["errors"]
        (found,) = read["data"].values()
        return found


@contextmanager
def live(folder: Path) -> Iterator[Live]:
    """The tenants are published at the standing time."""
    clock = Clock()
    with mock_provider(folder) as provider:
        settings = Settings(
            database_url=f"sqlite:///{folder / 'gateway.db'}",
            secret_key=Secret("a key for tests, 32 characters long"),
            admit_hosts=frozenset({provider.host}),
            upstream_ca=provider.authority,
        )
        text = (KIT / "vectors" / "tenants.yaml").read_text("utf-8").replace(":8443", f":{provider.port}")
        (folder / "tenants.yaml").write_text(text, "utf-8")
        person = asyncio.run(_prepare(settings, folder / "tenants.yaml"))
        yield Live(settings, person, clock)
        assert not provider.complaints


async def _prepare(settings: Settings, file: Path) -> int:
    """The number of who owns the tenants."""
    await database.migrate(settings.database_url)
    await database.connect(settings.database_url)
    try:
        code = await exchange.import_file(
            str(file),
            publish=True,
            dry_run=False,
            admitted=settings.admit_hosts,
            keys=key_ring(settings),
            now=STANDS_AT,
        )
        assert code == 0
        owner = await sign_up("owner", STANDS_AT)
        owned = [tenant.id for tenant in await tenants.list_all(SystemScope("own the vectors' tenants"))]
        await join("owner", owner, owned, Role.OWNER, STANDS_AT)
        return owner
    finally:
        await database.disconnect()
