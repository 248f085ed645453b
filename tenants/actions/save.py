"""Changing the draft."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tenants.actions import headers
from tenants.actions.telling import tell_save
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.model import AppKind, Config, Draft
from tenants.parsing import apply
from tenants.store import drafts, tenants
from tenants.store.audit import record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.keys import KeyRing


async def save_section(
    scope: TenantScope,
    sent: Mapping[str, Mapping[str, Any]],
    *,
    expected: int,
    keys: KeyRing,
    now: datetime,
    admitted: frozenset[str] = frozenset(),
) -> Draft:
    """Change the sections that were sent. Raises InvalidInputError, VersionConflictError or NotFoundError."""

    async def change(config: Config) -> Config:
        return await headers.store_values(scope, keys, apply(config, sent, admitted), config, now)

    return await _save(scope, change, expected, now)


async def change_app_kind(scope: TenantScope, app: AppKind, *, expected: int, now: datetime) -> Draft:
    """Turn the draft to the other kind and drop what that may not have (I6, P3). Raises as `save_section`."""

    async def change(config: Config) -> Config:
        return with_app(config, app)

    return await _save(scope, change, expected, now)


def with_app(config: Config, app: AppKind) -> Config:
    """The config for the other kind of app; a generic one has no placeholders of its own (P3)."""
    provisioning = config.provisioning
    if app is AppKind.GENERIC:
        provisioning = replace(provisioning, username_placeholder=None, password_placeholder=None)
    return replace(config, app=app, provisioning=provisioning)


async def _save(
    scope: TenantScope, change: Callable[[Config], Awaitable[Config]], expected: int, now: datetime
) -> Draft:
    async with transaction():
        draft = await drafts.claim_draft(scope)
        await drafts.check_version(scope, draft, expected)
        config = await change(draft.config)
        await drafts.replace_draft(scope, expected, draft.name, config, now)
        told = await tell_save(scope, draft.config, config)
        await headers.drop_unnamed(scope, config, draft.config)
        if config.app is not draft.config.app:
            await tenants.change_shown_app(scope, config.app)
        await record(scope.trail, AuditAction.DRAFT_SAVED, "draft", told, now=now)
    return replace(draft, version=expected + 1, config=config, edited_at=now, edited_by=scope.actor)
