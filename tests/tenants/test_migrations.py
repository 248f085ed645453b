"""Migrations: from nothing on both databases, once, whole, and without a loss."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.models import Model

from tenants import access_rows, audit_rows, database, feed_rows, migrate, rows
from tenants.address import parse
from tenants.binding import bind
from tenants.schema import schema_editor
from tenants.scoping import MIGRATION, bound
from tests.tenants.inspection import execute, fetch, tables
from tests.tenants.writing import start

pytestmark = pytest.mark.anyio

_MODELS: list[type[Model]] = [
    one
    for module in (rows, access_rows, audit_rows, feed_rows)
    for one in vars(module).values()
    if isinstance(one, type) and one.__module__ == module.__name__
]
_ALL = [
    "m0001_initial",
    "m0002_signing_in",
    "m0003_refusals_by_name",
    "m0004_contents_of_links",
    "m0005_people",
    "m0006_audit",
    "m0007_members",
    "m0008_row_security",
    "m0009_change_feed",
]

_TENANT = (
    "INSERT INTO tenant (id, provider_id, provider_key, name_key, app, is_suspended, created_at)"
    " VALUES ({id}, '{name}', '{key}', 'x', 'GENERIC', {no}, '2026-01-01')"
)
_DRAFT = (
    "INSERT INTO draft (tenant_id, version, config, edited_at, edited_by)"
    " VALUES ({id}, {version}, '', '2026-01-01', '')"
)
_REVISION = (
    "INSERT INTO revision (id, tenant_id, number, draft_version, name, config, published_at, published_by)"
    " VALUES ({id}, 1, {number}, 1, '', '', '2026-01-01', '')"
)
_NAME = "INSERT INTO provider_id (key, tenant_id, was_published) VALUES ('{key}', {tenant}, {no})"
_TOKEN = (
    "INSERT INTO access_token (id, name, prefix, sha256, role, created_at)"
    " VALUES ({id}, '', '', '{hash}', '', '2026-01-01')"
)


async def test_from_nothing_every_migration_is_applied_once(empty_database_url: str) -> None:
    before = await database.pending_migrations(empty_database_url)
    first = await database.migrate(empty_database_url)
    second = await database.migrate(empty_database_url)
    after = await database.pending_migrations(empty_database_url)

    assert (before, first, second, after) == (_ALL, _ALL, [], [])


async def test_asking_what_is_pending_makes_no_file(tmp_path: Path) -> None:
    await database.pending_migrations(f"sqlite:///{tmp_path / 'new.db'}")

    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a path's own methods are refused in async tests


async def test_of_two_processes_that_migrate_at_once_each_migration_is_done_by_one(empty_database_url: str) -> None:
    script = """
        import asyncio, sys
        from tenants import database
        print(asyncio.run(database.migrate(sys.argv[1])))
    """
    processes = [start(script, empty_database_url) for _ in range(2)]
    answers = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]

    assert [errors for _, errors in answers] == ["", ""]
    assert sorted(name for applied, _ in answers for name in ast.literal_eval(applied)) == _ALL


async def test_the_migrated_tables_are_those_of_the_rows(database_url: str, empty_neighbour_url: str) -> None:
    await _make_from_rows(empty_neighbour_url)

    migrated, fresh = await tables(database_url), await tables(empty_neighbour_url)

    assert migrated == fresh


async def test_the_constraints_have_their_names(database_url: str) -> None:
    names = await _constraint_names(database_url)

    assert names >= {
        "tenant_provider_key",
        "tenant_app",
        "tenant_provider_key_is_lower",
        "tenant_name_key_id",
        "draft_version",
        "revision_number",
        "revision_number_positive",
        "access_token_sha256",
        "secret_kind",
        "setup_link_token_sha256",
        "setup_link_carries",
        "proven_device_mac",
    }


@pytest.mark.parametrize(
    "statement",
    [
        _TENANT.format(id=3, name="ACMEINC", key="acmeinc", no="{no}"),
        _TENANT.format(id=3, name="Other", key="Other", no="{no}"),
        _TENANT.format(id=3, name="other", key="other", no="{no}").replace("GENERIC", "generic"),
        _DRAFT.format(id=1, version=2),
        _DRAFT.format(id=2, version=0),
        _DRAFT.format(id=99, version=1),
        _REVISION.format(id=2, number=1),
        _REVISION.format(id=2, number=0),
        _NAME.format(key="acmeinc", tenant=1, no="{no}"),
        _NAME.format(key="other", tenant=99, no="{no}"),
        _TOKEN.format(id=2, hash="a"),
        "UPDATE tenant SET name_key = NULL",
    ],
)
async def test_the_database_itself_refuses(database_url: str, statement: str) -> None:
    await _populate(database_url)

    with pytest.raises((sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)):
        await execute(database_url, statement)


async def test_a_tenant_takes_its_draft_and_revisions_along_but_not_its_name(database_url: str) -> None:
    await _populate(database_url)

    await execute(database_url, "DELETE FROM tenant WHERE id = 1")

    assert await fetch(database_url, "SELECT tenant_id FROM draft") == []
    assert await fetch(database_url, "SELECT number FROM revision") == []
    assert await fetch(database_url, "SELECT key, tenant_id FROM provider_id") == [("acmeinc", None)]


async def test_names_are_sorted_by_their_bytes(database_url: str) -> None:
    await _populate(database_url)
    for number, name in enumerate(["b", "a", "B", "ä", "a b", "ab", "a-b"], start=10):
        await execute(database_url, _TENANT.format(id=number, name=f"n{number}", key=f"n{number}", no="{no}"))
        await execute(database_url, f"UPDATE tenant SET name_key = '{name}' WHERE id = {number}")  # noqa: S608 - a table of ours

    found = await fetch(database_url, "SELECT name_key FROM tenant WHERE id > 9 ORDER BY name_key, id")

    assert [name for (name,) in found] == ["B", "a", "a b", "a-b", "ab", "b", "ä"]


async def test_a_table_is_rebuilt_without_a_loss_and_after_a_copy(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _populate(database_url)
    package = _next_migration(tmp_path, monkeypatch, "operations.AlterField('TenantRow', 'name_key', _FIELD)")

    applied = await migrate.apply_pending(parse(database_url), package=package)

    assert applied == ["m0002_next"]
    assert await fetch(database_url, "SELECT count(*) FROM tenant") == [(2,)]
    assert await fetch(database_url, "SELECT tenant_id, version FROM draft") == [(1, 1)]
    assert await fetch(database_url, "SELECT tenant_id, number FROM revision") == [(1, 1)]


async def test_before_a_migration_a_copy_is_made_of_what_there_is_to_lose(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _populate(sqlite_url)
    package = _next_migration(tmp_path, monkeypatch, "operations.RunSQL('DELETE FROM revision')")

    await migrate.apply_pending(parse(sqlite_url), package=package)

    copy = f"{sqlite_url}.before-m0002_next"
    assert await fetch(sqlite_url, "SELECT number FROM revision") == []
    assert await fetch(copy, "SELECT number FROM revision") == [(1,)]


async def test_a_new_database_leaves_no_copy(tmp_path: Path) -> None:
    await database.migrate(f"sqlite:///{tmp_path / 'new.db'}")

    assert not [name for name in os.listdir(tmp_path) if "before" in name]  # noqa: PTH208 - as above


async def test_a_migration_that_fails_half_way_changes_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _populate(database_url)
    steps = "operations.RunSQL('CREATE TABLE half (id INT)'), operations.RunSQL('INSERT INTO half VALUES (1, 2, 3)')"
    package = _next_migration(tmp_path, monkeypatch, steps)

    with pytest.raises(Exception, match=r"half|INSERT"):
        await migrate.apply_pending(parse(database_url), package=package)

    assert "half" not in await tables(database_url)
    assert await migrate.list_pending(parse(database_url), package=package) == ["m0002_next"]


async def test_a_migration_that_orphans_rows_is_rolled_back(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _populate(sqlite_url)
    package = _next_migration(tmp_path, monkeypatch, "operations.RunSQL('DELETE FROM tenant WHERE id = 1')")

    with pytest.raises(RuntimeError, match="without what they belong to"):
        await migrate.apply_pending(parse(sqlite_url), package=package)

    assert await fetch(sqlite_url, "SELECT count(*) FROM tenant") == [(2,)]


def _next_migration(folder: Path, monkeypatch: pytest.MonkeyPatch, operations: str) -> str:
    """A package with the first migration of ours and one after it."""
    name = f"migrations_of_{folder.name}".replace("-", "_")
    package = folder / name
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "m0001_initial.py").write_text("from tenants.migrations.m0001_initial import Migration\n")
    (package / "m0002_next.py").write_text(
        "from tortoise import fields, migrations\n"
        "from tortoise.migrations import operations\n"
        "_FIELD = fields.CharField(max_length=500)\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('tenants', 'm0001_initial')]\n"
        f"    operations = [{operations}]\n"
    )
    monkeypatch.syspath_prepend(folder)
    return name


async def _populate(url: str) -> None:
    """Two tenants, the first with a draft, a revision and its name; a token."""
    for statement in (
        _TENANT.format(id=1, name="AcmeInc", key="acmeinc", no="{no}"),
        _TENANT.format(id=2, name="Neighbour", key="neighbour", no="{no}"),
        _DRAFT.format(id=1, version=1),
        _REVISION.format(id=1, number=1),
        _NAME.format(key="acmeinc", tenant=1, no="{no}"),
        _TOKEN.format(id=1, hash="a"),
    ):
        await execute(url, statement)


async def _make_from_rows(url: str) -> None:
    """The tables as the rows describe them, without the migrations, in the collation that these set."""
    context = await bind(parse(url), timeout_seconds=5, is_migrating=True)
    with context, bound(MIGRATION):
        client: Any = context.connections.get("default")
        if url.startswith("postgres"):
            await client.create_connection(with_db=True)
        async with client.writing() as transaction:
            for model in _MODELS:
                await schema_editor(transaction).create_model(model)
        await context.close_connections()


async def _constraint_names(url: str) -> set[str]:
    return set(re.findall(r"\w+", str(await tables(url))))
