"""A stop of a real server process fails no request of a client that keeps its connection until told to close."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.proofs import count
from tests.servers import gateway_process

if TYPE_CHECKING:
    from pathlib import Path

JSON = {"Content-Type": "application/json"}


class Load:
    """Clients that ask without a pause on connections they keep, until they are told to close."""

    def __init__(self, port: int, clients: int) -> None:
        self.answered, self.failures = 0, list[str]()
        self._port, self._lock = port, threading.Lock()
        self._threads = [threading.Thread(target=self._ask_until_closed) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask_until_closed(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        body = json.dumps({"query": '{ softphoneConfig(providerId: "Nobody", app: GENERIC) { __typename } }'})
        is_open = True
        while is_open:
            try:
                connection.request("POST", "/graphql", body, JSON)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._note(type(error).__name__)
                break
            self._note(None if answer.status == 200 else str(answer.status))
            is_open = answer.getheader("Connection") != "close"
        connection.close()

    def _note(self, failure: str | None) -> None:
        with self._lock:
            self.answered += failure is None
            self.failures += [failure] if failure else []

    def wait_for(self, answers: int) -> None:
        """Until that many requests were answered."""
        deadline = time.monotonic() + 20
        while self.answered < answers and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.answered >= answers, self.failures

    def join(self) -> None:
        """Until every client was told to close."""
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_fails_no_request_of_a_client_that_keeps_its_connection(tmp_path: Path, workers: int) -> None:
    stop_under_load(tmp_path, workers)


@pytest.mark.proof
@pytest.mark.parametrize("workers", [1, 2])
def test_no_stop_of_many_fails_a_request(tmp_path: Path, workers: int) -> None:
    stops = count(full=20, ci=3)

    answered = sum(stop_under_load(tmp_path, workers) for _ in range(stops))

    sys.stdout.write(f"{stops} stops with {workers} worker(s): {answered} requests answered, none failed\n")


def stop_under_load(folder: Path, workers: int) -> int:
    """Starts a gateway, asks it from twenty connections, stops it; how many requests were answered: all of them."""
    database = f"sqlite:///{folder / 'gateway.db'}"
    arguments = ("serve", "--port", "0", "--workers", str(workers), "--database", database)
    with gateway_process(*arguments, env={}) as server:
        load = Load(int(server.ready["port"]), clients=20)
        load.wait_for(400)
        code = server.terminate()
        load.join()
        log = server.errors

    assert load.failures == []
    assert code == 0
    assert '"level": "error"' not in log
    return load.answered
