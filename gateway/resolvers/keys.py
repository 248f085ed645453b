"""Keys of programs and of apps: issued, revoked, demanded. All of it is the owners'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.context import Info
from gateway.resolvers.scopes import authorize
from gateway.schema.access_keys import AccessToken, AppKey
from gateway.schema.enums import Permission
from gateway.schema.keys import (
    AppKeyIssued,
    AppKeyRequirementChanged,
    AppKeyRevoked,
    IssueAppKeyInput,
    IssueAppKeyResult,
    IssueTokenInput,
    IssueTokenResult,
    RequireAppKeyInput,
    RequireAppKeyResult,
    RevokeAppKeyInput,
    RevokeAppKeyResult,
    RevokeTokenInput,
    RevokeTokenResult,
    TokenIssued,
    TokenRevoked,
)
from gateway.schema.node import node_id, read_id_of
from gateway.schema.tenant import Tenant
from tenants.actions import app_keys as app_key_actions
from tenants.actions import tokens as token_actions
from tenants.store import app_keys, tenants, tokens

if TYPE_CHECKING:
    from tenants.access import TenantScope


async def resolve_issue_token(info: Info, input: IssueTokenInput) -> IssueTokenResult:
    """Owners; no more than their own role."""
    principal = info.context.principal
    principal.require()
    tenant = read_id_of("Tenant", input.tenant_id)
    scope = principal.authorize_to_grant(tenant, Permission.MANAGE_TOKENS, input.role)
    issued = await token_actions.issue_token(scope, input.name, input.role, input.lifetime_days, now=info.context.now())
    return TokenIssued(token=AccessToken.of(issued.token), secret=issued.secret.text)


async def resolve_revoke_token(info: Info, input: RevokeTokenInput) -> RevokeTokenResult:
    """Owners; a token may revoke itself when it is an owner's."""
    info.context.principal.require()
    token = read_id_of("AccessToken", input.token_id)
    scope = await _scope_of_token(info, token)
    await token_actions.revoke_token(scope, token, now=info.context.now())
    return TokenRevoked(token_id=node_id("AccessToken", token))


async def find_token(info: Info, token: int) -> AccessToken:
    """For `node`. Raises NotFoundError, ForbiddenError."""
    scope = await _scope_of_token(info, token)
    return AccessToken.of(await tokens.get_token(scope, token, info.context.now()))


async def _scope_of_token(info: Info, token: int) -> TenantScope:
    principal = info.context.principal
    tenant = await tokens.find_tenant_of(principal.authorize_platform(), token)
    return principal.authorize(tenant, Permission.MANAGE_TOKENS)


async def resolve_issue_app_key(info: Info, input: IssueAppKeyInput) -> IssueAppKeyResult:
    """Owners."""
    scope = authorize(info, input.tenant_id, Permission.MANAGE_APP_KEYS)
    issued = await app_key_actions.issue_app_key(scope, input.name, now=info.context.now())
    info.context.forget_reads()
    tenant = Tenant.of(scope, await tenants.get_tenant(scope))
    return AppKeyIssued(app_key=AppKey.of(issued.app_key), secret=issued.secret.text, tenant=tenant)


async def resolve_revoke_app_key(info: Info, input: RevokeAppKeyInput) -> RevokeAppKeyResult:
    """Owners."""
    info.context.principal.require()
    key = read_id_of("AppKey", input.app_key_id)
    scope = await _scope_of_app_key(info, key)
    tenant = await app_key_actions.revoke_app_key(scope, key, now=info.context.now())
    info.context.forget_reads()
    return AppKeyRevoked(app_key_id=node_id("AppKey", key), tenant=Tenant.of(scope, tenant))


async def find_app_key(info: Info, key: int) -> AppKey:
    """For `node`. Raises NotFoundError, ForbiddenError."""
    scope = await _scope_of_app_key(info, key)
    return AppKey.of(await app_keys.get_app_key(scope, key))


async def _scope_of_app_key(info: Info, key: int) -> TenantScope:
    principal = info.context.principal
    tenant = await app_keys.find_tenant_of(principal.authorize_platform(), key)
    return principal.authorize(tenant, Permission.MANAGE_APP_KEYS)


async def resolve_require_app_key(info: Info, input: RequireAppKeyInput) -> RequireAppKeyResult:
    """Owners."""
    scope = authorize(info, input.tenant_id, Permission.MANAGE_APP_KEYS)
    tenant = await app_key_actions.require_app_key(scope, is_required=input.is_required, now=info.context.now())
    info.context.forget_reads()
    return AppKeyRequirementChanged(tenant=Tenant.of(scope, tenant))
