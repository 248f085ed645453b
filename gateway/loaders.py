"""Batched reads, one set a request: a page of tenants costs one query a kind of thing, not one a tenant."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from strawberry.dataloader import DataLoader

from tenants.store import drafts, revisions, secrets, tenants

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.model import Draft, Revision, Tenant


K = TypeVar("K")
T = TypeVar("T")


class _Loader(DataLoader[K, T]):
    """Of several fields that wait for one key, one may be given up: when a sibling of it has failed. Others wait on."""

    def load(self, key: K) -> asyncio.Future[T]:
        """The library gives all of them the same future, which the one that is cancelled would cancel for the rest."""
        return asyncio.shield(super().load(key))


class Loaders:
    """What nested fields load by key. Never shared between requests: scopes are the caller's."""

    def __init__(self) -> None:
        self.tenants: DataLoader[TenantScope, Tenant | None] = _Loader(_tenants)
        self.drafts: DataLoader[TenantScope, Draft | None] = _Loader(_drafts)
        self.live: DataLoader[TenantScope, Revision | None] = _Loader(_live)
        self.revisions: DataLoader[tuple[TenantScope, int], Revision | None] = _Loader(_revisions)
        self.signing_dates: DataLoader[TenantScope, datetime | None] = _Loader(_signing_dates)


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
