"""Tenants: found, listed, made, changed and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.errors import NotFoundError
from tenants.identity import ProviderId, name_key
from tenants.model import AppKind, Tenant, TenantStatus
from tenants.rows import DraftRow, ProviderIdRow, TenantRow
from tenants.scoping import scoped
from tenants.store import drafts
from tenants.store.sight import of_seen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import PlatformScope, TenantScope
    from tenants.model import Draft
    from tenants.system import SystemScope


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantFilter:
    """Narrows a list of tenants; None narrows nothing."""

    search: str | None = None
    app: AppKind | None = None
    status: TenantStatus | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A tenant's place in the list: by shown name and then by id."""

    name_key: str
    id: int


@scoped
async def find_tenant(scope: PlatformScope, provider_id: str) -> Tenant | None:
    """The tenant of that ProviderId, case ignored; None also for one that the scope's holder may not see."""
    key = ProviderId.key_of(provider_id)
    if key is None:
        return None
    row = await TenantRow.get_or_none(of_seen(scope, "id"), provider_key=key).select_related("draft")
    return _tenant(row) if row else None


@scoped
async def get_tenant(scope: TenantScope) -> Tenant:
    """The scope's tenant. Raises NotFoundError."""
    row = await TenantRow.get_or_none(id=scope.tenant).select_related("draft")
    if row is None:
        raise NotFoundError
    return _tenant(row)


@scoped
async def list_by_id(scopes: Sequence[TenantScope]) -> dict[int, Tenant]:
    """Several tenants by id, in one query."""
    rows = await TenantRow.filter(id__in=[scope.tenant for scope in scopes]).select_related("draft")
    return {row.id: _tenant(row) for row in rows}


@scoped
async def list_all(_scope: SystemScope) -> list[Tenant]:
    """Every tenant by ProviderId, case ignored."""
    return [_tenant(row) for row in await TenantRow.all().order_by("provider_key").select_related("draft")]


@scoped
async def has_tenants(_scope: SystemScope) -> bool:
    """Whether there is any."""
    return await TenantRow.exists()


@scoped
async def list_tenants(
    scope: PlatformScope, narrow: TenantFilter, *, first: int, after: Position | None = None
) -> list[tuple[Position, Tenant, Draft]]:
    """Up to `first` tenants that the scope's holder may see, by shown name and then by id, from behind a position.

    Each with its draft: the row was read for the name, and who lists tenants shows what is waiting.
    """
    rows = TenantRow.filter(of_seen(scope, "id") & _conditions(narrow))
    if after is not None:
        rows = rows.filter(Q(name_key__gt=after.name_key) | Q(name_key=after.name_key, id__gt=after.id))
    found = await rows.order_by("name_key", "id").limit(first).select_related("draft")
    return [(Position(row.name_key, row.id), _tenant(row), drafts.from_row(row.draft)) for row in found]


@scoped
async def insert_tenant(
    _scope: PlatformScope, provider_id: ProviderId, app: AppKind, shown_name: str, now: datetime
) -> int:
    """A new tenant's id. Raises tortoise's IntegrityError when the ProviderId is in use or retired."""
    row = await TenantRow.create(
        provider_id=provider_id.text,
        provider_key=provider_id.key,
        name_key=name_key(shown_name),
        app=app.value,
        created_at=now,
    )
    await ProviderIdRow.create(key=provider_id.key, tenant_id=row.id)
    return int(row.id)


@scoped
async def is_provider_id_taken(_scope: PlatformScope | TenantScope, provider_id: ProviderId) -> bool:
    """Whether it is in use, or was published once (I2, I3)."""
    return await ProviderIdRow.exists(key=provider_id.key)


@scoped
async def change_provider_id(scope: TenantScope, old: ProviderId, new: ProviderId) -> None:
    """Give an unpublished tenant another ProviderId; the old one goes back to the pool."""
    # The tenant first, as when one is made: two who want the same name must not wait for each other.
    await TenantRow.filter(id=scope.tenant).update(provider_id=new.text, provider_key=new.key)
    if old.key != new.key:
        await ProviderIdRow.create(key=new.key, tenant_id=scope.tenant)
        await ProviderIdRow.filter(key=old.key, tenant_id=scope.tenant).delete()


@scoped
async def change_shown_name(scope: TenantScope, shown_name: str) -> None:
    """Sort and find the tenant by another name."""
    await TenantRow.filter(id=scope.tenant).update(name_key=name_key(shown_name))


@scoped
async def change_shown_app(scope: TenantScope, app: AppKind) -> None:
    """The kind shown before the first publish is that of the draft."""
    await TenantRow.filter(id=scope.tenant, live_revision=None).update(app=app.value)


@scoped
async def set_live(scope: TenantScope, number: int, app: AppKind) -> None:
    """Make a revision the live one, and its ProviderId one that is never issued again (I3)."""
    await TenantRow.filter(id=scope.tenant).update(live_revision=number, app=app.value)
    await ProviderIdRow.filter(tenant_id=scope.tenant).update(was_published=True)


@scoped
async def require_app_key(scope: TenantScope, *, is_required: bool) -> None:
    """Demand a key of every app, or stop demanding it."""
    await TenantRow.filter(id=scope.tenant).update(is_app_key_required=is_required)


@scoped
async def suspend(scope: TenantScope, reason: str) -> bool:
    """Make the tenant unknown to softphones; whether it was known. A second reason does not replace the first."""
    rows = TenantRow.filter(id=scope.tenant, is_suspended=False)
    return bool(await rows.update(is_suspended=True, suspended_reason=reason))


@scoped
async def resume(scope: TenantScope) -> bool:
    """End a suspension; whether there was one."""
    rows = TenantRow.filter(id=scope.tenant, is_suspended=True)
    return bool(await rows.update(is_suspended=False, suspended_reason=None))


@scoped
async def delete_tenant(scope: TenantScope) -> None:
    """Delete the tenant with everything in it; a ProviderId that was never published returns to the pool."""
    await ProviderIdRow.filter(tenant_id=scope.tenant, was_published=False).delete()
    await TenantRow.filter(id=scope.tenant).delete()


def _conditions(narrow: TenantFilter) -> Q:
    conditions = Q()
    if narrow.search is not None:
        wanted = narrow.search.casefold()
        conditions &= Q(name_key__contains=wanted) | Q(provider_key__contains=wanted)
    if narrow.app is not None:
        conditions &= Q(app=narrow.app.value)
    match narrow.status:
        case TenantStatus.SUSPENDED:
            conditions &= Q(is_suspended=True)
        case TenantStatus.LIVE:
            conditions &= Q(is_suspended=False, live_revision__isnull=False)
        case TenantStatus.UNPUBLISHED:
            conditions &= Q(is_suspended=False, live_revision__isnull=True)
    return conditions


def _tenant(row: TenantRow) -> Tenant:
    draft: DraftRow = row.draft
    return Tenant(
        id=row.id,
        provider_id=ProviderId(row.provider_id),
        name=draft.name or row.provider_id,
        app=AppKind(row.app),
        status=_status(row),
        live_revision=row.live_revision,
        created_at=row.created_at,
        is_app_key_required=row.is_app_key_required,
    )


def _status(row: TenantRow) -> TenantStatus:
    if row.is_suspended:
        return TenantStatus.SUSPENDED
    return TenantStatus.UNPUBLISHED if row.live_revision is None else TenantStatus.LIVE
