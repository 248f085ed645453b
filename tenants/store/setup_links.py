"""Setup links as staff see them: made, listed, revoked, forgotten."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.accounts import Accounts
from tenants.errors import NotFoundError
from tenants.keys import Place
from tenants.rows import SetupLinkRow
from tenants.scoping import scoped
from tenants.setup_links import LISTED, REPLAY, SetupContentKind, SetupLink, SetupLinkStatus
from tenants.store.actors import from_stored, to_stored
from tenants.store.sight import seen_tenant_of

if TYPE_CHECKING:
    from datetime import datetime

    from tortoise.queryset import QuerySet

    from tenants.access import PlatformScope, TenantScope
    from tenants.keys import KeyRing
    from tenants.setup_links import SetupContent, SetupToken

LARGEST_ID = 10**18 - 1  # what a node id holds
ERASED = b""
"""What stands in place of a content that no phone can get any more; rotation of keys passes it by."""
_WITHOUT_CONTENT = {"sealed": ERASED, "key_id": ""}


@dataclass(frozen=True, slots=True)
class Position:
    """A link's place in the list: newest first, then by id."""

    created_at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSetupLink:
    """A link to be stored."""

    content: SetupContent
    note: str | None
    can_move: bool
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """What came of revoking all links."""

    open: int
    """How many of them a phone could still redeem."""
    is_change: bool
    """Whether any was revoked, or any content forgotten that a phone could still have asked for again."""


@scoped
async def insert_link(scope: TenantScope, keys: KeyRing, token: SetupToken, new: NewSetupLink) -> SetupLink:
    """Store a link, its content encrypted for its own row."""
    row_id = 1 + secrets.randbelow(LARGEST_ID)
    sealed = keys.seal(new.content.to_document(), content_place(scope.tenant, row_id))
    carries = SetupContentKind.ACCOUNTS if isinstance(new.content, Accounts) else SetupContentKind.LOGIN
    row = await SetupLinkRow.create(
        id=row_id,
        tenant_id=scope.tenant,
        token_sha256=token.sha256(),
        carries=carries.value,
        note=new.note,
        can_move=new.can_move,
        key_id=sealed.key_id,
        sealed=sealed.data,
        created_at=new.created_at,
        created_by=to_stored(scope.actor),
        expires_at=new.expires_at,
    )
    return _link(row)


@scoped
async def find_tenant_of(scope: PlatformScope, link: int) -> int:
    """The tenant that a link belongs to, so that the caller's leave for it can be asked. Raises NotFoundError."""
    return await seen_tenant_of(scope, SetupLinkRow, link)


@scoped
async def get_link(scope: TenantScope, link: int, now: datetime) -> SetupLink:
    """The scope's link by its id, as long as it is listed. Raises NotFoundError."""
    row = await SetupLinkRow.filter(_listed(now), id=link, tenant_id=scope.tenant).first()
    if row is None:
        raise NotFoundError
    return _link(row)


@scoped
async def list_links(
    scope: TenantScope,
    now: datetime,
    *,
    status: SetupLinkStatus | None = None,
    first: int,
    after: Position | None = None,
) -> list[SetupLink]:
    """Up to `first` links, newest first, from behind a position."""
    rows = SetupLinkRow.filter(_listed(now), tenant_id=scope.tenant)
    if status is not None:
        rows = rows.filter(_stands(status, now))
    if after is not None:
        rows = rows.filter(Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, id__lt=after.id))
    return [_link(row) for row in await rows.order_by("-created_at", "-id").limit(first)]


@scoped
async def revoke_link(scope: TenantScope, link: int, now: datetime) -> bool:
    """Make one link useless and forget its content; whether it was not yet. What was revoked stays as it is."""
    rows = SetupLinkRow.filter(id=link, tenant_id=scope.tenant, revoked_at=None)
    return bool(await rows.update(revoked_at=now, **_WITHOUT_CONTENT))


@scoped
async def revoke_all(scope: TenantScope, now: datetime) -> Revoked:
    """Make all links useless and forget what they carry.

    A link that a phone has redeemed stays redeemed: without its content no second phone gets anything, and no repeat.
    """
    rows = _with_content(scope)
    count = await rows.filter(_stands(SetupLinkStatus.OPEN, now)).update(revoked_at=now, **_WITHOUT_CONTENT)
    emptied = await rows.filter(redeemed_at__isnull=False).update(can_move=False, **_WITHOUT_CONTENT)
    return Revoked(count, bool(count or emptied))


@scoped
async def forget_spent(scope: TenantScope, now: datetime) -> None:
    """Erase what no phone can get any more, and delete the links that are no longer listed."""
    old = SetupLinkRow.filter(tenant_id=scope.tenant, created_at__lte=now - LISTED)  # as the index has them
    await old.filter(~_listed(now)).delete()
    is_replayed = Q(redeemed_at__isnull=True) | Q(redeemed_at__lte=now - REPLAY)
    is_over = Q(expires_at__lte=now) | Q(redeemed_at__isnull=False, can_move=False)
    await _with_content(scope).filter(is_replayed & is_over).update(**_WITHOUT_CONTENT)


def content_place(tenant: int, link: int) -> Place:
    """Where the content of a link is encrypted for."""
    return Place(tenant, "setup_link", "sealed", link)


def _with_content(scope: TenantScope) -> QuerySet[SetupLinkRow]:
    """Few of many: as the index has them, which a comparison of contents would not use."""
    return SetupLinkRow.filter(tenant_id=scope.tenant, key_id__gt="")


def _listed(now: datetime) -> Q:
    """Whether it works, or stopped working less than 30 days ago. No link lives as long as that."""
    since = now - LISTED
    is_redeemed_lately = Q(redeemed_at__isnull=True) | Q(redeemed_at__gt=since)
    is_revoked_lately = Q(revoked_at__isnull=True) | Q(revoked_at__gt=since)
    return Q(expires_at__gt=since) & is_redeemed_lately & is_revoked_lately


def _stands(status: SetupLinkStatus, now: datetime) -> Q:
    """`SetupLink.status` as a condition."""
    if status is SetupLinkStatus.REVOKED:
        return Q(revoked_at__isnull=False)
    if status is SetupLinkStatus.REDEEMED:
        return Q(revoked_at__isnull=True, redeemed_at__isnull=False)
    is_untouched = Q(revoked_at__isnull=True, redeemed_at__isnull=True)
    return is_untouched & (Q(expires_at__gt=now) if status is SetupLinkStatus.OPEN else Q(expires_at__lte=now))


def _link(row: SetupLinkRow) -> SetupLink:
    return SetupLink(
        id=row.id,
        tenant=row.tenant_id,
        note=row.note,
        carries=SetupContentKind(row.carries),
        can_move=row.can_move,
        created_at=row.created_at,
        created_by=from_stored(row.created_by),
        expires_at=row.expires_at,
        redeemed_at=row.redeemed_at,
        revoked_at=row.revoked_at,
    )
