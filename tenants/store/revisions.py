"""Published configs: inserted once, read whole, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise.expressions import F

from tenants.documents import from_document, to_document
from tenants.errors import NotFoundError
from tenants.model import Config, Revision
from tenants.rows import RevisionRow
from tenants.scoping import scoped
from tenants.store.actors import from_stored, to_stored
from tenants.store.sight import seen_tenant_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import PlatformScope, TenantScope


@scoped
async def find_live(scope: TenantScope) -> Revision | None:
    """The live revision; None before the first publish."""
    return (await list_live([scope])).get(scope.tenant)


@scoped
async def list_live(scopes: Sequence[TenantScope]) -> dict[int, Revision]:
    """The live revisions of several tenants by tenant, in one query."""
    rows = await RevisionRow.filter(tenant_id__in=[scope.tenant for scope in scopes], tenant__live_revision=F("number"))
    return {revision.tenant: revision for revision in map(from_row, rows)}


@scoped
async def find_tenant_of(scope: PlatformScope, revision: int) -> int:
    """The tenant that a revision belongs to, so that the caller's leave for it can be asked. Raises NotFoundError."""
    return await seen_tenant_of(scope, RevisionRow, revision)


@scoped
async def get_by_id(scope: TenantScope, revision: int) -> Revision:
    """The scope's revision by its id. Raises NotFoundError."""
    row = await RevisionRow.get_or_none(id=revision, tenant_id=scope.tenant)
    if row is None:
        raise NotFoundError
    return from_row(row)


@scoped
async def list_numbers(keys: Sequence[tuple[TenantScope, int]]) -> dict[tuple[int, int], Revision]:
    """Several revisions by tenant and number, in one query."""
    wanted = {(scope.tenant, number) for scope, number in keys}
    tenants, numbers = zip(*wanted, strict=True)
    rows = await RevisionRow.filter(tenant_id__in=set(tenants), number__in=set(numbers))
    return {(row.tenant_id, row.number): from_row(row) for row in rows if (row.tenant_id, row.number) in wanted}


@scoped
async def list_revisions(scope: TenantScope, *, first: int, before: int | None = None) -> list[Revision]:
    """Up to `first` revisions, newest first, older than a number."""
    rows = RevisionRow.filter(tenant_id=scope.tenant)
    if before is not None:
        rows = rows.filter(number__lt=before)
    return [from_row(row) for row in await rows.order_by("-number").limit(first)]


@scoped
async def insert_revision(
    scope: TenantScope, *, number: int, draft_version: int, name: str, config: Config, note: str | None, now: datetime
) -> Revision:
    """A new revision, as published by the scope's actor."""
    row = await RevisionRow.create(
        tenant_id=scope.tenant,
        number=number,
        draft_version=draft_version,
        name=name,
        config=to_document(config),
        published_at=now,
        published_by=to_stored(scope.actor),
        note=note,
    )
    return from_row(row)


def from_row(row: RevisionRow) -> Revision:
    """As it was published, even where today's rules would refuse it."""
    return Revision(
        id=row.id,
        tenant=row.tenant_id,
        number=row.number,
        draft_version=row.draft_version,
        name=row.name,
        config=from_document(row.config),
        published_at=row.published_at,
        published_by=from_stored(row.published_by),
        note=row.note,
    )
