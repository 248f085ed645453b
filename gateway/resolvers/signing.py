"""The secret that signs a tenant's calls."""

from __future__ import annotations

from gateway.context import Info
from gateway.resolvers.scopes import authorize
from gateway.schema.enums import Permission
from gateway.schema.signing import RotateSigningSecretInput, RotateSigningSecretResult, SigningSecretRotated
from gateway.schema.tenant import Tenant
from tenants.actions.signing import rotate_signing_secret
from tenants.store import tenants as store


async def resolve_rotate_signing_secret(info: Info, input: RotateSigningSecretInput) -> RotateSigningSecretResult:
    """Owners."""
    scope = authorize(info, input.tenant_id, Permission.MANAGE_WEBHOOK)
    rotated = await rotate_signing_secret(scope, info.context.keys, info.context.now())
    info.context.forget_reads()
    return SigningSecretRotated(
        secret=rotated.secret,
        previous_valid_until=rotated.previous_valid_until,
        tenant=Tenant.of(scope, await store.get_tenant(scope)),
    )
