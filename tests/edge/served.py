"""A gateway with two live tenants whose answers are stored, and requests for them as bytes."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.edge.lane import Lane
from gateway.http.connection import ProtocolLimits
from gateway.http.fast_lane import FastLaneProtocol
from gateway.settings import Secret, Settings
from tests.api.documents import SAVE_BRANDING, SCREENS
from tests.conftest import PUBLISH, Ask
from tests.servers import RunningServer, run_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

QUICK = ProtocolLimits(head_seconds=2.0, unread_seconds=0.5, drain_seconds=0.4)
KEEP_ALIVE_SECONDS = 1
CLOSE = b"Connection: close"


class Watched(Lane):
    """The outermost layer of the application. It tells how often it was called, and can be held up."""

    def __init__(self, lane: Lane) -> None:
        vars(self).update(vars(lane))
        self.called = 0
        self.is_open = threading.Event()
        self.is_open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called += scope["type"] == "http"
        while scope["type"] == "http" and not self.is_open.is_set():
            await asyncio.sleep(0.01)
        await super().__call__(scope, receive, send)


class Served:
    """A gateway with two live tenants, and one connection after another to it."""

    def __init__(self, server: RunningServer, app: Watched, publish: bytes) -> None:
        self.server, self.app, self.publish = server, app, publish
        self.head_seconds = QUICK.head_seconds

    def exchange(self, *requests: bytes) -> bytes:
        """All that is answered until the server closes; the last request asks for that."""
        with self.server.connect(timeout_seconds=10) as connection:
            connection.sendall(b"".join(requests))
            return read_all(connection)

    def one_by_one(self, *requests: bytes) -> bytes:
        """All that is answered on one connection, which asks again once something is said of what it asked before."""
        received = b""
        with self.server.connect(timeout_seconds=10) as connection, suppress(ConnectionError):
            for request in requests:
                connection.sendall(request)
                received += connection.recv(65536)
            received += read_all(connection)
        return received

    def store(self) -> None:
        """Both tenants' answers."""
        for request in (HIT, OTHER):
            last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            # misc: no type is inferred for a lambda with a default.
            wait_until(lambda last=last: self._is_from_memory(last))  # type: ignore[misc]

    def _is_from_memory(self, request: bytes) -> bool:
        before = misses_of(self.app)
        answer = self.exchange(request)
        return b"x-request-id" not in answer and misses_of(self.app) == before

    def called_for(self, *requests: bytes) -> int:
        """How many of the requests, and of a last one that says goodbye, the application hears of."""
        before = self.app.called
        self.exchange(*requests, BYE)
        return self.app.called - before


def misses_of(app: Any) -> float:
    """How many softphone queries this process has made an answer to, since none was stored."""
    told = REGISTRY.get_sample_value("gateway_config_cache_total", {"result": "miss"}) or 0
    return float(told + app.cache.tally.misses)


def target(provider_id: str = "AcmeInc", document: str = SCREENS) -> bytes:
    variables = json.dumps({"providerId": provider_id, "app": "WHITELABEL"})
    return f"/graphql?{urlencode({'query': document, 'variables': variables})}".encode()


def get(*lines: bytes, method: bytes = b"GET", url: bytes | None = None, version: bytes = b"1.1") -> bytes:
    start = b"%b %b HTTP/%b" % (method, target() if url is None else url, version)
    return b"\r\n".join((start, b"Host: phones.example", b"Accept: application/json", *lines, b"", b""))


HIT = get()
BYE = get(CLOSE, url=b"/livez")
OTHER = get(url=target("BrightTel"))


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def read_one(connection: socket.socket) -> bytes:
    """One answer with a body of known length, and nothing after it."""
    (answer,) = read_answers(connection, 1)
    return answer


def read_answers(connection: socket.socket, times: int) -> Iterator[bytes]:
    received = b""
    for _ in range(times):
        while b"\r\n\r\n" not in received:
            received += receive(connection)
        end = received.index(b"\r\n\r\n") + 4
        (length,) = re.findall(rb"\r\ncontent-length: (\d+)\r\n", received[:end])
        while len(received) < end + int(length):
            received += receive(connection)
        yield received[: end + int(length)]
        received = received[end + int(length) :]
    assert received == b""


def receive(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    assert part, "The server has closed the connection."
    return part


def dateless(answers: bytes) -> bytes:
    return re.sub(rb"\r\ndate: [^\r]+GMT\r\n", b"\r\ndate: *\r\n", answers)


class Quick(FastLaneProtocol):
    """With limits that a test can wait for."""

    limits = QUICK


@contextmanager
def serving(template: Path, folder: Path) -> Iterator[Served]:
    settings = Settings(
        database_url=f"sqlite:///{shutil.copy(template, folder / 'gateway.db')}",
        secret_key=Secret("a key for tests, 32 characters long"),
    )
    with TestClient(create_app(settings)) as client:
        ask = Ask(client)
        tenants = [ask.create(name, "WHITELABEL") for name in ("AcmeInc", "BrightTel")]
        for tenant in tenants:
            ask.publish(tenant)
        change = {"tenantId": tenants[0], "expectedVersion": ask.version(tenants[0])}
        ask(SAVE_BRANDING, {"input": {**change, "branding": {"themeColor": "#123456"}}})
        publish = {"tenantId": tenants[0], "expectedVersion": ask.version(tenants[0])}
        headers = ask.staff.headers("admin")
    app = Watched(cast("Lane", create_app(settings)))
    with run_server(app, protocol=Quick, timeout_keep_alive=KEEP_ALIVE_SECONDS, proxy_headers=False) as server:
        yield Served(server, app, post({"query": PUBLISH, "variables": {"input": publish}}, headers))


def post(body: object, headers: Mapping[str, str]) -> bytes:
    text = json.dumps(body).encode()
    lines = [f"{name}: {value}".encode() for name, value in headers.items()]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(text)]
    return get(*lines, method=b"POST", url=b"/graphql") + text


def without_request_ids(answers: bytes) -> bytes:
    return re.sub(rb"\r\nx-request-id: [^\r]+", b"", answers)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


ETAG = b"If-None-Match: *"
PLAIN = {
    "plain": HIT,
    "not modified": get(ETAG),
    "other conditions": get(b'If-None-Match: "x"'),
    "headers that nothing hangs on": get(b"User-Agent: A phone", b"Connection: keep-alive", b"X: y"),
    "names in other letters": HIT.replace(b"Accept:", b"aCCEPT:"),
}
LONG = {
    "HEAD": get(method=b"HEAD"),
    "an escaped path": get(url=target().replace(b"graphql", b"gr%61phql")),
    "an absolute form": get(url=b"http://other.example" + target()),
    "a fragment": get(url=target() + b"#a"),
    "another path": get(url=target().replace(b"graphql", b"graphql/")),
    "no query": get(url=b"/graphql"),
    "a body": get(b"Content-Length: 5") + b"hello",
    "an empty body": get(b"Content-Length: 0"),
    "chunks": get(b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
    "Expect": get(b"Expect: 100-continue"),
    "a cookie": get(b"Cookie: a=b"),
    "a credential": get(b"Authorization: Bearer nonsense"),
    "an app key": get(b"X-App-Key: gwa_" + b"A" * 43),
    "an origin": get(b"Origin: https://portal.example"),
    "two of Accept": get(b"Accept: text/html"),
    "two conditions": get(ETAG, b'If-None-Match: "y"'),
}
LAST = {
    "Connection: close": get(CLOSE),
    "close among others": get(b"Connection: keep-alive, close"),
    "HTTP/1.0": get(version=b"1.0"),
    "HTTP/1.0 that would be kept": get(b"Connection: keep-alive", version=b"1.0"),
}
UPGRADES = {
    "h2c": get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
    "a WebSocket": get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
}
REFUSED = {
    "two hosts": get(b"Host: other.example"),
    "no host": HIT.replace(b"Host: phones.example\r\n", b""),
    "a head that is too large": get(b"X: " + b"x" * 33_000),
    "a folded header": get(b"X: a\r\n b"),
    "two lengths": get(b"Content-Length: 1", b"Content-Length: 2"),
}
ALL = {**PLAIN, **LONG, **LAST, **UPGRADES, **REFUSED}
