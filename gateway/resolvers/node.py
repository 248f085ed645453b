"""Anything that has an id, by that id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.context import Info
from gateway.resolvers.audit import find_event
from gateway.resolvers.keys import find_app_key, find_token
from gateway.schema.enums import Permission
from gateway.schema.members import Member
from gateway.schema.node import Node, read_node_id
from gateway.schema.revision import Revision
from gateway.schema.session import Session
from gateway.schema.setup_links import SetupLink
from gateway.schema.tenant import Draft, Tenant
from tenants.errors import ForbiddenError, NotFoundError
from tenants.store import members, revisions, sessions, setup_links

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def resolve_node(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="An id that this API gave you.")],
) -> Node | None:
    """Unknown, unreadable and malformed ids are all null."""
    info.context.principal.require()
    try:
        kind, number = read_node_id(id)
        find = _FINDERS.get(kind)
        return await find(info, number) if find else None
    except (NotFoundError, ForbiddenError):
        return None


async def _tenant(info: Info, number: int) -> Tenant | None:
    scope = info.context.principal.authorize(number, Permission.READ_CONFIG)
    found = await info.context.loaders.tenants.load(scope)
    return Tenant.of(scope, found) if found else None


async def _draft(info: Info, number: int) -> Draft | None:
    scope = info.context.principal.authorize(number, Permission.READ_CONFIG)
    found = await info.context.loaders.drafts.load(scope)
    return Draft.of(scope, found) if found else None


async def _revision(info: Info, number: int) -> Revision:
    principal = info.context.principal
    tenant = await revisions.find_tenant_of(principal.authorize_platform(), number)
    scope = principal.authorize(tenant, Permission.READ_CONFIG)
    return Revision.of(scope, await revisions.get_by_id(scope, number))


async def _member(info: Info, number: int) -> Member:
    principal = info.context.principal
    tenant = await members.find_tenant_of_member(principal.authorize_platform(), number)
    scope = principal.authorize(tenant, Permission.MANAGE_MEMBERS)
    return Member.of(await members.get_member(scope, number))


async def _setup_link(info: Info, number: int) -> SetupLink:
    principal, now = info.context.principal, info.context.now()
    tenant = await setup_links.find_tenant_of(principal.authorize_platform(), number)
    scope = principal.authorize(tenant, Permission.MANAGE_SETUP_LINKS)
    return SetupLink.of(await setup_links.get_link(scope, number, now), now)


async def _session(info: Info, number: int) -> Session | None:
    """One of one's own; a token has none."""
    if info.context.principal.session is None:
        return None
    scope = info.context.principal.own()
    found = await sessions.find_session(scope, number, info.context.now())
    return Session.of(found, scope.session) if found else None


_FINDERS: dict[str, Callable[[Info, int], Awaitable[Node | None]]] = {
    "Tenant": _tenant,
    "Draft": _draft,
    "Revision": _revision,
    "AuditEvent": find_event,
    "Member": _member,
    "SetupLink": _setup_link,
    "Session": _session,
    "AccessToken": find_token,
    "AppKey": find_app_key,
}
