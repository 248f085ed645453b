"""Tortoise bound to one database: which client, which tables."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, cast

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext

from tenants.address import Address, SqliteAddress
from tenants.errors import UnavailableError
from tenants.outages import translated
from tenants.transactions import finish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from tortoise.backends.base.client import TransactionalDBClient

    from tenants.feed import Change

APP = "tenants"
CONNECTION = "default"
_MODELS = ["tenants.rows", "tenants.access_rows", "tenants.audit_rows", "tenants.feed_rows"]
_APPS = {APP: {"models": _MODELS, "default_connection": CONNECTION}}


class Database(Protocol):
    """What `tenants.sqlite` and `tenants.postgres` are beside Tortoise's clients."""

    address: Address
    on_commit: Callable[[Sequence[Change]], None] | None
    """Who in this process is told of its own commits."""

    def writing(self) -> AbstractAsyncContextManager[TransactionalDBClient]:
        """A transaction; its client is for what is done inside."""

    async def ask(self) -> None:
        """Reads something. Raises UnavailableError."""

    async def find_row(self, query: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """The first row of a short statement that many send at once. Raises UnavailableError."""

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - the library's signature
        """Opens what reads. Until then whatever is asked raises UnavailableError, but for migrations."""

    async def abandon(self) -> None:
        """As it was before `create_connection`."""

    async def lock_migrations(self, client: Any) -> None:  # noqa: ANN401 - each its own
        """Until the end of this transaction nobody else migrates."""

    async def save_copy(self, name: str) -> None:
        """Before a migration of this name, where a copy is to be had cheaply."""

    async def check_keys(self, client: Any) -> None:  # noqa: ANN401 - each its own
        """Raises RuntimeError when a row points to one that is not there."""


async def bind(
    address: Address, *, timeout_seconds: float, is_global: bool = False, **options: object
) -> TortoiseContext:
    """Tortoise's state for this database; nothing is connected yet. Raises ValueError when a package is missing."""
    is_sqlite = isinstance(address, SqliteAddress)
    if not is_sqlite and find_spec("asyncpg") is None:
        message = "PostgreSQL needs a package that is not installed: pip install 'softphone-gateway[postgres]'"
        raise ValueError(message)
    connection = {
        "engine": "tenants.sqlite" if is_sqlite else "tenants.postgres",
        "credentials": {"address": address, "timeout_seconds": timeout_seconds, **options},
    }
    EXECUTOR_CACHE.clear()  # keyed by the connection's name alone: SQLite's placeholders would reach PostgreSQL
    context = TortoiseContext()
    with context:  # not Tortoise.init, which would leave its mark in the caller's task
        await context.init(
            config={"connections": {CONNECTION: connection}, "apps": _APPS},
            _enable_global_fallback=is_global,
        )
    return context


def database_of(context: TortoiseContext) -> Database:
    """The client, by what it is beside Tortoise's."""
    return cast("Database", context.connections.get(CONNECTION))


async def find_row(by_dialect: Mapping[str, str], values: Sequence[Any]) -> Sequence[Any] | None:
    """As the client does it that is bound here: a transaction's, or the one outside."""
    client = get_connections().get(CONNECTION)
    return await cast("Database", client).find_row(by_dialect[client.capabilities.dialect], values)


async def reach(database: Database) -> None:
    """Connects and reads. Raises UnavailableError with one line that holds no credentials; then it is as before."""
    address = database.address
    if isinstance(address, SqliteAddress) and not address.path.exists():
        message = f"{address} does not exist; `gateway migrate` makes it."
        raise UnavailableError(message)
    try:
        with translated():
            await finish(_open(database))
    except UnavailableError as error:
        cause = error.__cause__
        message = f"{address} cannot be reached ({type(cause).__name__})."
        raise UnavailableError(message) from cause


async def _open(database: Database) -> None:
    try:
        await database.create_connection(with_db=True)
        await database.ask()
    except BaseException:
        await database.abandon()
        raise
