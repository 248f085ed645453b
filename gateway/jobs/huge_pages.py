"""Memory in huge pages once many answers are stored: the processor then finds the places of each with fewer look-ups.

Nothing else sees a difference. The kernel keeps the last word: one that is told `never`, is older than 6.1 or has no
room at the moment leaves all as it is.
"""

from __future__ import annotations

import asyncio
import ctypes
import re
from contextvars import Context
from itertools import groupby
from mmap import PAGESIZE
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.jobs.supervision import Supervised, end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOK_SECONDS = 2.0
_MORE_BYTES = 16 * 1024 * 1024
"""That must have been stored since the last time: what is joined already costs next to nothing."""
_PAGE_BYTES = 2 * 1024 * 1024
_LEAST_USED = 0.9
"""Of a huge page: what is not in use of it is taken too. Stacks of threads lie among what is stored."""
_COLLAPSE = 25
"""MADV_COLLAPSE, see madvise(2)."""
_SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_REGIONS = Path("/proc/self/maps")
_ANONYMOUS = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 *(?:\[(?:heap|anon:.*)\])?$", re.MULTILINE)


class HugePages:
    """Looks now and then whether what is stored has grown. One object a process."""

    def __init__(self, weight: Callable[[], int], *, look_seconds: float = _LOOK_SECONDS) -> None:
        """`weight` is what is stored, in bytes."""
        self._weight, self._look_seconds = weight, look_seconds
        self._joining = Supervised("huge pages")
        self._joined = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Until it is closed."""
        self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())

    async def close(self) -> None:
        """Wait for its end."""
        await end(self._task)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            weight = self._weight()
            self._joined = min(self._joined, weight)
            if weight - self._joined >= _MORE_BYTES:
                self._joined = weight
                with self._joining:
                    await asyncio.to_thread(join)


def join() -> None:
    """Put what this process has in memory into huge pages, each of which nearly all is in use.

    Takes some milliseconds for each; who touches one meanwhile waits for that one.
    """
    if not _REGIONS.exists() or not _SETTING.exists() or "[never]" in _SETTING.read_text("ascii"):
        return
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    for begin, length in _regions():
        used = ctypes.create_string_buffer(length // PAGESIZE)
        if libc.mincore(begin, length, used) == 0:  # else it is no longer there
            for first, size in _in_use(used.raw):
                libc.madvise(begin + first, size, _COLLAPSE)  # advice: what the kernel makes of it is its own affair


def _regions() -> Iterator[tuple[int, int]]:
    """Address and length of what no file and no other process has a part in, in whole huge pages."""
    for first, last in _ANONYMOUS.findall(_REGIONS.read_text("utf-8", "surrogateescape")):
        begin = -(-int(first, 16) // _PAGE_BYTES) * _PAGE_BYTES
        length = (int(last, 16) - begin) // _PAGE_BYTES * _PAGE_BYTES
        if length > 0:
            yield begin, length


def _in_use(used: bytes) -> Iterator[tuple[int, int]]:
    """Where huge pages begin that are worth joining, and how far they go on; `used` says 1 of each page in use."""
    pages = _PAGE_BYTES // PAGESIZE
    counts = (used.count(1, begin, begin + pages) for begin in range(0, len(used), pages))
    place = 0
    for is_worth, group in groupby(counts, lambda count: count >= pages * _LEAST_USED):
        size = len(list(group)) * _PAGE_BYTES
        if is_worth:
            yield place, size
        place += size
