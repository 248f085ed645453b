"""A database of very many tenants, made from that of a few: an import of so many would take most of the run."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = "replace(config, '000000', printf('%06d', n))"
_COUNTED = """
CREATE TEMP TABLE fresh AS
WITH RECURSIVE counted(n) AS (VALUES (:few) UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < :many)
SELECT n, n + 1 AS id, printf('Carrier-%06d', n) AS provider, 'Carrier number ' || n AS shown FROM counted
"""
_FILL = f"""
INSERT INTO tenant (id, provider_id, provider_key, name_key, app, is_suspended, live_revision, created_at)
SELECT fresh.id, provider, lower(provider), lower(shown), app, 0, 1, created_at
FROM fresh, tenant WHERE tenant.id = 1;
INSERT INTO provider_id (key, was_published, tenant_id) SELECT lower(provider), 1, id FROM fresh;
INSERT INTO draft (tenant_id, version, name, config, edited_at, edited_by)
SELECT id, version, shown, {_CONFIG}, edited_at, edited_by FROM fresh, draft WHERE tenant_id = 1;
INSERT INTO revision (tenant_id, number, draft_version, name, config, published_at, published_by)
SELECT fresh.id, 1, draft_version, shown, {_CONFIG}, published_at, published_by FROM fresh, revision WHERE tenant_id = 1
"""  # noqa: S608 - of ours


def multiply(few: Path, tenants: int, folder: Path) -> None:
    """A copy of a database in another folder, with more tenants: as the first has it, but for names and addresses."""
    folder.mkdir()
    shutil.copy(few / "gateway.db", folder / "gateway.db")
    with closing(sqlite3.connect(folder / "gateway.db")) as connection, connection:
        (count,) = connection.execute("SELECT count(*) FROM tenant").fetchone()
        connection.execute(_COUNTED, {"few": count, "many": tenants})
        for statement in _FILL.split(";"):
            connection.execute(statement)
