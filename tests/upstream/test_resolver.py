"""The real resolver, against a name server of a few lines."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from gateway.upstream.resolver import Absence, DnsResolver, ResolutionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.anyio

A, AAAA = 1, 28
SERVER_FAILED, NO_SUCH_NAME, REFUSED = 2, 3, 5
ADDRESSES = {
    "both.acme.example": ["192.0.2.1", "192.0.2.2", "2001:db8::1"],
    "old.acme.example": ["192.0.2.3"],
    "new.acme.example": ["2001:db8::2"],
    "empty.acme.example": [],
}
CODES = {"failing.acme.example": SERVER_FAILED, "refused.acme.example": REFUSED}


class NameServer:
    """Answers over UDP from the tables above; says nothing about names under `silent.example`."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.asked: list[str] = []

    @contextmanager
    def running(self) -> Iterator[NameServer]:
        thread = threading.Thread(target=self._answer, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._socket.sendto(b"", self._socket.getsockname())
            thread.join()
            self._socket.close()

    def _answer(self) -> None:
        while True:
            question, peer = self._socket.recvfrom(512)
            if not question:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1 : at + 1 + question[at]].decode())
                at += 1 + question[at]
            name, kind = ".".join(labels), int.from_bytes(question[at + 1 : at + 3], "big")
            self.asked.append(name)
            if not name.endswith("silent.example"):
                self._socket.sendto(answer(question[: at + 5], name.lower(), kind), peer)


def answer(question: bytes, name: str, kind: int) -> bytes:
    """A reply to a question that was cut off behind its first record."""
    code = CODES.get(name, 0 if name in ADDRESSES else NO_SUCH_NAME)
    found = [ip_address(text).packed for text in ADDRESSES.get(name, [])]
    records = [packed for packed in found if len(packed) == {A: 4, AAAA: 16}.get(kind)]
    head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(packed)) + packed for packed in records)
    return head + question[12:] + body


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer().running() as server:
        yield server


@pytest.fixture
async def resolver(server: NameServer) -> AsyncIterator[DnsResolver]:
    resolver = DnsResolver((server.place,))
    yield resolver
    await resolver.close()


@pytest.mark.parametrize("name", ["both.acme.example", "old.acme.example", "new.acme.example"])
async def test_all_addresses_of_both_families_are_found(resolver: DnsResolver, name: str) -> None:
    assert sorted(await resolver.resolve(name)) == sorted(ADDRESSES[name])


@pytest.mark.parametrize(
    ("name", "absence"),
    [
        ("missing.acme.example", Absence.UNKNOWN),
        ("empty.acme.example", Absence.UNKNOWN),
        ("failing.acme.example", Absence.FAILED),
        ("refused.acme.example", Absence.FAILED),
    ],
)
async def test_a_name_without_address_is_told_apart(resolver: DnsResolver, name: str, absence: Absence) -> None:
    with pytest.raises(ResolutionError) as caught:
        await resolver.resolve(name)

    assert caught.value.absence is absence


async def test_a_name_is_looked_up_as_it_is_written(
    server: NameServer, resolver: DnsResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALDOMAIN", "corp.example")

    with pytest.raises(ResolutionError):
        await resolver.resolve("missing.acme.example")

    assert {name.lower() for name in server.asked} == {"missing.acme.example"}


async def test_the_machine_itself_is_found_in_both_families(resolver: DnsResolver) -> None:
    assert set(await resolver.resolve("mock.localhost")) <= {"127.0.0.1", "::1"}


async def test_a_name_server_that_says_nothing_is_given_up(resolver: DnsResolver) -> None:
    began = time.monotonic()

    with pytest.raises(ResolutionError) as caught:
        await resolver.resolve("one.silent.example")

    assert caught.value.absence is Absence.UNANSWERED
    assert time.monotonic() - began < 5


async def test_look_ups_that_hang_hinder_no_other_and_hold_no_thread(resolver: DnsResolver) -> None:
    await resolver.resolve("old.acme.example")
    threads = threading.active_count()
    hanging = [asyncio.create_task(resolver.resolve(f"{number}.silent.example")) for number in range(500)]
    await asyncio.sleep(0)
    began = time.monotonic()

    assert await resolver.resolve("both.acme.example")

    assert time.monotonic() - began < 1.5
    assert threading.active_count() == threads
    for task in hanging:
        task.cancel()
    assert {type(one) for one in await asyncio.gather(*hanging, return_exceptions=True)} == {asyncio.CancelledError}


async def test_closing_ends_what_is_under_way(resolver: DnsResolver) -> None:
    hanging = asyncio.create_task(resolver.resolve("two.silent.example"))
    await asyncio.sleep(0.05)

    await resolver.close()

    with pytest.raises(ResolutionError):
        await asyncio.wait_for(hanging, 1)


async def test_it_can_be_used_again_after_closing(resolver: DnsResolver) -> None:
    await resolver.resolve("old.acme.example")
    await resolver.close()

    assert await resolver.resolve("old.acme.example") == ["192.0.2.3"]
