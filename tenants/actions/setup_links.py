"""Setup links, by staff: made, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from tenants.account_parsing import parse_accounts, parse_login
from tenants.accounts import LoginPair
from tenants.audit import AuditAction
from tenants.codes import WrongStateReason
from tenants.database import transaction
from tenants.errors import WrongStateError
from tenants.parsing import Collector
from tenants.setup_links import LIFETIMES_HOURS, LONGEST_NOTE, SetupToken
from tenants.store import drafts, revisions, setup_links
from tenants.store.audit import record
from tenants.store.setup_links import NewSetupLink
from tenants.text import parse_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.keys import KeyRing
    from tenants.setup_links import SetupContent, SetupLink


@dataclass(frozen=True, slots=True)
class MadeSetupLink:
    """A link that was just made: the only moment at which its token is known here."""

    link: SetupLink
    token: SetupToken


async def create_setup_link(
    scope: TenantScope, keys: KeyRing, sent: Mapping[str, Any], *, now: datetime
) -> MadeSetupLink:
    """Make a link from `content` (`accounts` or `login`), `lifetimeHours`, `canMove` and `note`.

    Raises InvalidInputError, NotFoundError, and WrongStateError for a login without external provisioning.
    """
    new = _parse(sent, now)
    token = SetupToken.random()
    async with transaction():
        await drafts.claim_draft(scope)
        await _check_provisioning(scope, new)
        await setup_links.forget_spent(scope, now)
        link = await setup_links.insert_link(scope, keys, token, new)
        await record(scope.trail, AuditAction.SETUP_LINK_CREATED, link.words, now=now)
    return MadeSetupLink(link, token)


async def revoke_setup_link(scope: TenantScope, link: int, *, now: datetime) -> SetupLink:
    """Make a link useless at once; repeating it changes nothing. Raises NotFoundError."""
    async with transaction():
        found = await setup_links.get_link(scope, link, now)
        if await setup_links.revoke_link(scope, link, now):
            await record(scope.trail, AuditAction.SETUP_LINK_REVOKED, found.words, now=now)
        return await setup_links.get_link(scope, link, now)


async def revoke_all_setup_links(scope: TenantScope, *, now: datetime) -> int:
    """Make every link of the tenant useless at once; how many were open. Raises NotFoundError."""
    async with transaction():
        await drafts.claim_draft(scope)
        revoked = await setup_links.revoke_all(scope, now)
        if revoked.is_change:
            subject = f"{revoked.open} open setup {'link' if revoked.open == 1 else 'links'}"
            await record(scope.trail, AuditAction.ALL_SETUP_LINKS_REVOKED, subject, now=now)
    return revoked.open


def _parse(sent: Mapping[str, Any], now: datetime) -> NewSetupLink:
    """Every field, in the order of the form."""
    collector = Collector()
    content = _parse_content(sent["content"], collector)
    hours = collector.parse_number(("lifetimeHours",), sent["lifetimeHours"], LIFETIMES_HOURS)
    note = None if sent.get("note") is None else collector.parse(("note",), _note, sent["note"])
    collector.finish()
    return NewSetupLink(
        content=cast("SetupContent", content),  # or there was a problem
        note=note,
        can_move=sent["canMove"],
        created_at=now,
        expires_at=now + timedelta(hours=hours or 0),
    )


def _parse_content(sent: Mapping[str, Any], collector: Collector) -> SetupContent | None:
    """Exactly one of the two was sent; the schema saw to that."""
    if sent.get("accounts") is not None:
        return parse_accounts(sent["accounts"], ("content", "accounts"), collector)
    return parse_login(sent["login"], ("content", "login"), collector)


async def _check_provisioning(scope: TenantScope, new: NewSetupLink) -> None:
    """A login is of use only while the live config has external provisioning on."""
    live = await revisions.find_live(scope)
    is_on = live is not None and live.config.provisioning.is_enabled
    if isinstance(new.content, LoginPair) and not is_on:
        message = "External provisioning is not live: turn it on and publish, or put accounts into the link."
        raise WrongStateError(WrongStateReason.NO_PROVISIONING, message)


def _note(text: str) -> str:
    return parse_line(text, LONGEST_NOTE)
