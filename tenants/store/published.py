"""What softphones may read: the live config of a tenant that is not suspended."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tortoise.expressions import F, Q

from tenants.access_rows import AppKeyRow
from tenants.app_keys import NO_APP_KEY
from tenants.identity import ProviderId
from tenants.known import Known
from tenants.model import AppKind
from tenants.rows import RevisionRow
from tenants.scoping import scoped
from tenants.store.app_keys import let_in, use_of
from tenants.store.revisions import from_row

if TYPE_CHECKING:
    from collections.abc import Collection

    from tortoise.queryset import QuerySet

    from tenants.access import PublicScope
    from tenants.app_keys import SentAppKey
    from tenants.credentials import Use
    from tenants.model import Revision


@dataclass(frozen=True, slots=True)
class Published:
    """A live config with the ProviderId in its own spelling."""

    provider_id: ProviderId
    revision: Revision
    app_key: Use | None = None
    """The tenant's key that the app has sent, whether one is demanded or not."""
    is_key_demanded: bool = False


@scoped
async def find_published(
    _scope: PublicScope, provider_id: str, app: AppKind | None, app_key: SentAppKey = NO_APP_KEY
) -> Published | None:
    """Rules I4 and I5: None for unknown, suspended, never published and wrong-kind tenants alike.

    And to an app without the key that the tenant demands. Without an app both kinds are found: other makers' softphones
    belong to neither.

    All of it is decided by one query, so that no answer takes longer than another; a name that can be nobody's is
    looked up too.
    """
    key = ProviderId.key_of(provider_id) or ""
    of_kind: dict[str, Any] = {} if app is None else {"tenant__app": app.value}
    row = await let_in(_live(Q(tenant__provider_key=key, **of_kind)), app_key).first()
    return _published(row, use_of(row)) if row else None


@scoped
async def find_live(_scope: PublicScope, tenant: int, app: AppKind) -> Published | None:
    """The same of a tenant by its id, for whoever has been let in already."""
    row = await _live(Q(tenant_id=tenant, tenant__app=app.value)).first()
    return _published(row) if row else None


@scoped
async def list_known(_scope: PublicScope, provider_keys: Collection[str]) -> list[Known]:
    """All that is needed to answer for those of them that are live, for times when this cannot be asked."""
    rows = await _live(Q(tenant__provider_key__in=list(provider_keys)))
    tenants, keys = [row.tenant_id for row in rows], defaultdict[int, set[bytes]](set)
    if tenants:
        for key in await AppKeyRow.filter(tenant_id__in=list(tenants)):
            keys[key.tenant_id].add(bytes(key.sha256))
    shown = [(_published(row), row.tenant_id) for row in rows]
    return [Known(one.provider_id, one.revision, one.is_key_demanded, frozenset(keys[tenant])) for one, tenant in shown]


def _live(of_whom: Q) -> QuerySet[RevisionRow]:
    is_live = Q(tenant__is_suspended=False, tenant__live_revision=F("number"))
    return RevisionRow.filter(of_whom, is_live).select_related("tenant")


def _published(row: RevisionRow, app_key: Use | None = None) -> Published:
    revision = from_row(row)
    is_key_demanded = row.tenant.is_app_key_required and revision.config.app is AppKind.WHITELABEL
    return Published(ProviderId(row.tenant.provider_id), revision, app_key, is_key_demanded)
