"""The table: on the screen, and in docs/performance.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from bench.servers import find_nginx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
_WORDS = """# Performance

Written by `scripts/bench`, which brings all that is measured but wrk and nginx (Debian: `wrk`, `nginx-light`).
{date:%Y-%m-%d}, commit {commit}. {words}

**A is the unit**: a bare ASGI function under uvicorn, uvloop and httptools that returns bytes from a dict. What a case
is compared to is measured before and after each of its slices, and a ratio is the median of the rounds'. Every server
was first looked at for giving each tenant its own data. Answers have about 1 KB: 20 fields, five help links. The
gateway runs as in production, one worker, on SQLite where nothing else is said. Each server has one core, and wrk
another. `first fetch` and `known document` send each request once; the gateway's own counters say that no stored answer
was given.
"""
_LARGE = 1000
_PACKAGES = ("uvicorn", "uvloop", "httptools", "strawberry-graphql", "tortoise-orm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was measured, beside what it must be."""

    name: str
    value: float
    of: str
    """What the value is a multiple of, or its unit."""
    must: float | None = None
    aim: float | None = None
    is_most: bool = False
    """Whether it must be at most what it must be."""
    rate: float | None = None
    """Answers a second."""
    p50_ms: float | None = None
    p99_ms: float | None = None

    @property
    def is_reached(self) -> bool:
        """What it must be."""
        return self.must is None or self._is_within(self.must)

    @property
    def verdict(self) -> str:
        """In a word."""
        if not self.is_reached:
            return "**missed**"
        if self.aim is not None and self._is_within(self.aim):
            return "aim"
        return "" if self.must is None else "must"

    def bound(self, value: float | None) -> str:
        """In the table."""
        return "" if value is None or isnan(value) else f"{'≤' if self.is_most else '≥'} {value:,g}"

    def _is_within(self, bound: float) -> bool:
        return self.value <= bound if self.is_most else self.value >= bound


def table(lines: Sequence[Line]) -> str:
    """In Markdown."""
    shown = ["| case | measured | must | aim | reached | answers/s | p50 / p99 ms |", "|---|---|---|---|---|---|---|"]
    for line in lines:
        rate = "" if line.rate is None else f"{line.rate:,.0f}"
        times = "" if line.p50_ms is None else f"{line.p50_ms:.3g} / {line.p99_ms:.3g}"
        measured = f"{line.value:,.0f}" if line.value >= _LARGE else f"{line.value:.3g}"
        measured = "not measured" if isnan(line.value) else measured
        bounds = f"{line.bound(line.must)} | {line.bound(line.aim)} | {line.verdict}"
        shown.append(
            f"| {line.name} | {measured} {'' if isnan(line.value) else line.of} | {bounds} | {rate} | {times} |"
        )
    return "\n".join(shown)


def machine(load_before: tuple[float, float, float]) -> str:
    """What it ran on, and how busy that was with other things."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    hardware = f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory} GiB"
    return (
        f"- {hardware}, Linux {platform.release()}; load average before the run {load_before[0]:.1f}\n"
        f"- Python {platform.python_version()}, {packages}, {_nginx_version()}, wrk"
    )


def write_page(lines: Sequence[Line], notes: Sequence[str], words: str, where: str) -> None:
    """The whole page anew."""
    PAGE.write_text("\n".join(_page(lines, notes, words, where)) + "\n", "utf-8")


def _page(lines: Sequence[Line], notes: Sequence[str], words: str, where: str) -> Iterator[str]:
    yield _WORDS.format(date=datetime.now(UTC), commit=_commit(), words=words)
    yield where
    yield ""
    yield table(lines)
    if notes:
        yield ""
        yield from (f"- {note}" for note in notes)


def _commit() -> str:
    hashed = _run("git", "rev-parse", "--short=12", "HEAD") or "unknown"
    is_clean = not _run("git", "status", "--porcelain", "--untracked-files=no")
    return hashed if is_clean else f"{hashed}, with changes that are not committed"


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _nginx_version() -> str:
    program = find_nginx()
    if program is None:
        return "no nginx"
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return told.strip().rpartition(" ")[2].replace("/", " ")
