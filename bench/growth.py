"""What many tenants cost: memory of each whose config is stored, and the rate beside that of few."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import cases, load, servers
from bench.configs import MANY, TENANTS
from bench.figures import resident_mib
from bench.load import BadAnswerError
from bench.measuring import Case, by_wrk, fill, measure, say
from bench.report import Line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SOME = 10_000
_ROOM = 4 * 1024
"""That an answer takes in the cache at most, in bytes."""
_AT_ONCE = 5_000
"""Tenants to a file: wrk reads all of it before it begins."""
_SETTLED_SECONDS = 3.0
_COUNTED_SECONDS = 1.5
"""After which the gateway's counters say what has happened."""


def measure_growth(folder: Path, rounds: int, seconds: float) -> list[Line]:
    """On a database of MANY tenants. Raises BadAnswerError.

    What is bounded, however many tenants there are, is not taken off: it weighs more where there are fewer.
    """
    with servers.gateway(folder, "growth", {"GATEWAY_CACHE_BYTES": str(MANY * _ROOM)}) as (port, pid):
        load.ask(port, cases.registering())
        cases.check(port, cases.by_hash, MANY)
        growth = _Growth(folder, port, pid, rounds, seconds)
        growth.fill(0, TENANTS)
        before = growth.settled_mib()
        lines = list[Line]()
        for tenants, asked in ((_SOME, _ASKED_OF_NOBODY), (MANY, _ASKED)):
            growth.fill(growth.tenants, tenants)
            kib = (growth.settled_mib() - before) * 1024 / (tenants - TENANTS)
            lines.append(growth.measure_rate(asked))
            name = f"memory of a cached tenant, {tenants:,} of them"
            lines.append(Line(name=name, value=kib, of="KiB", must=asked.kib, aim=asked.kib_aim, is_most=True))
        return lines


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the rows must be."""

    ratio: float | None = None
    ratio_aim: float | None = None
    kib: float | None = None
    kib_aim: float | None = None


_ASKED_OF_NOBODY = _Asked()
_ASKED = _Asked(ratio=0.85, ratio_aim=0.95, kib=4, kib_aim=2)


@dataclass(slots=True)
class _Growth:
    """A gateway that has stored the answers of more and more tenants."""

    folder: Path
    port: int
    pid: int
    rounds: int
    seconds: float
    tenants: int = 0

    def fill(self, begin: int, end: int) -> None:
        """With the answers of these."""
        say(f"asking for {end:,} tenants")
        for number in range(begin, end, _AT_ONCE):
            fill(self.port, _requests(number, min(number + _AT_ONCE, end)), self.folder / "filling")
        self.tenants = end

    def settled_mib(self) -> float:
        """Resident, when what was only needed for a moment may be free again."""
        time.sleep(_SETTLED_SECONDS)
        return resident_mib(self.pid)

    def measure_rate(self, asked: _Asked) -> Line:
        """Of all of them beside that of few."""
        few, all_of_them = self.folder / "few", self.folder / "all"
        load.write_requests(few, _requests(0, TENANTS))
        load.write_requests(all_of_them, _requests(0, self.tenants))
        made = self._made()

        def check() -> None:
            if self._made() != made:
                raise BadAnswerError(f"Of {self.tenants:,} answers not all were stored.")

        unit = Case(name=f"{TENANTS:,} of them", run=by_wrk(self.port, few))
        name = f"config, GET with persisted hash, {self.tenants:,} tenants cached"
        run = by_wrk(self.port, all_of_them)
        grown = Case(name=name, run=run, must=asked.ratio, aim=asked.ratio_aim, check=check)
        return measure(unit, [grown], self.rounds, self.seconds)[1].line(f"of {TENANTS:,}")

    def _made(self) -> float:
        """Answers that were not stored before."""
        time.sleep(_COUNTED_SECONDS)
        return servers.made_answers(self.port)


def _requests(begin: int, end: int) -> Sequence[bytes]:
    return [cases.by_hash(number) for number in range(begin, end)]
