"""PostgreSQL for Tortoise: a pool that is never waited for without end, and transactions that survive cancellation."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import ConnectionWrapper, PoolConnectionWrapper

from tenants.errors import UnavailableError
from tenants.outages import NOT_REACHED, translate, translated
from tenants.scoping import NOTHING, Kind, bound, current_extent
from tenants.transactions import (
    FindsRows,
    OnlyReads,
    TransactionConnection,
    finish,
    refuse_commit_after_failure,
    refuse_nested,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from types import TracebackType

    from tortoise.backends.base.client import TransactionContext

    from tenants.address import PostgresAddress
    from tenants.feed import Change
    from tenants.scoping import Extent

_CLOSE_SECONDS = 2.0
_MIGRATIONS_LOCK = 0x67_61_74_65  # any number that nobody else uses in this database
_MIGRATIONS_LOCK_MILLISECONDS = 60_000


class PostgresDatabase(OnlyReads, AsyncpgDBClient):
    """A pool of connections, each statement outside of a transaction on one of its own."""

    on_commit: Callable[[Sequence[Change]], None] | None = None

    def __init__(
        self,
        connection_name: str,
        address: PostgresAddress,
        timeout_seconds: float,
        pool_size: int = 1,
        *,
        is_migrating: bool = False,
        system_role: str | None = None,
    ) -> None:
        super().__init__(connection_name=connection_name)
        self.system_role = system_role
        self.address, self._timeout_seconds, self._pool_size = address, timeout_seconds, pool_size
        self._command_timeout_seconds = None if is_migrating else timeout_seconds

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002, FBT001 - the library's signature
        """Opens the pool with one connection in it. Raises ValueError when the URL holds nonsense."""
        pool = await asyncpg.create_pool(
            self.address.url,
            min_size=0,  # a pool that keeps up a number logs every attempt while the server is away
            max_size=self._pool_size,
            timeout=self._timeout_seconds,
            command_timeout=self._command_timeout_seconds,
        )
        try:
            await pool.release(await pool.acquire())
        except asyncpg.exceptions.ClientConfigurationError:
            pool.terminate()
            message = "The PostgreSQL URL has an option or a value that is not understood."
            raise ValueError(message) from None  # the driver's text may repeat the URL
        except BaseException:
            pool.terminate()
            raise
        self._pool = pool
        await self._post_connect()

    async def _close(self) -> None:
        """In order, but as for a server that may not listen: the library waits ten seconds for that."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            with suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)

    async def abandon(self) -> None:
        """Without a word to the server, which may not listen."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

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
        """A connection of the pool. Raises UnavailableError when all are in use for too long, or there is none yet."""
        if self._pool is None:
            raise UnavailableError(NOT_REACHED)
        with translated():
            async with asyncio.timeout(self._timeout_seconds):
                return await self._pool.acquire()

    async def give_back(self, connection: Any) -> None:  # noqa: ANN401 - the driver's proxy
        """Cleans the connection, or throws it away when that takes too long."""
        await self._pool.release(connection, timeout=self._timeout_seconds)  # type: ignore[union-attr]

    async def _end(self, client: PostgresTransaction) -> None:
        # The server rolls back what it loses sight of, so an outage here takes nothing from what was raised before.
        with suppress(UnavailableError), translated():
            await client.rollback()
        with suppress(UnavailableError), translated():
            await self.give_back(client._connection)  # noqa: SLF001 - the library's name


class PostgresTransaction(FindsRows, TransactionWrapper):
    """One transaction on one connection of the pool."""

    has_failed = False

    def __init__(self, database: PostgresDatabase, connection: Any) -> None:  # noqa: ANN401 - the driver's proxy
        super().__init__(database)
        self._connection = connection
        self._system_role = database.system_role
        self._told: Extent | None = None

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """The transaction's connection, for the time of one statement."""
        return _TransactionConnection(self._lock, self)

    async def tell(self, extent: Extent) -> None:
        """Tell the server what the next statement may touch, until the transaction ends, unless it knows."""
        if extent == self._told:
            return
        self._told = None  # when this is cancelled or fails, nobody knows what the server knows
        await _tell(self._connection, extent, self._system_role, is_local=True)
        self._told = extent

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
    connection: Any

    _is_in_transaction = False

    async def __aenter__(self) -> Any:  # noqa: ANN401 - the driver's proxy
        extent = current_extent()
        self.connection = await self.client.take()
        try:
            await self._tell(extent)
        except BaseException as error:
            await finish(self._give_back())
            translate(error)
            raise
        return self.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await finish(self._give_back())
        except UnavailableError:
            if error is None:
                raise  # else what came before counts: a cancellation above all
        translate(error)

    async def _tell(self, extent: Extent) -> None:
        role = self.client.system_role if extent.kind is Kind.SYSTEM else None
        if role is not None:  # RESET ALL leaves a role where it is, the end of a transaction does not
            self._is_in_transaction = True
            await self.connection.execute("BEGIN")
        if extent != NOTHING:
            await _tell(self.connection, extent, role, is_local=role is not None)

    async def _give_back(self) -> None:
        try:
            if self._is_in_transaction and not self.connection.is_closed():
                await self.connection.execute("ROLLBACK")  # what is outside of `writing` only reads
        finally:
            with translated():  # the driver cleans it, which may be the first to find that it is lost
                await self.client.give_back(self.connection)


class _TransactionConnection(TransactionConnection):
    client: PostgresTransaction

    async def __aenter__(self) -> Any:  # noqa: ANN401 - the driver's proxy
        connection = await super().__aenter__()
        try:
            await self.client.tell(current_extent())
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise
        return connection


_SET = "SELECT set_config('app.scope', $1, $4), set_config('app.tenants', $2, $4), set_config('app.person', $3, $4)"
_SET_WITH_ROLE = f"{_SET}, set_config('role', $5, $4)"  # as SET LOCAL ROLE, in the same round trip


async def _tell(connection: Any, extent: Extent, system_role: str | None, *, is_local: bool) -> None:  # noqa: ANN401
    """One round trip: the settings that the policies of row level security read, and who reads them."""
    tenants = ",".join(map(str, sorted(extent.tenants)))
    person = "" if extent.person is None else str(extent.person)
    settings = (extent.kind.value, tenants, person, is_local)
    if system_role is None:
        await connection.fetchrow(_SET, *settings)
        return
    role = system_role if extent.kind is Kind.SYSTEM else "none"
    try:
        await connection.fetchrow(_SET_WITH_ROLE, *settings, role)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError):
        message = f"Whoever the gateway connects as cannot take on the role {system_role}: see gateway grants."
        raise ValueError(message) from None


client_class = PostgresDatabase
