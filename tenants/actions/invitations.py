"""Invitations, made: of members, and of platform admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.audit import AuditAction
from tenants.codes import WrongStateReason
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import WrongStateError
from tenants.members import MemberStatus, role_change
from tenants.one_time_links import INVITATION_LASTS, OneTimeToken
from tenants.parsing import Collector
from tenants.store import drafts, members, one_time_links
from tenants.store.audit import record
from tenants.store.members import NewInvitation

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PlatformScope, Role, TenantScope
    from tenants.members import Member


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was just made: the only moment at which its token is known here."""

    member: Member
    token: OneTimeToken


async def invite_member(
    scope: TenantScope, email: str, role: Role, *, now: datetime, admitted: frozenset[str] = frozenset()
) -> Invited:
    """Invite a person by address; whoever was invited already gets another link in place of the first.

    Raises InvalidInputError (H1), NotFoundError, and WrongStateError ALREADY_MEMBER.
    """
    collector = Collector()
    address = collector.parse(("email",), lambda text: EmailAddress.parse(text, admitted=admitted), email)
    collector.finish()
    async with transaction():
        await drafts.claim_draft(scope)
        return await write_invitation(scope, address or EmailAddress(""), role, now)


async def write_invitation(scope: TenantScope, email: EmailAddress, role: Role, now: datetime) -> Invited:
    """Inside a transaction that has claimed the tenant: its last statements. Raises WrongStateError ALREADY_MEMBER."""
    new = NewInvitation(email=email, role=role, token=OneTimeToken.random(), expires_at=now + INVITATION_LASTS)
    found = await members.find_member(scope, email)
    if found is None:
        made = await members.get_member(scope, await members.insert_invitation(scope, new, now))
    elif found.status is MemberStatus.ACTIVE:
        message = "This person is a member already: change the role instead."
        raise WrongStateError(WrongStateReason.ALREADY_MEMBER, message)
    else:
        await members.renew_invitation(scope, found, new, now)
        made = await members.get_member(scope, found.id)
    change = role_change(found.role if found else None, role)
    await record(scope.trail, AuditAction.MEMBER_INVITED, made.words, [change], now=now)
    return Invited(made, new.token)


async def invite_admin(
    scope: PlatformScope, *, now: datetime, is_of_start: bool = False, is_of_demo: bool = False
) -> OneTimeToken:
    """A link by which somebody signs up as a platform admin; one of a first start only while there is none."""
    token = OneTimeToken.random()
    async with transaction():
        await one_time_links.insert_admin_link(scope, token, now, is_of_start=is_of_start, is_of_demo=is_of_demo)
        await record(scope.trail, AuditAction.MEMBER_INVITED, "platform admin", now=now)
    return token
