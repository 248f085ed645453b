"""The front door of a real server process: what anonymous clients send costs little, ends in time and fails nothing."""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import httpx2
import psutil
import pytest
from graphql import get_introspection_query

from tests.operators import create_token, sign_up
from tests.servers import RunningProcess, gateway_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = TypeVar("Answer")
MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}
CPU_MILLISECONDS = 50.0
PUBLISH = "mutation($input: PublishInput!) { publish(input: $input) { __typename } }"


@pytest.fixture(scope="module")
def door_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('door') / 'gateway.db'}"


@pytest.fixture(scope="module")
def server(door_database: str) -> Iterator[RunningProcess]:
    """A gateway with one published tenant."""
    with gateway_process("serve", "--port", "0", "--database", door_database, env={}) as it:
        admin = sign_up(it)
        tenant = admin.create_tenant("DoorTel")
        admin.ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": 1}})
        yield it


@pytest.fixture(scope="module")
def token(server: RunningProcess, door_database: str) -> str:
    """Opens the counters."""
    assert server.popen.poll() is None
    return create_token(door_database)


@pytest.fixture
def client(server: RunningProcess) -> Iterator[httpx2.Client]:
    """Connections of an anonymous client."""
    with httpx2.Client(base_url=server.ready[0], timeout=30) as client:
        yield client


# CPU: the process's own user and system time, as the kernel counts it (in ticks of 10 ms), over many repetitions.


def measure(server: RunningProcess, ask: Callable[[int], Answer], times: int) -> tuple[float, Answer]:
    """Milliseconds of the server's CPU for one request, the mean of `times` different ones; and the last answer.

    Of at most six series the cheapest: a busy machine takes time from what it measures and never gives any.
    """
    milliseconds, answer = measure_once(server, ask, range(times))
    for first in range(times, 6 * times, times):
        if milliseconds >= CPU_MILLISECONDS:
            again, answer = measure_once(server, ask, range(first, first + times))
            milliseconds = min(milliseconds, again)
    return milliseconds, answer


def measure_once(server: RunningProcess, ask: Callable[[int], Answer], numbers: range) -> tuple[float, Answer]:
    process = psutil.Process(server.pid)
    before = process.cpu_times()
    answers = [ask(number) for number in numbers]
    after = process.cpu_times()
    seconds = after.user + after.system - before.user - before.system
    return seconds * 1000 / len(numbers), answers[-1]


def make_nested_fragments(number: int) -> str:
    chain = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(97)]
    return " ".join(["{ ...F0 }", *chain, "fragment F97 on Query { __typename }", f"# {number}"])


def make_aliases(number: int, many: int = 5_000) -> str:
    return f"{{ {' '.join(f'a{n}:x' for n in range(many))} }} # {number}"


def make_wide_document(number: int) -> str:
    """The most that the limits let through: fifteen aliases of the one field that reads the database, 500 fields."""
    fields = "name revision publishedAt branding { themeColor } help { menuTitle links { title } }"
    selection = f"__typename ... on SoftphoneConfig {{ {fields} }}"
    roots = " ".join(f'a{n}: softphoneConfig(providerId: "DoorTel", app: GENERIC) {{ ...F }}' for n in range(15))
    return json.dumps({"query": f"{{ {roots} }} fragment F on SoftphoneConfigResult {{ {selection} }} # {number}"})


def make_chain(number: int) -> str:
    """Sixty fragments, each of which must be compared with all after it: the slowest document known to be valid."""
    chain = [f"fragment F{n} on Query {{ viewer {{ name permissions }} ...F{n + 1} }}" for n in range(60)]
    document = " ".join(["{ ...F0 }", *chain, "fragment F60 on Query { viewer { name } }", f"# {number}"])
    return json.dumps({"query": document})


def make_introspection(number: int) -> str:
    return json.dumps({"query": f"{get_introspection_query(input_value_deprecation=True)} # {number}"})


def make_conflicts(number: int) -> str:
    """Many fields of one name, which the rule on overlapping fields compares each with each."""
    return f"{{ {'viewer { name } ' * 160} }} # {number}"


def make_wrong_fields(number: int) -> str:
    return f"{{ {' '.join(f'softphoneConfi{n}' for n in range(490))} }} # {number}"


def make_deep_variables(_number: int) -> str:
    return '{"query": "{ __typename }", "variables": {"a": ' + "[" * 32_000 + "]" * 32_000 + "}}"


def make_wide_variables(number: int) -> str:
    nested = "[" * 9 + "]" * 9
    many = ",".join(f'"a{n}": {nested}' for n in range(2_000))
    return f'{{"query": "{{ __typename }} # {number}", "variables": {{{many}}}}}'


def make_long_variables(number: int) -> str:
    return f'{{"query": "{{ __typename }} # {number}", "variables": {{"a": [{",".join("0" * 30_000)}]}}}}'


DOCUMENTS: dict[str, Callable[[int], str]] = {
    "98 nested fragments": make_nested_fragments,
    "5,000 aliases": make_aliases,
    "240 aliases": lambda number: make_aliases(number, 240),
    "wrong fields": make_wrong_fields,
    "overlapping fields": make_conflicts,
    "1,000 tokens of nothing": lambda number: f"{'{' * 990} # {number}",
    "15,000 characters of text": lambda number: f'{{ a(b: "{"x" * 14_900}") }} # {number}',
}
BODIES: dict[str, Callable[[int], str]] = {
    "deep variables": make_deep_variables,
    "a long list": make_long_variables,
    "64 KiB of backslashes": lambda number: json.dumps({"query": "\\" * 32_000, "operationName": str(number)}),
    "64 KiB of NUL": lambda number: '{"query": "' + "\\u0000" * 10_000 + '"}',
    "64 KiB of keys": lambda number: "{" + ",".join(f'"{n}":0' for n in range(7_000)) + "}",
    "64 KiB of digits": lambda number: '{"query": ' + "9" * 60_000 + "}",
    "5,000 aliases in a document of their size": lambda number: json.dumps({"query": make_aliases(number, 6_000)}),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_costly_document_is_refused_for_little(server: RunningProcess, client: httpx2.Client, name: str) -> None:
    def ask(number: int) -> httpx2.Response:
        return client.post("/graphql", json={"query": DOCUMENTS[name](number)})

    milliseconds, answer = measure(server, ask, 20)

    sys.stdout.write(f"{name}: {milliseconds:.1f} ms of CPU\n")
    assert milliseconds < CPU_MILLISECONDS
    assert "data" not in answer.json()
    assert 1 <= len(answer.json()["errors"]) <= 5
    assert len(answer.content) <= 4096


@pytest.mark.parametrize("name", BODIES)
def test_a_costly_body_is_refused_for_little(server: RunningProcess, client: httpx2.Client, name: str) -> None:
    def ask(number: int) -> httpx2.Response:
        return client.post("/graphql", content=BODIES[name](number), headers=JSON)

    milliseconds, answer = measure(server, ask, 20)

    sys.stdout.write(f"{name}: {milliseconds:.1f} ms of CPU\n")
    assert milliseconds < CPU_MILLISECONDS
    assert len(answer.json()["errors"]) == 1
    assert len(answer.content) <= 4096


def test_the_slowest_document_to_validate_costs_little(server: RunningProcess, client: httpx2.Client) -> None:
    def ask(number: int) -> httpx2.Response:
        return client.post("/graphql", content=make_chain(number), headers=JSON)

    milliseconds, answer = measure(server, ask, 20)

    sys.stdout.write(f"a chain of fragments: {milliseconds:.1f} ms of CPU\n")
    assert milliseconds < CPU_MILLISECONDS
    assert answer.status_code == 200
    assert len(answer.content) <= 4096


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_of_20_mb_is_refused_for_little(server: RunningProcess, client: httpx2.Client, is_chunked: bool) -> None:  # noqa: FBT001
    body = b" " * (20 * MIB)

    def ask(_number: int) -> httpx2.Response:
        content = (body[at : at + MIB] for at in range(0, len(body), MIB)) if is_chunked else body
        return client.post("/graphql", content=content, headers=JSON)

    milliseconds, answer = measure(server, ask, 10)

    sys.stdout.write(f"20 MiB, chunked {is_chunked}: {milliseconds:.1f} ms of CPU\n")
    assert milliseconds < CPU_MILLISECONDS
    assert answer.status_code == 413
    assert len(answer.json()["errors"]) == 1


@pytest.mark.parametrize("chunks", [70_000, 1_000_000])
@pytest.mark.parametrize("path", ["/graphql", "/livez", "/nope"])
def test_a_body_in_chunks_of_one_byte_costs_little(server: RunningProcess, path: str, chunks: int) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

    def ask(_number: int) -> bytes:
        with connect(server) as connection:
            connection.sendall(head.encode())
            for _ in range(chunks // 10_000):
                connection.sendall(b"1\r\na\r\n" * 10_000)
            return connection.recv(4096)

    milliseconds, answer = measure(server, ask, 5)

    sys.stdout.write(f"{chunks:,} chunks to {path}: {milliseconds:.1f} ms of CPU\n")
    assert milliseconds < CPU_MILLISECONDS
    assert answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("GraphiQL's introspection", make_introspection),
        ("the widest document", make_wide_document),
        ("2,000 nested variables", make_wide_variables),
    ],
)
def test_the_costliest_that_is_allowed_costs_little(
    server: RunningProcess, client: httpx2.Client, name: str, make: Callable[[int], str]
) -> None:
    def ask(number: int) -> httpx2.Response:
        return client.post("/graphql", content=make(number), headers=JSON)

    milliseconds, answer = measure(server, ask, 20)

    sys.stdout.write(f"{name}: {milliseconds:.1f} ms of CPU\n")
    assert milliseconds < CPU_MILLISECONDS
    assert "errors" not in answer.json()


# Clients that stall


POST = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
STALLS = {
    "nothing at all": b"",
    "half a request line": b"POST /gra",
    "half the headers": b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-A",
    "no body": POST + b"Content-Length: 50\r\n\r\n",
    "half a body": POST + b'Content-Length: 50\r\n\r\n{"q',
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n20\r\n{",
}


# Clients that hang up


@pytest.mark.parametrize("name", ["no body", "half a body", "half a chunk"])
def test_a_client_that_hangs_up_in_the_middle_of_a_body_is_no_failure(
    server: RunningProcess, token: str, name: str
) -> None:
    lines_before, counts_before = len(server.errors.splitlines()), counts(server, token)

    with connect(server) as connection:
        connection.sendall(STALLS[name])
        time.sleep(0.2)  # long enough for the endpoint to wait for the rest
    deadline = time.monotonic() + 5
    while counts(server, token) == counts_before and time.monotonic() < deadline:
        time.sleep(0.05)
    counted = {labels: count - counts_before.get(labels, 0) for labels, count in counts(server, token).items()}
    log = "\n".join(server.errors.splitlines()[lines_before:])

    assert {labels: count for labels, count in counted.items() if count} == {("/graphql", "POST", "400"): 1}
    assert not re.search("error|traceback", log, re.IGNORECASE)


def counts(server: RunningProcess, token: str) -> dict[tuple[str, str, str], int]:
    """Requests answered, by route, method and status; those for the counts themselves left out."""
    metrics = httpx2.get(f"{server.ready[0]}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert metrics.status_code == 200
    found = re.findall(r'gateway_http_requests_total\{method="(.*)",route="(.*)",status="(.*)"\} (\d+)', metrics.text)
    return {(route, method, status): int(n) for method, route, status, n in found if route != "/metrics"}


def connect(server: RunningProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.ready["port"])), timeout=20)


@pytest.mark.slow
def test_stalled_clients_are_closed_within_eleven_seconds(server: RunningProcess, client: httpx2.Client) -> None:
    def stall(data: bytes) -> float:
        with connect(server) as connection:
            connection.sendall(data)
            started = time.monotonic()
            while connection.recv(4096):
                pass
            return time.monotonic() - started

    with ThreadPoolExecutor(len(STALLS)) as pool:
        waiting = {name: pool.submit(stall, data) for name, data in STALLS.items()}
        answered = client.get("/livez").status_code
        seconds = {name: each.result() for name, each in waiting.items()}

    sys.stdout.write("".join(f"{name}: closed after {figure:.2f} s\n" for name, figure in seconds.items()))
    assert answered == 200
    assert [name for name, figure in seconds.items() if not 5 <= figure <= 11] == []
