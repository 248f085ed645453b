"""The servers, each in a process of its own on the servers' core."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench import load
from bench.load import BadAnswerError, cores, pinned
from bench.tenants import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

START_SECONDS = 120.0
_METRICS_TOKEN = "a-token-of-the-benchmark-of-no-use-elsewhere"  # noqa: S105 - as it says
_NGINX = """
user {user};
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/json;
  sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_requests 1000000000;
  open_file_cache max=200000 inactive=1h; open_file_cache_valid 1h;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


def free_port() -> int:
    """One that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: list[str], port: int, log: Path, env: Mapping[str, str] | None = None, *, is_pinned: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """A server while it is needed, once its port answers."""
    placed = pinned(cores()[0], command) if is_pinned else command
    with log.open("wb") as out:
        server = subprocess.Popen(placed, env={**os.environ, **(env or {})}, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_for(server, port, log)
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def baseline(answers: Path, folder: Path) -> Iterator[int]:
    """A. Its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peers.bytes_from_a_dict", str(port), str(answers)]
    with running(command, port, folder / "a.log"):
        yield port


@contextmanager
def stock_strawberry(tenants: int, folder: Path) -> Iterator[int]:
    """Strawberry and Tortoise as their manuals have it. Its port."""
    port = free_port()
    database = f"sqlite://{folder / 'stock.db'}"
    command = [sys.executable, "-m", "bench.peers.stock_strawberry", str(port), str(tenants), database]
    with running(command, port, folder / "stock.log"):
        yield port


@contextmanager
def strawberry_by_hand(database: str, folder: Path) -> Iterator[int]:
    """Strawberry on the gateway's own rows, with statements by hand. Its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peers.strawberry_by_hand", str(port), database]
    with running(command, port, folder / "by-hand.log"):
        yield port


def find_nginx() -> str | None:
    """Where it is, also for those who have no `sbin` in their path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx(program: str, answers: Path, folder: Path) -> Iterator[int]:
    """The same answers as files. Its port."""
    port, place = free_port(), folder / "nginx"
    place.mkdir()
    config = place / "nginx.conf"
    config.write_text(_NGINX.format(user=getpass.getuser(), folder=place, root=answers, port=port))
    with running([program, "-p", str(place), "-c", str(config)], port, folder / "nginx.log"):
        yield port


def gateway_env(folder: Path) -> dict[str, str]:
    """As in production."""
    return {
        "GATEWAY_PROFILE": "production",
        "GATEWAY_SECRET_KEY": "a key of the benchmark, of no use elsewhere",
        "GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'gateway.db'}",
        "GATEWAY_METRICS_TOKEN": _METRICS_TOKEN,
    }


def prepare_gateway(tenants: int, folder: Path, settings: Mapping[str, str] | None = None) -> float:
    """Its database, with the tenants published; how many seconds the import took."""
    file = folder / "tenants.yaml"
    with file.open("w", encoding="utf-8") as text:
        text.writelines(yaml(tenants))
    command(folder, ["migrate"], settings)
    started = time.perf_counter()
    command(folder, ["import", str(file), "--publish"], settings)
    return time.perf_counter() - started


def command(folder: Path, words: Sequence[str], settings: Mapping[str, str] | None = None) -> str:
    """What a command of the gateway prints."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        env={**os.environ, **gateway_env(folder), **(settings or {})},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def stored_answers(port: int) -> float:
    """How many of its answers a gateway had stored before, as it counts them itself."""
    return _counted(port, "hit")


def made_answers(port: int) -> float:
    """And how many it had to make."""
    return _counted(port, "miss")


def _counted(port: int, result: str) -> float:
    head = f"GET /metrics HTTP/1.1\r\nHost: gateway.example\r\nAuthorization: Bearer {_METRICS_TOKEN}\r\n\r\n"
    body = load.ask(port, head.encode())[2].decode()
    found = re.search(rf'^gateway_config_cache_total{{result="{result}"}} (\S+)$', body, re.MULTILINE)
    if found is None:
        raise BadAnswerError(f"The gateway does not say how many answers it had stored: {body[:200]}")
    return float(found[1])


@contextmanager
def gateway(
    folder: Path, name: str, settings: Mapping[str, str], *, is_pinned: bool = True
) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    with running(
        command, port, folder / f"{name}.log", {**gateway_env(folder), **settings}, is_pinned=is_pinned
    ) as server:
        yield port, server.pid


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"A server does not start: {log.read_text(errors='replace')[-1000:]}") from None
            time.sleep(0.01)
        else:
            return
