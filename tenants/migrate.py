"""Brings a database up to date. Each migration is applied and recorded in one transaction, or not at all.

Tortoise's own executor records a migration after its transaction, and takes an unreadable record for an empty one.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from tortoise.connection import get_connections
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.operations import AddField, AddIndex, CreateModel, RunSQL
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from tenants.address import SqliteAddress
from tenants.binding import APP, CONNECTION, bind, database_of, reach
from tenants.schema import schema_editor
from tenants.scoping import MIGRATION, bound
from tenants.transactions import finish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.migrations.graph import MigrationKey
    from tortoise.migrations.migration import Migration
    from tortoise.migrations.schema_editor import BaseSchemaEditor

    from tenants.address import Address
    from tenants.binding import Database

MIGRATIONS = "tenants.migrations"
_TIMEOUT_SECONDS = 60.0  # another process may be migrating
_LOOK_FORWARDS_ONLY = (CreateModel, AddField, AddIndex, RunSQL)
"""Operations that do not ask how things were before them."""


async def apply_pending(address: Address, *, package: str = MIGRATIONS) -> list[str]:
    """The names of what was applied by this call."""
    plan = await _plan(package)
    if not await _lacking(address, plan):
        return []
    applied: list[str] = []
    async with _bound(address) as database:
        state = State(models={}, apps=StateApps(default_connections={APP: CONNECTION}))
        if not isinstance(address, SqliteAddress):
            await reach(database)
        for migration in plan:
            if await _apply(database, migration, state, is_first=not applied):
                applied.append(migration.name)
    return applied


async def list_pending(
    address: Address, *, package: str = MIGRATIONS, timeout_seconds: float = _TIMEOUT_SECONDS, is_made: bool = False
) -> list[str]:
    """Reads only, and waits for nothing longer than so."""
    return await _lacking(address, await _plan(package), timeout_seconds, is_made=is_made)


async def _lacking(
    address: Address, plan: list[Migration], timeout_seconds: float = _TIMEOUT_SECONDS, *, is_made: bool = False
) -> list[str]:
    names = [migration.name for migration in plan]
    if isinstance(address, SqliteAddress) and not is_made and not address.path.exists():
        return names
    async with _bound(address, timeout_seconds, is_migrating=False) as database:
        await reach(database)
        recorded = await _recorded(cast("BaseDBAsyncClient", database))
    return [name for name in names if name not in (recorded or ())]


@asynccontextmanager
async def _bound(
    address: Address, timeout_seconds: float = _TIMEOUT_SECONDS, *, is_migrating: bool = True
) -> AsyncIterator[Database]:
    context = await bind(address, timeout_seconds=timeout_seconds, is_migrating=is_migrating)
    with context, bound(MIGRATION):  # a migration may read and write rows by their models
        try:
            yield database_of(context)
        finally:
            await finish(context.close_connections())


async def _plan(package: str) -> list[Migration]:
    loader = MigrationLoader({APP: {"migrations": package}}, _NothingRecorded(None))
    await loader.build_graph()
    keys = [key for leaf in loader.graph.leaf_nodes(APP) for key in loader.graph.forwards_plan(leaf)]
    return [cast("Migration", loader.graph.nodes[key]) for key in dict.fromkeys(keys)]


async def _apply(database: Database, migration: Migration, state: State, *, is_first: bool) -> bool:
    async with database.writing() as client:
        await database.lock_migrations(client)
        recorded = await _recorded(client)
        if migration.name in (recorded or ()):
            await migration.apply(state, dry_run=True)
            return False
        if is_first:
            await database.save_copy(migration.name)
        await _run(client, migration, state, is_recording=recorded is not None)
        await database.check_keys(client)
        return True


async def _run(client: BaseDBAsyncClient, migration: Migration, state: State, *, is_recording: bool) -> None:
    connections = get_connections()
    token = connections.set(CONNECTION, client)
    try:
        editor, recorder = schema_editor(client), MigrationRecorder(client)
        if not is_recording:
            await editor.create_model(recorder.model)
        await _go_forwards(migration, state, editor)
        await recorder.record_applied(APP, migration.name)
    finally:
        connections.reset(token)


async def _go_forwards(migration: Migration, state: State, editor: BaseSchemaEditor) -> None:
    """As `Migration.apply` does, which copies the state before each operation: most of a first start's time."""
    for operation in migration.operations:
        before = state if isinstance(operation, _LOOK_FORWARDS_ONLY) else state.clone()
        operation.state_forward(APP, state)
        await operation.database_forward(APP, before, state, editor)
    state.validate_relations_initialized()


async def _recorded(client: BaseDBAsyncClient) -> list[str] | None:
    """The names of what was applied once; None before anything was. Raises ValueError for a role that may not look."""
    found = "SELECT 1 AS may_read FROM sqlite_master WHERE name = 'tortoise_migrations'"
    if client.capabilities.dialect != "sqlite":
        found = (
            "SELECT has_table_privilege(c.oid, 'SELECT') AS may_read FROM pg_class c"
            " WHERE relnamespace = current_schema()::regnamespace AND relname = 'tortoise_migrations'"
        )
    _, tables = await client.execute_query(found)
    if not tables:
        return None
    if not tables[0]["may_read"]:
        message = "Whoever the gateway connects as may not read the tables: run gateway grants."
        raise ValueError(message)
    _, rows = await client.execute_query(f"SELECT name FROM tortoise_migrations WHERE app = '{APP}'")  # noqa: S608
    return [row["name"] for row in rows]


class _NothingRecorded(MigrationRecorder):
    """For the loader, which asks although only the files are wanted."""

    async def applied_migrations(self) -> list[MigrationKey]:
        return []
