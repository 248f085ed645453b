"""One lane's trouble is its own: who is refused, and when."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.upstream.client import Fault, OutboundAnswer, OutboundError, Upstream
from gateway.upstream.watch import Watch
from tests.upstream.conftest import Client, request
from tests.upstream.raw_server import OK, RawServer, answering, hanging

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Serve = Callable[..., RawServer]

pytestmark = pytest.mark.anyio

A, B = 1, 2
FAILING = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
REFUSING = b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"


async def outcome(upstream: Upstream, lane: int, url: str, *, watch: Watch | None = None) -> int | Fault:
    """A status, or what went wrong."""
    try:
        answer: OutboundAnswer = await upstream.call(lane, request(url), watch=watch)
    except OutboundError as error:
        return error.fault
    return answer.status


@asynccontextmanager
async def waiting(upstream: Upstream, server: RawServer, count: int, watch: Watch | None = None) -> AsyncIterator[None]:
    """So many calls of lane A wait for a server that hangs, while the context is open."""
    calls = [asyncio.create_task(outcome(upstream, A, server.url(), watch=watch)) for _ in range(count)]
    while len(server.heads) < count:
        await asyncio.sleep(0.01)
    yield
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_the_twenty_first_call_of_a_lane_is_refused_and_its_neighbours_is_not(
    client: Client, serve: Serve
) -> None:
    good = serve(answering(OK))

    async with waiting(client.upstream, serve(hanging(b"")), 20):
        refused = await outcome(client.upstream, A, good.url())
        neighbours = await outcome(client.upstream, B, good.url())

    assert (refused, neighbours) == (Fault.BUSY, 200)
    assert await outcome(client.upstream, A, good.url()) == 200


async def test_a_server_whose_calls_fail_is_left_alone(client: Client, serve: Serve) -> None:
    failing, good = serve(answering(FAILING)), serve(answering(OK))

    outcomes = [await outcome(client.upstream, A, failing.url()) for _ in range(21)]

    assert outcomes == [503] * 20 + [Fault.BUSY]
    assert await outcome(client.upstream, B, good.url()) == 200
    assert len(failing.heads) == 20


async def test_a_server_that_cannot_be_reached_is_left_alone(client: Client, serve: Serve) -> None:
    outcomes = [await outcome(client.upstream, A, "https://unknown.acme.example/p") for _ in range(21)]

    assert outcomes == [Fault.DNS] * 20 + [Fault.BUSY]


async def test_refusals_are_no_failures(client: Client, serve: Serve) -> None:
    server = serve(answering(REFUSING))

    assert [await outcome(client.upstream, A, server.url()) for _ in range(25)] == [403] * 25


async def test_calls_refused_for_want_of_room_are_no_failures(client: Client, serve: Serve) -> None:
    good = serve(answering(OK))

    async with waiting(client.upstream, serve(hanging(b"")), 20):
        refused = {await outcome(client.upstream, A, good.url()) for _ in range(25)}

    assert refused == {Fault.BUSY}
    assert await outcome(client.upstream, A, good.url()) == 200


async def test_a_watched_call_is_let_through_to_see_what_is_wrong(client: Client, serve: Serve) -> None:
    failing = serve(answering(FAILING))
    for _ in range(20):
        await outcome(client.upstream, A, failing.url())

    assert await outcome(client.upstream, A, failing.url()) is Fault.BUSY
    assert await outcome(client.upstream, A, failing.url(), watch=Watch()) == 503


async def test_watched_calls_have_room_of_their_own_and_no_more(client: Client, serve: Serve) -> None:
    good = serve(answering(OK))

    async with waiting(client.upstream, serve(hanging(b"")), 20):
        watched = await outcome(client.upstream, A, good.url(), watch=Watch())
    async with waiting(client.upstream, serve(hanging(b"")), 20, Watch()):
        one_more = await outcome(client.upstream, A, good.url(), watch=Watch())

    assert (watched, one_more) == (200, Fault.BUSY)
