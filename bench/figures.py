"""What is no rate: how soon a process answers, and what it weighs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench import load
from bench.report import Line
from bench.servers import free_port, gateway_env

_STARTS = 5
_SETTLED_SECONDS = 2.0


def measure_start(folder: Path, request: bytes) -> list[Line]:
    """Start it some times, each time asked as soon as it takes connections; medians."""
    found = [_start(folder, request) for _ in range(_STARTS)]
    seconds, mib = median(seconds for seconds, _ in found), median(mib for _, mib in found)
    return [
        Line(name="process start to first config answered", value=seconds, of="s", must=1.5, aim=0.8, is_most=True),
        Line(name="resident memory of a worker, idle", value=mib, of="MiB", must=110, aim=80, is_most=True),
    ]


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
