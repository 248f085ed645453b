"""The draft: saved and published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.context import Info
from gateway.resolvers.scopes import authorize
from gateway.schema.enums import Permission
from gateway.schema.inputs import (
    ChangeAppKindInput,
    PublishInput,
    SaveBrandingInput,
    SaveHelpInput,
    SaveProvisioningInput,
    sent,
)
from gateway.schema.results import ConfigPublished, DraftSaved, NothingToPublish, PublishResult, SaveDraftResult
from gateway.schema.revision import Revision
from gateway.schema.tenant import Draft, Tenant
from tenants.actions import publish as publishing
from tenants.actions import save
from tenants.errors import NothingToPublishError
from tenants.store import tenants as store

if TYPE_CHECKING:
    from collections.abc import Mapping


async def resolve_save_branding(info: Info, input: SaveBrandingInput) -> SaveDraftResult:
    """Editors."""
    return await _save(info, input, {"branding": sent(input.branding)})


async def resolve_save_provisioning(info: Info, input: SaveProvisioningInput) -> SaveDraftResult:
    """Editors."""
    return await _save(info, input, {"provisioning": input.provisioning.sent()})


async def resolve_save_help(info: Info, input: SaveHelpInput) -> SaveDraftResult:
    """Editors."""
    return await _save(info, input, {"help": input.help.sent()})


async def resolve_change_app_kind(info: Info, input: ChangeAppKindInput) -> SaveDraftResult:
    """Editors."""
    scope = authorize(info, input.tenant_id, Permission.EDIT_DRAFT)
    draft = await save.change_app_kind(scope, input.app, expected=input.expected_version, now=info.context.now())
    info.context.forget_reads()
    return DraftSaved(draft=Draft.of(scope, draft))


async def resolve_publish(info: Info, input: PublishInput) -> PublishResult:
    """Publishers."""
    scope = authorize(info, input.tenant_id, Permission.PUBLISH)
    try:
        revision = await publishing.publish(
            scope,
            expected=input.expected_version,
            note=input.note,
            accepted=input.accepted_warnings,
            admitted=info.context.admitted_hosts,
            now=info.context.now(),
        )
    except NothingToPublishError as error:  # a handler would not know the scope that the live revision needs
        return NothingToPublish.of(scope, error)
    info.context.forget_reads()
    tenant = await store.get_tenant(scope)
    return ConfigPublished(revision=Revision.of(scope, revision), tenant=Tenant.of(scope, tenant))


async def _save(
    info: Info,
    input: SaveBrandingInput | SaveProvisioningInput | SaveHelpInput,
    changes: Mapping[str, Mapping[str, Any]],
) -> DraftSaved:
    scope = authorize(info, input.tenant_id, Permission.EDIT_DRAFT)
    draft = await save.save_section(
        scope,
        changes,
        expected=input.expected_version,
        admitted=info.context.admitted_hosts,
        keys=info.context.keys,
        now=info.context.now(),
    )
    info.context.forget_reads()
    return DraftSaved(draft=Draft.of(scope, draft))
