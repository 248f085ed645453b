"""Answers from what is stored as soon as a request is read, or before: no task is started, no application called.

What came in one piece on an idle connection, and is known to be a request that has a stored answer, is not even parsed.
A GET that is not known in these very bytes is answered once its head is parsed. What is not the plain case takes the
long way, where `gateway.edge.lane` answers with the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.edge.lane import PATH, RECEIVED, Lane
from gateway.http.connection import Reading
from gateway.http.protocol import GatewayProtocol

if TYPE_CHECKING:
    from gateway.edge.entries import Entry

_PATH = PATH.encode()
_TARGET = _PATH + b"?"
_LARGEST = 4096
"""Of the requests that are known by their bytes, in bytes: a document of usual size, and what phones send with it."""


class FastLaneProtocol(GatewayProtocol):
    """The class given to uvicorn. It asks the application that uvicorn has loaded, if that is a lane that wants it."""

    _received = b""  # on an idle connection, while it is parsed
    _is_answered = False  # the request whose head was read last

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments
        super().__init__(*args, **options)
        self._lane = self.app if isinstance(self.app, Lane) and self.app.is_fast else None

    def data_received(self, data: bytes) -> None:
        if self._lane is not None and len(data) <= _LARGEST and self.reading is Reading.NOTHING and self._may_write():
            found = self._lane.find_received(data)
            if found is not None:
                self._unset_keepalive_if_required()
                self._write(*found)
                self.expect_another()
                return
            self._received = data
        super().data_received(data)
        self._received = b""

    def _may_write(self) -> bool:
        """Whether an answer may be written right now, and the connection is then kept."""
        return not (self.is_answering() or self.is_stopping or self.is_finished() or self.flow.write_paused)

    def on_head(self) -> None:
        if self._lane is None or not self._is_plain():
            super().on_head()
            return
        found = None
        if self.parser.get_method() == b"GET":
            found = self._lane.find_get(self.headers, self.url[len(_TARGET) :])
        if found is not None:
            self._write(*found)
            self._is_answered = True
            if found[0].is_asked_again(self._received) and self._is_alone():
                self._lane.cache.keep_received(self._received, "GET", *found)
        else:
            if self.parser.get_method() == b"POST" and self._is_alone():
                self.scope["state"][RECEIVED] = self._received
            super().on_head()

    def _is_plain(self) -> bool:
        return (
            (self.url.startswith(_TARGET) or self.url == _PATH)
            and b"#" not in self.url
            and self.version == "1.1"
            and self.parser.should_keep_alive()
            and not (self.expect_100_continue or self.root_path)
            and self._may_write()
        )

    def _is_alone(self) -> bool:
        """Whether this request is all that came, from the first byte to the last: the same bytes will ask the same."""
        head, _, body = self._received.partition(b"\r\n\r\n")
        if head.count(b"\n") != len(self.headers):
            return False
        return len(body) == int(dict(self.headers).get(b"content-length", 0))  # what has chunks has no spelling

    def _write(self, entry: Entry, status: int) -> None:
        """As uvicorn does, in one piece."""
        lines = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
        self.transport.write(b"".join((STATUS_LINE[status], *lines, *entry.wire(status))))
        self.server_state.total_requests += 1

    def on_message_complete(self) -> None:
        if not self._is_answered:
            super().on_message_complete()
            return
        self._is_answered = False
        self.reading = Reading.NOTHING
        self.expect_another()
