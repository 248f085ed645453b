"""What a database says of itself: who is connected to it, what that role may pass by, what its clock says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tortoise.connection import get_connections

from tenants.audit_rows import AuditEventRow
from tenants.binding import CONNECTION
from tenants.scoping import scoped

if TYPE_CHECKING:
    from tenants.system import SystemScope

_ROLE = """
SELECT session_user::text AS name, rolsuper, rolbypassrls, clock_timestamp() AS now,
       current_setting('server_version') AS version
FROM pg_roles WHERE rolname = session_user
"""
# A table has a tenant by its column, or is the tenant, its audit log or what changed.
_TABLES = """
SELECT c.relname::text AS name,
       pg_has_role(session_user, c.relowner, 'USAGE') AS is_owned,
       c.relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS is_guarded,
       c.relname IN ('tenant', 'audit_chain', 'audit_event', 'change') OR EXISTS (
         SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped
       ) AS has_tenant
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """A PostgreSQL server, as the role that is connected sees it."""

    role: str
    version: str
    now: datetime
    passes_policies: bool
    """A superuser, or a role with BYPASSRLS."""
    owned: tuple[str, ...]
    """Tables that the role owns, by itself or as a member of their owner: policies do not hold it there."""
    unguarded: tuple[str, ...]
    """Tables with tenants that have no row level security."""


@scoped
async def look_at_server(_scope: SystemScope) -> ServerFacts | None:
    """None for a SQLite database, which is a file."""
    client = get_connections().get(CONNECTION)
    if client.capabilities.dialect == "sqlite":
        return None
    (role,) = await client.execute_query_dict(_ROLE)
    tables = await client.execute_query_dict(_TABLES)
    return ServerFacts(
        role=role["name"],
        version=role["version"],
        now=role["now"].astimezone(UTC),
        passes_policies=role["rolsuper"] or role["rolbypassrls"],
        owned=tuple(table["name"] for table in tables if table["is_owned"]),
        unguarded=tuple(table["name"] for table in tables if table["has_tenant"] and not table["is_guarded"]),
    )


@scoped
async def find_last_moment(_scope: SystemScope) -> datetime | None:
    """When the newest entry of the audit log was written; None before the first."""
    row = await AuditEventRow.all().order_by("-id").first()
    return row.at if row else None
