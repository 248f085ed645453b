"""Bearer tokens of programs."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, cast

from tortoise.expressions import Q

from tenants.access import Actor, ActorKind, Principal, Role
from tenants.access_rows import AccessTokenRow
from tenants.access_tokens import REMEMBERED, AccessToken, WorkingToken
from tenants.credentials import Credential, NewToken, Use, digest
from tenants.errors import NotFoundError
from tenants.scoping import scoped
from tenants.store.actors import from_stored, to_stored
from tenants.store.sight import seen_tenant_of

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope, Origin, PlatformScope, TenantScope
    from tenants.system import SystemScope

_PLATFORM_ADMIN = "platform-admin"
_UNKNOWN = Actor(ActorKind.COMMAND_LINE, "command line")
"""Who made the tokens of before there were people."""


@scoped
async def insert_admin_token(_scope: SystemScope, token: NewToken, *, name: str, now: datetime) -> None:
    """Store the hash of a platform admin's token, which has no tenant and no end."""
    await AccessTokenRow.create(
        name=name, prefix=token.prefix, sha256=digest(token.text), role=_PLATFORM_ADMIN, created_at=now
    )


@scoped
async def insert_token(
    scope: TenantScope, token: NewToken, *, name: str, role: Role, now: datetime, expires_at: datetime
) -> AccessToken:
    """Store the hash of a token of the scope's tenant."""
    row = await AccessTokenRow.create(
        tenant_id=scope.tenant,
        name=name,
        prefix=token.prefix,
        sha256=digest(token.text),
        role=role.value,
        created_at=now,
        created_by=to_stored(scope.actor),
        expires_at=expires_at,
    )
    return _token(row)


@scoped
async def find_tenant_of(scope: PlatformScope, token: int) -> int:
    """The tenant that a token belongs to, so that the caller's leave for it can be asked. Raises NotFoundError."""
    return await seen_tenant_of(scope, AccessTokenRow, token)


@scoped
async def get_token(scope: TenantScope, token: int, now: datetime) -> AccessToken:
    """One of the scope's that still works. Raises NotFoundError."""
    row = await AccessTokenRow.filter(_works(now), id=token, tenant_id=scope.tenant).first()
    if row is None:
        raise NotFoundError
    return _token(row)


@scoped
async def list_tokens(scope: TenantScope, now: datetime, *, first: int, before: int | None = None) -> list[AccessToken]:
    """Up to `first` of the scope's that still work, newest first, older than an id."""
    rows = AccessTokenRow.filter(_works(now), tenant_id=scope.tenant)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_token(row) for row in await rows.order_by("-id").limit(first)]


@scoped
async def revoke_token(scope: TenantScope, token: int, now: datetime) -> str | None:
    """Make one of the scope's useless; its name, None when it was useless already. Raises NotFoundError."""
    row = await AccessTokenRow.filter(id=token, tenant_id=scope.tenant).first()
    if row is None:
        raise NotFoundError
    rows = AccessTokenRow.filter(_works(now), id=token, tenant_id=scope.tenant)
    return row.name if await rows.update(revoked_at=now) else None


@scoped
async def forget_tokens(scope: TenantScope, now: datetime) -> None:
    """Delete the scope's that stopped working long ago."""
    before = now - REMEMBERED
    is_old = Q(revoked_at__lte=before) | Q(expires_at__lte=before)
    await AccessTokenRow.filter(is_old, tenant_id=scope.tenant).delete()


@scoped
async def list_working(_scope: SystemScope, now: datetime) -> list[WorkingToken]:
    """Every token that works, platform admins' and tenants', newest first."""
    rows = await AccessTokenRow.filter(_works(now)).order_by("-id").select_related("tenant")
    return [
        WorkingToken(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            role=row.role,
            tenant=row.tenant_id,
            provider_id=row.tenant.provider_id if row.tenant else None,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )
        for row in rows
    ]


@scoped
async def revoke_admin_token(_scope: SystemScope, token: int, now: datetime) -> None:
    """Make a platform admin's useless."""
    await AccessTokenRow.filter(_works(now), id=token, tenant_id=None).update(revoked_at=now)


@scoped
async def find_principal(_scope: CredentialScope, token: str, origin: Origin, now: datetime) -> Principal:
    """Whose token it is; the anonymous principal when it is nobody's, was revoked or has expired."""
    wanted = digest(token)
    row = await AccessTokenRow.get_or_none(_works(now), sha256=wanted)
    if row is None or not hmac.compare_digest(bytes(row.sha256), wanted):
        return Principal(origin)
    actor = Actor(ActorKind.TOKEN, row.name, f"token:{row.id}")
    use = Use(Credential.TOKEN, row.id)
    if row.tenant_id is None:
        return Principal(origin, actor, is_platform_admin=row.role == _PLATFORM_ADMIN, use=use)
    return Principal(origin, actor, {row.tenant_id: Role(row.role)}, use=use)


def _works(now: datetime) -> Q:
    return Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def _token(row: AccessTokenRow) -> AccessToken:
    """Of a tenant."""
    return AccessToken(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        role=Role(row.role),
        created_at=row.created_at,
        created_by=from_stored(row.created_by) if row.created_by else _UNKNOWN,
        expires_at=cast("datetime", row.expires_at),  # of a platform admin's alone there is none
        last_used_at=row.last_used_at,
    )
