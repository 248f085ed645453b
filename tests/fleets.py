"""What the kernel says of a gateway with several workers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 90.0
"""A busy machine takes its time to start a process."""


def workers_of(supervisor: int) -> frozenset[int]:
    """The process ids of its workers, those that start or end included."""
    children = map(int, Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text("ascii").split())
    return frozenset(pid for pid in children if b"--multiprocessing-fork" in command_of(pid))


def command_of(pid: int) -> bytes:
    """Its command line; nothing when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def ports_of(pid: int) -> frozenset[int]:
    """The clients' ports of the TCP connections that a process has open."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    lines = Path(f"/proc/{pid}/net/tcp").read_text("ascii").splitlines()[1:]
    fields = [line.split() for line in lines]
    return frozenset(int(each[2].rpartition(":")[2], 16) for each in fields if f"socket:[{each[9]}]" in sockets)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Looks until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


async def come_about(is_so: Callable[[], bool], what: str) -> None:
    """The same while other tasks run."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)
