"""Members of a tenant: given another role, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.access import Role
from tenants.audit import AuditAction
from tenants.codes import WrongStateReason
from tenants.database import transaction
from tenants.errors import WrongStateError
from tenants.members import MemberStatus, role_change
from tenants.store import drafts, members
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.members import Member


async def change_role(scope: TenantScope, member: int, role: Role, *, expected: int, now: datetime) -> Member:
    """Another role, also for oneself; the role that one has changes nothing.

    Raises NotFoundError, VersionConflictError, and WrongStateError LAST_OWNER.
    """
    async with transaction():
        found = await _claim(scope, member)
        await members.check_member_version(scope, found, expected)
        if found.role is role:
            return found
        await _keep_an_owner(scope, found)
        await members.set_role(scope, found, role, now)
        changes = [role_change(found.role, role)]
        changed = await members.get_member(scope, member)
        await record(scope.trail, AuditAction.ROLE_CHANGED, found.words, changes, now=now)
    return changed


async def remove_member(scope: TenantScope, member: int, *, now: datetime) -> None:
    """End a membership, also one's own, or withdraw an invitation. Raises NotFoundError, WrongStateError LAST_OWNER."""
    async with transaction():
        found = await _claim(scope, member)
        await _keep_an_owner(scope, found)
        await members.delete_member(scope, member)
        changes = [role_change(found.role, None)]
        await record(scope.trail, AuditAction.MEMBER_REMOVED, found.words, changes, now=now)


async def _claim(scope: TenantScope, member: int) -> Member:
    """All changes of one tenant queue up, so of two owners who leave at once the second is the last one."""
    await drafts.claim_draft(scope)
    return await members.get_member(scope, member)


async def _keep_an_owner(scope: TenantScope, member: Member) -> None:
    """Before an owner stops being one. Whoever was only invited to own the tenant does not count."""
    is_owner = member.role is Role.OWNER and member.status is MemberStatus.ACTIVE
    if is_owner and await members.count_owners(scope) == 1:
        message = "The tenant would have no owner left: make somebody else an owner first."
        raise WrongStateError(WrongStateReason.LAST_OWNER, message)
