from __future__ import annotations

import asyncio
import mmap
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gateway.edge.answers import Answers
from gateway.edge.cells import Cells
from gateway.edge.keys import Digests
from gateway.jobs.huge_pages import HugePages, join
from tests import make
from tests.edge.published import store
from tests.edge.served import serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIB = 1024 * 1024
SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def mib(name: str) -> float:
    """Of this process: `Rss`, or `AnonHugePages`, which is what of it stands in huge pages."""
    told = re.search(rf"^{name}: +(\d+) kB$", Path("/proc/self/smaps_rollup").read_text("ascii"), re.MULTILINE)
    assert told
    return int(told[1]) / 1024


def can_join() -> bool:
    """Whether this machine's kernel does it when it is asked: what is expected of it, and not whether this runs."""
    release = tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])
    return release >= (6, 1) and SETTING.exists() and "[never]" not in SETTING.read_text("ascii")


def has_joined(before: float) -> bool:
    """Whether a good part of 64 MiB that are new came to stand in huge pages, or rightly none of it."""
    return mib("AnonHugePages") - before > 32 if can_join() else mib("AnonHugePages") <= before


class Region(NamedTuple):
    """64 MiB that no other test had before, all in use."""

    memory: mmap.mmap
    before: float
    """What stood in huge pages without it, in MiB."""


@contextmanager
def in_use() -> Iterator[Region]:
    before = mib("AnonHugePages")
    with mmap.mmap(-1, 64 * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(os.urandom(MIB) * 64)
        yield Region(memory, before)


@pytest.fixture
def region() -> Iterator[Region]:
    with in_use() as region:
        yield region


def test_memory_in_use_is_joined_as_far_as_the_kernel_allows_and_stays_what_it_was(region: Region) -> None:
    was = region.memory[:]

    join()

    assert has_joined(region.before)
    assert region.memory[:] == was


def test_memory_that_is_hardly_used_is_left_alone_also_beside_what_is_in_use() -> None:
    stood = mib("AnonHugePages")
    with mmap.mmap(-1, 1024 * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        for begin in range(0, len(memory), 2 * MIB):
            memory[begin] = 1
        memory[512 * MIB : 576 * MIB] = os.urandom(MIB) * 64
        before = mib("Rss")

        join()

        assert has_joined(stood)
        assert mib("Rss") - before < 32


def test_what_stands_on_the_heap_is_joined() -> None:
    code = f"""
        from gateway.jobs.huge_pages import join
        from tests.gateway.test_huge_pages import has_joined, mib
        before = mib("AnonHugePages")
        kept = [b"x" * 100_000 for _ in range({64 * MIB // 100_000})]
        join()
        assert has_joined(before)
    """

    subprocess.run([sys.executable, "-c", dedent(code)], check=True, timeout=60)


def look_at(weights: Iterable[int]) -> None:
    """What is stored, in MiB, at one look after the other; the last stays."""
    left = [weight * MIB for weight in weights]

    async def run() -> None:
        job = HugePages(lambda: left.pop(0) if len(left) > 1 else left[0], look_seconds=0.05)
        job.start()
        await asyncio.sleep(1.0)
        await job.close()

    asyncio.run(run())


def test_it_is_done_once_sixteen_mebibytes_more_are_stored(region: Region) -> None:
    look_at([15, 15, 17])

    assert has_joined(region.before)


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize("weights", [(15, 15), (15, 0, 15)])
def test_it_is_not_done_before(weights: tuple[int, ...]) -> None:
    before = mib("AnonHugePages")

    look_at(weights)

    assert mib("AnonHugePages") <= before


@pytest.mark.parametrize(("weights", "is_done"), [((35,), False), ((37,), True), ((0, 17), True)])
def test_it_is_done_again_once_as_much_more_is_stored(weights: tuple[int, ...], *, is_done: bool) -> None:
    stored, looks = 20, 0

    def weight() -> int:
        nonlocal looks
        looks += 1
        return stored * MIB

    async def store_until_seen(mebibytes: int) -> None:
        nonlocal stored
        stored, seen = mebibytes, looks + 2  # one looks again once it has done what the last look asked for
        while looks < seen:
            await asyncio.sleep(0.01)

    async def run() -> None:
        job = HugePages(weight, look_seconds=0.05)
        job.start()
        await store_until_seen(20)
        with in_use() as later:
            for mebibytes in weights:
                await store_until_seen(mebibytes)
            assert has_joined(later.before) if is_done else mib("AnonHugePages") <= later.before
        await job.close()

    asyncio.run(run())


def test_a_gateway_does_it_when_it_has_stored_a_lot(migrated_sqlite: Path, tmp_path: Path, region: Region) -> None:
    cells, answers, digests = Cells(), Answers(make.KEYS, {}), Digests(make.KEYS)
    with serving(migrated_sqlite, tmp_path) as served:
        while served.app.cache.weight < 32 * MIB:
            store(served.app.cache, cells, answers, digests, len(cells) + 1)

        wait_until(lambda: has_joined(region.before))
