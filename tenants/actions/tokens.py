"""Access tokens of programs, by a tenant's owners: issued, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tenants.access_tokens import LIFETIMES_DAYS, LONGEST_NAME
from tenants.audit import AuditAction
from tenants.changes import Change
from tenants.credentials import NewToken
from tenants.database import transaction
from tenants.errors import NotFoundError
from tenants.parsing import Collector
from tenants.store import drafts, tokens
from tenants.store.audit import record
from tenants.text import parse_line

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Role, TenantScope
    from tenants.access_tokens import AccessToken
    from tenants.keys import KeyRing
    from tenants.system import SystemScope


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just made: the only moment at which its text is known here."""

    token: AccessToken
    secret: NewToken


async def issue_token(scope: TenantScope, name: str, role: Role, lifetime_days: int, *, now: datetime) -> IssuedToken:
    """A token with a role in the scope's tenant. Whether the caller may give that role was asked before.

    Raises InvalidInputError for a `name` that is none or `lifetimeDays` outside 1 to 366, NotFoundError.
    """
    collector = Collector()
    parsed = collector.parse(("name",), lambda text: parse_line(text, LONGEST_NAME), name)
    days = collector.parse_number(("lifetimeDays",), lifetime_days, LIFETIMES_DAYS)
    collector.finish()
    secret, expires_at = NewToken.random(), now + timedelta(days=days or 0)
    async with transaction():
        await drafts.claim_draft(scope)
        await tokens.forget_tokens(scope, now)
        token = await tokens.insert_token(scope, secret, name=parsed or "", role=role, now=now, expires_at=expires_at)
        await record(scope.trail, AuditAction.TOKEN_ISSUED, _subject(token.name), _granted(token), now=now)
    return IssuedToken(token, secret)


async def revoke_token(scope: TenantScope, token: int, *, now: datetime) -> None:
    """Make a token useless at once. One that is useless already stays as it is. Raises NotFoundError."""
    async with transaction():
        await drafts.claim_draft(scope)
        name = await tokens.revoke_token(scope, token, now)
        if name is not None:
            await record(scope.trail, AuditAction.TOKEN_REVOKED, _subject(name), now=now)


async def issue_admin_token(scope: SystemScope, keys: KeyRing, name: str, *, now: datetime) -> NewToken:
    """A platform admin's token, which has no end. Raises InvalidInputError for a `name` that is none."""
    collector = Collector()
    parsed = collector.parse(("name",), lambda text: parse_line(text, LONGEST_NAME), name)
    collector.finish()
    secret = NewToken.random()
    async with transaction():
        await tokens.insert_admin_token(scope, secret, name=parsed or "", now=now)
        granted = (Change(path=("role",), label="Role", before=None, after="platform admin"),)
        trail = scope.platform(keys).trail
        await record(trail, AuditAction.TOKEN_ISSUED, _subject(parsed or ""), granted, now=now)
    return secret


async def revoke_by_operator(scope: SystemScope, keys: KeyRing, token: int, *, now: datetime) -> None:
    """Make any token useless at once. Raises NotFoundError when none by this id works."""
    found = next((one for one in await tokens.list_working(scope, now) if one.id == token), None)
    if found is None:
        raise NotFoundError
    if found.tenant is not None:
        await revoke_token(scope.tenant(found.tenant, keys), token, now=now)
        return
    async with transaction():
        await tokens.revoke_admin_token(scope, token, now)
        await record(scope.platform(keys).trail, AuditAction.TOKEN_REVOKED, _subject(found.name), now=now)


def _subject(name: str) -> str:
    return f"token {name}"


def _granted(token: AccessToken) -> tuple[Change, ...]:
    until = token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        Change(path=("role",), label="Role", before=None, after=token.role.value),
        Change(path=("expiresAt",), label="Works until", before=None, after=until),
    )
