"""Sixteen who save and publish at once, beside Tortoise alone with the same statements."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bench import servers
from bench.load import BadAnswerError, Slice, cores, pinned
from bench.measuring import Case, measure, say
from bench.postgres import find_binaries, postgres
from bench.tenants import provider_id
from gateway.environment import key_ring
from gateway.settings import Settings
from tenants import database
from tenants.access import Role
from tenants.credentials import NewToken
from tenants.store.tokens import insert_token
from tenants.system import SystemScope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.report import Line

WRITERS = 16


def measure_writers(few: Path, folder: Path, rounds: int, seconds: float) -> list[Line]:
    """On SQLite and, where there is one, PostgreSQL. `few` has a database. Raises BadAnswerError."""
    folder.mkdir()
    for name in ("gateway.db", "peer.db"):
        shutil.copy(few / "gateway.db", folder / name)
    lines = _measure(folder, "SQLite", {}, f"sqlite://{folder / 'peer.db'}", rounds, seconds)
    binaries = find_binaries()
    if binaries is None:
        return lines
    with postgres(binaries) as server:
        say(f"making {WRITERS} tenants on PostgreSQL")
        settings = {"GATEWAY_DATABASE_URL": server.url}
        servers.prepare_gateway(WRITERS, folder, settings)
        peer = server.copy("peer").replace("postgresql://", "asyncpg://")
        return [*lines, *_measure(folder, "PostgreSQL", settings, peer, rounds, seconds)]


def _measure(folder: Path, kind: str, settings: dict[str, str], peer: str, rounds: int, seconds: float) -> list[Line]:
    file = folder / "writers"
    tokens = asyncio.run(_make_tokens({**servers.gateway_env(folder), **settings}))
    file.write_text("".join(f"{provider_id(number)} {token}\n" for number, token in enumerate(tokens)), "ascii")
    with ExitStack() as stack:
        port, _pid = stack.enter_context(servers.gateway(folder, "writers", settings))
        alone = [sys.executable, "-m", "bench.peers.bare_tortoise", peer]
        unit = Case(
            name=f"bare Tortoise, the same statements, {WRITERS} writers, {kind}",
            run=lambda length: _run(cores()[0], [*alone, str(length), str(WRITERS)]),
        )
        through = [sys.executable, "-m", "bench.writing", str(port)]
        ours = Case(
            name=f"`saveHelp` + `publish`, {WRITERS} writers, durable, {kind}",
            run=lambda length: _run(cores()[1], [*through, str(length), str(file)]),
            aim=0.8,
        )
        rows = measure(unit, [ours], rounds, seconds)
    return [row.line("bare Tortoise") for row in rows]


def _run(core: int, command: Sequence[str]) -> Slice:
    """A slice in a process of its own; a pair of writes counts as one."""
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadAnswerError(done.stderr[-1000:])
    told = json.loads(done.stdout)
    return Slice(told["pairs"], told["rate"], told["p50"], told["p99"])


async def _make_tokens(env: dict[str, str]) -> list[str]:
    """An owner's, for each of the first tenants."""
    settings, now = Settings.from_env(env), datetime.now(UTC)
    scope = partial(SystemScope("a benchmark's writers").tenant, keys=key_ring(settings))
    tokens = [NewToken.random() for _ in range(WRITERS)]
    await database.connect(settings.database_url)
    try:
        async with database.transaction():
            for number, token in enumerate(tokens):
                until = now + timedelta(days=1)
                await insert_token(scope(number + 1), token, name="bench", role=Role.OWNER, now=now, expires_at=until)
    finally:
        await database.disconnect()
    return [token.text for token in tokens]
