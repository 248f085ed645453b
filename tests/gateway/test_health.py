"""When the database is away or busy: bounded answers, and recovery without a restart."""

from __future__ import annotations

import asyncio
import fcntl
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.conftest import SAVE_HELP, Ask
from tests.tokens import make_admin_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

QUERY = {"query": '{ softphoneConfig(providerId: "Nobody", app: GENERIC) { __typename } }'}


def test_a_process_that_answers_is_alive_and_ready(client: TestClient) -> None:
    alive, ready = client.get("/livez"), client.get("/readyz")

    assert (alive.status_code, alive.text) == (200, "alive\n")
    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert alive.headers["cache-control"] == ready.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_read_and_never_written(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


class Wire:
    """A way to PostgreSQL that can be cut, or left open with nothing coming through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers = set[asyncio.StreamWriter]()
        self._loop = asyncio.new_event_loop()
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._delay_seconds = 0.0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def url_to(self, url: str) -> str:
        """The same database, by this wire."""
        parts = urlsplit(url)
        user = f"{parts.username}:{parts.password}" if parts.password else str(parts.username)
        return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{self.port}"))

    def _run(self, work: object) -> asyncio.Server:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)  # at once: it may be cut while the other end is being reached
        there, out = await asyncio.open_connection(*self._target)
        self._writers.add(out)
        if writer.transport.is_closing():
            out.transport.abort()
        with suppress(asyncio.CancelledError):  # by `close`; the library would log it
            await asyncio.gather(self._pipe(reader, out), self._pipe(there, writer, is_answer=True))

    async def _pipe(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        try:
            while data := await reader.read(65_536):
                if is_answer and self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                await self._is_open.wait()
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        """Every connection ends, and no new one is taken: the server has stopped."""
        self._run(self._cut())

    async def _cut(self) -> None:
        await self._take_no_more()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _take_no_more(self) -> None:
        """A server that is closed while it takes a connection leaves that open for ever, and forgets it."""
        while any("_accept_connection2" in repr(task) for task in asyncio.all_tasks()):
            await asyncio.sleep(0)
        self._server.close()
        for _ in range(3):  # until those that were taken are served, and so among those that are ended
            await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._take_no_more()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._cut()
        await asyncio.sleep(0)

    def mend(self) -> None:
        """The server is back."""
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", self.port))

    def block(self) -> None:
        """Connections stay and nothing comes through: the network swallows it."""
        self._loop.call_soon_threadsafe(self._is_open.clear)

    def unblock(self) -> None:
        """It comes through again."""
        self._loop.call_soon_threadsafe(self._is_open.set)

    def slow(self, seconds: float) -> None:
        """Each answer of the server takes so much longer, until this is 0 again."""
        self._delay_seconds = seconds

    def close(self) -> None:
        """For good, and nothing is left half open for some later test to be blamed for."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    """A way to the server."""
    parts = urlsplit(postgres_url)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
    try:
        yield wire
    finally:
        wire.close()


@pytest.fixture
def remote(wire: Wire, postgres_url: str) -> Iterator[TestClient]:
    """The application with its database at the end of the wire; what is stored would be answered without it."""
    settings = Settings(
        database_url=wire.url_to(postgres_url),
        deadline_seconds=2,
        secret_key=Secret("a key for tests, 32 characters long"),
        cache_bytes=0,
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def ask_in_time(client: TestClient, path: str, seconds: float) -> httpx2.Response:
    started = time.monotonic()
    answer = client.post(path, json=QUERY) if path == "/graphql" else client.get(path)
    assert time.monotonic() - started < seconds
    return answer


def test_without_its_database_the_gateway_is_alive_and_not_ready_and_comes_back(remote: TestClient, wire: Wire) -> None:
    assert remote.post("/graphql", json=QUERY).json() == {
        "data": {"softphoneConfig": {"__typename": "UnknownProvider"}}
    }

    wire.cut()
    away = {path: ask_in_time(remote, path, 7) for path in ("/livez", "/readyz", "/graphql", "/metrics")}
    wire.mend()
    back = {path: ask_in_time(remote, path, 7).status_code for path in ("/livez", "/readyz", "/graphql")}

    assert {path: answer.status_code for path, answer in away.items()} == {
        "/livez": 200, "/readyz": 503, "/graphql": 503, "/metrics": 401,
    }  # fmt: skip
    assert away["/graphql"].json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert away["/graphql"].headers["retry-after"] == away["/readyz"].headers["retry-after"] == "1"
    assert back == {"/livez": 200, "/readyz": 200, "/graphql": 200}


@pytest.mark.slow
def test_a_database_that_swallows_everything_is_given_up_in_time(remote: TestClient, wire: Wire) -> None:
    assert remote.get("/readyz").status_code == 200

    wire.block()
    away = {path: ask_in_time(remote, path, 7) for path in ("/livez", "/graphql", "/readyz")}
    wire.unblock()
    back = {path: ask_in_time(remote, path, 7).status_code for path in ("/livez", "/readyz", "/graphql")}

    assert {path: answer.status_code for path, answer in away.items()} == {
        "/livez": 200,
        "/graphql": 503,
        "/readyz": 503,
    }
    assert away["/graphql"].json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert back == {"/livez": 200, "/readyz": 200, "/graphql": 200}


def test_a_credential_is_not_refused_because_the_database_is_away(remote: TestClient, wire: Wire) -> None:
    assert remote.portal is not None
    token = remote.portal.call(make_admin_token, "admin")

    wire.cut()
    answer = remote.post("/graphql", json=QUERY, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 503


@contextmanager
def held(url: str) -> Iterator[None]:
    """Somebody else is writing: the lock beside the SQLite file, or the rows of PostgreSQL, are taken."""
    if url.startswith("sqlite:"):
        with Path(f"{url.removeprefix('sqlite:///')}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    release, is_held = threading.Event(), threading.Event()
    holder = threading.Thread(target=lambda: asyncio.run(hold_rows(url, is_held, release)))
    holder.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        release.set()
        holder.join(10)


async def hold_rows(url: str, is_held: threading.Event, release: threading.Event) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    async with connection.transaction():
        await connection.execute("LOCK TABLE draft, tenant IN EXCLUSIVE MODE")
        is_held.set()
        await asyncio.to_thread(release.wait, 20)
    await connection.close()


@pytest.fixture
def hurried(settings: Settings) -> Iterator[Ask]:
    """An application that gives an operation one second."""
    with TestClient(create_app(replace(settings, deadline_seconds=1.0)), raise_server_exceptions=False) as client:
        yield Ask(client)


def test_an_operation_that_takes_too_long_is_stopped_and_leaves_nothing_behind(hurried: Ask, database_url: str) -> None:
    tenant = hurried.create("SlowTel")
    save = {"input": {"tenantId": tenant, "expectedVersion": 1, "help": {"menuTitle": "Slow"}}}
    owner = hurried.staff.headers("admin")

    started = time.monotonic()
    with held(database_url):
        answers = [
            hurried.client.post("/graphql", json={"query": SAVE_HELP, "variables": save}, headers=owner)
            for _ in range(3)
        ]
        seconds = time.monotonic() - started
        read = hurried.client.post("/graphql", json=QUERY)

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert {answer.json()["errors"][0]["extensions"]["code"] for answer in answers} == {"UNAVAILABLE"}
    assert seconds < 6
    assert read.status_code == 200
    assert hurried.version(tenant) == 1
    assert hurried(SAVE_HELP, save)["__typename"] == "DraftSaved"
