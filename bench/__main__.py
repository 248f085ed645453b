"""`scripts/bench`: brings up what is measured, measures it in turns, prints the table and writes the page."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cases, load, report, servers
from bench.configs import MANY, TENANTS, Configs
from bench.figures import measure_start
from bench.growth import measure_growth
from bench.many import multiply
from bench.measuring import say
from bench.report import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

_SOME = 10_000


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
    say(f"making {TENANTS:,} tenants")
    seconds = servers.prepare_gateway(TENANTS, folder)
    imported = Line(name=f"import of {TENANTS:,} tenants on SQLite", value=TENANTS / seconds, of="a second")
    many = folder / "many"
    multiply(folder, MANY, many)
    with ExitStack() as stack:
        configs = Configs(folder, many, stack)
        configs.run(asked.rounds, asked.seconds)
    grown = measure_growth(many, MANY if asked.all else _SOME, asked.rounds, asked.seconds)
    lines = [*configs.lines, *grown, *measure_start(folder, cases.by_hash(0)), imported]
    return lines, configs.notes


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures the gateway beside its peers.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each case is measured (3)")
    parser.add_argument("--seconds", type=float, default=3, help="how long a slice takes (3)")
    parser.add_argument("--all", action="store_true", help=f"{MANY:,} tenants cached, instead of {_SOME:,}")
    parser.add_argument(
        "--no-page", dest="write", action="store_false", help="print the table, and leave docs/performance.md as it is"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
