"""Looks for a text in bytes, however it may have been written down."""

from __future__ import annotations

import asyncio
import sqlite3
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def spellings(mark: str) -> set[bytes]:
    """As it is, percent-encoded, in hexadecimal, in UTF-16, in base64 at three offsets; all in small letters."""
    raw = mark.encode()
    found = {raw, quote(mark, safe="").encode(), raw.hex().encode(), mark.encode("utf-16-le")}
    for offset in range(3):
        encoded = b64encode(b"x" * offset + raw)
        found.add(encoded[(0, 2, 3)[offset] : (offset + len(raw)) * 8 // 6])  # what no neighbour has a part in
    return {each.lower() for each in found}


def find(marks: Iterable[str], places: Mapping[str, bytes]) -> set[str]:
    """The names of the places where any of the marks is; never the mark."""
    wanted = {each for mark in marks for each in spellings(mark)}
    return {name for name, content in places.items() for each in wanted if each in content.lower()}


def stored(url: str) -> dict[str, bytes]:
    """Everything that a database holds, while it is in use: SQLite's files with a backup, PostgreSQL's tables."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        connection = sqlite3.connect(path)
        connection.execute("VACUUM INTO ?", (f"{path}.backup",))
        connection.close()
        return {each.name: each.read_bytes() for each in path.parent.glob(f"{path.name}*")}
    return asyncio.run(_dump(url))


async def _dump(url: str) -> dict[str, bytes]:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [str(row["tablename"]) for row in tables]
        rows = {name: await connection.fetch(f'SELECT t::text AS row FROM "{name}" t') for name in names}  # noqa: S608 - the database's own names
    finally:
        await connection.close()
    return {name: "\n".join(str(one["row"]) for one in found).encode() for name, found in rows.items()}
