"""What the caches in front are told, by real sockets: once each, again when all is out, and with patience that ends."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from gateway.edge import purges
from gateway.edge.purges import MOST_KEPT, Purges
from gateway.edge.validators import Validators
from gateway.settings import Secret, Settings
from tenants.feed import ChangeKind
from tenants.keys import KeyRing
from tests.edge.published import change

pytestmark = pytest.mark.anyio

TOKEN = "SECRET-purge-token-0123456789-abcdefghij"
KEYS = KeyRing("a key for tests, 32 characters long")


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """What is logged. To set up the process's own log would silence or move that of tests which come later."""
    with capture_logs() as lines:
        yield lines


class Cache:
    """A server that writes down what it is told, and answers with what it is told to."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.status = 200
        self.port = 0

    @property
    def keys(self) -> list[str]:
        """In their order."""
        return [key for one in self.told for key in one["surrogate-key"].split()]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        self.told.append({"line": head[0]} | {name.lower(): value for name, value in headers.items()})
        if self.status:
            writer.write(f"HTTP/1.1 {self.status} Told\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def listening(cache: Cache) -> AsyncIterator[None]:
    """It is there."""
    server = await asyncio.start_server(cache.answer, "127.0.0.1", cache.port)
    cache.port = server.sockets[0].getsockname()[1]
    async with server:
        yield


@asynccontextmanager
async def purging(*caches: Cache) -> AsyncIterator[Purges]:
    """Somebody who tells them; what is under way is out after a second."""
    urls = tuple(f"http://127.0.0.1:{cache.port}/SECRET-path" for cache in caches)
    settings = Settings(purge_urls=urls, purge_token=Secret(TOKEN), deadline_seconds=-0.5)
    telling = Purges(settings, KEYS, ssl.create_default_context)
    telling.start()
    try:
        yield telling
    finally:
        await telling.close()


async def until(condition: Any, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def key_of(tenant: int) -> str:
    return Validators(KEYS).surrogate_key(tenant).decode()


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("gateway_purges_total", {"result": result}) or 0


@pytest.mark.parametrize("kind", [kind for kind in ChangeKind if kind is not ChangeKind.ACCESS])
async def test_every_cache_hears_at_once_whose_configs_it_is_to_forget_and_once_more_later(kind: ChangeKind) -> None:
    one, other = Cache(), Cache()
    async with listening(one), listening(other), purging(one, other) as telling:
        telling.on_changes([change(tenant=7, kind=kind), change(tenant=7, kind=kind)])
        await until(lambda: one.told and other.told, seconds=0.4)
        await until(lambda: len(one.told) == len(other.told) == 2)
        await asyncio.sleep(0.6)  # as long as a third would take

    assert one.keys == other.keys == [key_of(7)] * 2
    assert one.told[0]["line"] == "PURGE /SECRET-path HTTP/1.1"
    assert one.told[0]["authorization"] == f"Bearer {TOKEN}"


async def test_of_access_no_cache_hears_and_of_what_nobody_knows_it_hears_that_all_may_have_changed() -> None:
    cache = Cache()
    async with listening(cache), purging(cache) as telling:
        telling.on_changes([change(tenant=7, kind=ChangeKind.ACCESS)])
        telling.on_changes(None)
        await until(lambda: cache.told)

    assert cache.keys == ["all"]


async def test_many_changes_are_told_in_few_calls_and_too_many_as_all() -> None:
    cache = Cache()
    async with listening(cache), purging(cache) as telling:
        telling.on_changes([change(tenant=number) for number in range(1, 251)])
        await until(lambda: len(set(cache.keys)) == 250)
        calls = len(cache.told)
        telling.on_changes([change(tenant=number) for number in range(1, MOST_KEPT + 2)])
        await until(lambda: cache.keys[-1] == "all")

    assert calls == 3
    assert max(len(one["surrogate-key"]) for one in cache.told) < 4_000


@pytest.mark.parametrize("status", [503, 403, 0], ids=["503", "403", "hangs up"])
async def test_a_cache_that_does_not_hear_is_told_until_it_does_and_the_log_shows_no_secret(
    lines: list[Any], status: int
) -> None:
    deaf, neighbour = Cache(), Cache()
    deaf.status = status
    async with listening(deaf), listening(neighbour), purging(deaf, neighbour) as telling:
        told = counted("told")
        telling.on_changes([change(tenant=7)])
        await until(lambda: len(deaf.told) >= 3)
        heard_meanwhile = len(neighbour.told)
        deaf.status = 200
        await until(lambda: counted("told") == told + 4)  # both of them, twice each
    log = repr(lines)

    assert heard_meanwhile >= 1
    assert [line["event"] for line in lines] == [
        "a cache does not hear what changed",
        "a cache hears again what changed",
    ]
    assert "SECRET" not in log
    assert key_of(7) not in log


async def test_a_cache_that_is_not_there_is_told_when_it_is_back_and_given_up_in_the_end(
    lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purges, "_PATIENCE_SECONDS", 0.5)
    cache = Cache()
    async with listening(cache):
        pass
    async with purging(cache) as telling:
        given_up = counted("given_up")
        telling.on_changes([change(tenant=7)])
        await until(lambda: counted("given_up") == given_up + 1)
        async with listening(cache):
            telling.on_changes([change(tenant=8)])
            await until(lambda: cache.told)

    assert set(cache.keys) == {key_of(8)}
    assert [line["event"] for line in lines] == [
        "a cache does not hear what changed",
        "a cache was not told what changed",
        "a cache hears again what changed",
    ]
    assert lines[0]["cache"] == f"http://127.0.0.1:{cache.port}"
    assert lines[0]["reason"] == "ConnectError"


async def test_whoever_publishes_waits_for_no_cache_that_is_silent() -> None:
    silent = Cache()
    server = await asyncio.start_server(lambda _reader, writer: held.append(writer), "127.0.0.1", 0)
    held: list[asyncio.StreamWriter] = []
    silent.port = server.sockets[0].getsockname()[1]
    async with server, purging(silent) as telling:
        telling.on_changes([change(tenant=1)])
        await until(lambda: held)
        began = time.perf_counter()
        for number in range(1, 1001):
            telling.on_changes([change(tenant=number)])
        spent = time.perf_counter() - began
        await telling.close()
        held[0].close()

    assert spent < 0.5
