"""All that a database stores, seen past the gateway."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import asyncpg

STAMPS = {"last_used_at", "address"}
"""Columns that say when and from where something was last used: no change of what anything means."""
COUNTS = {"refused_attempt", "proven_device"}
"""Tables by which attempts are limited."""
_OF_A_TENANT = ("tenant_id", "chain")
"""Columns by which a row belongs to one."""
_NOT_OURS = {"tortoise_migrations", "sqlite_sequence"}

Contents = dict[str, list[str]]


def contents(url: str, tenants: list[int]) -> Contents:
    """Each table's rows, of these tenants and of none, but for stamps and counts."""
    if url.startswith("sqlite"):
        return _of_sqlite(url.removeprefix("sqlite:///"), tenants)
    return asyncio.run(_of_postgres(url, tenants))


def _of_sqlite(path: str, tenants: list[int]) -> Contents:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        query = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        wanted = _selects([tuple(row) for row in connection.execute(query)], tenants)
        return {name: _rows(connection.execute(select)) for name, select in wanted.items()}
    finally:
        connection.close()


async def _of_postgres(url: str, tenants: list[int]) -> Contents:
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        wanted = _selects([tuple(row) for row in await connection.fetch(query)], tenants)
        return {name: _rows(await connection.fetch(select)) for name, select in wanted.items()}
    finally:
        await connection.close()


def _selects(columns: list[tuple[Any, ...]], tenants: list[int]) -> dict[str, str]:
    """What to read of each table."""
    found: dict[str, str] = {}
    for table in sorted({table for table, _ in columns} - COUNTS - _NOT_OURS):
        owner = next((one for one in _OF_A_TENANT if (table, one) in columns), None)
        numbers = ", ".join(map(str, [0, *tenants]))
        narrowed = f" WHERE {owner} IN ({numbers}) OR {owner} IS NULL" if owner else ""
        found[table] = f'SELECT * FROM "{table}"{narrowed}'  # noqa: S608 - tables and numbers of ours
    return found


def _rows(rows: Any) -> list[str]:
    return sorted(str([(key, row[key]) for key in row.keys() if key not in STAMPS]) for row in rows)  # noqa: SIM118 - not a dictionary
