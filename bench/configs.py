"""Configs for softphones: stored, asked for again, not stored, never seen; and what else one could serve them with."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from bench import cases, load, servers
from bench.load import BadAnswerError
from bench.measuring import Case, Walk, by_wrk, fill, measure
from bench.report import Line
from bench.tenants import provider_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack
    from pathlib import Path

TENANTS = 1_000
MANY = 100_000
_HASH = "config, GET with persisted hash"


class Configs:
    """All of these servers are up at the same time; each waits while another is asked."""

    def __init__(self, folder: Path, many: Path, stack: ExitStack) -> None:
        """`folder` has the gateway's database, `many` one of MANY tenants."""
        self.notes: list[str] = []
        self.lines: list[Line] = []
        self._folder, self._many, self._stack = folder, many, stack
        self._cases: list[Case] = []
        self._port = 0
        self._files = 0

    def run(self, rounds: int, seconds: float) -> None:
        """Raises BadAnswerError when a server does not give each tenant its own data."""
        self._start()
        a, *others = self._cases
        rows = measure(a, others, rounds, seconds)
        self.lines[:0] = [row.line("A") for row in rows]
        rates = [one.rate for one in rows[0].slices]
        self.notes.insert(0, f"A's slices were between {min(rates):,.0f} and {max(rates):,.0f} answers a second.")
        ratios = {row.case.name: row.ratio for row in rows}
        nginx = next((ratio for name, ratio in ratios.items() if name.startswith("nginx")), None)
        if nginx is None:
            self.notes.append("Left out: nginx (Debian package nginx-light), which is not installed.")
        else:
            beside = Line(name=f"{_HASH}, beside nginx", value=ratios[_HASH] / nginx, of="nginx", aim=0.65)
            self.lines.insert([line.name for line in self.lines].index(_HASH) + 1, beside)

    def _start(self) -> None:
        self._port, _pid = self._stack.enter_context(servers.gateway(self._folder, "gateway", {}))
        load.ask(self._port, cases.registering())
        answers = self._save_answers()
        self._add(
            "A: bytes from a dict", self._stack.enter_context(servers.baseline(answers, self._folder)), cases.static
        )
        program = servers.find_nginx()
        if program is not None:
            port = self._stack.enter_context(servers.nginx(program, answers, self._folder))
            self._add(f"nginx, {TENANTS:,} files", port, cases.static)
        port = self._stack.enter_context(servers.stock_strawberry(TENANTS, self._folder))
        self._add("stock Strawberry + Tortoise on SQLite", port, cases.by_post)
        self._add_hits()
        self._add_first_fetch()
        self._add_known_document()
        self._add_never_seen()

    def _add_hits(self) -> None:
        self._add(_HASH, self._port, cases.by_hash, must=0.9, aim=2.0, is_stored=True)
        self._add("config, GET with the full query", self._port, cases.by_query, must=0.85, aim=2.0, is_stored=True)
        self._add("config, POST with the full query", self._port, cases.by_post, must=0.7, aim=0.85, is_stored=True)
        requests = cases.revalidating(self._port, range(TENANTS))
        cases.check_not_modified(self._port, requests)
        run = by_wrk(self._port, self._write(requests))
        self._cases.append(Case(name="config, If-None-Match → 304", run=run, must=1.2, aim=2.2))

    def _add_first_fetch(self) -> None:
        """Of many published tenants each is asked for once."""
        port, _pid = self._stack.enter_context(servers.gateway(self._many, "many", {}))
        load.ask(port, cases.registering())
        cases.check(port, cases.by_hash, TENANTS)
        numbers = random.sample(range(TENANTS, MANY), MANY - TENANTS)
        name = "first fetch after a publish: read from SQLite, executed, encoded, stored"
        self._add_walk(name, port, [cases.by_hash(number) for number in numbers], must=0.025, aim=0.06)

    def _add_known_document(self) -> None:
        """Each tenant has been asked for, each document has been sent; but not this one for this one."""
        port, _pid = self._stack.enter_context(servers.gateway(self._folder, "known", {}))
        load.ask(port, cases.registering())
        for request in cases.registering_others():
            load.ask(port, request)
        cases.check(port, partial(cases.known, tenants=TENANTS), TENANTS)
        for number in range(TENANTS):
            load.ask(port, cases.by_hash(number))
        requests = [cases.known(place, TENANTS) for place in range(TENANTS, MANY)]  # the first were looked at
        name = "known document whose answer is not stored, tenant loaded"
        self._add_walk(name, port, requests, must=0.075, aim=0.1)

    def _add_never_seen(self) -> None:
        cases.check(self._port, cases.never_seen, TENANTS)
        run = by_wrk(self._port, self._write([cases.never_seen(0)]))
        self._cases.append(Case(name="a document never seen before", run=run, must=0.01, aim=0.012))

    def _add(
        self,
        name: str,
        port: int,
        make: Callable[[int], bytes],
        *,
        must: float | None = None,
        aim: float | None = None,
        is_stored: bool = False,
    ) -> None:
        cases.check(port, make, TENANTS)
        requests = [make(number) for number in range(TENANTS)]
        if is_stored:
            fill(port, requests, self._folder / "filling")
        run = by_wrk(port, self._write(requests))
        self._cases.append(Case(name=name, run=run, must=must, aim=aim))

    def _add_walk(self, name: str, port: int, requests: Sequence[bytes], *, must: float, aim: float) -> None:
        run = by_wrk(port, self._write(requests), Walk(len(requests)))
        before = servers.stored_answers(port)

        def check() -> None:
            stored = servers.stored_answers(port) - before
            if stored:
                raise BadAnswerError(f"{name}: {stored:,.0f} answers were stored before.")

        self._cases.append(Case(name=name, run=run, must=must, aim=aim, check=check))

    def _write(self, requests: Sequence[bytes]) -> Path:
        self._files += 1
        file = self._folder / f"requests-{self._files}"
        load.write_requests(file, requests)
        return file

    def _save_answers(self) -> Path:
        """The gateway's own bodies, for those that serve bytes."""
        folder = self._folder / "answers"
        folder.mkdir()
        for number in range(TENANTS):
            body = load.ask(self._port, cases.by_post(number))[2]
            (folder / provider_id(number)).write_bytes(body)
        return folder
