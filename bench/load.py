"""Slices of load by wrk: one thread, 32 connections that are kept, the next request as soon as one is answered."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECTIONS = 32
_LONGEST_SECONDS = 10
_SCRIPT = Path(__file__).with_name("lua") / "requests.lua"


class BadAnswerError(Exception):
    """A server does not answer as it must: what it would be measured at means nothing."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice showed."""

    requests: int
    rate: float
    """Answers a second."""
    p50_ms: float
    p99_ms: float


def cores() -> tuple[int, int]:
    """Where servers run and where the load is made: two different ones where there are two."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """The same command on one core."""
    return [shutil.which("taskset") or "taskset", "--cpu-list", str(core), *command]


def write_requests(file: Path, requests: Sequence[bytes]) -> None:
    """For the script, which tells them apart by the zero bytes."""
    file.write_bytes(b"".join(request + b"\0" for request in requests))


def run(
    port: int,
    requests: Path,
    seconds: float,
    *,
    seed: int = 1,
    start: int | None = None,
    is_strict: bool = True,
    connections: int = CONNECTIONS,
    is_pinned: bool = True,
) -> Slice:
    """One slice, of requests at random or in their order from `start` on.

    Raises BadAnswerError when a request failed or was refused, where that matters.
    """
    told = _wrk(port, requests, seconds, seed, start, connections, is_pinned=is_pinned)
    if not told["requests"] and seconds < _LONGEST_SECONDS:  # an answer takes longer than the slice
        return run(
            port,
            requests,
            seconds * 4,
            seed=seed,
            start=None if start is None else start + connections,
            is_strict=is_strict,
            connections=connections,
            is_pinned=is_pinned,
        )
    if (is_strict and (told["failed"] or told["refused"])) or not told["requests"]:
        raise BadAnswerError(f"Of {told['requests']} requests {told['failed']} failed, {told['refused']} were refused.")
    return Slice(
        told["requests"], told["requests"] / told["microseconds"] * 1e6, told["p50"] / 1000, told["p99"] / 1000
    )


def _wrk(
    port: int,
    requests: Path,
    seconds: float,
    seed: int,
    start: int | None,
    connections: int,
    *,
    is_pinned: bool,
) -> dict[str, int]:
    """What the script tells at the end."""
    command = [
        shutil.which("wrk") or "wrk", "--threads", "1", "--connections", str(connections), "--timeout", "30s",
        "--duration", f"{round(seconds)}s", "--script", str(_SCRIPT), f"http://127.0.0.1:{port}",
    ]  # fmt: skip
    env = {**os.environ, "BENCH_REQUESTS": str(requests), "BENCH_SEED": str(seed)}
    if start is not None:
        env["BENCH_START"] = str(start)
    placed = pinned(cores()[1], command) if is_pinned else command
    done = subprocess.run(placed, env=env, capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = re.search(r"^BENCH (\{.*\})$", done.stdout, re.MULTILINE)
    if found is None:
        raise BadAnswerError(f"wrk: {done.stdout[-300:]}{done.stderr[-300:]}")
    told: dict[str, int] = json.loads(found[1])
    return told


def ask(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request as it is sent under load: status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    connection.sock.sendall(request)
    method = request.split(b" ", 1)[0].decode()
    answer = http.client.HTTPResponse(connection.sock, method=method)
    answer.begin()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
