"""A gateway that says what a test wrote down: for answers that no healthy gateway gives."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Reply:
    """One answer."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """As it stands where it is bytes, else as JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class StubGateway:
    """Gives the replies in their order, the last one again and again."""

    before: Callable[[], object] = staticmethod(lambda: None)
    """Called when it was asked, before it replies."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        self.url = ""

    def answers(self, *replies: Reply) -> None:
        """What comes from now on."""
        self.replies = list(replies)

    def next_reply(self) -> Reply:
        """The one that is due."""
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def stub_gateway() -> Iterator[StubGateway]:
    """Listens on the loopback while the context is open."""
    stub = StubGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Whatever is asked."""
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
            stub.before()
            reply = stub.next_reply()
            data = reply.encoded()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(data)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data if reply.status != 304 else b"")

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
