"""All that a database stores, seen past the gateway."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import asyncpg

STAMPS = {"last_used_at", "address"}
"""Columns that say when and from where something was last used: no change of what anything means."""
COUNTS = {"refused_attempt", "proven_device"}
"""Tables by which attempts are limited."""
_OF_A_TENANT = ("tenant_id", "chain")
"""Columns by which a row belongs to one."""
_NOT_OURS = {"tortoise_migrations", "sqlite_sequence"}

Contents = dict[str, frozenset[tuple[Any, ...]]]
Look = Callable[[list[int]], Contents]
"""Each table's rows, of these tenants and of none, but for stamps and counts."""


@contextmanager
def looking_into(url: str) -> Iterator[Look]:
    """By one connection, since it is looked thousands of times."""
    with _sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else _postgres(url) as look:
        yield look


@contextmanager
def _sqlite(path: str) -> Iterator[Look]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        selects = _selects(connection.execute(query).fetchall(), "IN (SELECT value FROM json_each(?))")

        def look(tenants: list[int]) -> Contents:
            sent = json.dumps([0, *tenants])
            return {
                table: frozenset(connection.execute(select, [sent] if is_narrowed else []))
                for table, (select, is_narrowed) in selects.items()
            }

        yield look


@contextmanager
def _postgres(url: str) -> Iterator[Look]:
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        selects = _selects([tuple(row) for row in runner.run(connection.fetch(query))], "= ANY ($1)")

        def look(tenants: list[int]) -> Contents:
            return {
                table: frozenset(map(tuple, runner.run(connection.fetch(select, *[[0, *tenants]] * is_narrowed))))
                for table, (select, is_narrowed) in selects.items()
            }

        yield look
        runner.run(connection.close())


def _selects(columns: list[tuple[str, str]], is_wanted: str) -> dict[str, tuple[str, bool]]:
    """What to read of each table, and whether of some tenants only."""
    found: dict[str, tuple[str, bool]] = {}
    for table in sorted({table for table, _ in columns} - COUNTS - _NOT_OURS):
        names = [name for of, name in columns if of == table]
        owner = next((one for one in _OF_A_TENANT if one in names), None)
        narrowed = f" WHERE {owner} {is_wanted} OR {owner} IS NULL" if owner else ""
        read = ", ".join(f'"{name}"' for name in names if name not in STAMPS)
        found[table] = (f'SELECT {read} FROM "{table}"{narrowed}', owner is not None)  # noqa: S608 - names of ours
    return found
