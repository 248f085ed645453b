"""The servers, each in a process of its own on the servers' core."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.load import cores, pinned
from bench.tenants import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

START_SECONDS = 120.0
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
    command: list[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server while it is needed, once its port answers."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            pinned(cores()[0], command), env={**os.environ, **(env or {})}, stdout=out, stderr=subprocess.STDOUT
        )
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
    }


def prepare_gateway(tenants: int, folder: Path) -> None:
    """Its database, with the tenants published."""
    file = folder / "tenants.yaml"
    with file.open("w", encoding="utf-8") as text:
        text.writelines(yaml(tenants))
    for command in (["migrate"], ["import", str(file), "--publish"]):
        subprocess.run(
            [sys.executable, "-m", "gateway", *command],
            env={**os.environ, **gateway_env(folder)},
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def gateway(folder: Path, name: str, settings: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    with running(command, port, folder / f"{name}.log", {**gateway_env(folder), **settings}) as server:
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
