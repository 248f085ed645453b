"""`scripts/bench`: brings up what is measured, measures it in turns, prints the table and writes the page."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cases, load, report, servers
from bench.configs import MANY, TENANTS, Configs
from bench.figures import measure_start
from bench.growth import measure_growth
from bench.load import BadAnswerError
from bench.many import multiply
from bench.measuring import say
from bench.portal import measure_portal
from bench.report import Line
from bench.two_workers import measure_workers
from bench.writers import measure_writers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NOTES = [
    " ".join(note.split())
    for note in """
        Many tenants are made by SQL from those that were imported. Each is asked for four times, and while they are
        measured no answer has to be made. What one takes is how much more is resident than with 1,000, divided by how
        many more they are. In it is what is bounded however many there are: configs for other questions, 8 MiB; for
        times without a database, 16 MiB.

        How many tenants a second an import must take (2,000, aim 10,000) is due with bulk import.

        `bare Tortoise` is a process of its own that sends the same statements from 16 tasks: nothing over HTTP, no
        document, no rule, no signature. A pair of writes counts as one answer.

        The portal is asked over 8 connections. Its SELECTs are those that PostgreSQL logs for one page and that read
        rows; who is signed in is among them.
    """.split("\n\n")
]


def main() -> int:
    """1 when the gateway misses what it must reach."""
    asked = _parser().parse_args()
    missing = [name for name in ("wrk", "taskset") if shutil.which(name) is None]
    if missing:
        print(f"bench: {', '.join(missing)} cannot be found (Debian packages wrk, util-linux).", file=sys.stderr)
        return 2
    busy = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        lines, notes = _measure(Path(name), asked)
    words = f"{TENANTS:,} tenants in random order, {load.CONNECTIONS} connections, "
    words += f"{asked.rounds} rounds, {asked.seconds:g} s a slice."
    where = report.machine(busy)
    print("", words, where, "", report.table(lines), "", *notes, sep="\n")
    if asked.write:
        report.write_page(lines, notes, words, where)
    return 0 if all(line.is_reached for line in lines) else 1


def _measure(folder: Path, asked: argparse.Namespace) -> tuple[Sequence[Line], Sequence[str]]:
    rounds, seconds = asked.rounds, asked.seconds
    say(f"making {TENANTS:,} tenants")
    took = servers.prepare_gateway(TENANTS, folder)
    imported = Line(name=f"import of {TENANTS:,} tenants, published, on SQLite", value=TENANTS / took, of="a second")
    many = folder / "many"
    multiply(folder, MANY, many)
    lines, notes = list[Line](), list[str]()

    def run(name: str, stage: Callable[[], Sequence[Line] | None]) -> None:
        """One that fails takes nothing from the others."""
        try:
            found = stage()
        except (BadAnswerError, RuntimeError, OSError, subprocess.SubprocessError) as error:
            notes.append(f"Left out: {name}, since it failed: {' '.join(str(error).split())[-300:]}")
            say(notes[-1])
            found = [Line(name=name, value=nan, of="", must=nan)]
        if found is None:
            notes.append(f"Left out: {name}, for want of PostgreSQL.")
        lines.extend(found or [])

    def run_configs() -> Sequence[Line]:
        with ExitStack() as stack:
            configs = Configs(folder, many, stack)
            configs.run(rounds, seconds)
        notes.extend(configs.notes)
        return configs.lines

    run("configs", run_configs)
    run("many tenants cached", lambda: measure_growth(many, rounds, seconds))
    run("portal", lambda: measure_portal(folder / "portal", rounds, seconds))
    run("writers", lambda: measure_writers(folder, folder / "writers", rounds, seconds))
    run("start", lambda: measure_start(folder, cases.by_hash(0)))
    run("workers", lambda: measure_workers(folder, rounds, seconds))
    return [*lines, imported], [*notes, *_NOTES]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures the gateway beside its peers.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each case is measured (3)")
    parser.add_argument("--seconds", type=float, default=2, help="how long a slice takes (2)")
    parser.add_argument(
        "--no-page", dest="write", action="store_false", help="print the table, and leave docs/performance.md as it is"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
