"""A database that is not there, not understood, or goes away."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from tenants import database
from tenants.errors import UnavailableError
from tests.tenants.writing import make_tenant, saved, start

pytestmark = pytest.mark.anyio


async def test_lost_connections_are_an_outage_and_come_back(connected_postgres: str) -> None:
    await database.ping()

    with pytest.raises(UnavailableError):
        await _write_while_everybody_is_cut_off(connected_postgres)

    assert (await saved()).provider_id == "AcmeInc"


async def _write_while_everybody_is_cut_off(url: str) -> None:
    async with database.transaction():
        killer = await asyncpg.connect(url)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await killer.close()
        await make_tenant()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.db",
        "sqlite://gateway.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "mysql://u:SECRET-1@h/d",
        "postgresql://u:SECRET-1[@h/d",
        "postgresql://u:p@h:SECRET-1/d",
    ],
)
async def test_a_url_that_is_not_understood_is_refused_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite|PostgreSQL|database URL") as refusal:
        await database.connect(url)

    assert "SECRET" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


async def test_a_role_for_the_gateway_s_own_work_is_refused_on_sqlite(sqlite_url: str) -> None:
    with pytest.raises(ValueError, match="PostgreSQL"):
        await database.connect(sqlite_url, system_role="gateway_system")


@pytest.mark.parametrize("url", ["postgresql://u:SECRET-1@127.0.0.1:1/d", "sqlite:////nowhere/at/all.db"])
async def test_a_database_that_is_not_there_is_told_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(UnavailableError) as refusal:
        await database.connect(url, timeout_seconds=1)

    assert re.fullmatch(r"The (PostgreSQL|SQLite) database [^\n]*\.", str(refusal.value))
    assert "SECRET" not in str(refusal.value)


async def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("This is a text, and a long one. " * 100)

    with pytest.raises(UnavailableError, match="cannot be reached"):
        await database.connect(f"sqlite:///{path}")


async def test_postgresql_without_its_driver_is_told_in_one_line() -> None:
    process = start(
        """
        import asyncio, sys
        sys.modules["asyncpg"] = None
        from tenants import database
        try:
            asyncio.run(database.connect(sys.argv[1]))
        except ValueError as error:
            print(error)
        """,
        "postgresql://u:SECRET-1@h/d",
    )
    answer, _ = await asyncio.to_thread(process.communicate, timeout=30)

    assert answer == "PostgreSQL needs a package that is not installed: pip install 'softphone-gateway[postgres]'\n"
