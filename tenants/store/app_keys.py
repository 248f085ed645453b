"""Keys of whitelabel apps: stored as hashes, listed, deleted; and whom a tenant lets in by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.models import Model

from tenants.access_rows import AppKeyRow
from tenants.app_keys import AppKey
from tenants.credentials import Credential, Use, digest
from tenants.errors import NotFoundError
from tenants.model import AppKind
from tenants.scoping import scoped
from tenants.store.actors import from_stored, to_stored
from tenants.store.sight import seen_tenant_of

if TYPE_CHECKING:
    from datetime import datetime

    from tortoise.queryset import QuerySet

    from tenants.access import PlatformScope, TenantScope
    from tenants.app_keys import NewAppKey, SentAppKey

T = TypeVar("T", bound=Model)


@scoped
async def insert_app_key(scope: TenantScope, key: NewAppKey, *, name: str, now: datetime) -> AppKey:
    """Store the hash of a key."""
    row = await AppKeyRow.create(
        tenant_id=scope.tenant,
        name=name,
        prefix=key.prefix,
        sha256=digest(key.text),
        created_at=now,
        created_by=to_stored(scope.actor),
    )
    return _app_key(row)


@scoped
async def find_tenant_of(scope: PlatformScope, app_key: int) -> int:
    """The tenant that a key belongs to, so that the caller's leave for it can be asked. Raises NotFoundError."""
    return await seen_tenant_of(scope, AppKeyRow, app_key)


@scoped
async def list_app_keys(scope: TenantScope) -> list[AppKey]:
    """The scope's keys, newest first."""
    return [_app_key(row) for row in await AppKeyRow.filter(tenant_id=scope.tenant).order_by("-id")]


@scoped
async def get_app_key(scope: TenantScope, app_key: int) -> AppKey:
    """One of the scope's. Raises NotFoundError."""
    row = await AppKeyRow.filter(tenant_id=scope.tenant, id=app_key).first()
    if row is None:
        raise NotFoundError
    return _app_key(row)


@scoped
async def delete_app_key(scope: TenantScope, app_key: int) -> None:
    """Make a key useless."""
    await AppKeyRow.filter(tenant_id=scope.tenant, id=app_key).delete()


def let_in(rows: QuerySet[T], sent: SentAppKey) -> QuerySet[T]:
    """Those rows of a tenant's whose tenant demands no key, or whose own this one is; each with what `use_of` reads.

    A generic tenant never demands one, whatever was said while it was whitelabel.
    """
    is_open = Q(tenant__is_app_key_required=False) | Q(tenant__app=AppKind.GENERIC.value)
    is_own = Q(tenant_id__in=_sent(sent, "tenant_id"))
    found = rows.filter(is_open | is_own)
    return found.annotate(sent_key=_sent(sent, "id"), sent_key_tenant=_sent(sent, "tenant_id"))


def use_of(row: Any) -> Use | None:  # noqa: ANN401 - of any table that has a tenant, with two columns more
    """That the tenant's key was used, when the one that was sent is its own."""
    return Use(Credential.APP_KEY, row.sent_key) if row.sent_key_tenant == row.tenant_id else None


def _sent(sent: SentAppKey, column: str) -> Subquery:
    """A column of the key's row, whosever it is; NULL when it is nobody's."""
    return Subquery(AppKeyRow.filter(sha256=sent.sha256).values(column))


def _app_key(row: AppKeyRow) -> AppKey:
    return AppKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        created_at=row.created_at,
        created_by=from_stored(row.created_by),
        last_used_at=row.last_used_at,
    )
