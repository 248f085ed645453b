"""The audit log as people read it: newest first, narrowed, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.access import Actor, ActorKind
from tenants.audit import AuditAction, AuditEvent, Personal
from tenants.audit_rows import AuditEventRow
from tenants.errors import NotFoundError
from tenants.scoping import scoped
from tenants.store.sight import of_seen

if TYPE_CHECKING:
    from datetime import datetime

    from tortoise.queryset import QuerySet

    from tenants.access import PlatformScope, TenantScope

_FORGOTTEN = Personal(actor_name="", address=None, subject="", changes=())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Narrows an audit log; None and an empty list narrow nothing."""

    actor_id: str | None = None
    actions: tuple[AuditAction, ...] = ()
    since: datetime | None = None
    """Included."""
    until: datetime | None = None
    """Excluded."""


@dataclass(frozen=True, slots=True)
class Position:
    """An entry's place in a log: newest first, then by id."""

    at: datetime
    id: int


@scoped
async def list_of_tenant(
    scope: TenantScope, narrow: AuditFilter, *, first: int, after: Position | None = None
) -> list[AuditEvent]:
    """Up to `first` entries of the tenant's own chain, newest first, from behind a position."""
    return await _page(AuditEventRow.filter(chain=scope.tenant), narrow, first, after)


@scoped
async def list_of_platform(
    scope: PlatformScope, narrow: AuditFilter, *, first: int, after: Position | None = None
) -> list[AuditEvent]:
    """As `list_of_tenant`: the platform's own chain, and what is marked in those of tenants, deleted ones included."""
    return await _page(_of_platform(scope), narrow, first, after)


@scoped
async def get_of_tenant(scope: TenantScope, event: int) -> AuditEvent:
    """One entry of the tenant's own chain. Raises NotFoundError."""
    return await _get(AuditEventRow.filter(chain=scope.tenant), event)


@scoped
async def get_of_platform(scope: PlatformScope, event: int) -> AuditEvent:
    """One entry of the platform's log. Raises NotFoundError."""
    return await _get(_of_platform(scope), event)


def _of_platform(scope: PlatformScope) -> QuerySet[AuditEventRow]:
    return AuditEventRow.filter(of_seen(scope, "chain"), is_on_platform=True)


async def _page(
    rows: QuerySet[AuditEventRow], narrow: AuditFilter, first: int, after: Position | None
) -> list[AuditEvent]:
    rows = rows.filter(_conditions(narrow))
    if after is not None:  # the first half is what an index can use
        rows = rows.filter(Q(at__lte=after.at) & (Q(at__lt=after.at) | Q(id__lt=after.id)))
    return [_event(row) for row in await rows.order_by("-at", "-id").limit(first)]


async def _get(rows: QuerySet[AuditEventRow], event: int) -> AuditEvent:
    row = await rows.filter(id=event).first()
    if row is None:
        raise NotFoundError
    return _event(row)


def _conditions(narrow: AuditFilter) -> Q:
    conditions = Q()
    if narrow.actor_id is not None:
        conditions &= Q(actor_id=narrow.actor_id)
    if narrow.actions:
        conditions &= Q(action__in=[action.name for action in narrow.actions])
    if narrow.since is not None:
        conditions &= Q(at__gte=narrow.since)
    if narrow.until is not None:
        conditions &= Q(at__lt=narrow.until)
    return conditions


def _event(row: AuditEventRow) -> AuditEvent:
    personal = _read(row.personal)
    return AuditEvent(
        id=row.id,
        at=row.at,
        action=AuditAction[row.action],
        actor=Actor(ActorKind(row.actor_kind), personal.actor_name, row.actor_id),
        subject=personal.subject,
        changes=personal.changes,
        address=personal.address,
        request_id=row.request_id,
        hash=bytes(row.hash),
    )


def _read(text: str | None) -> Personal:
    return _FORGOTTEN if text is None else Personal.from_stored(text)
