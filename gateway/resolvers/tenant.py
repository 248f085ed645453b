"""Tenants: read, created, renamed, suspended, resumed, deleted."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.context import Info
from gateway.errors import BadRequestError
from gateway.resolvers.scopes import authorize
from gateway.schema.actor import Viewer
from gateway.schema.enums import AppKind, Permission, TenantStatus
from gateway.schema.inputs import (
    CreateTenantInput,
    DeleteTenantInput,
    RenameTenantInput,
    ResumeTenantInput,
    SuspendTenantInput,
)
from gateway.schema.node import check_first, node_id, read_cursor
from gateway.schema.results import (
    CreateTenantResult,
    DeleteTenantResult,
    RenameTenantResult,
    ResumeTenantResult,
    SuspendTenantResult,
    TenantCreated,
    TenantDeleted,
    TenantRenamed,
    TenantResumed,
    TenantSuspended,
)
from gateway.schema.tenant import After, First, Tenant, TenantConnection
from tenants import model
from tenants.access import TenantScope
from tenants.actions import create as create_action
from tenants.actions import tenant as actions
from tenants.store import tenants as store

_LONGEST_SEARCH = 64


def resolve_viewer(info: Info) -> Viewer | None:
    """Null for an anonymous caller."""
    return Viewer.of(info.context.principal)


async def resolve_tenant(
    info: Info,
    provider_id: Annotated[
        str, strawberry.argument(description="The tenant's ProviderId, case ignored. Example: `AcmeInc`.")
    ],
) -> Tenant | None:
    """Unknown and unreadable tenants are both null."""
    principal = info.context.principal
    found = await store.find_tenant(principal.authorize_platform(), provider_id)
    if found is None:
        return None
    return _wrap(info, principal.authorize(found.id, Permission.READ_CONFIG), found)


async def resolve_tenants(
    info: Info,
    first: First = 20,
    after: After = None,
    search: Annotated[
        str | None,
        strawberry.argument(
            description="Part of a name or ProviderId, case ignored, 1 to 64 characters. Example: `acme`."
        ),
    ] = None,
    app: Annotated[AppKind | None, strawberry.argument(description="Only tenants with this kind of app.")] = None,
    status: Annotated[TenantStatus | None, strawberry.argument(description="Only tenants in this state.")] = None,
) -> TenantConnection:
    """Keyset pages by shown name and then by id."""
    principal = info.context.principal
    platform = principal.authorize_platform()
    if search is not None and (not 1 <= len(search) <= _LONGEST_SEARCH or "\0" in search):
        message = f"`search` must have 1 to {_LONGEST_SEARCH} characters, none of them NUL."
        raise BadRequestError(message)
    narrow = store.TenantFilter(search=search, app=app, status=status)
    position = store.Position(*read_cursor(after, str, int)) if after is not None else None  # type: ignore[arg-type]  # read_cursor checked the types
    found = await store.list_tenants(platform, narrow, first=check_first(first) + 1, after=position)
    entries = [(place, principal.authorize(one.id, Permission.READ_CONFIG), one) for place, one, _ in found]
    for (_, scope, one), (_, _, draft) in zip(entries, found, strict=True):
        info.context.loaders.tenants.prime(scope, one)
        info.context.loaders.drafts.prime(scope, draft)
    return TenantConnection.of(entries, first=first)


async def resolve_create_tenant(info: Info, input: CreateTenantInput) -> CreateTenantResult:
    """Platform admins."""
    principal = info.context.principal
    scope = principal.authorize_platform(Permission.CREATE_TENANT)
    created = await create_action.create_owned_tenant(
        scope,
        provider_id=input.provider_id,
        name=input.name,
        app=input.app,
        owner_email=input.owner_email,
        now=info.context.now(),
        admitted=info.context.admitted_hosts,
    )
    info.context.forget_reads()
    tenant, owner = created.tenant, created.owner
    return TenantCreated(
        tenant=_wrap(info, principal.authorize(tenant.id, Permission.READ_CONFIG), tenant),
        owner_invitation_url=owner.token.welcome_url(info.context.caller.base_url) if owner else None,
    )


async def resolve_rename_tenant(info: Info, input: RenameTenantInput) -> RenameTenantResult:
    """Owners."""
    scope = authorize(info, input.tenant_id, Permission.RENAME_TENANT)
    tenant = await actions.rename_tenant(scope, input.names(), expected=input.expected_version, now=info.context.now())
    info.context.forget_reads()
    return TenantRenamed(tenant=_wrap(info, scope, tenant))


async def resolve_suspend_tenant(info: Info, input: SuspendTenantInput) -> SuspendTenantResult:
    """Platform admins."""
    scope = authorize(info, input.tenant_id, Permission.SUSPEND_TENANT)
    tenant = await actions.suspend_tenant(scope, input.reason, now=info.context.now())
    info.context.forget_reads()
    return TenantSuspended(tenant=_wrap(info, scope, tenant))


async def resolve_resume_tenant(info: Info, input: ResumeTenantInput) -> ResumeTenantResult:
    """Platform admins."""
    scope = authorize(info, input.tenant_id, Permission.SUSPEND_TENANT)
    tenant = await actions.resume_tenant(scope, now=info.context.now())
    info.context.forget_reads()
    return TenantResumed(tenant=_wrap(info, scope, tenant))


async def resolve_delete_tenant(info: Info, input: DeleteTenantInput) -> DeleteTenantResult:
    """Owners and platform admins."""
    scope = authorize(info, input.tenant_id, Permission.DELETE_TENANT)
    await actions.delete_tenant(scope, input.confirm_provider_id, now=info.context.now())
    info.context.forget_reads()
    return TenantDeleted(tenant_id=node_id("Tenant", scope.tenant))


def _wrap(info: Info, scope: TenantScope, tenant: model.Tenant) -> Tenant:
    """For the wire; when a nested field asks for the same tenant, it is there already."""
    info.context.loaders.tenants.prime(scope, tenant)
    return Tenant.of(scope, tenant)
