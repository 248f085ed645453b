"""Real servers for tests: uvicorn in a thread, and whole processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from gateway.http.fast_lane import FastLaneProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
POLL_SECONDS = 0.02
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server in a thread of this process."""

    port: int
    server: uvicorn.Server
    thread: threading.Thread

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Asks for a stop, as SIGTERM does, and does not wait for it."""
        self.server.should_exit = True

    def connect(self, *, timeout_seconds: float = 15.0) -> socket.socket:
        """A new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_seconds)


@contextmanager
def run_server(
    app: Callable[..., Any],
    *,
    protocol: type[asyncio.Protocol] = FastLaneProtocol,
    **uvicorn_options: Any,
) -> Iterator[RunningServer]:
    """Runs an ASGI application on a free port of the loopback."""
    defaults = {"ws": "none", "log_config": None, "access_log": False, "server_header": False}
    config = uvicorn.Config(app, **{"http": protocol, **defaults, **uvicorn_options})
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            _wait_for(lambda: server.started, until=lambda: not thread.is_alive(), timeout_seconds=STOP_SECONDS)
            yield RunningServer(listening.getsockname()[1], server, thread)
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)
            assert not thread.is_alive(), "the server did not stop"


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process that has said that it is ready."""

    popen: subprocess.Popen[bytes]
    ready: re.Match[str]
    folder: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    @property
    def output(self) -> str:
        """Everything on its stdout so far."""
        return _read(self.folder / "stdout")

    @property
    def errors(self) -> str:
        """Everything on its stderr so far: its log."""
        return _read(self.folder / "stderr")

    def terminate(self) -> int:
        """Sends SIGTERM, waits, kills what is left, and returns the exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return _end(self.popen)


@contextmanager
def process(
    command: Sequence[str], *, env: Mapping[str, str], ready: str, timeout_seconds: float = 20.0
) -> Iterator[RunningProcess]:
    """Runs a command, `env` added to the environment, once a match of `ready` is on its stdout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
            popen = subprocess.Popen(
                command, env={**os.environ, **env}, stdout=stdout, stderr=stderr, start_new_session=True
            )
        try:
            yield RunningProcess(popen, _wait_until_ready(popen, folder, ready, timeout_seconds), folder)
        finally:
            if popen.poll() is None:
                popen.send_signal(signal.SIGTERM)
            _end(popen)


@contextmanager
def gateway_process(*arguments: str, env: Mapping[str, str], timeout_seconds: float = 20.0) -> Iterator[RunningProcess]:
    """`gateway …` as a process of its own; `ready["port"]` is the port it serves."""
    command = [sys.executable, "-m", "gateway", *arguments]
    with process(command, env=env, ready=r"http://127\.0\.0\.1:(?P<port>\d+)", timeout_seconds=timeout_seconds) as it:
        yield it


def _wait_until_ready(popen: subprocess.Popen[bytes], folder: Path, ready: str, timeout: float) -> re.Match[str]:
    found: list[re.Match[str]] = []

    def is_ready() -> bool:
        found.extend(re.finditer(ready, _read(folder / "stdout")))
        return bool(found)

    try:
        _wait_for(is_ready, until=lambda: popen.poll() is not None, timeout_seconds=timeout)
    except TimeoutError as error:
        log = _read(folder / "stdout") + _read(folder / "stderr")
        message = f"exit code {popen.poll()}, and on its outputs:\n{log}"
        raise TimeoutError(message) from error
    return found[0]


def _wait_for(condition: Callable[[], bool], *, until: Callable[[], bool], timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if until() or time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(POLL_SECONDS)


def _end(popen: subprocess.Popen[bytes]) -> int:
    try:
        return popen.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(popen.pid, signal.SIGKILL)  # a session of its own, so its workers too
        return popen.wait(STOP_SECONDS)


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")


def gateway(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own, without the settings of whoever runs the tests."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT / "docs",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
