"""Must-show: softphones do not notice that the database is away, nor that workers or all of it start meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.fleets import come_about, workers_of
from tests.gateway.test_health import Wire, wire
from tests.load import FILE, TENANTS, Load, under_load
from tests.proofs import count
from tests.provider_process import import_tenants
from tests.servers import RunningProcess, gateway, gateway_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    Step = Callable[["Fleet", Load, "Report"], Awaitable[None]]
    Ask = Callable[[httpx2.AsyncClient, "Fleet", "Report"], Awaitable[None]]

__all__ = ["wire"]

WORKERS = 2
KEY = "a key for tests, 32 characters long"
UNKNOWN = '{ softphoneConfig(providerId: "%s", app: GENERIC) { __typename } }'
CREATE = """mutation ($input: CreateTenantInput!) { createTenant(input: $input) { __typename } }"""
PAUSE_SECONDS = 0.05
ASK_SECONDS = 0.1
START_SECONDS = 60.0


@dataclass
class Report:
    """What was counted while the database was away."""

    reads: int = 0
    stale: int = 0
    cuts: int = 0
    failures: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    slowest_write: float = 0.0
    starts: list[float] = field(default_factory=list)
    is_killing: bool = False

    @contextmanager
    def killing(self) -> Iterator[None]:
        """Meanwhile a worker is killed: whoever had asked it has no answer."""
        self.is_killing = True
        yield
        self.is_killing = False

    def add(self, load: Load) -> None:
        """All that this load has seen."""
        self.reads, self.stale, self.cuts = self.reads + load.answered, self.stale + load.stale, self.cuts + load.cuts
        self.failures += load.failures

    def __str__(self) -> str:
        """A line of a log."""
        return (
            f"{self.reads} config reads, {len(self.failures)} failed, {self.stale} marked stale, {self.cuts} asked once"
            f" more since a killed worker had the connection; unknown ids {dict(self.unknown)}; writes"
            f" {dict(self.writes)}, the slowest after {self.slowest_write:.2f} s; whole starts without the database:"
            f" {', '.join(f'{seconds:.1f} s' for seconds in self.starts)}"
        )


@dataclass
class Fleet:
    """A gateway whose database can be taken away."""

    env: dict[str, str]
    server: RunningProcess
    headers: dict[str, str]

    @property
    def starts(self) -> int:
        """How many workers have come to serve so far."""
        return self.server.errors.count("Application startup complete")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.ready['port']}"


@contextmanager
def fleet(url: str, folder: Path, before: Callable[[], object] = lambda: None) -> Iterator[Fleet]:
    """Two workers of a gateway that has served all tenants lately, and a caller who may make tenants."""
    env = {"GATEWAY_DATABASE_URL": url, "GATEWAY_SECRET_KEY": KEY, "GATEWAY_SNAPSHOT": str(folder / "snapshot")}
    import_tenants(FILE, env, folder)
    made = gateway("token", "create", "--role", "platform-admin", **env)
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    with gateway_process("serve", "--port", "0", env=env) as server:
        for name in TENANTS:
            assert httpx2.get(f"{server.ready[0]}/graphql", params={"query": UNKNOWN % name}).status_code == 200
    before()
    start = ("serve", "--port", "0", "--workers", str(WORKERS))
    with gateway_process(*start, env=env, timeout_seconds=START_SECONDS) as server:
        yield Fleet(env, server, headers)


@asynccontextmanager
async def questions(fleet: Fleet, report: Report) -> AsyncIterator[None]:
    """Meanwhile somebody asks for who is not there and somebody tries to write."""
    limits = httpx2.Limits(max_keepalive_connections=0)  # so that both workers are asked
    async with httpx2.AsyncClient(base_url=fleet.url, timeout=20, limits=limits) as client:
        tasks = [asyncio.create_task(_again_and_again(ask, client, fleet, report)) for ask in (_ask_for_nobody, _write)]
        yield
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(end) for end in ended} == {asyncio.CancelledError}, ended


async def _again_and_again(ask: Ask, client: httpx2.AsyncClient, fleet: Fleet, report: Report) -> None:
    while True:
        try:
            await ask(client, fleet, report)
        except httpx2.TransportError:
            if not report.is_killing:
                raise
        await asyncio.sleep(ASK_SECONDS)


async def _ask_for_nobody(client: httpx2.AsyncClient, _fleet: Fleet, report: Report) -> None:
    answer = await client.get("/graphql", params={"query": UNKNOWN % f"Nobody-{time.monotonic_ns()}"})
    report.unknown[f"{answer.status_code}, Retry-After {answer.headers.get('retry-after')}"] += 1


async def _write(client: httpx2.AsyncClient, fleet: Fleet, report: Report) -> None:
    began = time.monotonic()
    answer = await create(client, fleet)
    report.slowest_write = max(report.slowest_write, time.monotonic() - began)
    code = answer.json()["errors"][0]["extensions"]["code"] if answer.status_code != 200 else "written"
    report.writes[f"{answer.status_code} {code}"] += 1


async def create(client: httpx2.AsyncClient, fleet: Fleet) -> httpx2.Response:
    wanted = {
        "providerId": f"Made-{time.monotonic_ns()}",
        "name": "Made",
        "app": "GENERIC",
        "ownerEmail": "a@b.example",
    }
    sent: dict[str, Any] = {"query": CREATE, "variables": {"input": wanted}}
    return await client.post("/graphql", json=sent, headers=fleet.headers)


async def go_through(fleet: Fleet, away: AbstractContextManager[object], reads: int) -> Report:
    """One outage: a worker is asked to leave, one is killed, all are rolled, and a whole gateway is started beside."""
    report = Report()
    async with under_load(int(fleet.server.ready["port"]), PAUSE_SECONDS) as load:
        await load.wait_for(100)
        with away:
            async with questions(fleet, report):
                for step in STEPS:
                    await load.wait_for(100)
                    await step(fleet, load, report)
                await load.wait_for(max(100, reads - load.answered - report.reads))
        await come_back(fleet)
        await load.wait_for(100)
    report.add(load)
    return report


async def ask_to_leave(fleet: Fleet, _load: Load, _report: Report) -> None:
    """A worker finishes what it has begun."""
    await end_worker(fleet, signal.SIGTERM)


async def kill(fleet: Fleet, load: Load, report: Report) -> None:
    """A worker finishes nothing, and whoever had asked it asks another."""
    with load.may_be_cut(), report.killing():
        await end_worker(fleet, signal.SIGKILL)
        await load.wait_for_each()  # who was idle then finds its connection closed when it asks next


async def end_worker(fleet: Fleet, number: signal.Signals) -> None:
    """And wait until its successor serves and it is gone."""
    served, worker = fleet.starts, min(workers_of(fleet.server.pid))
    os.kill(worker, number)
    await come_about(lambda: fleet.starts > served, "the worker has a successor that serves")
    await come_about(lambda: worker not in workers_of(fleet.server.pid), "the worker has ended")


async def roll(fleet: Fleet, _load: Load, _report: Report) -> None:
    """All workers are replaced."""
    before = workers_of(fleet.server.pid)
    fleet.server.popen.send_signal(signal.SIGHUP)

    def are_replaced() -> bool:
        now = workers_of(fleet.server.pid)
        return len(now) == WORKERS and not before & now

    await come_about(are_replaced, "all workers have been replaced")


async def start_another(fleet: Fleet, load: Load, report: Report) -> None:
    """A whole gateway beside it, from the command line to its first answers."""
    began = time.monotonic()
    with ExitStack() as stack:
        start = gateway_process(
            "serve", "--port", "0", "--profile", "production", env=fleet.env, timeout_seconds=START_SECONDS
        )
        other = await asyncio.to_thread(stack.enter_context, start)
        report.starts.append(time.monotonic() - began)
        async with under_load(int(other.ready["port"]), PAUSE_SECONDS) as its_load:
            await its_load.wait_for(max(100, load.answered // 10))
        report.add(its_load)
        await asyncio.to_thread(stack.close)


STEPS: Sequence[Step] = [kill, start_another, ask_to_leave, roll][: count(full=4, ci=2)]


async def come_back(fleet: Fleet) -> None:
    """Without a restart: what was written is there, who is not there is told so, and nothing is stale."""
    async with httpx2.AsyncClient(base_url=fleet.url, timeout=20) as client:
        async with asyncio.timeout(30):
            while await is_behind(client):
                await asyncio.sleep(0.05)
        assert (await create(client, fleet)).json() == {"data": {"createTenant": {"__typename": "TenantCreated"}}}


async def is_behind(client: httpx2.AsyncClient) -> bool:
    """Whether a worker that happens to answer still goes by what it knew."""
    for _ in range(8):
        known = await client.get("/graphql", params={"query": UNKNOWN % TENANTS[0]}, headers={"Connection": "close"})
        nobody = await client.get("/graphql", params={"query": UNKNOWN % "Nobody"}, headers={"Connection": "close"})
        if "gateway-stale" in known.headers or "UnknownProvider" not in nobody.text:
            return True
    return False


def check(report: Report, reads: int) -> None:
    assert report.failures == []
    assert report.reads >= reads
    assert report.stale >= reads // 2
    assert set(report.unknown) == {"503, Retry-After 1"}
    assert set(report.writes) == {"503 UNAVAILABLE"}
    assert report.slowest_write <= 2.0


@contextmanager
def stopped(wire: Wire) -> Iterator[None]:
    wire.cut()
    yield
    wire.mend()


@contextmanager
def silent(wire: Wire) -> Iterator[None]:
    wire.block()
    yield
    wire.unblock()


@contextmanager
def slow(wire: Wire) -> Iterator[None]:
    wire.slow(10.0)
    yield
    wire.slow(0.0)


@pytest.mark.proof
@pytest.mark.parametrize("way", [stopped, silent, slow][: count(full=3, ci=1)])
def test_no_config_read_fails_while_postgresql_is_away_and_workers_come_and_go(
    way: Callable[[Wire], AbstractContextManager[object]], postgres_url: str, wire: Wire, tmp_path: Path
) -> None:
    reads = count(full=13_000, ci=500)

    with fleet(wire.url_to(postgres_url), tmp_path) as running:
        report = asyncio.run(go_through(running, way(wire), reads))

    sys.stdout.write(f"PostgreSQL {way.__name__}: {report}\n")
    check(report, reads)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the file for itself alone."""
    holder = subprocess.Popen([sys.executable, "-c", LOCK, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@pytest.mark.proof
def test_no_config_read_fails_of_a_gateway_whose_file_another_program_has_from_the_start(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Nobody can take the file from a gateway that has it open: SQLite lets readers be."""
    reads = count(full=12_000, ci=500)
    path = Path(sqlite_url.removeprefix("sqlite:///"))

    with ExitStack() as lock, fleet(sqlite_url, tmp_path, lambda: lock.enter_context(locked(path))) as running:
        report = asyncio.run(go_through(running, lock, reads))

    sys.stdout.write(f"SQLite locked: {report}\n")
    check(report, reads)
