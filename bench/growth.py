"""What many tenants cost: memory of each whose config is stored, and the rate beside that of few."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench import cases, load, servers
from bench.configs import TENANTS
from bench.figures import resident_mib
from bench.measuring import Case, by_wrk, fill, measure, say
from bench.report import Line

if TYPE_CHECKING:
    from pathlib import Path

_ROOM = 4 * 1024
"""That an answer takes in the cache at most, in bytes."""
_SETTLED_SECONDS = 3.0


def measure_growth(folder: Path, tenants: int, rounds: int, seconds: float) -> list[Line]:
    """On a database of at least so many. Raises BadAnswerError."""
    room = max(64 * 1024 * 1024, tenants * _ROOM)
    with servers.gateway(folder, "growth", {"GATEWAY_CACHE_BYTES": str(room)}) as (port, pid):
        load.ask(port, cases.registering())
        cases.check(port, cases.by_hash, tenants)
        requests = [cases.by_hash(number) for number in range(tenants)]
        few, all_of_them, filling = (folder / name for name in ("few", "all", "filling"))
        load.write_requests(few, requests[:TENANTS])
        load.write_requests(all_of_them, requests)
        fill(port, requests[:TENANTS], filling)
        say(f"asking for {tenants:,} tenants")
        before = _settled(pid)
        fill(port, requests[TENANTS:], filling)
        kib = (_settled(pid) - before) * 1024 / (tenants - TENANTS)
        unit = Case(name=f"{TENANTS:,} of them", run=by_wrk(port, few))
        name = f"config, GET with persisted hash, {tenants:,} tenants cached"
        grown = Case(name=name, run=by_wrk(port, all_of_them), must=0.85, aim=0.95)
        rows = measure(unit, [grown], rounds, seconds)
    return [
        rows[1].line(f"of {TENANTS:,}"),
        Line(name=f"memory of a cached tenant, {tenants:,} of them", value=kib, of="KiB", must=4, aim=2, is_most=True),
    ]


def _settled(pid: int) -> float:
    """Resident, when what was only needed for a moment may be free again."""
    time.sleep(_SETTLED_SECONDS)
    return resident_mib(pid)
