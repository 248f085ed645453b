"""The platform's audit log."""

from __future__ import annotations

from gateway.context import Info
from gateway.schema.audit import AuditConnection, AuditEvent, Narrowed, read_filter, read_place
from gateway.schema.enums import Permission
from gateway.schema.node import check_first
from gateway.schema.tenant import After, First
from tenants.access import PLATFORM_CHAIN
from tenants.audit import chain_of
from tenants.store import audit_log


async def resolve_audit_log(
    info: Info, first: First = 20, after: After = None, filter: Narrowed = None
) -> AuditConnection | None:
    """Platform admins; null beside the error for everybody else."""
    scope = info.context.principal.authorize_platform(Permission.READ_PLATFORM_AUDIT_LOG)
    narrow, place = read_filter(filter), read_place(after)
    found = await audit_log.list_of_platform(scope, narrow, first=check_first(first) + 1, after=place)
    return AuditConnection.of(found, first=first)


async def find_event(info: Info, event: int) -> AuditEvent:
    """By the id, which says of which chain it is. Raises NotFoundError and ForbiddenError."""
    principal, chain = info.context.principal, chain_of(event)
    if chain == PLATFORM_CHAIN:
        platform = principal.authorize_platform(Permission.READ_PLATFORM_AUDIT_LOG)
        return AuditEvent.of(await audit_log.get_of_platform(platform, event))
    scope = principal.authorize(chain, Permission.READ_AUDIT_LOG)
    return AuditEvent.of(await audit_log.get_of_tenant(scope, event))
