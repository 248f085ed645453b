"""Several workers: what one loses, what all count, and what a supervisor does when things go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fleets import come_about, ports_of, wait_until, workers_of
from tests.load import FILE, Client, under_load
from tests.provider_process import import_tenants
from tests.servers import RunningProcess, gateway_process, process

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
TOKEN, OTHER_TOKEN = "operators-token-of-32-characters-", "another-operators-token-of-32-char"
KEY = "a key for tests, 32 characters long"


@contextmanager
def fleet(folder: Path, database_url: str) -> Iterator[RunningProcess]:
    """A gateway with two workers, whose settings are in a file of its working folder."""
    write_settings(folder, TOKEN)
    env = {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_SECRET_KEY": KEY}
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0", "--workers", "2"]
    with process(in_folder(folder, command), env=env, ready=r"http://127\.0\.0\.1:(?P<port>\d+)") as it:
        yield it


@contextmanager
def small_fleet(folder: Path) -> Iterator[RunningProcess]:
    """Two workers with an application that misbehaves when it is told to."""
    command = in_folder(folder, [sys.executable, "-m", "tests.small_fleet"])
    with process(command, env={}, ready=r"http://127\.0\.0\.1:(?P<port>\d+)") as it:
        yield it


def in_folder(folder: Path, command: list[str]) -> list[str]:
    return ["env", f"--chdir={folder}", f"PYTHONPATH={ROOT}", *command]


def write_settings(folder: Path, token: str) -> None:
    (folder / ".env").write_text(f"GATEWAY_METRICS_TOKEN={token}\n")


def get(server: RunningProcess, path: str, token: str = TOKEN) -> tuple[int, str]:
    """By a connection of its own, so that any worker may answer: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", int(server.ready["port"]), timeout=20)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    read = answer.read().decode()
    connection.close()
    return answer.status, read


def measure(server: RunningProcess, name: str, token: str = TOKEN) -> float:
    """One value of /metrics."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", get(server, "/metrics", token)[1], re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def roll(server: RunningProcess) -> None:
    """Replaces all workers."""
    wait_until(lambda: len(workers_of(server.pid)) == 2, "all are there")
    before = workers_of(server.pid)
    server.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: len(now := workers_of(server.pid)) == 2 and not now & before, "all workers have been replaced")


# Under load


def test_a_worker_that_is_killed_fails_its_own_requests_alone_and_has_a_successor(
    tmp_path: Path, sqlite_url: str
) -> None:
    import_tenants(FILE, {"GATEWAY_DATABASE_URL": sqlite_url, "GATEWAY_SECRET_KEY": KEY}, tmp_path)
    with fleet(tmp_path, sqlite_url) as server:
        lost, unlucky, clients = asyncio.run(_kill_one_under_load(server))
        log = server.errors

    failed = [client for client in clients if client.failures]
    assert unlucky, "the worker had connections"
    assert [client.failures for client in failed if client not in unlucky] == []
    assert {len(client.failures) for client in failed} <= {1}
    assert f'"pid": {lost}, "exit_code": -9, "event": "worker died"' in log


async def _kill_one_under_load(server: RunningProcess) -> tuple[int, list[Client], list[Client]]:
    """The worker, whose connections it had, and everybody, after its successor has done its share."""
    async with under_load(int(server.ready["port"])) as load:
        await load.wait_for(200)
        lost = min(workers_of(server.pid))
        os.kill(lost, signal.SIGSTOP)  # so that it takes no connection after the look
        ports = await asyncio.to_thread(ports_of, lost)
        unlucky = [client for client in load.clients if client.local_port in ports]
        os.kill(lost, signal.SIGKILL)
        await come_about(
            lambda: len(now := workers_of(server.pid)) == 2 and lost not in now, "the dead worker has a successor"
        )
        await load.wait_for(200)
    return lost, unlucky, load.clients


# Counters


def test_counters_add_up_and_none_is_lost_with_a_worker_and_new_workers_have_the_settings_of_the_file(
    tmp_path: Path, sqlite_url: str
) -> None:
    answered = 'gateway_http_requests_total{method="GET",route="/livez",status="200"}'
    timed = 'gateway_http_request_seconds_count{route="/livez"}'
    with fleet(tmp_path, sqlite_url) as server:
        for _ in range(30):
            assert get(server, "/livez")[0] == 200
        # Each is counted when its answer has left, so the last may come a moment later.
        wait_until(lambda: measure(server, answered) == measure(server, timed) == 30.0, "all of them are counted")
        at_first = measure(server, answered), measure(server, timed), measure(server, "gateway_workers")

        os.kill(min(workers_of(server.pid)), signal.SIGKILL)
        wait_until(lambda: measure(server, "gateway_workers") == 1.0, "the dead worker is buried")
        write_settings(tmp_path, OTHER_TOKEN)
        roll(server)
        wait_until(lambda: measure(server, "gateway_workers", OTHER_TOKEN) == 2.0, "the old ones are buried")
        get(server, "/livez")
        wait_until(lambda: measure(server, timed, OTHER_TOKEN) == 31.0, "so is one more")
        at_last = measure(server, answered, OTHER_TOKEN), measure(server, timed, OTHER_TOKEN)
        running = measure(server, "gateway_graphql_operations_running", OTHER_TOKEN)
        memory = measure(server, "process_resident_memory_bytes", OTHER_TOKEN)
        by_the_old_token = get(server, "/metrics", TOKEN)[0]
        (folder,) = folders_of(server)
        files = sorted(re.sub(r"\d+", "N", path.name) for path in folder.iterdir())

        server.terminate()

    assert at_first == (30.0, 30.0, 2.0)
    assert at_last == (31.0, 31.0)
    assert by_the_old_token == 401
    assert running == 0.0
    assert 2 * 30e6 < memory < 2 * 300e6
    assert files == ["counter_N.db", "counter_N.db", "counter_gone.db", "gauge_livesum_N.db", "gauge_livesum_N.db",
                     "histogram_N.db", "histogram_N.db", "histogram_gone.db", "lock"]  # fmt: skip
    assert not folder.exists()


def folders_of(server: RunningProcess) -> set[Path]:
    """Where the workers keep their counters."""
    environ = Path(f"/proc/{min(workers_of(server.pid))}/environ").read_bytes().split(b"\0")
    return {Path(os.fsdecode(line.partition(b"=")[2])) for line in environ if line.startswith(b"PROMETHEUS_MULTIPROC")}


# What the supervisor does


def test_a_start_whose_workers_do_not_come_to_serve_is_a_failed_start(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    command = in_folder(tmp_path, [sys.executable, "-m", "tests.small_fleet"])

    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (run.returncode, run.stdout) == (1, "")
    assert '"event": "worker failed", "exception": [{"class": "RuntimeError"' in run.stderr
    assert "SECRET" not in run.stderr


def test_a_worker_that_cannot_be_replaced_takes_no_other_with_it_and_is_tried_for_until_it_can(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        survivor = max(workers_of(server.pid))
        (tmp_path / "broken").touch()
        os.kill(min(workers_of(server.pid)), signal.SIGKILL)
        wait_until(lambda: server.errors.count('"worker died"') >= 3, "two successors have failed")
        meanwhile = {get(server, "/pid")[1] for _ in range(5)}

        (tmp_path / "broken").unlink()
        wait_until(lambda: len({get(server, "/pid")[1] for _ in range(5)}) == 2, "a successor serves")

    assert meanwhile == {str(survivor)}


def test_a_roll_whose_newcomer_does_not_come_to_serve_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        workers = workers_of(server.pid)
        (tmp_path / "broken").touch()
        server.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: '"new worker did not start, the others stay"' in server.errors, "the roll was given up")
        meanwhile = {get(server, "/pid")[1] for _ in range(5)}
        remaining = workers_of(server.pid)

    assert remaining == workers
    assert meanwhile <= {str(pid) for pid in workers}


def test_a_worker_whose_loop_is_stuck_is_replaced(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        workers = workers_of(server.pid)
        with pytest.raises(http.client.RemoteDisconnected):
            get(server, "/stick")
        wait_until(lambda: len(workers_of(server.pid)) == 2, "it has a successor")

        assert len(workers & workers_of(server.pid)) == 1


def test_a_worker_that_stands_still_for_a_moment_is_left_alone(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        workers = workers_of(server.pid)
        os.kill(min(workers), signal.SIGSTOP)
        time.sleep(1)
        os.kill(min(workers), signal.SIGCONT)
        time.sleep(1)

        assert workers_of(server.pid) == workers


def test_a_stop_in_the_middle_of_a_roll_does_not_wait_for_its_end(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        server.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers_of(server.pid)) == 3, "a newcomer is there")

        code, log = server.terminate(), server.errors

    assert code == 0
    assert '"workers are replaced"' not in log
    assert '"worker killed"' not in log


def test_a_stop_does_not_wait_for_ever_for_a_worker_that_is_stuck(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        os.kill(min(workers_of(server.pid)), signal.SIGSTOP)

        code, log = server.terminate(), server.errors

    assert code == 0
    assert '"event": "worker killed"' in log


def test_a_roll_that_is_asked_for_during_a_roll_replaces_all_that_were_there_then(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        first = workers_of(server.pid)
        server.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers_of(server.pid)) == 2 and bool(workers_of(server.pid) - first), "half is done")
        second = workers_of(server.pid)
        server.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers_of(server.pid)) == 2 and not workers_of(server.pid) & second, "all is done")

        assert not workers_of(server.pid) & first


def test_workers_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with small_fleet(tmp_path) as server:
        workers = workers_of(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers have ended")

    with contextlib.closing(socket.create_server(("127.0.0.1", int(server.ready["port"])))) as again:
        assert again.getsockname()[1] == int(server.ready["port"])


def test_a_hang_up_stops_one_worker_gently(sqlite_url: str) -> None:
    with gateway_process("serve", "--port", "0", "--database", sqlite_url, env={}) as server:
        server.popen.send_signal(signal.SIGHUP)
        code, log = server.popen.wait(20), server.errors

    assert code == 0
    assert "Finished server process" in log
