"""A connection of uvicorn's that ends in time: stalled clients, unread answers, early answers, a gentle stop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolLimits:
    """What a client may take of one connection."""

    head_bytes: int = 32 * 1024
    """Request line and headers; and, besides them, the chunk framing and trailers of one body."""
    head_seconds: float = 10.0
    """From the start of a connection, or the first byte of a request, to the end of its headers."""
    stall_seconds: float = 10.0
    """Without a byte of body."""
    body_seconds: float = 30.0
    """For one body, or for what is left of it after an early answer, in all."""
    discard_bytes: int = 32 * 1024 * 1024
    """Read and thrown away, chunks unparsed, after an early answer, so that the client gets to read it."""
    unread_seconds: float = 60.0
    """For a client that does not take its answer."""
    drain_seconds: float = 2.0
    """After a stop is asked for: a request on an idle connection is still answered, and told to close."""
    pipelined: int = 32
    """Requests waiting for the answer of an earlier one."""


class Reading(Enum):
    """What the next byte belongs to."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    DISCARD = auto()


class TimedConnection(HttpToolsProtocol):
    """When a connection is closed, and how; what is read from it is the subclass's business."""

    limits: ClassVar[ProtocolLimits] = ProtocolLimits()

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments
        super().__init__(*args, **options)
        self.reading = Reading.NOTHING
        self.running: RequestResponseCycle | None = None
        self.is_stopping = self.has_drained = False
        self._deadline = self._last_deadline = self._rings_at = math.inf
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._answers = cast("asyncio.Transport", _AnswerTransport(self))
        self.expect_within(self.limits.head_seconds)
        self.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self.running is not None:  # uvicorn tells only the request that was parsed last
            disconnect(self.running)
        self.pipeline.clear()
        super().connection_lost(exc)

    # Deadlines

    def expect_within(self, seconds: float, *, at_most: float | None = None) -> None:
        """Closes after `seconds` without progress, and after `at_most` seconds whatever comes (default: the same)."""
        now = self.loop.time()
        self._deadline = now + seconds
        self._last_deadline = now + (seconds if at_most is None else at_most)

    def expect_nothing(self) -> None:
        """Leaves the time to the application."""
        self._deadline = self._last_deadline = math.inf

    def note_progress(self) -> None:
        """Grants the next bytes of a body their time."""
        self._deadline = min(self.loop.time() + self.limits.stall_seconds, self._last_deadline)

    @property
    def is_expecting(self) -> bool:
        """Whether the client has a deadline to meet."""
        return self._deadline < math.inf

    def watch(self) -> None:
        """Sets the connection's one timer, which looks at the deadline when it rings: a quick request sets none."""
        if self._deadline < self._rings_at and not self.transport.is_closing():
            if "deadline" in self._timers:
                self._timers["deadline"].cancel()
            self._timers["deadline"] = self.loop.call_at(self._deadline, self._on_deadline)
            self._rings_at = self._deadline

    def _on_deadline(self) -> None:
        del self._timers["deadline"]
        self._rings_at = math.inf
        self._forgive_pause()
        if self.loop.time() < self._deadline:
            self.watch()
        else:
            self.expire()

    def _forgive_pause(self) -> None:
        """While we do not read (the application is busy with earlier bytes), a client cannot be late."""
        if self.flow.read_paused and self.is_expecting:
            self.expect_within(self.limits.stall_seconds, at_most=self.limits.body_seconds)

    def expire(self) -> None:
        """The client is late."""
        self.close()

    # Ends

    def close(self) -> None:
        """Closes once what was written is taken, and without waiting for ever for that."""
        self.transport.close()
        self._abort_later()

    def discard(self) -> None:
        """Ends the answer, then throws away what still comes: closing on unread bytes would destroy the answer."""
        self.reading = Reading.DISCARD
        self.expect_within(self.limits.stall_seconds, at_most=self.limits.body_seconds)
        self.watch()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()

    def finish(self) -> None:
        """Closes after an answer, which may have come before the end of a request."""
        if self.reading in {Reading.HEAD, Reading.BODY}:
            self.discard()
        elif not self.is_finished():
            self.close()

    def is_finished(self) -> bool:
        """Whether nothing may be written any more."""
        return self.transport.is_closing() or (self.reading is Reading.DISCARD and self.is_expecting)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._abort_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        if "abort" in self._timers and not self.transport.is_closing():
            self._timers.pop("abort").cancel()

    def _abort_later(self) -> None:
        if "abort" not in self._timers and self.transport.get_write_buffer_size():
            self._timers["abort"] = self.loop.call_later(self.limits.unread_seconds, self.transport.abort)

    def expect_another(self) -> None:
        """The next request of an idle connection has uvicorn's keep-alive time; without a timer of its own."""
        self.expect_within(self.timeout_keep_alive)
        self.watch()

    def timeout_keep_alive_handler(self) -> None:
        self.close()

    # Answers and the stop

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.transport = self._answers
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def is_answering(self) -> bool:
        """Whether a request is with the application."""
        return self.running is not None and not self.running.response_complete

    def shutdown(self) -> None:
        """Stops gently: uvicorn closes idle connections at once, and loses the requests just arriving on them."""
        self.is_stopping = True
        if self.is_answering() and not self.cycle.response_started:
            self.cycle.keep_alive = False
        self._timers["drain"] = self.loop.call_later(self.limits.drain_seconds, self._on_drained)

    def _on_drained(self) -> None:
        self.has_drained = True
        self.close_if_idle()

    def close_if_idle(self) -> None:
        """Closes unless a request is being read or answered."""
        if self.reading in {Reading.NOTHING, Reading.DISCARD} and not self.is_answering():
            self.close()


class _AnswerTransport:
    """What a request's answer is written to: the transport, but closing is left to the connection."""

    def __init__(self, connection: TimedConnection) -> None:
        self.write = connection.transport.write
        self.is_closing = connection.is_finished
        self.close = connection.finish


def disconnect(cycle: RequestResponseCycle) -> None:
    """Tells the application that its client is gone."""
    cycle.disconnected = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
