"""SQLite for Tortoise: connections that read, one that writes, and a file lock around every write.

SQLite 3.7 to 3.51.2 can corrupt a database in WAL mode when two connections write or checkpoint at once. So
everything that does either holds `flock` on a file beside the database; reading connections are opened read-only
and cannot do either, not even when they are closed last.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from tenants.errors import UnavailableError
from tenants.outages import NOT_REACHED, translate, translated
from tenants.scoping import NOTHING, bound, current_extent
from tenants.sqlite_reader import SqliteReader
from tenants.transactions import (
    FindsRows,
    OnlyReads,
    TransactionConnection,
    finish,
    refuse_commit_after_failure,
    refuse_nested,
)
from tenants.write_lock import WriteLock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from tortoise.backends.base.client import TransactionContext

    from tenants.address import SqliteAddress
    from tenants.feed import Change


class SqliteDatabase(OnlyReads, SqliteClient):
    """Reads by itself; `writing()` is the door to the connection that writes."""

    on_commit: Callable[[Sequence[Change]], None] | None = None

    def __init__(
        self,
        connection_name: str,
        address: SqliteAddress,
        timeout_seconds: float,
        *,
        is_migrating: bool = False,
        **_unused: object,
    ) -> None:
        path = address.path.resolve()  # two names of one file share one lock
        super().__init__(file_path=str(path), connection_name=connection_name)
        self.address = address
        self._path, self._timeout_seconds, self._is_migrating = path, timeout_seconds, is_migrating
        self._write_lock = WriteLock(path.with_name(f"{path.name}.lock"), timeout_seconds)
        self._writer: aiosqlite.Connection | None = None
        self._reader: SqliteReader | None = None

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002, FBT001 - the library's signature
        """Opens the reading connections: one for whatever is asked, one for `find_row`."""
        self._connection = await self._open("ro", {})
        if not self._is_migrating:
            self._reader = await SqliteReader.open(self._uri("ro"), self._timeout_seconds)
        await self._post_connect()

    async def abandon(self) -> None:
        """Closes it again."""
        await self.close()

    async def close(self) -> None:
        """Closes all connections; the writing one may checkpoint, so that waits for the lock."""
        await finish(self._close())

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        """The reading connection, for the time of one statement."""
        return _ReadingConnection(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return refuse_nested()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqliteTransaction]:
        """A transaction that holds the file lock from before its beginning until after its end."""
        if self._connection is None and not self._is_migrating:
            raise UnavailableError(NOT_REACHED)
        async with self._write_lock.held():
            with translated():
                writer = await finish(self._open_writer())
            client = SqliteTransaction(self, writer)
            try:
                with translated():
                    await finish(client.begin())
                yield client
                with translated():
                    await finish(client.commit())
            finally:
                await finish(self._end(client, writer))

    async def ask(self) -> None:
        """Reads a table, since SELECT 1 is answered without a look at the file."""
        with bound(NOTHING):
            await self.execute_query("SELECT 1 FROM sqlite_master LIMIT 1")

    async def find_row(self, query: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """On a connection of its own, apart from what takes long."""
        current_extent()
        if self._reader is None:
            raise UnavailableError(NOT_REACHED)
        self.log.debug("%s: %s", query, values)  # as the library says of every other statement
        with translated():
            rows = await self._reader.read(query, values)
        return rows[0] if rows else None

    async def lock_migrations(self, client: SqliteTransaction) -> None:
        """Nothing to do: the write lock is held."""

    async def check_keys(self, client: SqliteTransaction) -> None:
        """Foreign keys are off while tables are rebuilt, so they are checked afterwards."""
        _, orphans = await client.execute_query("PRAGMA foreign_key_check")
        if orphans:
            message = f"A migration leaves {len(orphans)} row(s) of {orphans[0]['table']} without what they belong to."
            raise RuntimeError(message)

    async def save_copy(self, name: str) -> None:
        """Writes what was committed last to `<database>.before-<name>`, readable by whom the database is readable."""
        if self._connection is None:
            await finish(self.create_connection(with_db=True))
        _, tables = await self.execute_query("SELECT 1 FROM sqlite_master LIMIT 1")
        if tables:
            await self._copy_to(self._path.with_name(f"{self._path.name}.before-{name}"))

    async def _copy_to(self, copy: Path) -> None:
        part = copy.with_name(f"{copy.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, self._path.stat().st_mode & 0o777)
        try:
            await self.execute_query("VACUUM INTO ?", [str(part)])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(copy)

    async def _open_writer(self) -> aiosqlite.Connection:
        if self._writer is None:
            keys = "OFF" if self._is_migrating else "ON"  # a rebuilt table must not delete its children
            pragmas = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": keys}
            self._writer = await self._open("rwc" if self._is_migrating else "rw", pragmas)
        return self._writer

    async def _open(self, mode: str, pragmas: dict[str, str]) -> aiosqlite.Connection:
        opening = aiosqlite.connect(self._uri(mode), uri=True, isolation_level=None, timeout=self._timeout_seconds)
        opening._thread.daemon = True  # noqa: SLF001 - or a process that fails before it disconnects never ends
        connection = await opening
        try:
            connection.row_factory = sqlite3.Row
            for name, value in pragmas.items():
                await connection.execute_fetchall(f"PRAGMA {name}={value}")
        except BaseException:
            await connection.close()
            raise
        return connection

    def _uri(self, mode: str) -> str:
        return f"file:{quote(str(self._path))}?mode={mode}"

    async def _end(self, client: SqliteTransaction, writer: aiosqlite.Connection) -> None:
        try:
            with translated():
                await client.rollback()
        except BaseException:
            self._writer = None  # in a state nobody knows: the next transaction opens another
            await writer.close()
            raise

    async def _close(self) -> None:
        if self._connection is not None:
            reader, self._connection = self._connection, None
            await reader.close()
        if self._reader is not None:
            quick, self._reader = self._reader, None
            await quick.close()
        if self._writer is not None:
            writer, self._writer = self._writer, None
            # When the lock is not to be had, its holder has the database open, so that SQLite will not checkpoint.
            with suppress(UnavailableError):
                async with self._write_lock.held():
                    await writer.close()
            await writer.close()


class SqliteTransaction(FindsRows, SqliteTransactionWrapper):
    """One transaction on the writing connection."""

    has_failed = False

    def __init__(self, database: SqliteDatabase, writer: aiosqlite.Connection) -> None:
        super().__init__(database)
        self._connection = writer

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        """The writing connection, for the time of one statement."""
        return TransactionConnection(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return refuse_nested()

    async def begin(self) -> None:
        """Takes the write lock at once: a later upgrade would fail when somebody wrote in between."""
        await self._connection.execute_fetchall("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """After the statements that are under way."""
        async with self._lock:
            refuse_commit_after_failure(has_failed=self.has_failed)
            self._finalized = True
            await self._connection.execute_fetchall("COMMIT")

    async def rollback(self) -> None:
        """After the statements that are under way; nothing after a COMMIT."""
        async with self._lock:
            self._finalized = True
            if self._connection.in_transaction:
                await self._connection.execute_fetchall("ROLLBACK")


class _ReadingConnection(ConnectionWrapper[aiosqlite.Connection]):
    async def __aenter__(self) -> aiosqlite.Connection:
        current_extent()
        if self.client._connection is None:  # noqa: SLF001 - the library's name; it would open it here
            raise UnavailableError(NOT_REACHED)
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        translate(error)


client_class = SqliteDatabase
