"""Hints that something was committed, in whichever process. A hint may come late or not at all: a poll is the truth."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tenants.address import SqliteAddress, parse
from tenants.errors import UnavailableError
from tenants.outages import translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tenants.address import PostgresAddress

CHANNEL = "gateway_change"
"""On which PostgreSQL is asked to tell of commits."""
LISTENER = "gateway feed"
"""What the connection that listens is called in PostgreSQL's list of activities."""
_LOOK_SECONDS = 0.02
_REST_SECONDS = 1.0
_ASK_SECONDS = 5.0
"""How long a connection may be silent before it is asked whether it is there."""
_TIMEOUT_SECONDS = 5.0


async def watch(url: str, hint: Callable[[], None]) -> None:
    """Call `hint` at each commit, and when it may have missed one; until it is cancelled.

    On a connection of its own, which is opened again whenever it is lost: at once, if it had lasted.
    """
    address = parse(url)
    uri = _read_only(address.path) if isinstance(address, SqliteAddress) else ""
    while True:
        began = time.monotonic()
        with suppress(UnavailableError), translated():
            if isinstance(address, SqliteAddress):
                await _look(uri, hint)
            else:
                await _listen(address, hint)
        await asyncio.sleep(max(0.0, began + _REST_SECONDS - time.monotonic()))


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro"


async def _look(uri: str, hint: Callable[[], None]) -> None:
    """A look takes 4 µs, which is less than to hand it to another thread, and waits for nobody."""
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)) as connection:
        seen = None
        while True:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                hint()
            seen = version
            await asyncio.sleep(_LOOK_SECONDS)


async def _listen(address: PostgresAddress, hint: Callable[[], None]) -> None:
    """Raises an outage when the connection is lost, and when it does not answer."""
    lost = asyncio.Event()
    asyncpg: Any = import_module("asyncpg")  # an optional package
    connection = await asyncpg.connect(
        address.url,
        timeout=_TIMEOUT_SECONDS,
        command_timeout=_TIMEOUT_SECONDS,
        server_settings={"application_name": LISTENER},
    )
    try:
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda *_: hint())
        hint()  # for what was committed before
        while not lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_ASK_SECONDS):
                    await lost.wait()
            await connection.execute("SELECT 1")
    finally:
        await _close(connection)


async def _close(connection: Any) -> None:  # noqa: ANN401 - the driver's
    """Politely, but not for long: the driver's own time-out does not hold while a statement is being cancelled."""
    try:
        async with asyncio.timeout(_REST_SECONDS):
            await connection.close()
    except TimeoutError:
        pass
    finally:
        connection.terminate()
