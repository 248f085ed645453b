"""Members: invited, given another role, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.context import Info
from gateway.resolvers.scopes import authorize
from gateway.schema.enums import Permission
from gateway.schema.members import (
    ChangeRoleInput,
    ChangeRoleResult,
    InviteMemberInput,
    InviteMemberResult,
    Member,
    MemberInvited,
    MemberRemoved,
    RemoveMemberInput,
    RemoveMemberResult,
    RoleChanged,
)
from gateway.schema.node import node_id, read_id_of
from tenants.actions import members as actions
from tenants.actions.invitations import invite_member
from tenants.store.members import find_tenant_of_member

if TYPE_CHECKING:
    from tenants.access import TenantScope


async def resolve_invite_member(info: Info, input: InviteMemberInput) -> InviteMemberResult:
    """Owners."""
    scope, context = authorize(info, input.tenant_id, Permission.MANAGE_MEMBERS), info.context
    invited = await invite_member(scope, input.email, input.role, now=context.now(), admitted=context.admitted_hosts)
    return MemberInvited.of(invited, context.caller.base_url)


async def resolve_change_role(info: Info, input: ChangeRoleInput) -> ChangeRoleResult:
    """Owners."""
    scope, member = await _authorize(info, input.member_id)
    changed = await actions.change_role(
        scope, member, input.role, expected=input.expected_version, now=info.context.now()
    )
    return RoleChanged(member=Member.of(changed))


async def resolve_remove_member(info: Info, input: RemoveMemberInput) -> RemoveMemberResult:
    """Owners."""
    scope, member = await _authorize(info, input.member_id)
    await actions.remove_member(scope, member, now=info.context.now())
    return MemberRemoved(member_id=node_id("Member", member))


async def _authorize(info: Info, member_id: str) -> tuple[TenantScope, int]:
    """Leave for the tenant of a member. Raises UnauthenticatedError, NotFoundError or ForbiddenError."""
    principal = info.context.principal
    platform = principal.authorize_platform()
    member = read_id_of("Member", member_id)
    tenant = await find_tenant_of_member(platform, member)
    return principal.authorize(tenant, Permission.MANAGE_MEMBERS), member
