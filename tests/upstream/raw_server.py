"""A server of a few lines for tests of the client: real sockets, real TLS, and whatever the test writes."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "pbx.acme.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Runs one script for each connection, in a thread of its own. Remembers what was asked."""

    def __init__(self, script: Callable[[socket.socket, RawServer], None], context: ssl.SSLContext | None) -> None:
        self._script, self._context = script, context
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.port: int = self._listening.getsockname()[1]
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.is_sound = True
        """What a script makes of it is its own business."""
        self.stopped, self.left = threading.Event(), threading.Event()
        """`left` is set when a connection is over for the server: the caller has closed it, or the script is done."""

    def url(self, path: str = "/p") -> str:
        """Where it is, by its name."""
        return f"https://{HOST}:{self.port}{path}"

    @contextmanager
    def running(self) -> Iterator[RawServer]:
        """Accept until the end of the context."""
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self.stopped.set()
            self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self._context is None:
                self._script(connection, self)
            else:
                with connection.dup() as below:
                    self._secured(connection, below, self._context)
        self.left.set()

    def _secured(self, connection: socket.socket, below: socket.socket, context: ssl.SSLContext) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                self._script(secured, self)
        except ssl.SSLError:
            below.shutdown(socket.SHUT_WR)  # closing with something unread would take the alert back
            while below.recv(65536):
                pass

    def read_request(self, connection: socket.socket) -> None:
        """Read and remember what is asked."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                raise OSError
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: ([0-9]+)", head)
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        self.heads.append(head + b"\r\n\r\n")
        self.bodies.append(body)


def answering(*pieces: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Reads the request, writes the pieces, closes."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        for piece in pieces:
            connection.sendall(piece)

    return script


def flooding(start: bytes, piece: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Reads the request, and writes without an end."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        connection.sendall(start)
        while not server.stopped.is_set():
            connection.sendall(piece)

    return script


def hanging(start: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Reads the request, writes something, and then only waits for the caller to go."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        connection.sendall(start)
        connection.recv(1)

    return script


def silent(connection: socket.socket, server: RawServer) -> None:
    """Takes the connection and says nothing; waits for the caller to go."""
    while connection.recv(65536):
        pass
