"""Wherever a call is cancelled, its socket is closed at once, and its place is free again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.upstream.conftest import Client, request
from tests.upstream.raw_server import OK, RawServer, answering, hanging, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[..., RawServer]

pytestmark = pytest.mark.anyio


def connections_to(port: int) -> int:
    """How many sockets of this process are connected to a port, told by the kernel."""
    lines = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    found = {f"socket:[{line[9]}]" for line in lines if line[2].endswith(f":{port:04X}")}
    return len(found & set(open_files()))


def open_files() -> Iterator[str]:
    """What this process has open; the servers' threads open and close meanwhile."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(path.readlink())


@pytest.mark.parametrize(
    ("script", "is_secure"),
    [(silent, False), (hanging(b""), True), (hanging(b"HTTP/1.1 200"), True), (hanging(OK[:-1]), True)],
)
async def test_a_call_cancelled_while_the_server_hangs_closes_its_socket(
    client: Client, serve: Serve, script: object, *, is_secure: bool
) -> None:
    server = serve(script) if is_secure else serve(script, None)
    call = asyncio.create_task(client.get(server.url()))
    while not connections_to(server.port):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert connections_to(server.port) == 0


async def test_a_call_cancelled_at_any_step_closes_its_socket(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))
    await client.get(server.url())

    for moment in range(60):
        call = asyncio.create_task(client.get(server.url()))
        for _ in range(min(moment, 20)):
            await asyncio.sleep(0)
        await asyncio.sleep(max(0, moment - 20) / 8000)  # the whole call takes some milliseconds
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        assert connections_to(server.port) == 0

    assert (await client.get(server.url())).status == 200


async def test_cancelled_calls_leave_their_places_and_say_nothing_about_the_server(
    client: Client, serve: Serve
) -> None:
    hung, good = serve(hanging(b"")), serve(answering(OK))
    for _ in range(3):
        calls = [asyncio.create_task(client.upstream.call(1, request(hung.url()))) for _ in range(20)]
        await asyncio.sleep(0.1)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    answers = await asyncio.gather(*(client.upstream.call(1, request(good.url())) for _ in range(20)))

    assert {answer.status for answer in answers} == {200}
