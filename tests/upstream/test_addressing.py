"""Which server is dialled: every address checked first, the checked one dialled, the peer compared."""

from __future__ import annotations

import asyncio
import socket
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from gateway.upstream import dial
from gateway.upstream.client import Fault, OutboundError, UpstreamLimits
from gateway.upstream.resolver import Absence
from tests.fake_resolver import FakeResolver, Never, Turns
from tests.upstream.conftest import SHORT, Client, request
from tests.upstream.raw_server import HOST, OK, RawServer, answering

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.upstream.addresses import Address

    Serve = Callable[..., RawServer]

pytestmark = pytest.mark.anyio


async def refusal(client: Client, resolver: FakeResolver, url: str) -> OutboundError:
    """How a call ends for which names lead where the resolver says."""
    with pytest.raises(OutboundError) as caught:
        await client.with_(resolver, limits=SHORT).call(1, request(url))
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["127.0.0.1", "10.0.0.1"],
        ["1.1.1.1", "192.168.1.1", "8.8.8.8"],
        ["127.0.0.1", "::ffff:127.0.0.1"],
        ["127.0.0.1", "fd00::1"],
        ["127.0.0.1", "fe80::1%1"],
        ["127.0.0.1", "127.1"],
        ["0.0.0.0"],  # noqa: S104 - is refused
        ["::"],
        ["127.0.0.1", ""],
    ],
)
async def test_one_bad_address_among_good_ones_refuses_the_call(
    client: Client, serve: Serve, answer: list[str]
) -> None:
    server = serve(answering(OK))

    error = await refusal(client, FakeResolver({HOST: answer}), server.url())

    assert error.fault is Fault.ADDRESS
    assert server.heads == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_only_an_admitted_name_may_lead_to_this_machine(client: Client, serve: Serve, address: str) -> None:
    server = serve(answering(OK))
    url = server.url().replace(HOST, "pbx.acme-phones.example")

    error = await refusal(client, FakeResolver({"pbx.acme-phones.example": [address]}), url)

    assert error.fault is Fault.ADDRESS
    assert server.heads == []


async def test_names_below_an_admitted_one_are_admitted(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))

    answer = await client.with_(FakeResolver({HOST: ["127.0.0.1"]})).call(1, request(server.url()))

    assert answer.status == 200


async def test_a_name_that_changes_its_mind_is_checked_each_time(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))
    upstream = client.with_(FakeResolver({HOST: Turns(["127.0.0.1"], ["169.254.169.254"])}))

    first = await upstream.call(1, request(server.url()))
    with pytest.raises(OutboundError) as caught:
        await upstream.call(1, request(server.url()))

    assert first.status == 200
    assert caught.value.fault is Fault.ADDRESS


async def test_the_next_address_is_tried_when_one_does_not_answer(client: Client, serve: Serve) -> None:
    server = serve(answering(OK))
    upstream = client.with_(FakeResolver({HOST: ["127.0.0.2", "::1", "127.0.0.1"]}))

    assert (await upstream.call(1, request(server.url()))).status == 200


async def test_a_dead_address_takes_its_share_of_the_time_only() -> None:
    tried = []

    async def connect(address: Address, port: int) -> socket.socket:
        tried.append(str(address))
        await asyncio.sleep(10)
        raise AssertionError

    began = time.monotonic()
    checked = [ip_address(f"1.1.1.{last}") for last in range(1, 7)]
    with pytest.raises(OutboundError) as caught:
        await dial.dial(checked, 443, until=began + 0.4, connect=connect)

    assert caught.value.fault is Fault.TIME
    assert tried == ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]
    assert 0.35 < time.monotonic() - began < 2


async def test_a_connection_that_leads_to_another_peer_is_closed() -> None:
    ours, theirs = socket.socketpair()
    listening = socket.create_server(("127.0.0.1", 0))
    elsewhere = socket.create_connection(listening.getsockname())

    async def connect(address: Address, port: int) -> socket.socket:
        return elsewhere

    with pytest.raises(OutboundError) as caught:
        await dial.dial([ip_address("1.1.1.1")], 443, until=time.monotonic() + 1, connect=connect)

    assert caught.value.fault is Fault.ADDRESS
    assert elsewhere.fileno() == -1
    for one in (ours, theirs, listening):
        one.close()


@pytest.mark.parametrize("absence", Absence)
async def test_a_name_without_address_is_a_fault_of_the_name(client: Client, absence: Absence) -> None:
    error = await refusal(client, FakeResolver({HOST: absence}), f"https://{HOST}:8443/p")

    assert error.fault is Fault.DNS


async def test_an_empty_list_is_no_address(client: Client) -> None:
    assert (await refusal(client, FakeResolver({HOST: []}), f"https://{HOST}:8443/p")).fault is Fault.DNS


async def test_a_name_server_that_never_answers_ends_in_time(client: Client) -> None:
    began = time.monotonic()

    error = await refusal(client, FakeResolver({HOST: Never()}), f"https://{HOST}:8443/p")

    assert error.fault is Fault.TIME
    assert "name servers" in error.message
    assert time.monotonic() - began < 1.5


async def test_a_closed_port_is_said_to_be_closed(client: Client, serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    error = await refusal(client, FakeResolver({HOST: ["127.0.0.1"]}), f"https://{HOST}:{port}/p")

    assert (error.fault, "nothing listens" in error.message) == (Fault.CONNECTION, True)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/p",
        "https://127.0.0.1/p",
        "https://[::1]/p",
        "https://0x7f000001/p",
        "https://localhost/p",
        f"https://{HOST}:22/p",
        f"https://{HOST}:65536/p",
        f"https://user@{HOST}/p",
        f"https://{HOST}/p q",
        f"https://{HOST}/p%zz",
        f"https://{HOST}\\@evil.example/p",
        "file:///etc/passwd",
        "",
    ],
)
async def test_a_url_outside_the_grammar_is_not_called(client: Client, url: str) -> None:
    resolver = FakeResolver({})

    error = await refusal(client, resolver, url)

    assert error.fault is Fault.URL
    assert resolver.asked == []


def test_the_limits_are_those_that_were_promised() -> None:
    limits = UpstreamLimits()

    assert (limits.connect_seconds, limits.total_seconds, limits.redirects, limits.body_bytes) == (2, 4, 3, 65536)
    assert (limits.lane_calls, limits.all_calls) == (20, 200)
