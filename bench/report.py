"""The table: on the screen, and in docs/performance.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.servers import find_nginx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.cases import Case
    from bench.load import Slice

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
_WORDS = """# Performance

Written by `scripts/bench`, which brings all that is measured but wrk and nginx (Debian: `wrk`, `nginx-light`).
{date:%Y-%m-%d}, commit {commit}. {words}

**A is the unit**: a bare ASGI function under uvicorn, uvloop and httptools that returns bytes from a dict. It is
measured before and after each slice of each case, and a ratio is the median of the rounds'. Every server was first
looked at for giving each tenant its own data. Answers have about 1 KB: 20 fields, five help links. The gateway runs as
in production, one worker, on SQLite. Each server has one core, and wrk another.
"""
_PACKAGES = ("uvicorn", "uvloop", "httptools", "strawberry-graphql", "tortoise-orm")


@dataclass(frozen=True, slots=True)
class Row:
    """A case with what its slices showed; each with the rate of A around it."""

    case: Case
    slices: Sequence[Slice]
    around: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios to A."""
        return median(one.rate / a for one, a in zip(self.slices, self.around, strict=True))

    @property
    def is_reached(self) -> bool:
        """Whether it is at least what it must be."""
        return self.case.must is None or self.ratio >= self.case.must


def wandering(unit: Row) -> str:
    """How far A's own rate moved: on a quiet machine little."""
    rates = [one.rate for one in unit.slices]
    return f"A's slices were between {min(rates):,.0f} and {max(rates):,.0f} answers a second."


def table(rows: Sequence[Row]) -> str:
    """In Markdown, with the medians."""
    lines = ["| case | ratio to A | must | aim | answers/s | p50 / p99 ms |", "|---|---|---|---|---|---|"]
    for row in rows:
        must, aim = (f"{each:g}" if each is not None else "" for each in (row.case.must, row.case.aim))
        mark = "" if row.is_reached else " **missed**"
        rate = median(one.rate for one in row.slices)
        p50, p99 = (median(getattr(one, name) for one in row.slices) for name in ("p50_ms", "p99_ms"))
        lines.append(
            f"| {row.case.name} | {row.ratio:.3g}{mark} | {must} | {aim} | {rate:,.0f} | {p50:.3g} / {p99:.3g} |"
        )
    return "\n".join(lines)


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


def write_page(rows: Sequence[Row], figures: Sequence[str], left_out: Sequence[str], words: str, where: str) -> None:
    """The whole page anew."""
    PAGE.write_text("\n".join(_page(rows, figures, left_out, words, where)) + "\n", "utf-8")


def _page(
    rows: Sequence[Row], figures: Sequence[str], left_out: Sequence[str], words: str, where: str
) -> Iterator[str]:
    yield _WORDS.format(date=datetime.now(UTC), commit=_commit(), words=words)
    yield where
    yield ""
    yield table(rows)
    if figures:
        yield ""
        yield from (f"- {figure}" for figure in figures)
    if left_out:
        yield ""
        yield "Left out: " + "; ".join(left_out) + "."


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
