"""Answers a GET from what is stored as soon as its head is read: no task is started, no application called.

What is not the plain case takes the long way, where `gateway.edge.lane` answers with the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.edge.lane import PATH, Lane
from gateway.http.connection import Reading
from gateway.http.protocol import GatewayProtocol

if TYPE_CHECKING:
    from gateway.edge.entries import Entry

_TARGET = f"{PATH}?".encode()


class FastLaneProtocol(GatewayProtocol):
    """The class given to uvicorn. It asks the application that uvicorn has loaded, if that is a lane that wants it."""

    _is_answered = False  # the request whose head was read last

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments
        super().__init__(*args, **options)
        self._lane = self.app if isinstance(self.app, Lane) and self.app.is_fast else None

    def on_head(self) -> None:
        answer = None
        if self._lane is not None and self._is_plain():
            answer = self._lane.find_get(self.headers, self.url[len(_TARGET) :])
        if answer is None:
            super().on_head()
        else:
            self._write(*answer)
            self._is_answered = True

    def _is_plain(self) -> bool:
        """Whether an answer may be written right now, and the connection is then kept."""
        return (
            self.url.startswith(_TARGET)
            and b"#" not in self.url
            and self.parser.get_method() == b"GET"
            and self.version == "1.1"
            and self.parser.should_keep_alive()
            and not (self.is_answering() or self.is_stopping or self.is_finished())
            and not (self.flow.write_paused or self.expect_100_continue or self.root_path)
        )

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
