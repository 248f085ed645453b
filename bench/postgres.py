"""A PostgreSQL of the run's own, durable as it comes, from the machine's binaries; it tells what it was sent."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from bench.load import cores, pinned
from bench.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS, _FLUSHED_SECONDS = 30.0, 0.5
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that is there."""

    url: str
    log: Path

    @contextmanager
    def logging(self) -> Iterator[list[str]]:
        """Collects the statements that are sent meanwhile."""
        found = list[str]()
        self._set("all")
        begin = self.log.stat().st_size
        try:
            yield found
        finally:
            time.sleep(_FLUSHED_SECONDS)
            end = self.log.stat().st_size
            self._set("none")
        found += _STATEMENT.findall(self.log.read_bytes()[begin:end].decode())

    def copy(self, name: str) -> str:
        """Another database with the same in it, while nobody is connected; its URL."""
        template = self.url.rpartition("/")
        other = f"{template[0]}/template1"
        asyncio.run(_execute(other, f"CREATE DATABASE {name} TEMPLATE {template[2]}"))
        return f"{template[0]}/{name}"

    def _set(self, what: str) -> None:
        """For sessions that are there too, as soon as they have read it."""
        asyncio.run(_execute(self.url, f"ALTER SYSTEM SET log_statement = '{what}'", "SELECT pg_reload_conf()"))
        time.sleep(_FLUSHED_SECONDS)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def find_binaries() -> Path | None:
    """The newest of the machine's own; None when it has none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def postgres(binaries: Path) -> Iterator[Postgres]:
    """On the servers' core, as what asks it is. Raises RuntimeError when it does not start."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-bench-postgres-"))
    user = _unprivileged_user()
    if user:
        shutil.chown(folder, user)
    data, port, log = folder / "data", free_port(), folder / "log"
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "gateway", "-A", "trust", "-E", "UTF8", "--no-locale"]
    subprocess.run(initdb, user=user, cwd=folder, check=True, capture_output=True)
    options = [f"-cport={port}", "-clisten_addresses=127.0.0.1", f"-cunix_socket_directories={folder}"]
    with log.open("wb") as out:
        command = pinned(cores()[0], [str(binaries / "postgres"), "-D", str(data), *options])
        server = subprocess.Popen(command, user=user, cwd=folder, stdout=out, stderr=out)
    try:
        _wait(server, binaries, port, log)
        yield Postgres(f"postgresql://gateway@127.0.0.1:{port}/postgres", log)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], binaries: Path, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    ready = [str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
    while subprocess.run(ready, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL does not start: {log.read_text(errors='replace')[-1000:]}")
        time.sleep(0.05)


def _unprivileged_user() -> str | None:
    """Whom to run it as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
