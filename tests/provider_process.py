"""A gateway process with tenants whose provider is a mock provider's process, and calls of `provision` to it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.servers import RunningProcess, process

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping, Sequence

HOST = "mock.localhost"
DOCUMENT = (Path(__file__).parent.parent / "kit" / "documents" / "Provision.graphql").read_text("utf-8")
NEIGHBOUR = "NeighbourTel"
PASSWORD = "SECRET-1234"
SIP_PASSWORD = "29de?8"
_AT_ONCE = 12


@dataclass(frozen=True)
class Signed:
    """What `provision` answered, and how long it took."""

    result: dict[str, Any] = field(repr=False)
    seconds: float

    @property
    def word(self) -> str:
        """The action, the refusal, the failure, else the type."""
        keys = ("action", "refusal", "failure", "__typename")
        return str(next(self.result[key] for key in keys if key in self.result))


@dataclass(frozen=True)
class RunningMock:
    """A mock provider that listens."""

    process: RunningProcess
    port: int
    authority: Path

    def url(self, door: str | None = None) -> str:
        """The provisioning URL; with a door, that of the host where things go wrong before the call."""
        return f"https://{f'{door}.' if door else ''}{HOST}:{self.port}/provisioning"

    @property
    def wrong_calls(self) -> list[str]:
        """What its log says about calls that were not as documented."""
        return [line for line in self.process.errors.splitlines() if "wrong call" in line]


@contextmanager
def mock_process(folder: Path) -> Iterator[RunningMock]:
    """`gateway mock-provider`; providers that share a folder share their authority."""
    command = [sys.executable, "-m", "gateway", "mock-provider", "--port", "0", "--folder", str(folder)]
    with process(command, env={}, ready=r"https://mock\.localhost:(?P<port>\d+)/") as it:
        yield RunningMock(it, int(it.ready["port"]), folder / "ca.pem")


def gateway_env(database_url: str, authority: Path, *, admitted: str = HOST) -> dict[str, str]:
    """The settings of a gateway that may call the mock provider."""
    return {
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_ADMIT_HOSTS": admitted,
        "GATEWAY_UPSTREAM_CA": str(authority),
        "GATEWAY_SECRET_KEY": "a key for tests, 32 characters long",
    }


def import_tenants(tenants: str, env: Mapping[str, str], folder: Path) -> None:
    """By the command that an operator types."""
    path = folder / "tenants.yaml"
    path.write_text(f"tenants:\n{tenants}", "utf-8")
    command = [sys.executable, "-m", "gateway", "import", str(path), "--publish"]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def tenant(provider_id: str, url: str, method: str = "GET", app: str = "GENERIC") -> str:
    """A tenant of a file for `gateway import`."""
    return (
        f"  - providerId: {provider_id}\n    app: {app}\n    provisioning:\n      isEnabled: true\n"
        f"      url: {url}\n      method: {method}\n      sipDomain: acme.example\n"
    )


async def provision(
    client: httpx2.AsyncClient,
    username: str,
    provider_id: str,
    *,
    reprovision: bool,
    device: str = "3kQs875391li29",
    address: str | None = None,
) -> Signed:
    """What a generic app is answered, behind a trusted proxy with an address of its own; there must be no errors."""
    credentials = {"generic": {"login": f"{username}:{provider_id}", "password": PASSWORD}}
    wanted = {"credentials": credentials, "deviceId": device, "reprovision": reprovision}
    started = time.monotonic()
    headers = {"X-Forwarded-For": address} if address else {}
    answer = await client.post("/graphql", json={"query": DOCUMENT, "variables": {"input": wanted}}, headers=headers)
    seconds = time.monotonic() - started
    read = answer.json()
    assert answer.status_code == 200, (answer.status_code, username, list(read))
    assert "errors" not in read, (username, read["errors"])
    return Signed(read["data"]["provision"], seconds)


def client_of(server: RunningProcess) -> httpx2.AsyncClient:
    """As many connections as are asked for, and longer patience than the gateway may need."""
    limits = httpx2.Limits(max_connections=200)
    return httpx2.AsyncClient(base_url=server.ready[0], timeout=20, limits=limits)


async def gather(calls: Sequence[Coroutine[None, None, Signed]], *, apart_seconds: float = 0.0) -> list[Signed]:
    """All of them, in their order: so many at a time, or each a little later than the one before.

    What is measured is the gateway, not the queue before it: a few calls at a time where they take time to answer, all
    at once where they only wait.
    """
    turn = asyncio.Semaphore(len(calls) if apart_seconds else _AT_ONCE)

    async def in_turn(number: int, call: Coroutine[None, None, Signed]) -> Signed:
        await asyncio.sleep(number * apart_seconds)
        async with turn:
            return await call

    return await asyncio.gather(*(in_turn(number, call) for number, call in enumerate(calls)))


class Memory:
    """The most memory that a process had in use, measured by the kernel."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    async def be_still(self) -> None:
        """Until the process has not grown for two seconds: what it loads in advance is no cost of a request."""
        size, since = 0, time.monotonic()
        while time.monotonic() < since + 2:
            await asyncio.sleep(0.1)
            if self._read("VmRSS") > size:
                size, since = self._read("VmRSS"), time.monotonic()

    def forget(self) -> int:
        """Begin to measure; the bytes in use now."""
        (self._folder / "clear_refs").write_text("5")
        return self._read("VmRSS")

    def peak(self) -> int:
        """The most since then, in bytes."""
        return self._read("VmHWM")

    def _read(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB$", (self._folder / "status").read_text("ascii"), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024
