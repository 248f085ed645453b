"""Batched reads, one set a request: a page of tenants costs one query a kind of thing, not one a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strawberry.dataloader import DataLoader

from tenants.store import drafts, revisions, secrets, tenants

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.model import Draft, Revision, Tenant


class Loaders:
    """What nested fields load by key. Never shared between requests: scopes are the caller's."""

    def __init__(self) -> None:
        self.tenants: DataLoader[TenantScope, Tenant | None] = DataLoader(_tenants)
        self.drafts: DataLoader[TenantScope, Draft | None] = DataLoader(_drafts)
        self.live: DataLoader[TenantScope, Revision | None] = DataLoader(_live)
        self.revisions: DataLoader[tuple[TenantScope, int], Revision | None] = DataLoader(_revisions)
        self.signing_dates: DataLoader[TenantScope, datetime | None] = DataLoader(_signing_dates)


async def _tenants(scopes: list[TenantScope]) -> list[Tenant | None]:
    found = await tenants.list_by_id(scopes)
    return [found.get(scope.tenant) for scope in scopes]


async def _drafts(scopes: list[TenantScope]) -> list[Draft | None]:
    found = await drafts.list_drafts(scopes)
    return [found.get(scope.tenant) for scope in scopes]


async def _live(scopes: list[TenantScope]) -> list[Revision | None]:
    found = await revisions.list_live(scopes)
    return [found.get(scope.tenant) for scope in scopes]


async def _revisions(keys: list[tuple[TenantScope, int]]) -> list[Revision | None]:
    found = await revisions.list_numbers(keys)
    return [found.get((scope.tenant, number)) for scope, number in keys]


async def _signing_dates(scopes: list[TenantScope]) -> list[datetime | None]:
    found = await secrets.list_signing_dates(scopes)
    return [found.get(scope.tenant) for scope in scopes]
