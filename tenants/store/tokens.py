"""Bearer tokens of programs."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.access import Actor, ActorKind, Principal, Role
from tenants.access_rows import AccessTokenRow
from tenants.credentials import Credential, NewToken, Use, digest
from tenants.scoping import scoped

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope, Origin
    from tenants.system import SystemScope

_PLATFORM_ADMIN = "platform-admin"


@scoped
async def insert_admin_token(_scope: SystemScope, token: NewToken, *, name: str, now: datetime) -> None:
    """Store the hash of a platform admin's token, which has no tenant and no end."""
    await AccessTokenRow.create(
        name=name, prefix=token.prefix, sha256=digest(token.text), role=_PLATFORM_ADMIN, created_at=now
    )


@scoped
async def find_principal(_scope: CredentialScope, token: str, origin: Origin, now: datetime) -> Principal:
    """Whose token it is; the anonymous principal when it is nobody's, was revoked or has expired."""
    wanted = digest(token)
    is_valid = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    row = await AccessTokenRow.get_or_none(is_valid, sha256=wanted, revoked_at=None)
    if row is None or not hmac.compare_digest(bytes(row.sha256), wanted):
        return Principal(origin)
    actor = Actor(ActorKind.TOKEN, row.name, f"token:{row.id}")
    use = Use(Credential.TOKEN, row.id)
    if row.tenant_id is None:
        return Principal(origin, actor, is_platform_admin=row.role == _PLATFORM_ADMIN, use=use)
    return Principal(origin, actor, {row.tenant_id: Role(row.role)}, use=use)
