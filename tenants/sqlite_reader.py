"""A connection that reads a SQLite database for many who ask at once: all that wait go to its thread together.

A trip to another thread and back takes three times as long as to find a row by its key, so one trip a statement is most
of what a read takes. The thread stays all the same: on a disk that hangs, the event loop would hang with it, and with
it every answer that needs no database.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from contextlib import closing, suppress
from enum import Enum
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Rows: TypeAlias = "list[tuple[Any, ...]]"


class _Call(Enum):
    READ = "read"
    END = "end"


class _Asked(NamedTuple):
    answer: asyncio.Future[_Rows]
    query: str
    values: Sequence[Any]

    @property
    def is_awaited(self) -> bool:
        """Not any more once it was cancelled."""
        return not self.answer.done()


class SqliteReader:
    """For short statements only: those who asked together are answered together."""

    def __init__(self, uri: str, timeout_seconds: float) -> None:
        self._uri, self._timeout_seconds = uri, timeout_seconds
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Asked] = deque()
        self._is_closing = False
        self._is_awake = False
        """The thread has been called and will deliver."""
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._is_open, self._is_closed = self._loop.create_future(), self._loop.create_future()

    @classmethod
    async def open(cls, uri: str, timeout_seconds: float) -> SqliteReader:
        """Raises sqlite3.Error. `timeout_seconds` bounds the wait for a lock."""
        reader = cls(uri, timeout_seconds)
        # Of the daemon kind, or a process that fails before it closes never ends.
        Thread(target=reader._work, name="sqlite reader", daemon=True).start()
        try:
            await reader._is_open
        except BaseException:
            reader._calls.put(_Call.END)
            raise
        return reader

    def read(self, query: str, values: Sequence[Any]) -> asyncio.Future[_Rows]:
        """The rows. Who does not wait for them any more is left out, unless it is too late.

        Raises sqlite3.ProgrammingError once it is being closed.
        """
        if self._is_closing:
            message = "The connection is closed."
            raise sqlite3.ProgrammingError(message)
        answer: asyncio.Future[_Rows] = self._loop.create_future()
        self._waiting.append(_Asked(answer, query, values))
        if not self._is_awake:
            self._is_awake = True
            self._calls.put(_Call.READ)
        return answer

    async def close(self) -> None:
        """Once all that was asked is answered."""
        self._is_closing = True
        self._calls.put(_Call.READ)
        self._calls.put(_Call.END)
        await self._is_closed

    # On the loop

    def _deliver(self, told: list[tuple[asyncio.Future[_Rows], _Rows | Exception]]) -> None:
        self._is_awake = bool(self._waiting)
        if self._is_awake:
            self._calls.put(_Call.READ)
        for answer, outcome in told:
            _settle(answer, outcome)

    # On the thread

    def _work(self) -> None:
        try:
            connection = sqlite3.connect(self._uri, uri=True, isolation_level=None, timeout=self._timeout_seconds)
        except sqlite3.Error as error:
            self._tell(_settle, self._is_open, error)
            return
        with closing(connection):
            self._tell(_settle, self._is_open, None)
            while self._calls.get() is _Call.READ:
                # Those that came before the thread had its turn: for the first one alone it would not pay.
                batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
                self._tell(self._deliver, [(one.answer, _rows(connection, one)) for one in batch if one.is_awaited])
        self._tell(_settle, self._is_closed, None)

    def _tell(self, what: Callable[..., None], *of: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(what, *of)


def _rows(connection: sqlite3.Connection, asked: _Asked) -> _Rows | Exception:
    try:
        return connection.execute(asked.query, asked.values).fetchall()
    except Exception as error:  # noqa: BLE001 - who asked is told, whatever it is, and the others are not
        return error


def _settle(answer: asyncio.Future[Any], outcome: object) -> None:
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
