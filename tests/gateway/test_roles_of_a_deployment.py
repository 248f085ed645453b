"""`gateway grants` and `gateway check` on PostgreSQL: an operator's steps, and whatever may go wrong with two roles."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from gateway.deployment import Finding, Verdict
from tenants import database
from tests.databases import PostgresServer
from tests.gateway.test_deployment import KEY, PRODUCTION, PUBLIC, look
from tests.served import ServedDatabase
from tests.servers import gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "of-the-tests"
INHERIT = """DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE 'GRANT {system} TO {serving} WITH INHERIT TRUE';
  ELSE
    ALTER ROLE {serving} INHERIT;
  END IF;
END $$"""


@dataclass(frozen=True)
class Operated:
    """An empty database of somebody who is no superuser, and the names that its operator chose."""

    admin: PostgresServer
    owner: str
    serving: str
    system: str

    def url_of(self, role: str) -> str:
        parts = urlsplit(self.admin.url)
        return urlunsplit(parts._replace(netloc=f"{role}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}"))

    @property
    def settings(self) -> dict[str, str]:
        """Of service."""
        return {
            "GATEWAY_DATABASE_URL": self.url_of(self.serving),
            "GATEWAY_SYSTEM_ROLE": self.system,
            "GATEWAY_SECRET_KEY": KEY,
            "GATEWAY_PROFILE": "production",
            "GATEWAY_PUBLIC_URL": PUBLIC,
        }


@pytest.fixture
def operated(postgres_server: PostgresServer) -> Iterator[Operated]:
    number = os.getpid()
    url = postgres_server.make(name=f"gateway_operated_{number}")
    it = Operated(PostgresServer(url), *(f"{name}_operated_{number}" for name in ("owner", "serving", "system")))
    postgres_server.run(f"CREATE ROLE {it.owner} LOGIN PASSWORD '{PASSWORD}'")
    postgres_server.run(f"ALTER DATABASE {urlsplit(url).path[1:]} OWNER TO {it.owner}")
    yield it
    postgres_server.drop(url)
    for role in (it.serving, it.system, it.owner):
        postgres_server.run(f"DROP ROLE IF EXISTS {role}")


def test_an_operator_s_steps_lead_from_an_empty_server_to_a_sound_deployment(operated: Operated) -> None:
    migrated = gateway("migrate", "--database", operated.url_of(operated.owner))
    granted = gateway("grants", "--serving", operated.serving, "--system", operated.system)
    operated.admin.run(granted.stdout)
    operated.admin.run(f"ALTER ROLE {operated.serving} PASSWORD '{PASSWORD}'")
    sound = gateway("check", **operated.settings)
    operated.admin.run(f"REVOKE INSERT ON audit_event FROM {operated.serving}")
    short = gateway("check", **operated.settings)
    operated.admin.run(granted.stdout)
    mended = gateway("check", **operated.settings)

    assert (migrated.returncode, granted.returncode, granted.stderr) == (0, 0, "")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert f"ok    isolation  {operated.serving} owns nothing" in sound.stdout
    assert (short.returncode, short.stderr) == (1, "")
    assert f"FAIL  isolation  Missing: {operated.serving} INSERT on audit_event" in short.stdout
    assert mended.stdout.count("FAIL") == 0


def test_whoever_was_given_nothing_yet_is_told_of_the_grants(operated: Operated) -> None:
    gateway("migrate", "--database", operated.url_of(operated.owner))
    operated.admin.run(f"CREATE ROLE {operated.serving} LOGIN PASSWORD '{PASSWORD}'")

    checked, served = gateway("check", **operated.settings), gateway("serve", "--port", "0", **operated.settings)

    assert (checked.returncode, checked.stderr) == (1, "")
    assert "FAIL  schema" in checked.stdout
    assert "gateway grants" in checked.stdout
    assert (served.returncode, served.stdout) == (1, "")
    assert "gateway grants" in served.stderr
    assert "Traceback" not in served.stderr


@pytest.mark.parametrize("names", [("same", "same"), ("Upper", "system"), ("a-b", "system"), ("a", 'x"; DROP TABLE t')])
def test_names_of_roles_that_are_none_are_refused(names: tuple[str, str]) -> None:
    refused = gateway("grants", "--serving", names[0], "--system", names[1])

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Two roles of PostgreSQL are needed" in refused.stderr


async def found(served: ServedDatabase, wrong: str) -> Finding:
    """What is said of the roles once something was done to them."""
    connection = await asyncpg.connect(served.owner_url)
    try:
        await connection.execute(wrong)
    finally:
        await connection.close()
    await database.connect(served.url, system_role=served.system_role)
    try:
        return (await look(replace(PRODUCTION, system_role=served.system_role)))["isolation"]
    finally:
        await database.disconnect()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("REVOKE SELECT ON secret FROM {serving}", "Missing: {serving} SELECT on secret."),
        (
            "REVOKE UPDATE (personal) ON audit_event FROM {serving}",
            "Missing: {serving} UPDATE (personal) on audit_event",
        ),
        ("REVOKE USAGE ON SEQUENCE tenant_id_seq FROM {serving}", "Missing: {serving} USAGE on tenant_id_seq"),
        ("REVOKE UPDATE ON audit_chain FROM {system}", "Missing: {system} UPDATE on audit_chain"),
        ("DROP POLICY secret_system ON secret", "Missing: policy secret_system on secret"),
        ("ALTER POLICY secret_system ON secret TO {serving}", "Missing: policy secret_system on secret"),
        ("GRANT UPDATE ON audit_event TO {serving}", "Too much: {serving} UPDATE on audit_event"),
        ("GRANT UPDATE (action) ON audit_event TO {serving}", "Too much: {serving} UPDATE (action) on audit_event"),
        ("GRANT DELETE ON revision TO PUBLIC", "Too much: {serving} DELETE on revision, {system} DELETE on revision"),
        ("GRANT TRUNCATE ON secret TO {system}", "Too much: {system} TRUNCATE on secret"),
        ("CREATE POLICY all_of_it ON secret USING (true)", "Too much: policy all_of_it on secret"),
        ("ALTER TABLE secret DISABLE ROW LEVEL SECURITY", "No row level security on secret"),
        ("ALTER TABLE session DISABLE ROW LEVEL SECURITY", "No row level security on session"),
        (INHERIT, "{serving} inherits what {system} sees"),
        ("ALTER ROLE {serving} CREATEROLE", "{serving} passes all policies by"),
        ("ALTER ROLE {serving} BYPASSRLS", "{serving} passes all policies by"),
        ("ALTER ROLE {system} BYPASSRLS", "{serving} can take on {system}"),
        ("ALTER TABLE session OWNER TO {system}", "{serving} owns tables, or may"),
    ],
)
async def test_whatever_is_wrong_with_the_roles_is_told(served: ServedDatabase, wrong: str, words: str) -> None:
    names = {"serving": urlsplit(served.url).username, "system": served.system_role}

    finding = await found(served, wrong.format(**names))

    assert finding.verdict is Verdict.FAIL
    assert words.format(**names) in finding.words
