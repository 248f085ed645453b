"""What softphones may read: the live config of a tenant that is not suspended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tortoise.expressions import F

from tenants.identity import ProviderId
from tenants.rows import RevisionRow
from tenants.scoping import scoped
from tenants.store.revisions import from_row

if TYPE_CHECKING:
    from tenants.access import PublicScope
    from tenants.model import AppKind, Revision


@dataclass(frozen=True, slots=True)
class Published:
    """A live config with the ProviderId in its own spelling."""

    provider_id: ProviderId
    revision: Revision


@scoped
async def find_published(_scope: PublicScope, provider_id: str, app: AppKind | None) -> Published | None:
    """Rules I4 and I5: None for unknown, suspended, never published and wrong-kind tenants alike.

    Without an app both kinds are found: other makers' softphones belong to neither.

    All of it is decided by one query, so that no answer takes longer than another; a name that can be nobody's is
    looked up too.
    """
    key = ProviderId.key_of(provider_id) or ""
    of_kind: dict[str, Any] = {} if app is None else {"tenant__app": app.value}
    row = await RevisionRow.get_or_none(
        tenant__provider_key=key, tenant__is_suspended=False, tenant__live_revision=F("number"), **of_kind
    ).select_related("tenant")
    return Published(ProviderId(row.tenant.provider_id), from_row(row)) if row else None
