"""A database seen past Tortoise: what is in it, and how its tables are made."""

from __future__ import annotations

import sqlite3
from typing import Any

import asyncpg

_NOT_OURS = ("tortoise_migrations", "sqlite_sequence")


async def execute(url: str, statement: str) -> None:
    await fetch(url, statement)


async def fetch(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Past Tortoise, as any other program would."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            return connection.execute(statement.replace("{no}", "0")).fetchall()
        finally:
            connection.close()
    server = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await server.fetch(statement.replace("{no}", "FALSE"))]
    finally:
        await server.close()


async def tables(url: str) -> dict[str, Any]:
    """Columns, keys, constraints and indexes by table, in no order that a database is free to choose."""
    if url.startswith("sqlite"):
        names = await fetch(url, "SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: await _sqlite_table(url, name) for (name,) in names if name not in _NOT_OURS}
    found = await fetch(
        url,
        "SELECT relname::text, ARRAY(SELECT format('%s %s %s', attname, format_type(atttypid, atttypmod), attnotnull)"
        " FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 ORDER BY attname),"
        " ARRAY(SELECT conname || ' ' || replace(pg_get_constraintdef(oid), '::text', '') FROM pg_constraint"
        " WHERE conrelid = c.oid ORDER BY conname),"
        " ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid ORDER BY 1)"
        " FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    return {name: details for name, *details in found if name not in _NOT_OURS}


async def _sqlite_table(url: str, name: str) -> Any:
    columns = await fetch(url, f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{name}')")  # noqa: S608 - a table of ours
    keys = await fetch(url, f'SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(\'{name}\')')  # noqa: S608 - a table of ours
    sql = await fetch(url, f"SELECT sql FROM sqlite_master WHERE tbl_name = '{name}'")  # noqa: S608 - a table of ours
    constraints = sorted(
        line.strip(" ,") for (text,) in sql for line in (text or "").splitlines() if "CONSTRAINT" in line
    )
    indexes = sorted(text for (text,) in sql if text and "INDEX" in text)
    return sorted(columns), sorted(keys), constraints, indexes
