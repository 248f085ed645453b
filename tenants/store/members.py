"""Members of a tenant and invitations to it, as its owners see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tortoise.expressions import Q

from tenants.access import Role
from tenants.access_rows import MembershipRow
from tenants.email import EmailAddress
from tenants.errors import NotFoundError, VersionConflictError
from tenants.identity import name_key
from tenants.members import Member, MemberStatus
from tenants.scoping import scoped
from tenants.store.actors import from_stored, to_stored
from tenants.store.sight import seen_tenant_of

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PlatformScope, TenantScope
    from tenants.one_time_links import OneTimeToken


@dataclass(frozen=True, slots=True)
class Position:
    """A member's place in the list: by name and then by id."""

    name_key: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """An invitation to be stored."""

    email: EmailAddress
    role: Role
    token: OneTimeToken
    expires_at: datetime


@scoped
async def find_tenant_of_member(scope: PlatformScope, member: int) -> int:
    """The tenant that a member belongs to, so that the caller's leave for it can be asked. Raises NotFoundError."""
    return await seen_tenant_of(scope, MembershipRow, member)


@scoped
async def get_member(scope: TenantScope, member: int) -> Member:
    """The scope's member by id. Raises NotFoundError."""
    row = await MembershipRow.filter(tenant_id=scope.tenant, id=member).select_related("person").first()
    if row is None:
        raise NotFoundError
    return _member(row)


@scoped
async def find_member(scope: TenantScope, email: EmailAddress) -> Member | None:
    """The scope's member or invitation by address, upper and lower case being one."""
    row = await MembershipRow.filter(tenant_id=scope.tenant, email_key=email.key).select_related("person").first()
    return _member(row) if row else None


@scoped
async def list_members(
    scope: TenantScope, *, first: int, after: Position | None = None
) -> list[tuple[Position, Member]]:
    """Up to `first` members and invitations by name and then by id, from behind a position."""
    rows = MembershipRow.filter(tenant_id=scope.tenant)
    if after is not None:
        rows = rows.filter(Q(name_key__gt=after.name_key) | Q(name_key=after.name_key, id__gt=after.id))
    found = await rows.order_by("name_key", "id").limit(first).select_related("person")
    return [(Position(row.name_key, row.id), _member(row)) for row in found]


@scoped
async def count_owners(scope: TenantScope) -> int:
    """How many people own the tenant; an invitation is none."""
    return await MembershipRow.filter(tenant_id=scope.tenant, role=Role.OWNER.value, person_id__isnull=False).count()


@scoped
async def insert_invitation(scope: TenantScope, new: NewInvitation, now: datetime) -> int:
    """A new invitation's id."""
    row = await MembershipRow.create(tenant_id=scope.tenant, created_at=now, **_invited(scope, new, now))
    return int(row.id)


@scoped
async def renew_invitation(scope: TenantScope, member: Member, new: NewInvitation, now: datetime) -> None:
    """Another link in place of the one before, and perhaps another role; the id stays."""
    is_other_role = new.role is not member.role
    changed = _invited(scope, new, now)
    if not is_other_role:
        del changed["changed_at"], changed["changed_by"]
    rows = MembershipRow.filter(tenant_id=scope.tenant, id=member.id)
    await rows.update(version=member.version + is_other_role, **changed)


@scoped
async def check_member_version(scope: TenantScope, member: Member, expected: int) -> None:
    """Raises VersionConflictError when the caller has read another version than the current one."""
    if member.version != expected:
        row = await MembershipRow.get(tenant_id=scope.tenant, id=member.id)
        raise VersionConflictError(row.version, from_stored(row.changed_by), row.changed_at)


@scoped
async def set_role(scope: TenantScope, member: Member, role: Role, now: datetime) -> None:
    """Another role, and the next version."""
    await MembershipRow.filter(tenant_id=scope.tenant, id=member.id).update(
        role=role.value, version=member.version + 1, changed_at=now, changed_by=to_stored(scope.actor)
    )


@scoped
async def delete_member(scope: TenantScope, member: int) -> None:
    """The person is no member any more; an invitation's link is useless."""
    await MembershipRow.filter(tenant_id=scope.tenant, id=member).delete()


@scoped
async def join_invited(scope: TenantScope, token: OneTimeToken, person: int, name: str, now: datetime) -> Member | None:
    """Use an invitation up for a person; None when it is not open any more."""
    row = await MembershipRow.filter(
        tenant_id=scope.tenant, token_sha256=token.sha256(), person_id__isnull=True, invitation_expires_at__gt=now
    ).first()
    if row is None:
        return None
    await MembershipRow.filter(tenant_id=scope.tenant, id=row.id).update(
        person_id=person, name_key=name_key(name), token_sha256=None, invitation_expires_at=None
    )
    return await get_member(scope, row.id)


@scoped
async def insert_owner(scope: TenantScope, person: int, email: EmailAddress, name: str, now: datetime) -> Member:
    """A person owns the tenant without having been invited: a demo's admin."""
    row = await MembershipRow.create(
        tenant_id=scope.tenant,
        person_id=person,
        email=email.text,
        email_key=email.key,
        name_key=name_key(name),
        role=Role.OWNER.value,
        created_at=now,
        changed_at=now,
        changed_by=to_stored(scope.actor),
    )
    return await get_member(scope, row.id)


def _invited(scope: TenantScope, new: NewInvitation, now: datetime) -> dict[str, Any]:
    return {
        "email": new.email.text,
        "email_key": new.email.key,
        "name_key": name_key(new.email.text),
        "role": new.role.value,
        "token_sha256": new.token.sha256(),
        "invitation_expires_at": new.expires_at,
        "changed_at": now,
        "changed_by": to_stored(scope.actor),
    }


def _member(row: MembershipRow) -> Member:
    return Member(
        id=row.id,
        tenant=row.tenant_id,
        version=row.version,
        name=row.person.name if row.person else row.email,
        email=EmailAddress.from_stored(row.email),
        role=Role(row.role),
        status=MemberStatus.ACTIVE if row.person_id is not None else MemberStatus.INVITED,
        invitation_expires_at=row.invitation_expires_at,
    )
