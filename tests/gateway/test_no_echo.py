"""A password sent to the wrong place, in any wrong way, is in no answer and in no line of the log (must-show 3)."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import httpx2
import pytest

from gateway.api import make_schema
from tests.operators import create_token
from tests.servers import RunningProcess, gateway_process
from tests.wrong_shapes import CANARY, CANARY_NUMBER, list_wrong_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wrong_shapes import WrongShape

pytestmark = pytest.mark.slow

SHAPES = list(list_wrong_shapes(make_schema()._schema))  # noqa: SLF001 - where Strawberry keeps it
QUERIES = [shape for shape in SHAPES if shape.query.startswith("query") and len(shape.query) < 4_000]
TRACES = (CANARY.lower(), str(CANARY_NUMBER), str(float(CANARY_NUMBER)))


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a file of its own."""
    return f"sqlite:///{tmp_path_factory.mktemp('echo') / 'gateway.db'}"


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[RunningProcess]:
    """A gateway that logs whatever it can."""
    with gateway_process("serve", "--port", "0", "--database", database_url, env={"GATEWAY_LOG_LEVEL": "debug"}) as it:
        yield it


@pytest.fixture
def client(server: RunningProcess) -> Iterator[httpx2.Client]:
    """Connections to it."""
    with httpx2.Client(base_url=server.ready[0], timeout=30) as client:
        yield client


@pytest.fixture(params=["anonymous", "admin"])
def headers(request: pytest.FixtureRequest, server: RunningProcess, database_url: str) -> dict[str, str]:
    """Who sends it."""
    assert server.popen.poll() is None
    return {"Authorization": f"Bearer {create_token(database_url)}"} if request.param == "admin" else {}


def find_traces(*texts: str) -> list[str]:
    return [trace for trace in TRACES if any(trace in text.lower() for text in texts)]


def find_traces_in(answer: httpx2.Response) -> list[str]:
    return find_traces(answer.text, str(answer.headers.multi_items()))


def post(client: httpx2.Client, shape: WrongShape, headers: dict[str, str]) -> httpx2.Response:
    body = {"query": shape.query, "variables": shape.variables, "operationName": shape.operation_name}
    return client.post("/graphql", json=body, headers=headers)


def get(client: httpx2.Client, shape: WrongShape, headers: dict[str, str]) -> httpx2.Response:
    params = {"query": shape.query}
    if shape.variables is not None:
        params["variables"] = json.dumps(shape.variables)
    if shape.operation_name is not None:
        params["operationName"] = shape.operation_name
    return client.get("/graphql", params=params, headers=headers)


def test_every_wrong_shape_of_every_input_is_refused_without_an_echo(
    server: RunningProcess, client: httpx2.Client, headers: dict[str, str]
) -> None:
    answers = [(shape.label, post(client, shape, headers)) for shape in SHAPES]

    assert [label for label, answer in answers if find_traces_in(answer)] == []
    assert [label for label, answer in answers if answer.status_code >= 500 or "INTERNAL" in answer.text] == []
    assert find_traces(server.errors) == []
    assert "operation_failed" not in server.errors


def test_every_wrong_query_by_get_is_refused_without_an_echo(
    server: RunningProcess, client: httpx2.Client, headers: dict[str, str]
) -> None:
    answers = [(shape.label, get(client, shape, headers)) for shape in QUERIES]

    assert len(answers) > 50
    assert [label for label, answer in answers if find_traces_in(answer)] == []
    assert [label for label, answer in answers if answer.status_code >= 500] == []
    assert find_traces(server.errors) == []


def test_a_secret_beside_the_query_is_not_echoed(server: RunningProcess, client: httpx2.Client) -> None:
    query = {"query": "{ __typename }"}
    answers = [
        client.post("/graphql", json=query, headers={"Authorization": f"Bearer {CANARY}"}),
        client.post("/graphql", json=query, headers={"Authorization": f"Basic {CANARY}"}),
        client.post("/graphql", json=query, headers={"Cookie": f"session={CANARY}; {CANARY}=1"}),
        client.post(
            "/graphql", json=query, headers={f"X-{CANARY}": CANARY, "X-Request-Id": CANARY, "Traceparent": CANARY}
        ),
        client.post("/graphql", json=query, headers={"Accept": f"text/{CANARY}"}),
        client.post("/graphql", json=query, headers={"Content-Encoding": CANARY}),
        client.post("/graphql", content=CANARY, headers={"Content-Type": CANARY}),
        client.post("/graphql", content=CANARY, headers={"Content-Type": "application/json"}),
        client.post("/graphql", json={**query, CANARY: CANARY, "extensions": {CANARY: CANARY}}),
        client.post("/graphql", json={"extensions": {"persistedQuery": {"version": 1, "sha256Hash": CANARY}}}),
        client.post(f"/graphql?password={CANARY}&query={CANARY}", json=query),
        client.post("/graphql", data={"password": CANARY, "query": CANARY}),
        client.post("/graphql", files={"operations": CANARY.encode()}),
        client.get("/graphql", params={"query": "{ __typename }", "password": CANARY}),
        client.get("/graphql", params={"password": CANARY}, headers={"Accept": "text/html"}),
        client.get("/graphql", headers={"Range": CANARY, "If-None-Match": CANARY, "Referer": f"http://x/{CANARY}"}),
    ]
    paths = [
        "/livez",
        "/readyz",
        "/metrics",
        "/docs/rules",
        "/",
        "/static/explorer.js",
        f"/{CANARY}",
        f"/static/{CANARY}",
    ]
    answers += [client.get(f"{path}?{CANARY}={CANARY}") for path in paths]
    answers += [client.request(method, f"/graphql/{CANARY}") for method in ("PUT", "DELETE", "PROPFIND")]

    assert [str(answer.request.headers) for answer in answers if find_traces_in(answer)] == []
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert find_traces(server.errors) == []


@pytest.mark.parametrize(
    "request_line",
    [
        f"{CANARY} / HTTP/1.1",
        f"GET /{CANARY} HTTP/9.{CANARY}",
        f"GET http://user:{CANARY}@host/graphql HTTP/1.1",
        f"CONNECT {CANARY}:443 HTTP/1.1",
        f"GET /graphql HTTP/1.1\r\nHost: a{CANARY}:x:y",
        f"GET /graphql HTTP/1.1\r\nHost: a\r\n{CANARY}",
        f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: {CANARY}",
        f"POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {CANARY}",
        f"POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}",
        f"GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: {CANARY}\r\nConnection: upgrade",
        f"GET /graphql HTTP/1.1\r\nHost: a\r\nExpect: {CANARY}",
    ],
)
def test_a_secret_in_what_is_no_request_is_not_echoed(server: RunningProcess, request_line: str) -> None:
    with socket.create_connection(("127.0.0.1", int(server.ready["port"])), timeout=5) as connection:
        connection.sendall(request_line.encode() + b"\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode("latin-1")

    assert find_traces(answer) == []
    assert find_traces(server.errors) == []
    assert not answer.startswith("HTTP/1.1 5")


def test_the_log_is_json_and_names_templates_only(server: RunningProcess, client: httpx2.Client) -> None:
    client.post(f"/graphql?a={CANARY}", json={"query": "{ __typename }"})

    lines = [json.loads(line) for line in server.errors.splitlines()]

    requests = [line for line in lines if line["event"] == "request"]
    assert requests[-1]["route"] == "/graphql"
    assert len({line["request_id"] for line in requests}) == len(requests)
    assert {line["route"] for line in requests} <= {
        "/graphql", "/livez", "/readyz", "/metrics", "/docs/rules", "/", "/static", "(none)",
    }  # fmt: skip
    assert {line["logger"] for line in lines} & {"uvicorn.access"} == set()
