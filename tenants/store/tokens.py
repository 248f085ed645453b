"""Bearer tokens of programs."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from tenants.access import ANONYMOUS, Actor, ActorKind, Principal, Role
from tenants.credentials import NewToken, digest
from tenants.rows import AccessTokenRow

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope
    from tenants.system import SystemScope


async def insert_token(_scope: SystemScope, token: NewToken, *, name: str, role: Role, now: datetime) -> None:
    """Store a token's hash."""
    await AccessTokenRow.create(
        name=name, prefix=token.prefix, sha256=digest(token.text), role=role.value, created_at=now
    )


async def has_tokens(_scope: SystemScope) -> bool:
    """Whether any token works."""
    return await AccessTokenRow.exists(revoked_at=None)


async def find_principal(_scope: CredentialScope, token: str) -> Principal:
    """Whose token it is; the anonymous principal when it is nobody's or was revoked."""
    wanted = digest(token)
    row = await AccessTokenRow.get_or_none(sha256=wanted, revoked_at=None)
    if row is None or not hmac.compare_digest(bytes(row.sha256), wanted):
        return ANONYMOUS
    return Principal(Actor(ActorKind.TOKEN, row.name, f"token:{row.id}"), Role(row.role))
