"""What softphones may read: the live config of a tenant that is not suspended."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tortoise.expressions import F, Q

from tenants.access_rows import AppKeyRow
from tenants.app_keys import NO_APP_KEY
from tenants.binding import find_row
from tenants.credentials import Credential, Use
from tenants.documents import from_document
from tenants.identity import ProviderId
from tenants.known import Known
from tenants.model import AppKind, Revision
from tenants.rows import RevisionRow
from tenants.scoping import scoped
from tenants.store.actors import from_stored
from tenants.store.revisions import from_row

if TYPE_CHECKING:
    from collections.abc import Collection

    from tortoise.queryset import QuerySet

    from tenants.access import PublicScope
    from tenants.app_keys import SentAppKey


class _Row(NamedTuple):
    """What is read of a revision and its tenant, in the order of the query."""

    id: int
    tenant: int
    number: int
    draft_version: int
    name: str
    config: str
    published_at: datetime | str
    """On SQLite as text."""
    published_by: str
    note: str | None
    provider_id: str
    is_app_key_required: bool | int
    sent_key: int | None


# Written by hand: Tortoise takes ten times as long over it, and each answer that is not stored waits for it. A generic
# tenant never demands a key, whatever was said while it was whitelabel.
_READ = """
SELECT revision.id, revision.tenant_id, revision.number, revision.draft_version, revision.name, revision.config,
  revision.published_at, revision.published_by, revision.note,
  tenant.provider_id, tenant.is_app_key_required, sent.id
FROM "tenant" AS tenant
JOIN "revision" AS revision ON revision.tenant_id = tenant.id AND revision.number = tenant.live_revision
LEFT JOIN "app_key" AS sent ON sent.sha256 = {} AND sent.tenant_id = tenant.id
WHERE tenant.provider_key = {} AND tenant.app IN ({}, {}) AND NOT tenant.is_suspended
  AND (NOT tenant.is_app_key_required OR tenant.app = 'GENERIC' OR sent.id IS NOT NULL)
"""
_FIND = {"sqlite": _READ.format("?", "?", "?", "?"), "postgres": _READ.format("$1", "$2", "$3", "$4")}
_KINDS = {kind: (kind.value, kind.value) for kind in AppKind} | {None: tuple(kind.value for kind in AppKind)}
"""What the query asks for, by what the app says of itself."""


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
    row = await find_row(_FIND, (app_key.sha256, ProviderId.key_of(provider_id) or "", *_KINDS[app]))
    return None if row is None else _found(_Row._make(row))


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


def _found(row: _Row) -> Published:
    at = row.published_at
    revision = Revision(
        id=row.id,
        tenant=row.tenant,
        number=row.number,
        draft_version=row.draft_version,
        name=row.name,
        config=from_document(row.config),
        published_at=datetime.fromisoformat(at) if isinstance(at, str) else at,
        published_by=from_stored(row.published_by),
        note=row.note,
    )
    use = None if row.sent_key is None else Use(Credential.APP_KEY, row.sent_key)
    is_key_demanded = bool(row.is_app_key_required) and revision.config.app is AppKind.WHITELABEL
    return Published(ProviderId(row.provider_id), revision, use, is_key_demanded)


def _live(of_whom: Q) -> QuerySet[RevisionRow]:
    is_live = Q(tenant__is_suspended=False, tenant__live_revision=F("number"))
    return RevisionRow.filter(of_whom, is_live).select_related("tenant")


def _published(row: RevisionRow) -> Published:
    revision = from_row(row)
    is_key_demanded = row.tenant.is_app_key_required and revision.config.app is AppKind.WHITELABEL
    return Published(ProviderId(row.tenant.provider_id), revision, is_key_demanded=is_key_demanded)
