"""What the commands of the command line share: a parser each, and the database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tenants import address, database

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    run: Callable[[argparse.Namespace, Settings, dict[str, str]], int],
) -> argparse.ArgumentParser:
    """One command of the command line, which is about a database."""
    command = commands.add_parser(name, help=words, description=words.capitalize() + ".")
    command.add_argument("--database", dest="database_url", help="database URL (sqlite:///gateway.db)")
    command.set_defaults(run=run)
    return command


def connected(settings: Settings, run: Callable[[], Awaitable[int]], *, is_new_welcome: bool = True) -> int:
    """Run a command on the database; development brings it up to date first, but not a file that a typo invents."""
    place = address.parse(settings.database_url)
    is_missing = isinstance(place, address.SqliteAddress) and not place.path.exists()

    async def run_connected() -> int:
        if not settings.is_production and (is_new_welcome or not is_missing):
            await database.migrate(settings.database_url)
        await database.connect(settings.database_url, system_role=settings.system_role)
        try:
            return await run()
        finally:
            await database.disconnect()

    return asyncio.run(run_connected())
