"""Must-show: rolling restarts under clients that keep their connections, and not one failed request."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.fleets import come_about, workers_of
from tests.load import FILE, under_load
from tests.proofs import count
from tests.provider_process import import_tenants
from tests.servers import RunningProcess, gateway_process

WORKERS = 2


@pytest.mark.proof
def test_no_rolling_restart_of_many_fails_a_request(database_url: str, tmp_path: Path) -> None:
    restarts = count(full=20, ci=1)
    env = {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_SECRET_KEY": "a key for tests, 32 characters long"}
    import_tenants(FILE, env, tmp_path)

    with gateway_process("serve", "--port", "0", "--workers", str(WORKERS), env=env) as server:
        answered, connections, failures = asyncio.run(_restart_under_load(server, restarts))
        code, log = server.terminate(), server.errors

    assert failures == []
    assert code == 0
    assert '"level": "error"' not in log
    sys.stdout.write(f"{restarts} rolling restarts: {answered} requests on {connections} connections, none failed\n")


async def _restart_under_load(server: RunningProcess, restarts: int) -> tuple[int, int, list[str]]:
    async with under_load(int(server.ready["port"])) as load:
        await load.wait_for(100)
        for _ in range(restarts):
            before = workers_of(server.pid)
            assert len(before) == WORKERS
            server.popen.send_signal(signal.SIGHUP)
            await come_about(
                lambda before=before: len(now := workers_of(server.pid)) == WORKERS and not before & now,  # type: ignore[misc]  # the loop's own
                "all workers have been replaced",
            )
            await load.wait_for(100)
    return load.answered, sum(client.connections for client in load.clients), load.failures
