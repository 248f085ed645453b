"""Setup links as phones and people reach them: by their token, and only while the tenant is published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.access import PUBLIC
from tenants.accounts import Accounts, LoginPair
from tenants.identity import ProviderId
from tenants.keys import Sealed
from tenants.model import AppKind
from tenants.rows import SetupLinkRow
from tenants.scoping import scoped
from tenants.setup_links import REPLAY, Asker, Invitation, Redeemed, SetupContentKind, name_link
from tenants.store.app_keys import let_in, use_of
from tenants.store.published import find_live
from tenants.store.setup_links import ERASED, content_place

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope
    from tenants.keys import KeyRing
    from tenants.setup_links import SetupToken
    from tenants.store.published import Published


@dataclass(frozen=True, slots=True)
class Found:
    """A link that this phone may redeem, or that another phone has just redeemed."""

    link: int
    tenant: int
    gives: Redeemed | None
    """What the phone gets; None: another one was faster."""
    is_repeat: bool
    """Whether the phone has redeemed it already."""
    is_move: bool
    """Whether it takes the place of another phone."""
    words: str
    """What the audit log calls the link."""


@scoped
async def claim(_scope: CredentialScope, token: SetupToken) -> None:
    """Keep a link from other phones until the transaction ends."""
    await SetupLinkRow.filter(token_sha256=token.sha256()).select_for_update().first()


@scoped
async def find_for_phone(
    _scope: CredentialScope, keys: KeyRing, token: SetupToken, asker: Asker, now: datetime
) -> Found | None:
    """None for unknown, used, expired and revoked codes, other apps and unpublished tenants alike.

    All of it is decided by one query, so that none of these answers takes longer than another. A login is for nobody
    while external provisioning is off; it is not used up by that.
    """
    device = token.device_sha256(asker.device_id)
    is_right = _is_reachable() & _is_for(asker) & (_is_open(now) | Q(redeemed_at__gt=now - REPLAY))
    links = SetupLinkRow.filter(is_right, token_sha256=token.sha256()).select_related("tenant")
    row = await let_in(links, asker.app_key).first()
    published = await _published(row) if row else None
    if row is None or published is None:
        return None
    is_repeat = row.device_sha256 is not None and bytes(row.device_sha256) == device
    is_move = row.redeemed_at is not None and not is_repeat
    is_too_late = is_move and not (row.can_move and now < row.expires_at)
    gives = None if is_too_late else replace(_open(row, keys, published), app_key=use_of(row))
    return Found(row.id, row.tenant_id, gives, is_repeat, is_move, name_link(row.note, row.created_at))


@scoped
async def find_invitation(_scope: CredentialScope, token: SetupToken, now: datetime) -> Invitation | None:
    """What the page of a link shows to people; None when no phone could redeem it now. Changes nothing.

    No key of an app is asked for: people open it in their browser, and whoever holds the link was given it.
    """
    row = (
        await SetupLinkRow.filter(_is_reachable() & _is_open(now), token_sha256=token.sha256())
        .select_related("tenant")
        .first()
    )
    published = await _published(row) if row else None
    if row is None or published is None:
        return None
    name, config = published.revision.name, published.revision.config
    return Invitation(
        published.provider_id, config.app, name, config.branding, config.help.contact_email, row.expires_at
    )


@scoped
async def mark_redeemed(_scope: CredentialScope, token: SetupToken, asker: Asker, found: Found, now: datetime) -> None:
    """Note which phone has it now. A second phone is the last one: nobody else can move it again."""
    changes = {"can_move": False} if found.is_move else {}
    await SetupLinkRow.filter(id=found.link).update(
        redeemed_at=now, device_sha256=token.device_sha256(asker.device_id), **changes
    )


def _is_reachable() -> Q:
    """Whether the link has a content and a tenant that phones may know."""
    is_there = Q(revoked_at__isnull=True) & ~Q(sealed=ERASED)
    return is_there & Q(tenant__is_suspended=False, tenant__live_revision__isnull=False)


def _is_for(asker: Asker) -> Q:
    """Whether this app may know of the tenant (I4, I5)."""
    is_for = Q()
    if asker.app is not None:
        is_for &= Q(tenant__app=asker.app.value)
    if asker.app is AppKind.WHITELABEL:
        is_for &= Q(tenant__provider_key=ProviderId.key_of(asker.provider_id or "") or "")
    return is_for


def _is_open(now: datetime) -> Q:
    """Whether a phone that has not redeemed it yet may do so."""
    return Q(expires_at__gt=now) & (Q(redeemed_at__isnull=True) | Q(can_move=True))


async def _published(row: SetupLinkRow) -> Published | None:
    """The tenant's live config; None also when the link carries a login that the config has no use for."""
    published = await find_live(PUBLIC, row.tenant_id, AppKind(row.tenant.app))
    is_login = row.carries == SetupContentKind.LOGIN.value
    if published is None or (is_login and not published.revision.config.provisioning.is_enabled):
        return None
    return published


def _open(row: SetupLinkRow, keys: KeyRing, published: Published) -> Redeemed:
    """Raises UnreadableSecretError."""
    document = keys.open(Sealed(row.key_id, bytes(row.sealed)), content_place(row.tenant_id, row.id))
    kind = Accounts if row.carries == SetupContentKind.ACCOUNTS.value else LoginPair
    config = published.revision.config
    return Redeemed(published.provider_id, config.app, kind.from_document(document), config.provisioning)
