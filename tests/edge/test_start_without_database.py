"""A process that starts while the database is away answers softphones, and is itself again when the database is."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.edge.snapshot import SnapshotFile
from gateway.environment import key_ring
from gateway.settings import Profile, Secret, Settings
from tenants.errors import UnavailableError
from tenants.keys import KeyRing
from tests.api.documents import SAVE_BRANDING
from tests.conftest import Ask
from tests.edge.test_database_away import eventually, get, settings, timed, type_of
from tests.gateway.test_health import Wire, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

__all__ = ["settings", "wire"]

NAMES = ("AcmeInc", "NeighbourTel")
KEYS = KeyRing("a key for tests, 32 characters long")
DAY_SECONDS = 24 * 3_600.0
OTHER_KEY = Secret("another key for tests, of 32 characters")


@dataclass
class Edit:
    """Of the draft of a tenant, by somebody who may."""

    tenant: str
    headers: dict[str, str]

    def save(self, ask: Ask) -> httpx2.Response:
        change = {"tenantId": self.tenant, "expectedVersion": 1, "branding": {"themeColor": "#123456"}}
        sent = {"query": SAVE_BRANDING, "variables": {"input": change}}
        return ask.client.post("/graphql", json=sent, headers=self.headers)


@contextmanager
def gateway(settings: Settings) -> Iterator[Ask]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Ask(client)


def serve_once(settings: Settings) -> Edit:
    """A process that showed AcmeInc and its neighbour and stopped; what somebody is about to change."""
    with gateway(settings) as ask:
        tenants = {name: ask.create(name, "GENERIC") for name in NAMES}
        for name, tenant in tenants.items():
            ask.publish(tenant)
            assert type_of(get(ask, name)) == "SoftphoneConfig"
        edit = Edit(tenants["AcmeInc"], ask.staff.headers("admin"))
    assert kept_by(settings) == {name.lower() for name in NAMES}
    return edit


def kept_by(settings: Settings) -> set[str]:
    path = settings.snapshot_path
    assert path is not None
    return {key for key, one in SnapshotFile(path, key_ring(settings)).load().items() if one.document is not None}


@pytest.fixture
def served(settings: Settings) -> Edit:
    return serve_once(settings)


@pytest.mark.parametrize("break_it", [Wire.cut, Wire.block], ids=["stopped", "silent"])
def test_softphones_are_answered_from_the_start_and_all_is_fresh_when_the_database_is_back(
    settings: Settings, wire: Wire, served: Edit, break_it: Callable[[Wire], None]
) -> None:
    break_it(wire)
    began = time.monotonic()
    with gateway(settings) as ask:
        stale, seconds = get(ask), time.monotonic() - began
        neighbour, unknown, ready = get(ask, "NeighbourTel"), get(ask, "Stranger"), ask.client.get("/readyz")
        write, write_seconds = timed(lambda: served.save(ask))
        wire.unblock() if break_it is Wire.block else wire.mend()
        eventually(lambda: "gateway-stale" not in get(ask).headers)
        back, ready_again = get(ask, "Stranger"), ask.client.get("/readyz")

    assert (stale.status_code, type_of(stale), seconds < 5) == (200, "SoftphoneConfig", True)
    assert 0 <= int(stale.headers["gateway-stale"]) < 60
    assert (neighbour.status_code, unknown.status_code, ready.status_code) == (200, 503, 503)
    assert unknown.headers["retry-after"] == "1"
    assert (write.status_code, write.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
    assert write_seconds < 2
    assert (type_of(back), ready_again.status_code) == ("UnknownProvider", 200)


def make_older(path: Path) -> None:
    """As if all of it had happened more than a day before."""
    file = SnapshotFile(path, KEYS)
    kept = {key: one._replace(as_of=one.as_of - DAY_SECONDS, served=one.served) for key, one in file.load().items()}
    path.unlink()
    file.save(kept, time.time() - DAY_SECONDS)
    assert len(file.load()) == len(NAMES)


@pytest.mark.parametrize(
    "spoil",
    [
        make_older,
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:-20] + bytes(20)),
    ],
    ids=["older", "missing", "shorter", "tampered"],
)
@pytest.mark.usefixtures("served")
def test_without_a_file_that_can_be_used_a_start_needs_the_database(
    settings: Settings, wire: Wire, spoil: Callable[[Path], None]
) -> None:
    spoil(Path(str(settings.snapshot)))
    wire.cut()

    with pytest.raises(UnavailableError), TestClient(create_app(settings)):
        pass

    wire.mend()
    with gateway(settings) as ask:
        assert type_of(get(ask)) == "SoftphoneConfig"


@pytest.mark.usefixtures("served")
def test_a_file_of_another_key_is_no_use(settings: Settings, wire: Wire) -> None:
    wire.cut()

    with (
        capture_logs() as logs,
        pytest.raises(UnavailableError),
        TestClient(create_app(replace(settings, secret_key=OTHER_KEY))),
    ):
        pass

    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["the snapshot is not used"]


@pytest.mark.usefixtures("served")
def test_a_database_that_comes_back_without_its_migrations_is_not_gone_by(
    settings: Settings, wire: Wire, postgres_url: str
) -> None:
    async def run(statement: str) -> None:
        connection = await asyncpg.connect(postgres_url)
        await connection.execute(statement)
        await connection.close()

    def is_refused() -> bool:
        return any("lacks 1 migration(s)" in line.get("why", "") for line in logs)

    wire.cut()
    with capture_logs() as logs, gateway(replace(settings, profile=Profile.PRODUCTION)) as ask:
        asyncio.run(run("UPDATE tortoise_migrations SET name = 'x' || name WHERE name LIKE 'm0001%'"))
        wire.mend()
        eventually(is_refused)
        before = get(ask)
        asyncio.run(run("UPDATE tortoise_migrations SET name = substr(name, 2) WHERE name LIKE 'xm%'"))
        eventually(lambda: "gateway-stale" not in get(ask).headers)

    assert (before.status_code, "gateway-stale" in before.headers) == (200, True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
        yield


@contextmanager
def moved(path: Path) -> Iterator[None]:
    elsewhere = path.rename(path.with_name("elsewhere.db"))
    yield
    elsewhere.rename(path)


@pytest.mark.parametrize("taken", [locked, moved])
def test_a_file_of_sqlite_that_cannot_be_had_is_waited_for(sqlite_url: str, taken: Callable[[Path], object]) -> None:
    settings = Settings(database_url=sqlite_url, secret_key=OTHER_KEY, cache_bytes=0)
    serve_once(settings)
    path = Path(sqlite_url.removeprefix("sqlite:///"))

    with taken(path):  # type: ignore[attr-defined]  # both are context managers
        began = time.monotonic()
        client = TestClient(create_app(replace(settings, profile=Profile.PRODUCTION)))
        client.__enter__()
        stale, seconds = get(Ask(client)), time.monotonic() - began
        unknown = get(Ask(client), "Stranger")
    eventually(lambda: "gateway-stale" not in get(Ask(client)).headers)
    client.__exit__(None, None, None)

    assert (type_of(stale), "gateway-stale" in stale.headers, seconds < 5) == ("SoftphoneConfig", True, True)
    assert unknown.status_code == 503
