"""Measures cases in turns with what they are compared to."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from math import nan
from statistics import median
from typing import TYPE_CHECKING

from bench import load
from bench.load import BadAnswerError
from bench.report import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.load import Slice


_AT_ONCE = 1_000
_TIMES = 4
_WARM_SECONDS = 2


@dataclass(slots=True)
class Walk:
    """Requests that are sent once each, in their order."""

    count: int
    next: int = 0

    def take(self, sent: int) -> None:
        """Raises BadAnswerError when there were not enough: some were sent twice."""
        self.next += sent + 4 * load.CONNECTIONS  # those under way at the end, also of a slice that was too short
        if self.next > self.count:
            raise BadAnswerError(f"{self.count:,} requests were not enough to send each once: make slices shorter.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the table."""

    name: str
    run: Callable[[float], Slice]
    """A slice of so many seconds."""
    must: float | None = None
    """The least ratio to what it is compared to."""
    aim: float | None = None
    check: Callable[[], None] | None = None
    """Afterwards: whether it was what its name says. Raises BadAnswerError."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case with what its slices showed; each with the rate of the unit around it."""

    case: Case
    slices: list[Slice] = field(default_factory=list)
    around: list[float] = field(default_factory=list)

    def note(self, found: Slice, around: float) -> None:
        """One more."""
        self.slices.append(found)
        self.around.append(around)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios to the unit; not a number when there was none."""
        if not self.slices:
            return nan
        return median(one.rate / unit for one, unit in zip(self.slices, self.around, strict=True))

    def line(self, of: str) -> Line:
        """Of the table; `of` is what the unit is called."""
        if not self.slices:
            return Line(name=self.case.name, value=nan, of=of, must=self.case.must, aim=self.case.aim)
        return Line(
            name=self.case.name,
            value=self.ratio,
            of=of,
            must=self.case.must,
            aim=self.case.aim,
            rate=median(one.rate for one in self.slices),
            p50_ms=median(one.p50_ms for one in self.slices),
            p99_ms=median(one.p99_ms for one in self.slices),
        )


def by_wrk(
    port: int, file: Path, walk: Walk | None = None, *, connections: int = load.CONNECTIONS, is_pinned: bool = True
) -> Callable[[float], Slice]:
    """A case's `run`: requests from a file, at random or each once."""

    def run(seconds: float) -> Slice:
        if walk is None:
            seed = random.randrange(2**31)
            return load.run(port, file, seconds, seed=seed, connections=connections, is_pinned=is_pinned)
        found = load.run(port, file, seconds, start=walk.next)
        walk.take(found.requests)
        return found

    return run


def fill(port: int, requests: Sequence[bytes], file: Path) -> None:
    """Ask each four times, a few at a time: the cache proves what is asked again, and then knows it by its bytes."""
    parts = [requests[begin : begin + _AT_ONCE] for begin in range(0, len(requests), _AT_ONCE)]
    load.write_requests(file, [request for part in parts for request in (*part,) * _TIMES])
    sent = 0
    while sent < _TIMES * len(requests):
        sent += load.run(port, file, 2, start=sent, is_strict=False).requests


def measure(unit: Case, others: Sequence[Case], rounds: int, seconds: float) -> list[Row]:
    """Every case in every round, between two slices of the unit."""
    rows = [Row(case) for case in (unit, *others)]
    for row in rows:  # what is compiled, cached or loaded at the first request is so before it is measured
        _try(row.case, _WARM_SECONDS)
    for number in range(rounds):
        before = unit.run(seconds)
        for row in rows[1:]:
            found = _try(row.case, seconds)
            if found is None:
                continue
            after = unit.run(seconds)
            around = (before.rate + after.rate) / 2
            row.note(found, around)
            rows[0].note(after, after.rate)
            say(f"round {number + 1}: {row.case.name}: {found.rate:,.0f}/s, {found.rate / around:.3g}")
            before = after
    for row in rows:
        if not _is_sound(row.case):
            row.slices.clear()
    return rows


def _try(case: Case, seconds: float) -> Slice | None:
    """A slice; None when it failed, which is said, and is no reason to lose what others show."""
    try:
        return case.run(seconds)
    except BadAnswerError as error:
        say(f"{case.name}: {error}")
        return None


def _is_sound(case: Case) -> bool:
    """Whether it was what its name says; why not is said."""
    try:
        if case.check is not None:
            case.check()
    except BadAnswerError as error:
        say(f"{case.name}: {error}")
        return False
    return True


def say(words: str) -> None:
    """To whoever waits."""
    print(words, file=sys.stderr, flush=True)
