"""The config being edited, one a tenant, guarded by its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.documents import from_document, to_document
from tenants.errors import NotFoundError, VersionConflictError
from tenants.model import Config, Draft
from tenants.rows import DraftRow
from tenants.scoping import scoped
from tenants.store import revisions
from tenants.store.actors import from_stored, to_stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import TenantScope


@scoped
async def get_draft(scope: TenantScope) -> Draft:
    """The scope's draft. Raises NotFoundError when the tenant is gone."""
    row = await DraftRow.get_or_none(tenant_id=scope.tenant)
    if row is None:
        raise NotFoundError
    return from_row(row)


@scoped
async def claim_draft(scope: TenantScope) -> Draft:
    """The scope's draft, kept from other writers until the transaction ends; the first thing that a change asks for.

    So changes of one tenant queue up, and take all further locks in one order. Raises NotFoundError.
    """
    row = await DraftRow.filter(tenant_id=scope.tenant).select_for_update().first()
    if row is None:
        raise NotFoundError
    return from_row(row)


@scoped
async def list_drafts(scopes: Sequence[TenantScope]) -> dict[int, Draft]:
    """The drafts of several tenants by tenant, in one query."""
    rows = await DraftRow.filter(tenant_id__in=[scope.tenant for scope in scopes])
    return {draft.tenant: draft for draft in map(from_row, rows)}


@scoped
async def insert_draft(scope: TenantScope, name: str | None, config: Config, now: datetime) -> None:
    """The first draft of a new tenant."""
    await DraftRow.create(
        tenant_id=scope.tenant,
        version=1,
        name=name,
        config=to_document(config),
        edited_at=now,
        edited_by=to_stored(scope.actor),
    )


@scoped
async def check_version(scope: TenantScope, draft: Draft, expected: int) -> None:
    """Raises VersionConflictError when the caller has read another version than the current one."""
    if draft.version != expected:
        raise await _conflict(scope, draft)


@scoped
async def replace_draft(scope: TenantScope, expected: int, name: str | None, config: Config, now: datetime) -> None:
    """Compare and set. Raises VersionConflictError when somebody was first, NotFoundError when the tenant is gone."""
    changed = await DraftRow.filter(tenant_id=scope.tenant, version=expected).update(
        version=expected + 1,
        name=name,
        config=to_document(config),
        edited_at=now,
        edited_by=to_stored(scope.actor),
    )
    if not changed:
        raise await _conflict(scope, await get_draft(scope))


@scoped
async def raise_version(scope: TenantScope, expected: int) -> None:
    """Compare and set without an edit: a publish moves the version too. Raises as `replace_draft`."""
    changed = await DraftRow.filter(tenant_id=scope.tenant, version=expected).update(version=expected + 1)
    if not changed:
        raise await _conflict(scope, await get_draft(scope))


async def _conflict(scope: TenantScope, draft: Draft) -> VersionConflictError:
    """Name who was first: the publisher when the last step was a publish, else the last editor."""
    live = await revisions.find_live(scope)
    if live is not None and live.draft_version == draft.version - 1:
        return VersionConflictError(draft.version, live.published_by, live.published_at)
    return VersionConflictError(draft.version, draft.edited_by, draft.edited_at)


def from_row(row: DraftRow) -> Draft:
    """As it was saved."""
    return Draft(
        tenant=row.tenant_id,
        version=row.version,
        name=row.name,
        config=from_document(row.config),
        edited_at=row.edited_at,
        edited_by=from_stored(row.edited_by),
    )
