"""The database: connect, bring up to date, write in a transaction, ask whether it is there.

Reads need nothing of this: outside of a transaction they have connections of their own, inside they are its reads.
"""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connections
from tortoise.context import get_current_context, require_context

from tenants import binding
from tenants import migrate as migrating
from tenants.access import PLATFORM_CHAIN
from tenants.address import SqliteAddress, parse
from tenants.binding import CONNECTION, Database, bind, database_of
from tenants.feed import Change, noting
from tenants.store.feed import find_provider_keys, write_changes
from tenants.system import FEED
from tenants.transactions import finish, refuse_nested

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from tenants.feed import Noted


async def connect(
    url: str,
    *,
    pool_size: int = 10,
    timeout_seconds: float = 5,
    system_role: str | None = None,
    on_commit: Callable[[Sequence[Change]], None] | None = None,
) -> None:
    """Connects this process. Raises as `attach` and `reach`, which it is."""
    await attach(
        url, pool_size=pool_size, timeout_seconds=timeout_seconds, system_role=system_role, on_commit=on_commit
    )
    try:
        await reach()
    except BaseException:
        await disconnect()
        raise


async def attach(
    url: str,
    *,
    pool_size: int = 10,
    timeout_seconds: float = 5,
    system_role: str | None = None,
    on_commit: Callable[[Sequence[Change]], None] | None = None,
) -> None:
    """Says which database is this process's, without a word to it. Raises ValueError for a bad URL.

    Whatever is asked of it raises UnavailableError at once, until `reach` has worked. `pool_size` is PostgreSQL's, and
    so is `system_role`, which the gateway's own work is done as; `timeout_seconds` bounds each wait: for a connection,
    a lock, an answer. `on_commit` hears what a transaction of this process changed before its `transaction()` is left;
    also when COMMIT failed, since that does not say that nothing was committed.
    """
    if get_current_context() is not None:
        message = "This process is connected already."
        raise RuntimeError(message)
    address = parse(url)
    if isinstance(address, SqliteAddress) and system_role is not None:
        message = "A role for the gateway's own work is PostgreSQL's, and the database is SQLite."
        raise ValueError(message)
    options = {} if isinstance(address, SqliteAddress) else {"pool_size": pool_size, "system_role": system_role}
    context = await bind(address, timeout_seconds=timeout_seconds, is_global=True, **options)
    database_of(context).on_commit = on_commit


async def reach() -> None:
    """Opens the database that was attached. Raises UnavailableError when it cannot be had, and may be called again."""
    await binding.reach(database_of(require_context()))


@asynccontextmanager
async def visiting(url: str, *, timeout_seconds: float, system_role: str | None = None) -> AsyncIterator[None]:
    """Inside, this task reads the database by a connection of its own, whatever the process is attached to.

    Raises ValueError and UnavailableError.
    """
    address = parse(url)
    options: dict[str, Any] = {} if isinstance(address, SqliteAddress) else {"system_role": system_role}
    context = await bind(address, timeout_seconds=timeout_seconds, **options)
    with context:
        try:
            await binding.reach(database_of(context))
            yield
        finally:
            await finish(context.close_connections())


async def disconnect() -> None:
    """Closes every connection of this process; does nothing when there is none."""
    context = get_current_context()
    if context is not None:
        await finish(context.close_connections())


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """The way to write: all of it or nothing. Raises UnavailableError, and RuntimeError inside another transaction.

    What is read inside is read by the transaction. Whatever is cancelled, no lock and no connection stays taken;
    a cancellation that comes while COMMIT is under way is raised after it. An error of a statement must leave the
    transaction: PostgreSQL has given it up. What was noted inside is told in the order of the commits.
    """
    connections = get_connections()
    client = connections.get(CONNECTION)
    if isinstance(client, TransactionalDBClient):
        refuse_nested()
    database, told = cast("Database", client), list[Change]()
    try:
        async with database.writing() as client:
            token = connections.set(CONNECTION, client)
            try:
                with noting() as noted:
                    yield
                told = await _tell(noted, is_heard=database.on_commit is not None)
            finally:
                connections.reset(token)
    finally:
        if told and database.on_commit is not None:
            database.on_commit(told)


async def _tell(noted: Sequence[Noted], *, is_heard: bool) -> list[Change]:
    """The last statements of a transaction. What those in this process are to hear of it."""
    if not noted:
        return []
    keys = await find_provider_keys(FEED, {one.tenant for one in noted} - {PLATFORM_CHAIN}) if is_heard else {}
    await write_changes(FEED, noted)
    return [Change(0, one.tenant, keys.get(one.tenant), one.kind) for one in noted] if is_heard else []


async def ping() -> None:
    """Reads from the database. Raises UnavailableError when that fails or takes too long."""
    await database_of(require_context()).ask()


async def migrate(url: str) -> list[str]:
    """Applies what is pending and returns its names; safe when several processes do so at once.

    Raises ValueError and UnavailableError as `connect` does. On SQLite `<database>.before-<name>` is a copy of what
    was there before.
    """
    return await migrating.apply_pending(parse(url))


async def pending_migrations(url: str, *, timeout_seconds: float = 60, is_made: bool = False) -> list[str]:
    """The names of the migrations that this database lacks, in their order; changes nothing.

    Of a SQLite file that is not there all of them, unless it `is_made`: then that is an UnavailableError.
    """
    return await migrating.list_pending(parse(url), timeout_seconds=timeout_seconds, is_made=is_made)


def sqlite_version() -> str:
    """Of the library that this Python carries, for the log of the start."""
    return sqlite3.sqlite_version
