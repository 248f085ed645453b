"""Which of the drivers' errors mean that the database cannot be had. Fails closed: what is not listed stays a bug."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from types import TracebackType

NOT_REACHED = "The database has not been reached yet."

_SQLITE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)

_SQLSTATES = (
    "08",  # the connection
    "25006",  # a server that only reads, as after a fail-over
    "28",  # who we are is not accepted
    "3D000",  # no such database
    "40",  # rolled back by the server: a deadlock
    "53",  # out of disk, memory or connections
    "55P03",  # a lock was not to be had in time
    "57",  # the operator stops the server, or a query ran too long
    "58",  # the server's own disk
)


def translated() -> _Translation:
    """Stands around calls of a driver: an outage leaves as UnavailableError, everything else as it is."""
    return _Translation()


def translate(error: BaseException | None) -> None:
    """Raises UnavailableError when this is an outage."""
    if error is not None and is_outage(error):
        message = "The database cannot be had right now."
        raise UnavailableError(message) from error


def is_outage(error: BaseException) -> bool:
    """Time-outs and refused or lost connections are OSErrors; the drivers' own errors carry codes."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_CODES
    if isinstance(error, OSError):
        return True
    return str(getattr(error, "sqlstate", None)).startswith(_SQLSTATES) or _is_broken(error)


def _is_broken(error: BaseException) -> bool:
    # asyncpg is an optional package, so its classes cannot be named here. It reports a server that went away between
    # two statements as an internal error, as long as it has not seen the end of the stream.
    names = {kind.__name__ for kind in type(error).__mro__}
    return "InternalClientError" in names or (
        "InterfaceError" in names and any(words in str(error) for words in ("is clos", "released back to the pool"))
    )


class _Translation:
    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        translate(error)
