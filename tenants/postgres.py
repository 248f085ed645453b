"""PostgreSQL for Tortoise: a pool that is never waited for without end, and transactions that survive cancellation."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import ConnectionWrapper, PoolConnectionWrapper

from tenants.errors import UnavailableError
from tenants.outages import translate, translated
from tenants.scoping import NOTHING, bound, current_extent
from tenants.transactions import OnlyReads, TransactionConnection, finish, refuse_commit_after_failure, refuse_nested

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from tortoise.backends.base.client import TransactionContext

    from tenants.address import PostgresAddress

_MIGRATIONS_LOCK = 0x67_61_74_65  # any number that nobody else uses in this database
_MIGRATIONS_LOCK_MILLISECONDS = 60_000


class PostgresDatabase(OnlyReads, AsyncpgDBClient):
    """A pool of connections, each statement outside of a transaction on one of its own."""

    def __init__(
        self,
        connection_name: str,
        address: PostgresAddress,
        timeout_seconds: float,
        pool_size: int = 1,
        *,
        is_migrating: bool = False,
    ) -> None:
        super().__init__(connection_name=connection_name)
        self._address, self._timeout_seconds, self._pool_size = address, timeout_seconds, pool_size
        self._command_timeout_seconds = None if is_migrating else timeout_seconds

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002, FBT001 - the library's signature
        """Opens the pool with one connection in it. Raises ValueError when the URL holds nonsense."""
        try:
            self._pool = await asyncpg.create_pool(
                self._address.url,
                min_size=1,
                max_size=self._pool_size,
                timeout=self._timeout_seconds,
                command_timeout=self._command_timeout_seconds,
            )
        except asyncpg.exceptions.ClientConfigurationError:
            message = "The PostgreSQL URL has an option or a value that is not understood."
            raise ValueError(message) from None  # the driver's text may repeat the URL
        await self._post_connect()

    def acquire_connection(self) -> ConnectionWrapper[Any] | PoolConnectionWrapper[Any]:
        """A connection of the pool, for the time of one statement."""
        return _PooledConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return refuse_nested()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[PostgresTransaction]:
        """A transaction on a connection that goes back to the pool, however it ends."""
        client = PostgresTransaction(self, await self.take())
        try:
            with translated():
                await finish(client.begin())
            yield client
            with translated():
                await finish(client.commit())
        finally:
            await finish(self._end(client))

    async def ask(self) -> None:
        """One round trip."""
        with bound(NOTHING):
            await self.execute_query("SELECT 1")

    async def check_keys(self, client: PostgresTransaction) -> None:
        """Nothing to do: PostgreSQL never leaves them unchecked."""

    async def lock_migrations(self, client: PostgresTransaction) -> None:
        """Until the end of the transaction nobody else migrates."""
        await client.execute_query(f"SET LOCAL lock_timeout = {_MIGRATIONS_LOCK_MILLISECONDS}")
        await client.execute_query(f"SELECT pg_advisory_xact_lock({_MIGRATIONS_LOCK})")

    async def save_copy(self, name: str) -> None:
        """Nothing to do: a migration that fails is rolled back, and backups are the operator's."""

    async def take(self) -> Any:  # noqa: ANN401 - the driver's proxy
        """A connection of the pool. Raises UnavailableError when all are in use for too long."""
        with translated():
            async with asyncio.timeout(self._timeout_seconds):
                return await self._pool.acquire()  # type: ignore[union-attr]

    async def give_back(self, connection: Any) -> None:  # noqa: ANN401 - the driver's proxy
        """Cleans the connection, or throws it away when that takes too long."""
        await self._pool.release(connection, timeout=self._timeout_seconds)  # type: ignore[union-attr]

    async def _end(self, client: PostgresTransaction) -> None:
        # The server rolls back what it loses sight of, so an outage here takes nothing from what was raised before.
        with suppress(UnavailableError), translated():
            await client.rollback()
        with suppress(UnavailableError), translated():
            await self.give_back(client._connection)  # noqa: SLF001 - the library's name


class PostgresTransaction(TransactionWrapper):
    """One transaction on one connection of the pool."""

    has_failed = False

    def __init__(self, database: PostgresDatabase, connection: Any) -> None:  # noqa: ANN401 - the driver's proxy
        super().__init__(database)
        self._connection = connection

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """The transaction's connection, for the time of one statement."""
        return TransactionConnection(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return refuse_nested()

    async def begin(self) -> None:
        """One round trip."""
        await self._connection.execute("BEGIN")

    async def commit(self) -> None:
        """After the statements that are under way."""
        async with self._lock:
            refuse_commit_after_failure(has_failed=self.has_failed)
            self._finalized = True
            await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        """After the statements that are under way; nothing after a COMMIT or on a lost connection."""
        async with self._lock:
            self._finalized = True
            if not self._connection.is_closed() and self._connection.is_in_transaction():
                await self._connection.execute("ROLLBACK")


class _PooledConnection(PoolConnectionWrapper[Any]):
    client: PostgresDatabase

    async def __aenter__(self) -> Any:  # noqa: ANN401 - the driver's proxy
        current_extent()
        self.connection = await self.client.take()
        return self.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await finish(self.client.give_back(self.connection))
        translate(error)


client_class = PostgresDatabase
