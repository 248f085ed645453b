"""Several workers on uvicorn's supervisor, mended where it loses requests, waits for ever or gives up too soon."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from typing import TYPE_CHECKING

import structlog
import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from gateway.garbage import settle

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

_BEAT_SECONDS = 0.1
_ASK_SECONDS = 1.0
"""Between two questions to a worker that serves how it is."""
_LONGEST_PAUSE_SECONDS = 30.0
_JUST_ACCEPTED_SECONDS = 0.05

log = structlog.get_logger("gateway.workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a supervisor waits for a worker."""

    start_seconds: float = 60.0
    """Until a new one serves, also on a machine that is busy with other things."""
    hung_seconds: float = 30.0
    """Without a sign of its event loop, until it is taken to be stuck and killed."""
    leave_seconds: float = 20.0
    """To drain, finish its requests and let go of what it holds; then it is killed."""


class GentleServer(uvicorn.Server):
    """Tells every connection of its stop, also one that was accepted in the moment before."""

    loop: asyncio.AbstractEventLoop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        settle()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accepts no more, lets the loop introduce what was accepted already, and then stops as the library does."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(_JUST_ACCEPTED_SECONDS)
        await super().shutdown(sockets)


class Worker(Process):
    """A worker process: `target` and `pong` run in it, all else in the supervisor."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._gentle_server: GentleServer | None = None
        self.is_serving = False
        self._started = self._asked = self._heard = time.monotonic()
        self._is_asked = False

    @property
    def server(self) -> GentleServer:
        if self._gentle_server is None:
            self._gentle_server = GentleServer(self.config)
        return self._gentle_server

    # In the worker

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves. A hang-up of the whole process group is for the supervisor to act on."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        threading.Thread(target=_stop_without_supervisor, daemon=True).start()
        try:
            super().target(sockets)
        except Exception:
            log.critical("worker failed", exc_info=True)  # Python's own report would show messages
            sys.exit(1)

    def pong(self) -> None:
        """Answers one question; from the event loop once there is one, so that nothing is heard of a stuck one."""
        self.child_conn.recv()
        is_serving = self.server.started
        if is_serving:
            with suppress(RuntimeError):  # the loop is closed, and the process about to end
                self.server.loop.call_soon_threadsafe(self.child_conn.send, is_serving)
        else:
            self.child_conn.send(is_serving)

    # In the supervisor

    def look(self, now: float) -> None:
        """Take what the worker has answered, and ask again when it is time. Never waits."""
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            if self._is_asked and self.parent_conn.poll():
                self.is_serving = self.parent_conn.recv()
                self._is_asked, self._heard = False, now
            if not self._is_asked and now - self._asked >= (_ASK_SECONDS if self.is_serving else _BEAT_SECONDS):
                self.parent_conn.send(b"ping")
                self._is_asked, self._asked = True, now

    def is_well(self, now: float, patience: Patience) -> bool:
        """Whether it runs, and serves or may still be starting."""
        if not self.process.is_alive():
            return False
        if self.is_serving:
            return now - self._heard < patience.hung_seconds
        return now - self._started < patience.start_seconds

    def end(self, seconds: float = 0.0) -> None:
        """Wait for its end, at most so long, and make one."""
        self.process.join(seconds)
        if self.process.is_alive():
            log.warning("worker killed", pid=self.pid)
            self.kill()
            self.process.join()


class Supervisor(Multiprocess):
    """Keeps so many workers. Everything is a step of `keep_subprocess_alive`, so that no signal ever has to wait.

    SIGHUP replaces all workers one by one: the next retires when its successor serves. When a successor does not come
    to serve, the others stay as they are.
    """

    processes: list[Worker]  # type: ignore[assignment]  # as the library's, but for being ours

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        *,
        on_ready: Callable[[], None],
        on_end: Callable[[int], None],
        patience: Patience = Patience(),
    ) -> None:
        """`on_ready` is called once all workers serve, `on_end` with the process id of each that has ended."""
        super().__init__(config, sockets)
        self._on_ready, self._on_end, self._patience = on_ready, on_end, patience
        self._is_started = self._has_failed = False
        self._outdated: list[Worker] = []
        self._newcomer: Worker | None = None
        self._leaving: dict[Worker, float] = {}
        self._pause, self._next_start = 0.0, 0.0

    def run(self) -> None:
        """Until a signal ends it, or its first workers do not come to serve: `exit_code` says which."""
        self.init_processes()
        while not self.should_exit.wait(_BEAT_SECONDS):
            self.handle_signals()
            self.keep_subprocess_alive()
        self.terminate_all()
        self.join_all()

    @property
    def exit_code(self) -> int:
        """0 after a stop that was asked for."""
        return 1 if self._has_failed else 0

    def init_processes(self) -> None:
        self._fill(time.monotonic())

    def keep_subprocess_alive(self) -> None:
        """One beat."""
        if self.should_exit.is_set() or self.signal_queue:  # a signal to all is not taken for a worker that dies
            return
        now = time.monotonic()
        for worker in self._all():
            worker.look(now)
        self._bury(now)
        self._part_from_dead(now)
        self._fill(now)
        self._roll(now)
        self._say_ready()

    def terminate_all(self) -> None:
        for worker in self._all():
            worker.terminate()

    def join_all(self) -> None:
        deadline = time.monotonic() + self._patience.leave_seconds
        for worker in (*self._all(), *self._leaving):
            worker.end(max(0.0, deadline - time.monotonic()))

    def handle_hup(self) -> None:
        """Replace all workers that are there now; a replacement under way begins anew."""
        log.info("workers are being replaced")
        self._outdated = list(self.processes)
        if self._newcomer is not None:
            self._retire(self._newcomer)
            self._newcomer = None

    def handle_ttin(self) -> None:
        self.processes_num += 1

    def handle_ttou(self) -> None:
        if self.processes_num > 1:
            self.processes_num -= 1
            if len(self.processes) > self.processes_num:
                self._retire(self.processes.pop())

    # Steps of a beat

    def _all(self) -> Sequence[Worker]:
        """Those that are not asked to leave."""
        return self.processes if self._newcomer is None else [*self.processes, self._newcomer]

    def _start(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def _retire(self, worker: Worker) -> None:
        worker.terminate()
        self._leaving[worker] = time.monotonic() + self._patience.leave_seconds

    def _bury(self, now: float) -> None:
        for worker, deadline in list(self._leaving.items()):
            if now >= deadline or not worker.process.is_alive():
                del self._leaving[worker]
                self._end(worker)

    def _end(self, worker: Worker) -> None:
        worker.end()
        self._on_end(worker.pid or 0)

    def _part_from_dead(self, now: float) -> None:
        for worker in [one for one in self.processes if not one.is_well(now, self._patience)]:
            self.processes.remove(worker)
            self._end(worker)
            log.error("worker died", pid=worker.pid, exit_code=worker.exitcode)
            if not self._is_started:
                self._has_failed = True
                self.should_exit.set()
            elif not worker.is_serving:
                self._pause = min(max(1.0, 2 * self._pause), _LONGEST_PAUSE_SECONDS)
                self._next_start = now + self._pause

    def _fill(self, now: float) -> None:
        """After a start that failed it waits a while, longer each time: what is wrong may need time to be put right."""
        if len(self.processes) == self.processes_num and all(worker.is_serving for worker in self.processes):
            self._pause = 0.0
        while len(self.processes) < self.processes_num and now >= self._next_start and not self.should_exit.is_set():
            self.processes.append(self._start())

    def _roll(self, now: float) -> None:
        """One step of the replacement of workers."""
        self._outdated = [worker for worker in self._outdated if worker in self.processes]
        if self._newcomer is None:
            if self._outdated and not self._leaving:
                self._newcomer = self._start()
        elif self._newcomer.is_serving:
            self._take_place(self._newcomer)
            self._newcomer = None
        elif not self._newcomer.is_well(now, self._patience):
            self._end(self._newcomer)
            log.error("new worker did not start, the others stay", pid=self._newcomer.pid)
            self._newcomer, self._outdated = None, []

    def _take_place(self, newcomer: Worker) -> None:
        if not self._outdated:  # it died meanwhile, and has a successor
            self._retire(newcomer)
            return
        old = self._outdated.pop(0)
        self.processes[self.processes.index(old)] = newcomer
        self._retire(old)
        if not self._outdated:
            log.info("workers are replaced")

    def _say_ready(self) -> None:
        if self._is_started or self.should_exit.is_set():  # none may be left of those that failed at once
            return
        if all(worker.is_serving for worker in self.processes):
            self._is_started = True
            self._on_ready()


def _stop_without_supervisor() -> None:
    """Nobody would replace or stop a worker that outlived its supervisor, and it would keep the port."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        connection.wait([supervisor.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
