"""What is no rate: how soon a process answers, and what it weighs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import load
from bench.servers import free_port, gateway_env

if TYPE_CHECKING:
    from collections.abc import Callable

_STARTS = 5
_SETTLED_SECONDS = 2.0
MUST_SECONDS, AIM_SECONDS, MUST_MIB, AIM_MIB = 1.5, 0.8, 110, 80


@dataclass(frozen=True, slots=True)
class Start:
    """Medians of some starts."""

    seconds: float
    mib: float

    def __str__(self) -> str:
        """Its line."""
        return (
            f"process start to first config answered: {self.seconds:.2f} s (must {MUST_SECONDS}, aim {AIM_SECONDS}); "
            f"resident memory of a worker then idle: {self.mib:.0f} MiB (must {MUST_MIB}, aim {AIM_MIB})"
        )


def measure_start(folder: Path, request: bytes) -> Start:
    """Start it some times, each time asked as soon as it takes connections."""
    found = [_start(folder, request) for _ in range(_STARTS)]
    return Start(median(seconds for seconds, _ in found), median(mib for _, mib in found))


def measure_memory_a_tenant(port: int, pid: int, tenants: int, make: Callable[[int], bytes]) -> float:
    """KiB that each tenant costs, once asked for: what the process grew by."""
    for number in range(min(50, tenants)):
        load.ask(port, make(number))
    before = resident_mib(pid)
    for number in range(50, tenants):
        load.ask(port, make(number))
    return (resident_mib(pid) - before) * 1024 / max(1, tenants - 50)


def resident_mib(pid: int) -> float:
    """VmRSS."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text("ascii"), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _start(folder: Path, request: bytes) -> tuple[float, float]:
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    started = time.perf_counter()
    with (folder / "start.log").open("wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **gateway_env(folder)}, stdout=log, stderr=log)
    try:
        while not _is_answered(port, request):
            time.sleep(0.005)
        seconds = time.perf_counter() - started
        time.sleep(_SETTLED_SECONDS)
        return seconds, resident_mib(server.pid)
    finally:
        server.terminate()
        server.wait(15)


def _is_answered(port: int, request: bytes) -> bool:
    try:
        return load.ask(port, request)[0] == 200  # noqa: PLR2004 - OK
    except OSError:
        return False
