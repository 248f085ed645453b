"""`scripts/bench`: brings up what is measured, measures it in turns, prints the table and writes the page."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cases, load, report, servers
from bench.cases import Case
from bench.figures import measure_memory_a_tenant, measure_start
from bench.report import Row
from bench.tenants import provider_id
from gateway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.load import Slice

_A = "A: bytes from a dict"
_HAS_CACHE = any(field.name == "cache_bytes" for field in fields(Settings))


def main() -> int:
    """1 when the gateway misses what it must reach."""
    asked = _parser().parse_args()
    missing = [name for name in ("wrk", "taskset") if shutil.which(name) is None]
    if missing:
        print(f"bench: {', '.join(missing)} cannot be found (Debian packages wrk, util-linux).", file=sys.stderr)
        return 2
    busy = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name, ExitStack() as stack:
        fleet = Fleet(Path(name), asked.tenants, stack)
        fleet.start()
        rows = measure(fleet.cases, asked.rounds, asked.seconds)
        figures = fleet.figures()
    words = f"{asked.tenants:,} tenants in random order, {load.CONNECTIONS} connections, "
    words += f"{asked.rounds} rounds, {asked.seconds:g} s a slice. {report.wandering(rows[0])}"
    where = report.machine(busy)
    print("", words, where, "", report.table(rows), *figures, *(f"Left out: {one}" for one in fleet.left_out), sep="\n")
    if asked.write:
        report.write_page(rows, figures, fleet.left_out, words, where)
    return 0 if all(row.is_reached for row in rows) else 1


class Fleet:
    """All that is measured, up at the same time; each waits while another is asked."""

    def __init__(self, folder: Path, tenants: int, stack: ExitStack) -> None:
        self.cases: list[Case] = []
        self.left_out: list[str] = []
        self._folder, self._tenants, self._stack = folder, tenants, stack
        self._pid = self._port = 0
        self._memory_a_tenant: float | None = None

    def start(self) -> None:
        """Raises BadAnswerError when one of them does not give each tenant its own data."""
        _say(f"making {self._tenants:,} tenants")
        servers.prepare_gateway(self._tenants, self._folder)
        self._port, self._pid = self._stack.enter_context(servers.gateway(self._folder, "gateway", {}))
        load.ask(self._port, cases.registering())
        if _HAS_CACHE:
            self._memory_a_tenant = measure_memory_a_tenant(self._port, self._pid, self._tenants, cases.by_hash)
        answers = self._save_answers()
        self._add(_A, self._stack.enter_context(servers.baseline(answers, self._folder)), cases.static)
        self._add_peers(answers)
        self._add_gateway()

    def figures(self) -> list[str]:
        """What is no rate."""
        start = measure_start(self._folder, cases.by_hash(0))
        found = [str(start)]
        if self._memory_a_tenant is not None:
            found.append(f"memory of a tenant whose config was asked for: {self._memory_a_tenant:.1f} KiB")
        return found

    def _add_peers(self, answers: Path) -> None:
        program = servers.find_nginx()
        if program is None:
            self.left_out.append("nginx (Debian package nginx-light)")
        else:
            port = self._stack.enter_context(servers.nginx(program, answers, self._folder))
            self._add(f"nginx, {self._tenants:,} files", port, cases.static)
        port = self._stack.enter_context(servers.stock_strawberry(self._tenants, self._folder))
        self._add("stock Strawberry + Tortoise on SQLite", port, cases.by_post)

    def _add_gateway(self) -> None:
        self._add("config, GET with persisted hash", self._port, cases.by_hash, must=0.9, aim=2.0)
        self._add("config, GET with the full query", self._port, cases.by_query, must=0.85, aim=2.0)
        self._add("config, POST with the full query", self._port, cases.by_post, must=0.7, aim=0.85)
        requests = cases.revalidating(self._port, range(self._tenants))
        if requests is None:
            self.left_out.append("config, If-None-Match → 304 (answers have no ETag)")
        else:
            cases.check_not_modified(self._port, requests)
            file = self._file()
            load.write_requests(file, requests)
            self.cases.append(Case(name="config, If-None-Match → 304", port=self._port, file=file, must=1.2, aim=2.2))
        self._add_misses()

    def _add_misses(self) -> None:
        settings = {"GATEWAY_CACHE_BYTES": "0"} if _HAS_CACHE else {}
        port, _pid = self._stack.enter_context(servers.gateway(self._folder, "without-cache", settings))
        load.ask(port, cases.registering())
        name = "first fetch after a publish: read, executed, encoded (the cache off)"
        self._add(name, port, cases.by_hash, must=0.025, aim=0.06)
        file = self._file()
        load.write_numbered(file, cases.never_seen(0), cases.MARK)
        cases.check(self._port, cases.never_seen, self._tenants)
        self.cases.append(Case(name="a document never seen before", port=self._port, file=file, must=0.01, aim=0.012))
        self.left_out += [
            "a known document whose answer is not stored, with its tenant loaded",
            "100,000 tenants (`--tenants 100000` measures them)",
            "the portal's page of 50 tenants, 16 writers, and two workers against one",
        ]

    def _add(
        self,
        name: str,
        port: int,
        make: Callable[[int], bytes],
        *,
        must: float | None = None,
        aim: float | None = None,
    ) -> None:
        cases.check(port, make, self._tenants)
        file = self._file()
        load.write_requests(file, [make(number) for number in range(self._tenants)])
        self.cases.append(Case(name=name, port=port, file=file, must=must, aim=aim))

    def _file(self) -> Path:
        return self._folder / f"requests-{len(self.cases)}.lua"

    def _save_answers(self) -> Path:
        """The gateway's own bodies, for those that serve bytes."""
        folder = self._folder / "answers"
        folder.mkdir()
        for number in range(self._tenants):
            body = load.ask(self._port, cases.by_post(number))[2]
            (folder / provider_id(number)).write_bytes(body)
        return folder


def measure(listed: Sequence[Case], rounds: int, seconds: float) -> list[Row]:
    """Every case in every round, between two slices of the first, which is A."""
    unit, *others = listed
    shown: dict[str, tuple[list[Slice], list[float]]] = {case.name: ([], []) for case in listed}
    for case in listed:  # what is compiled, cached or loaded at the first request is so before it is measured
        load.run(case.port, case.file, 1, seed=1)
    for number in range(rounds):
        before = _slice(unit, seconds)
        for case in others:
            found, after = _slice(case, seconds), _slice(unit, seconds)
            around = (before.rate + after.rate) / 2
            shown[case.name][0].append(found)
            shown[case.name][1].append(around)
            shown[unit.name][0].append(after)
            shown[unit.name][1].append(after.rate)
            _say(f"round {number + 1}: {case.name}: {found.rate:,.0f}/s, {found.rate / around:.3g} A")
            before = after
    return [Row(case, *shown[case.name]) for case in listed]


def _slice(case: Case, seconds: float) -> Slice:
    return load.run(case.port, case.file, seconds, seed=random.randrange(2**31))


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures the gateway beside its peers.")
    parser.add_argument("--tenants", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each case is measured (3)")
    parser.add_argument("--seconds", type=float, default=3, help="how long a slice takes (3)")
    parser.add_argument(
        "--no-page", dest="write", action="store_false", help="print the table, and leave docs/performance.md as it is"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
