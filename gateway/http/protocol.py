"""The class given to uvicorn's `--http`: what a request must look like before the application hears of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.edge.validators import NO_STORE
from gateway.http.connection import ProtocolLimits, Reading, TimedConnection, disconnect

if TYPE_CHECKING:
    from collections.abc import Iterable

# A longer read is parsed in slices, so that counting bytes between them is never wrong by more than one.
SLICE_BYTES = 8192
HOST = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")

UNREADABLE, LATE, TOO_LARGE = 400, 408, 431
REFUSALS = {
    UNREADABLE: b"This is not a request that can be read.\n",
    LATE: b"The request did not arrive in time.\n",
    TOO_LARGE: b"The request line and headers, or the framing of the chunks, are too large.\n",
}


class GatewayProtocol(TimedConnection):
    """One connection. What is refused here never starts the application and costs the others nothing."""

    _refusal: int | None = None
    _head_bytes = 0  # of the headers parsed so far
    _raw_bytes = 0  # since the head, or the body, began
    _body_bytes = 0
    _discarded_bytes = 0
    _is_chunked = False
    version = ""  # of HTTP, of the request whose head was read last
    _can_keep_alive = False  # as the client asked for; while the end of a chunked body is not known, we cannot

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if not self.is_answering():
            self._begin_head()  # a drip of blank lines before a request would last for ever
        for part in _slices(data):
            if self.reading is not Reading.DISCARD:
                self._feed(part)
            self._count(len(part))
            if self.transport.is_closing():
                return
        self.watch()

    def _feed(self, part: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(part)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.reading = Reading.DISCARD
                self.expect_nothing()
                self.handle_websocket_upgrade()
            else:
                self._feed_without_upgrade(part[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, _RefusedError) else UNREADABLE)

    def _feed_without_upgrade(self, rest: bytes | memoryview) -> None:
        """The parser takes the body of any upgrade for another protocol; one we do not speak is to be ignored."""
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self._feed(b"\r\n".join([*lines, b"", b""]))
        if self.reading is not Reading.DISCARD:
            self._feed(rest)

    def _count(self, size: int) -> None:
        """The parser keeps an unfinished header to itself, and says nothing of chunk framing: count what came."""
        self._raw_bytes += size
        if self.reading is Reading.DISCARD or (self.reading is Reading.BODY and self.cycle.response_complete):
            self._discarded_bytes += size
            if self.is_expecting:
                self.note_progress()
            if self._discarded_bytes > self.limits.discard_bytes:
                self.close()
        elif self._is_mostly_framing():
            self._refuse(TOO_LARGE)

    def _is_mostly_framing(self) -> bool:
        """A head too large, or a body of chunks so small that parsing them costs more than they carry."""
        return self._raw_bytes - self._body_bytes > self.limits.head_bytes + SLICE_BYTES

    # What the parser says

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if len(self.pipeline) >= self.limits.pipelined:
            raise _RefusedError(UNREADABLE)
        self._begin_head()
        self._head_bytes = 0

    def _begin_head(self) -> None:
        if self.reading is Reading.NOTHING:
            self.reading = Reading.HEAD
            self._raw_bytes = self._body_bytes = 0
            self.expect_within(self.limits.head_seconds)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.reading is Reading.BODY:
            return  # uvicorn would add a trailer to the headers that the application has already judged
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + 4  # ": " and the end of the line; no call, since there are many
        if self._head_bytes > self.limits.head_bytes:
            raise _RefusedError(TOO_LARGE)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes:
            raise _RefusedError(TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._count_head(len(self.parser.get_method()) + len("  HTTP/1.1\r\n\r\n"))
        self._check_head()
        if self.parser.should_upgrade():
            if self._should_upgrade():
                super().on_headers_complete()
            return  # or it is read again, without its upgrade
        self.on_head()

    def on_head(self) -> None:
        """The head of a request that may be answered is there."""
        super().on_headers_complete()
        self.reading = Reading.BODY
        self._raw_bytes = self._body_bytes = self._discarded_bytes = 0
        self.expect_within(self.limits.stall_seconds, at_most=self.limits.body_seconds)
        self._can_keep_alive = self.cycle.keep_alive
        if self.is_stopping or self._is_chunked:  # only parsing finds the end of chunks: an early answer is the last
            self.cycle.keep_alive = False

    def _check_head(self) -> None:
        version = self.version = self.parser.get_http_version()
        hosts, codings = [], []
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                codings.append(value.lower())
        if version not in {"1.0", "1.1"} or self.parser.get_method() == b"CONNECT":
            raise _RefusedError(UNREADABLE)
        self._is_chunked = bool(codings)
        if codings and (codings != [b"chunked"] or version == "1.0"):
            raise _RefusedError(UNREADABLE)  # the parser would say so, but only after the application has started
        if len(hosts) > 1 or (version == "1.1" and not hosts) or not all(map(HOST.fullmatch, hosts)):
            raise _RefusedError(UNREADABLE)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self.note_progress()
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()
            self.reading = Reading.NOTHING
            self.expect_nothing()
            if not self.cycle.response_started:
                self.cycle.keep_alive = self._can_keep_alive and not self.is_stopping
            if self.cycle.response_complete:  # answered early: its bytes have stopped uvicorn's keep-alive timer
                self.expect_another()

    # Answers

    def on_response_complete(self) -> None:
        if self.is_finished():
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self._refusal is not None and not self.is_answering():
            self._unset_keepalive_if_required()
            self._answer_refusal(self._refusal)
        elif self.has_drained:
            self.close_if_idle()

    def expire(self) -> None:
        if self.reading in {Reading.HEAD, Reading.BODY}:
            self._refuse(LATE)
        else:
            self.close()

    def _refuse(self, status: int) -> None:
        """Answers in its turn: earlier requests of the connection keep their answers."""
        broken = self.cycle if self.reading is Reading.BODY else None
        self._refusal = status
        self.reading = Reading.DISCARD
        self.expect_nothing()
        if broken is not None and broken is not self.running:
            self.pipeline.popleft()
        elif broken is not None:
            disconnect(broken)
            self.running = None
        if broken is not None and broken.response_started:
            self.close()
        elif not self.is_answering():
            self._answer_refusal(status)

    def _answer_refusal(self, status: int) -> None:
        text = REFUSALS[status]
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
            (b"cache-control", NO_STORE),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", text]))
        if status == LATE:  # nothing is on its way from a client that has stalled
            self.close()
        else:
            self.discard()


def _slices(data: bytes) -> Iterable[bytes | memoryview]:
    if len(data) <= SLICE_BYTES:
        return (data,)
    view = memoryview(data)
    return (view[start : start + SLICE_BYTES] for start in range(0, len(view), SLICE_BYTES))


def protocol(limits: ProtocolLimits) -> type[GatewayProtocol]:
    """The same with other limits. Give workers, which are started from a pickle, `GatewayProtocol` itself."""
    return type("GatewayProtocol", (GatewayProtocol,), {"limits": limits})


class _RefusedError(Exception):
    """Raised through the parser, which reports it as the context of its own error."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
