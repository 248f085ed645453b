"""Requests of a few kilobytes that once cost a real server far more than 50 ms of CPU, or looked like its own fault."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import httpx2
import psutil
import pytest

if TYPE_CHECKING:
    from tests.servers import RunningProcess

NEAR_MISS = "CREDENTIALS_SOURCE_OFG1"
PUBLISH = 'publish(input: {tenantId: "x", expectedVersion: 1, acceptedWarnings: %s}) { __typename }'
SCALARS: dict[str, Any] = {
    "query": "mutation(" + "".join(f"$a{n}: WarningCode! " for n in range(99)) + ") { "
    f"{PUBLISH % ('[' + ' '.join(f'$a{n}' for n in range(99)) + ']')} }}",
    "variables": {f"a{n}": NEAR_MISS for n in range(99)},
}
ONE_LIST: dict[str, Any] = {
    "query": f"mutation($a: [WarningCode!]) {{ {PUBLISH % '$a'} }}",
    "variables": {"a": [NEAR_MISS] * 100},
}
CHUNKED = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def _cpu_milliseconds(server: RunningProcess) -> float:
    times = psutil.Process(server.pid).cpu_times()
    return float((times.user + times.system) * 1000)


@pytest.mark.parametrize("body", [SCALARS, ONE_LIST], ids=["99 variables", "one list"])
def test_variables_that_nearly_fit_cost_no_suggestions(
    demo_server: RunningProcess, gateway_url: str, body: dict[str, Any]
) -> None:
    before = _cpu_milliseconds(demo_server)

    answers = [httpx2.post(f"{gateway_url}/graphql", json=body).json() for _ in range(5)]

    assert (_cpu_milliseconds(demo_server) - before) / 5 < 50
    assert {answer["errors"][0]["extensions"]["code"] for answer in answers} == {"BAD_REQUEST"}


@pytest.mark.parametrize("path", [b"/graphql", b"/nowhere"])
def test_a_body_of_tiny_chunks_is_cut_off(demo_server: RunningProcess, path: bytes) -> None:
    before = _cpu_milliseconds(demo_server)

    with socket.create_connection(("127.0.0.1", int(demo_server.ready["port"])), timeout=10) as connection:
        try:
            connection.sendall(CHUNKED % path + b"1\r\na\r\n" * 500_000)
            while connection.recv(65536):
                pass
        except OSError:
            pass  # the server has closed while this was still sending

    assert _cpu_milliseconds(demo_server) - before < 50


def test_a_client_that_hangs_up_in_its_body_is_not_the_servers_fault(demo_server: RunningProcess) -> None:
    already = len(demo_server.errors)

    with socket.create_connection(("127.0.0.1", int(demo_server.ready["port"])), timeout=10) as connection:
        connection.sendall(
            (CHUNKED % b"/graphql").replace(b"Transfer-Encoding: chunked", b"Content-Length: 100") + b"{"
        )
        time.sleep(0.2)
    time.sleep(0.5)

    log = demo_server.errors[already:]
    assert '"status": 400' in log
    assert '"level": "error"' not in log


def test_introspection_asks_every_type_whether_it_is_one_of(gateway_url: str) -> None:
    query = '{ __schema { types { name isOneOf } } __type(name: "Branding") { fields { type { isOneOf } } } }'

    answer = httpx2.post(f"{gateway_url}/graphql", json={"query": query}).json()

    assert "errors" not in answer
    assert {field["type"]["isOneOf"] for field in answer["data"]["__type"]["fields"]} == {None}
