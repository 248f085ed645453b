"""One lane's trouble is its own: who is refused, and when."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.upstream.client import Fault, OutboundAnswer, OutboundError, Upstream
from gateway.upstream.watch import Watch
from tests.upstream.conftest import SHORT, Client, request
from tests.upstream.raw_server import OK, RawServer, answering, hanging

if TYPE_CHECKING:
    from collections.abc import Callable

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


async def test_the_twenty_first_call_of_a_lane_is_refused_and_its_neighbours_is_not(
    client: Client, serve: Serve
) -> None:
    hung, good, upstream = serve(hanging(b"")), serve(answering(OK)), client.hurried()

    waiting = [asyncio.create_task(outcome(upstream, A, hung.url())) for _ in range(21)]
    await asyncio.sleep(0.2)

    assert await outcome(upstream, A, good.url()) is Fault.BUSY
    assert await outcome(upstream, B, good.url()) == 200
    assert sorted(str(one) for one in await asyncio.gather(*waiting)) == ["Fault.BUSY"] + ["Fault.TIME"] * 20


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
    hung, good, upstream = serve(hanging(b"")), serve(answering(OK)), client.hurried()
    waiting = [asyncio.create_task(outcome(upstream, A, hung.url())) for _ in range(19)]
    await asyncio.sleep(0.1)
    more = [asyncio.create_task(outcome(upstream, A, hung.url())) for _ in range(30)]
    for call in waiting:
        call.cancel()
    await asyncio.gather(*waiting, *more, return_exceptions=True)

    assert await outcome(upstream, A, good.url()) == 200


async def test_a_watched_call_is_let_through_to_see_what_is_wrong(client: Client, serve: Serve) -> None:
    failing = serve(answering(FAILING))
    for _ in range(20):
        await outcome(client.upstream, A, failing.url())

    assert await outcome(client.upstream, A, failing.url()) is Fault.BUSY
    assert await outcome(client.upstream, A, failing.url(), watch=Watch()) == 503


async def test_watched_calls_have_room_of_their_own_and_no_more(client: Client, serve: Serve) -> None:
    hung, good, upstream = serve(hanging(b"")), serve(answering(OK)), client.hurried()
    waiting = [asyncio.create_task(outcome(upstream, A, hung.url())) for _ in range(20)]
    await asyncio.sleep(0.1)

    assert await outcome(upstream, A, good.url(), watch=Watch()) == 200

    watched = [asyncio.create_task(outcome(upstream, A, hung.url(), watch=Watch())) for _ in range(21)]
    assert str(Fault.BUSY) in [str(one) for one in await asyncio.gather(*watched)]
    await asyncio.gather(*waiting)


def test_hurried_calls_are_hurried() -> None:
    assert SHORT.total_seconds < 1
