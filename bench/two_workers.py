"""Two workers against one, with what costs the servers much and the load little, and with what is stored."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench import cases, load, servers
from bench.configs import TENANTS
from bench.measuring import Case, by_wrk, fill, measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.measuring import Row
    from bench.report import Line

_FREE = 3
"""Cores from which on each worker has its own and so has the load."""


def measure_workers(folder: Path, rounds: int, seconds: float) -> list[Line]:
    """On all cores; the aim is for machines that have enough of them. Raises BadAnswerError."""
    has_room = len(os.sched_getaffinity(0)) >= _FREE
    how = "" if has_room else ", which share their cores with the load"
    stored, never_seen = [cases.by_query(number) for number in range(TENANTS)], [cases.never_seen(0)]
    lines = []
    with ExitStack() as stack:
        ports = [_start(stack, folder, workers) for workers in (1, 2)]
        for name, requests in (
            ("a document never seen before", never_seen),
            ("config, GET with the full query", stored),
        ):
            one, two = _measure(folder, name, ports, requests, how, 1.95 if has_room else None, rounds, seconds)
            lines += [one.line("one worker"), two.line("one worker")]
    return lines


def _start(stack: ExitStack, folder: Path, workers: int) -> int:
    name = f"workers-{workers}"
    settings = {"GATEWAY_WORKERS": str(workers)}
    port, _pid = stack.enter_context(servers.gateway(folder, name, settings, is_pinned=False))
    return port


def _measure(
    folder: Path,
    name: str,
    ports: Sequence[int],
    requests: Sequence[bytes],
    how: str,
    aim: float | None,
    rounds: int,
    seconds: float,
) -> list[Row]:
    file = folder / "requests-of-workers"
    load.write_requests(file, requests)
    for port in ports:
        for _ in ports:  # whichever worker takes a connection, each is asked
            fill(port, requests, folder / "filling")
    one, two = (by_wrk(port, file, is_pinned=False) for port in ports)
    unit = Case(name=f"{name}, one worker, all cores", run=one)
    return measure(unit, [Case(name=f"{name}, two workers{how}", run=two, aim=aim)], rounds, seconds)
