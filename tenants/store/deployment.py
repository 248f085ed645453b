"""What a database says of itself: who is connected to it, what that role may pass by, what its clock says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tortoise.connection import get_connections

from tenants.audit_rows import AuditEventRow
from tenants.binding import CONNECTION
from tenants.grants import SERVING, SYSTEM, WITHOUT_POLICIES, wanted
from tenants.scoping import scoped

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient

    from tenants.system import SystemScope

_ROLE = """
SELECT session_user::text AS name, clock_timestamp() AS now, current_setting('server_version') AS version,
       COALESCE(pg_has_role(session_user, $1::name, 'USAGE'), false) AS inherits
"""
# Membership counts, inherited or not: whoever connects can take such a role on.
_PASSING = """
SELECT rolname::text AS name FROM pg_roles
WHERE (rolsuper OR rolbypassrls OR rolcreaterole) AND pg_has_role(session_user, oid, 'MEMBER') ORDER BY rolname
"""
# A table has a tenant by its column; those of ours without one are given by name.
_TABLES = """
SELECT c.relname::text AS name, pg_has_role(session_user, c.relowner, 'MEMBER') AS is_owned,
       c.relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS is_guarded,
       c.relname = ANY($1) OR EXISTS (
         SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped
       ) AS is_to_be_guarded
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
ORDER BY c.relname
"""
_HELD = """
SELECT verb || ' on ' || c.relname AS name
FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) verb
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($2) AND has_table_privilege($1, c.oid, verb)
UNION ALL
SELECT verb || ' (' || a.attname || ') on ' || c.relname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
     unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) verb
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($2)
  AND has_column_privilege($1, c.oid, a.attnum, verb) AND NOT has_table_privilege($1, c.oid, verb)
"""
_SEQUENCES = """
SELECT 'USAGE on ' || c.relname AS name FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT has_sequence_privilege($1, seqrelid, 'USAGE')
"""
_POLICIES = """
SELECT polname::text AS name, c.relname::text AS table_name,
       ARRAY(SELECT rolname::text FROM pg_roles r WHERE r.oid = ANY(polroles)) AS roles
FROM pg_policy JOIN pg_class c ON c.oid = polrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1)
"""
_COLUMN = re.compile(r" \(\w+\) on")
_GUARDED = sorted(SERVING.keys() - WITHOUT_POLICIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """A PostgreSQL server, as the role that is connected sees it."""

    role: str
    version: str
    now: datetime
    passing: tuple[str, ...]
    """Roles that pass policies by, or can make one that does: the role itself, or what it can take on."""
    owned: tuple[str, ...]
    """Tables that the role owns, by itself or as a member of their owner: policies do not hold it there."""
    unguarded: tuple[str, ...]
    """Tables of ours that have no row level security."""
    inherits_system: bool
    """Whether the role sees what the system's sees without taking it on."""
    lacking: tuple[str, ...]
    """What `gateway grants` gives to either role, and it does not have."""
    beyond: tuple[str, ...]
    """What either role may do besides, and policies that are not ours."""


@scoped
async def look_at_server(_scope: SystemScope, system_role: str | None) -> ServerFacts | None:
    """None for a SQLite database, which is a file."""
    client = get_connections().get(CONNECTION)
    if client.capabilities.dialect == "sqlite":
        return None
    (role,) = await client.execute_query_dict(_ROLE, [system_role])
    tables = await client.execute_query_dict(_TABLES, [_GUARDED])
    compared = [await _compare(client, role["name"], SERVING)]
    if system_role is not None:
        compared += [await _compare(client, system_role, SYSTEM), await _compare_policies(client, system_role)]
    return ServerFacts(
        role=role["name"],
        version=role["version"],
        now=role["now"].astimezone(UTC),
        passing=await _names(client, _PASSING),
        owned=tuple(table["name"] for table in tables if table["is_owned"]),
        unguarded=tuple(table["name"] for table in tables if table["is_to_be_guarded"] and not table["is_guarded"]),
        inherits_system=role["inherits"],
        lacking=tuple(one for lacking, _ in compared for one in lacking),
        beyond=tuple(one for _, beyond in compared for one in beyond),
    )


async def _names(client: BaseDBAsyncClient, query: str, *values: object) -> tuple[str, ...]:
    return tuple(row["name"] for row in await client.execute_query_dict(query, list(values)))


async def _compare(client: BaseDBAsyncClient, role: str, grants: dict[str, str]) -> tuple[list[str], list[str]]:
    """What a role lacks of what it is to be given, and what it has besides."""
    held, given = set(await _names(client, _HELD, role, sorted(grants))), wanted(grants)
    missing = [one for one in sorted(given - held) if _COLUMN.sub(" on", one) not in held]
    lacking = [*missing, *await _names(client, _SEQUENCES, role)]
    return [f"{role} {one}" for one in lacking], [f"{role} {one}" for one in sorted(held - given)]


async def _compare_policies(client: BaseDBAsyncClient, system_role: str) -> tuple[list[str], list[str]]:
    """Tables whose policy for the system's role is missing; policies that neither a migration nor the grants made."""
    found = await client.execute_query_dict(_POLICIES, [_GUARDED])
    of_system = {one["table_name"] for one in found if _is_of_system(one, system_role)}
    strange = [one for one in found if not (_is_of_system(one, system_role) or _is_migrated(one))]
    return (
        [f"policy {table}_system on {table}" for table in _GUARDED if table not in of_system],
        [f"policy {one['name']} on {one['table_name']}" for one in strange],
    )


def _is_of_system(policy: dict[str, Any], system_role: str) -> bool:
    return bool(policy["name"] == f"{policy['table_name']}_system" and policy["roles"] == [system_role])


def _is_migrated(policy: dict[str, Any]) -> bool:
    table, _, number = policy["name"].rpartition("_")
    return bool(table == policy["table_name"] and number.isdecimal())


@scoped
async def find_last_moment(_scope: SystemScope) -> datetime | None:
    """When the newest entry of the audit log was written; None before the first."""
    row = await AuditEventRow.all().order_by("-id").first()
    return row.at if row else None
