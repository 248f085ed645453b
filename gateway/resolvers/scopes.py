"""From an id that a client sent to leave to work on its tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.schema.node import read_id_of

if TYPE_CHECKING:
    from gateway.context import Info
    from tenants.access import Permission, TenantScope


def authorize(info: Info, tenant_id: str, permission: Permission) -> TenantScope:
    """Authorise before anything is parsed. Raises UnauthenticatedError, NotFoundError or ForbiddenError."""
    principal = info.context.principal
    principal.require()
    return principal.authorize(read_id_of("Tenant", tenant_id), permission)
