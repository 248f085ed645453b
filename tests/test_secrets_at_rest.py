"""After headers were saved and secrets rotated, none of their values lies anywhere in clear: a search of the bytes."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx2
import pytest

from tenants.address import parse
from tenants.migrate import apply_pending
from tests.api.documents import PUBLISH, ROTATE_SIGNING_SECRET
from tests.databases import OwnPostgresServer, PostgresServer
from tests.operators import SignedIn, sign_up
from tests.servers import gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
OLD, NEW = (f"SECRET-key-{word}-0123456789-abcdefgh" for word in ("one", "two"))
SAVE = """
mutation($input: SaveProvisioningInput!) { saveProvisioning(input: $input) {
  __typename
  ... on DraftSaved { draft {
    version changes { label before after } config { provisioning { headers { name maskedValue } } }
  } }
  ... on InvalidInput { problems { code path message hint } }
} }
"""
NAME = "X-Searched-For"


def new_value() -> str:
    """A text that nothing else in the world holds."""
    return f"SECRET-{secrets.token_hex(16)}"


class Deeds:
    """Does to a gateway whatever stores a secret, and remembers the secrets."""

    def __init__(self, admin: SignedIn) -> None:
        self.values: list[str] = []
        self.shown: list[str] = []
        self._admin = admin
        self._client = httpx2.Client(base_url=admin.url, headers=admin.headers, timeout=20, trust_env=False)

    def ask(self, document: str, variables: dict[str, Any]) -> Any:
        answer = self._client.post("/graphql", json={"query": document, "variables": variables})
        self.shown.append(answer.text)
        (data,) = answer.json()["data"].values()
        return data

    def do_all(self) -> None:
        tenant = self._admin.create_tenant("AcmeInc")
        for version in (1, 3, 5):
            self.values.append(new_value())
            header = {"name": NAME, "value": self.values[-1]}
            sent = {"tenantId": tenant, "expectedVersion": version, "provisioning": {"headers": [header]}}
            assert self.ask(SAVE, {"input": sent})["__typename"] == "DraftSaved"
            self.ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": version + 1}})
        self.values.append(new_value())
        refused = {"name": "Host", "value": self.values[-1]}
        sent = {"tenantId": tenant, "expectedVersion": 7, "provisioning": {"headers": [refused]}}
        assert self.ask(SAVE, {"input": sent})["__typename"] == "InvalidInput"
        for _ in range(3):
            self.values.append(self.ask(ROTATE_SIGNING_SECRET, {"tenantId": tenant})["secret"])
            self.shown.pop()  # the one answer that shows it
        self._client.close()


def run(*arguments: str, url: str, **env: str) -> str:
    """What a command prints, on both its outputs."""
    command = [sys.executable, "-m", "gateway", *arguments, "--database", url]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout + done.stderr


def traces_of(value: str) -> list[bytes]:
    """The value as it is and as it might be written: base64 from each of its first three bytes on, hexadecimal."""
    raw = value.encode()
    encoded = [base64.b64encode(raw[start : start + (len(raw) - start) // 3 * 3]) for start in range(3)]
    return [raw, raw.hex().encode(), raw[::-1], *encoded]


def files_beside(url: str) -> Iterator[bytes]:
    """Database, WAL, copies of migrations and of backups: all that lies in the folder."""
    path = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        connection.execute("VACUUM INTO ?", (str(path.with_name("backup.db")),))
    names = {file.name for file in path.parent.iterdir()}
    assert {"gateway.db", "gateway.db-wal", "backup.db", "gateway.db.before-m0002_signing_in"} <= names
    yield from (file.read_bytes() for file in path.parent.iterdir())


async def rows_of(url: str) -> list[bytes]:
    """Every table as PostgreSQL sends it in binary."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [await _copied(connection, str(table["tablename"])) for table in tables]
    finally:
        await connection.close()


async def _copied(connection: asyncpg.Connection[asyncpg.Record], table: str) -> bytes:
    parts: list[bytes] = []

    async def keep(data: bytes) -> None:
        parts.append(data)

    await connection.copy_from_table(table, output=keep, format="binary")
    return b"".join(parts)


def server_files(server: PostgresServer) -> Iterator[bytes]:
    """Data, write-ahead log and log of a server of the tests' own; what another one keeps is not ours to read."""
    if isinstance(server, OwnPostgresServer):
        server.run("CHECKPOINT")
        yield from (path.read_bytes() for path in server.folder.rglob("*") if path.is_file())


@pytest.fixture
def old_sqlite_url(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the foundation, whose migration to today leaves a copy."""
    url, folder = f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path_factory.mktemp("foundation")
    package = folder / "migrations_of_the_foundation"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "m0001_initial.py").write_text("from tenants.migrations.m0001_initial import Migration\n")
    monkeypatch.syspath_prepend(folder)
    asyncio.run(apply_pending(parse(url), package=package.name))
    return url


def do_everything(url: str, file: Path) -> tuple[Deeds, bytes]:
    """The secrets, and all that was shown and printed on the way, at the most talkative level of the log."""
    env = {"GATEWAY_SECRET_KEY": OLD, "GATEWAY_LOG_LEVEL": "debug"}
    with gateway_process("serve", "--port", "0", "--database", url, env=env) as server:
        deeds = Deeds(sign_up(server))
        deeds.do_all()
        printed = [server.errors, *deeds.shown]
        server.popen.kill()  # what was acknowledged stays where it was written: in the write-ahead log
        server.popen.wait(10)
    deeds.values.append(new_value())
    file.write_text(
        "tenants:\n  - providerId: Filed\n    app: GENERIC\n    provisioning:\n"
        f"      headers: [{{name: {NAME}, value: {deeds.values[-1]}}}]\n"
    )
    printed.append(run("import", str(file), url=url, **env))
    file.unlink()
    printed.append(run("export", url=url, **env))
    printed.append(run("keys", "rotate", url=url, GATEWAY_SECRET_KEY=NEW, GATEWAY_OLD_SECRET_KEYS=OLD))
    return deeds, "\n".join(printed).encode()


def assert_nowhere(values: list[str], places: list[bytes]) -> None:
    """And the search finds what is there: the header's name, which is no secret."""
    assert any(NAME.encode() in place for place in places)
    found = [
        number
        for number, value in enumerate(values)
        for trace in traces_of(value)
        if any(trace in place for place in places)
    ]
    assert not found, f"secrets number {found} lie in clear"


def test_nothing_of_a_secret_lies_in_database_wal_copies_backup_log_or_export_on_sqlite(
    old_sqlite_url: str, tmp_path: Path
) -> None:
    deeds, printed = do_everything(old_sqlite_url, tmp_path / "tenants.yaml")

    assert len(deeds.values) == 8
    assert_nowhere(deeds.values, [printed, *files_beside(old_sqlite_url)])
    assert_nowhere(deeds.values, [printed])


def test_nothing_of_a_secret_lies_in_tables_data_wal_log_or_export_on_postgresql(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    deeds, printed = do_everything(postgres_url, tmp_path / "tenants.yaml")

    assert len(deeds.values) == 8
    assert_nowhere(deeds.values, [printed, *asyncio.run(rows_of(postgres_url)), *server_files(postgres_server)])
