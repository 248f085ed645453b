"""The tenant itself: renamed, suspended, resumed, deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from tenants.actions.create import TAKEN
from tenants.actions.telling import tell_names
from tenants.audit import AuditAction
from tenants.changes import Change
from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.errors import InvalidInputError, Problem
from tenants.identity import ProviderId, parse_name
from tenants.parsing import Collector
from tenants.store import audit, drafts, tenants
from tenants.store.audit import record
from tenants.text import parse_note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.model import Tenant

_FIXED = Problem(
    ProblemCode.PROVIDER_ID_FIXED,
    ("providerId",),
    "This ProviderId was published, so it is inside apps and printed codes and stays.",
)


async def rename_tenant(scope: TenantScope, sent: Mapping[str, str | None], *, expected: int, now: datetime) -> Tenant:
    """Another `name` and, before the first publish, another `providerId`; absent stays as it is (I1 to I3, I7).

    Raises InvalidInputError, VersionConflictError or NotFoundError.
    """
    try:
        async with transaction():
            draft = await drafts.claim_draft(scope)
            tenant = await tenants.get_tenant(scope)
            await drafts.check_version(scope, draft, expected)
            name, provider_id = await _parse_names(scope, sent, tenant, draft.name)
            await drafts.replace_draft(scope, expected, name, draft.config, now)
            if provider_id != tenant.provider_id:
                await tenants.change_provider_id(scope, tenant.provider_id, provider_id)
            await tenants.change_shown_name(scope, name or provider_id.text)
            told = tell_names((tenant.provider_id.text, draft.name), (provider_id.text, name))
            await record(scope.trail, AuditAction.TENANT_RENAMED, _words(provider_id), told, now=now)
    except IntegrityError as error:  # somebody took the name between the look and the insert
        raise InvalidInputError((TAKEN,)) from error
    return replace(tenant, provider_id=provider_id, name=name or provider_id.text)


async def suspend_tenant(scope: TenantScope, reason: str, *, now: datetime) -> Tenant:
    """Make the tenant unknown to softphones; repeating it changes nothing. Raises InvalidInputError, NotFoundError."""
    collector = Collector()
    parsed = collector.parse(("reason",), parse_note, reason)
    collector.finish()
    async with transaction():
        tenant = await tenants.get_tenant(scope)
        if await tenants.suspend(scope, parsed or ""):
            told = [Change(path=("reason",), label="Reason", before=None, after=parsed)]
            await record(scope.trail, AuditAction.TENANT_SUSPENDED, _words(tenant.provider_id), told, now=now)
        return await tenants.get_tenant(scope)


async def resume_tenant(scope: TenantScope, *, now: datetime) -> Tenant:
    """End a suspension; repeating it changes nothing. Raises NotFoundError."""
    async with transaction():
        tenant = await tenants.get_tenant(scope)
        if await tenants.resume(scope):
            await record(scope.trail, AuditAction.TENANT_RESUMED, _words(tenant.provider_id), now=now)
        return await tenants.get_tenant(scope)


async def delete_tenant(scope: TenantScope, confirmation: str, *, now: datetime) -> None:
    """Delete the tenant with everything in it; of its audit log stays what names nobody, and what the platform keeps.

    Raises InvalidInputError CONFIRMATION_MISMATCH, NotFoundError.
    """
    async with transaction():
        await drafts.claim_draft(scope)
        tenant = await tenants.get_tenant(scope)
        if confirmation != tenant.provider_id.text:
            message = "Type the ProviderId exactly as it is spelt."
            raise InvalidInputError((Problem(ProblemCode.CONFIRMATION_MISMATCH, ("confirmProviderId",), message),))
        await tenants.delete_tenant(scope)
        await audit.blank(scope)
        await record(scope.trail, AuditAction.TENANT_DELETED, _words(tenant.provider_id), now=now)


def _words(provider_id: ProviderId) -> str:
    return f"tenant {provider_id.text}"


async def _parse_names(
    scope: TenantScope, sent: Mapping[str, str | None], tenant: Tenant, own_name: str | None
) -> tuple[str | None, ProviderId]:
    collector = Collector()
    name, provider_id = own_name, tenant.provider_id
    if "name" in sent:
        name = None if sent["name"] is None else collector.parse(("name",), parse_name, sent["name"])
    if "providerId" in sent:
        parsed = collector.parse(("providerId",), ProviderId.parse, sent["providerId"] or "")
        provider_id = parsed or provider_id
    if provider_id != tenant.provider_id:
        collector.problems.extend(await _provider_id_problems(scope, tenant, provider_id))
    collector.finish()
    return name, provider_id


async def _provider_id_problems(scope: TenantScope, tenant: Tenant, wanted: ProviderId) -> list[Problem]:
    if tenant.live_revision is not None:
        return [_FIXED]
    is_free = wanted.key == tenant.provider_id.key or not await tenants.is_provider_id_taken(scope, wanted)
    return [] if is_free else [TAKEN]
