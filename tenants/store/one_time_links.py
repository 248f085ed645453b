"""One-time links: found by their token, made, used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.access import Role
from tenants.access_rows import MembershipRow, OneTimeLinkRow, PersonRow
from tenants.email import EmailAddress
from tenants.one_time_links import INVITATION_LASTS, RESET_LASTS, LinkKind, OpenLink
from tenants.rows import TenantRow
from tenants.scoping import scoped

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope, PlatformScope
    from tenants.one_time_links import OneTimeToken


@scoped
async def find_open_link(_scope: CredentialScope, token: OneTimeToken, now: datetime) -> OpenLink | None:
    """What a token opens; None for unknown, used, withdrawn and expired ones alike."""
    sha256 = token.sha256()
    invited = MembershipRow.filter(token_sha256=sha256, person_id__isnull=True, invitation_expires_at__gt=now)
    row = await invited.select_related("tenant__draft").first()
    link = await OneTimeLinkRow.filter(token_sha256=sha256, expires_at__gt=now).select_related("person").first()
    if row is not None and row.invitation_expires_at is not None:
        account = await PersonRow.get_or_none(email_key=row.email_key)
        return OpenLink(
            kind=LinkKind.INVITATION,
            expires_at=row.invitation_expires_at,
            email=EmailAddress.from_stored(row.email),
            tenant=row.tenant_id,
            tenant_name=row.tenant.draft.name or row.tenant.provider_id,
            role=Role(row.role),
            person=account.id if account else None,
        )
    if link is None or await _is_too_late(link):
        return None
    return OpenLink(
        kind=LinkKind(link.kind),
        expires_at=link.expires_at,
        email=EmailAddress.from_stored(link.person.email) if link.person else None,
        person=link.person_id,
        person_name=link.person.name if link.person else None,
        is_of_demo=link.is_of_demo,
    )


@scoped
async def insert_admin_link(
    _scope: PlatformScope, token: OneTimeToken, now: datetime, *, is_of_start: bool, is_of_demo: bool
) -> None:
    """A link by which somebody signs up as a platform admin. Links that expired are forgotten."""
    await OneTimeLinkRow.filter(expires_at__lte=now).delete()
    await OneTimeLinkRow.create(
        kind=LinkKind.ADMIN.value,
        token_sha256=token.sha256(),
        created_at=now,
        expires_at=now + INVITATION_LASTS,
        is_of_start=is_of_start,
        is_of_demo=is_of_demo,
    )


@scoped
async def insert_reset_link(_scope: PlatformScope, person: int, token: OneTimeToken, now: datetime) -> None:
    """A link by which a person sets a new password; older ones of theirs are useless, and expired ones forgotten."""
    await _claim_person(person)
    await OneTimeLinkRow.filter(person_id=person).delete()
    await OneTimeLinkRow.filter(expires_at__lte=now).delete()
    await OneTimeLinkRow.create(
        kind=LinkKind.RESET.value,
        token_sha256=token.sha256(),
        person_id=person,
        created_at=now,
        expires_at=now + RESET_LASTS,
    )


@scoped
async def claim_admin_links(_scope: CredentialScope) -> None:
    """Keep all sign-up links from others until the transaction ends, in one order."""
    await OneTimeLinkRow.filter(kind=LinkKind.ADMIN.value).order_by("id").select_for_update()


@scoped
async def use_admin_link(_scope: CredentialScope, token: OneTimeToken, now: datetime) -> bool:
    """Use a sign-up link up, and with it all that were printed at a start; False when it is not open any more."""
    links = OneTimeLinkRow.filter(kind=LinkKind.ADMIN.value)
    link = await links.filter(token_sha256=token.sha256(), expires_at__gt=now).first()
    if link is None or await _is_too_late(link):
        return False
    await links.filter(Q(id=link.id) | Q(is_of_start=True)).delete()
    return True


@scoped
async def use_reset_link(_scope: CredentialScope, token: OneTimeToken, person: int) -> bool:
    """Use a reset link up; False when somebody else was faster."""
    await _claim_person(person)
    rows = OneTimeLinkRow.filter(token_sha256=token.sha256(), kind=LinkKind.RESET.value, person_id=person)
    return bool(await rows.delete())


@scoped
async def delete_reset_links(_scope: CredentialScope, person: int) -> None:
    """Make a person's reset links useless."""
    await OneTimeLinkRow.filter(person_id=person).delete()


@scoped
async def list_unowned_tenants(_scope: CredentialScope) -> list[int]:
    """Tenants that nobody is a member of or was invited to, by id."""
    return [row.id for row in await TenantRow.filter(memberships__id__isnull=True).order_by("id")]


async def _claim_person(person: int) -> None:
    """Reset links of one person are made and used one after the other."""
    await PersonRow.filter(id=person).select_for_update().first()


async def _is_too_late(link: OneTimeLinkRow) -> bool:
    """Whether it was printed at a start, and somebody became a platform admin since."""
    return link.is_of_start and await PersonRow.exists(is_platform_admin=True)
