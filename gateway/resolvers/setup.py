"""Setup links: made and revoked by staff, redeemed by phones."""

from __future__ import annotations

from gateway.context import Info
from gateway.resolvers.scopes import authorize
from gateway.schema.enums import Permission
from gateway.schema.node import read_id_of
from gateway.schema.setup import (
    AllSetupLinksRevoked,
    CreateSetupLinkInput,
    CreateSetupLinkResult,
    RedeemSetupLinkInput,
    RedeemSetupLinkResult,
    RevokeAllSetupLinksInput,
    RevokeAllSetupLinksResult,
    RevokeSetupLinkInput,
    RevokeSetupLinkResult,
    SetupLinkCreated,
    SetupLinkRedeemed,
    SetupLinkRevoked,
)
from gateway.schema.setup_links import SetupLink
from gateway.schema.tenant import Tenant
from tenants.actions import setup_links as actions
from tenants.actions.redeem import read_request, redeem
from tenants.store import setup_links
from tenants.store import tenants as store


async def resolve_redeem_setup_link(info: Info, input: RedeemSetupLinkInput) -> RedeemSetupLinkResult:
    """Anonymous."""
    context = info.context
    token, asker = read_request(input.sent(), context.app_key)
    redeemed = await redeem(context.principal.origin, token, asker, now=context.now())
    context.stamps.note(redeemed.app_key, context.now())
    return SetupLinkRedeemed.of(redeemed)


async def resolve_create_setup_link(info: Info, input: CreateSetupLinkInput) -> CreateSetupLinkResult:
    """Editors."""
    scope = authorize(info, input.tenant_id, Permission.MANAGE_SETUP_LINKS)
    now = info.context.now()
    made = await actions.create_setup_link(scope, info.context.keys, input.sent(), now=now)
    return SetupLinkCreated.of(made, info.context.caller.base_url, now)


async def resolve_revoke_setup_link(info: Info, input: RevokeSetupLinkInput) -> RevokeSetupLinkResult:
    """Editors."""
    principal, now = info.context.principal, info.context.now()
    platform = principal.authorize_platform()
    link = read_id_of("SetupLink", input.setup_link_id)
    tenant = await setup_links.find_tenant_of(platform, link)
    scope = principal.authorize(tenant, Permission.MANAGE_SETUP_LINKS)
    return SetupLinkRevoked(setup_link=SetupLink.of(await actions.revoke_setup_link(scope, link, now=now), now))


async def resolve_revoke_all_setup_links(info: Info, input: RevokeAllSetupLinksInput) -> RevokeAllSetupLinksResult:
    """Editors."""
    scope = authorize(info, input.tenant_id, Permission.MANAGE_SETUP_LINKS)
    count = await actions.revoke_all_setup_links(scope, now=info.context.now())
    info.context.forget_reads()
    tenant = await store.get_tenant(scope)
    return AllSetupLinksRevoked(count=count, tenant=Tenant.of(scope, tenant))
