"""What changed for those who serve, in the order of the commits: the kinds, and what a transaction has to tell.

The one source of freshness: whatever an answer that is kept depends on is a line of `KIND_OF`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, unique
from types import MappingProxyType
from typing import TYPE_CHECKING

from tenants.audit import AuditAction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


@unique
class ChangeKind(Enum):
    """What serving processes have to know; a member's value is what it means."""

    PUBLISHED = "Another revision is live."
    SUSPENDED = "Softphones are to know the tenant no longer."
    RESUMED = "They know it again."
    RENAMED = "The name or the ProviderId is another."
    DELETED = "The tenant is gone."
    APP_KEYS = "Other app keys work, or they are demanded or no longer so."
    ACCESS = "A token, a member's role or a session is not what it was. Also of the platform, whose number is 0."


KIND_OF: Mapping[AuditAction, ChangeKind | None] = MappingProxyType(
    {
        AuditAction.TENANT_CREATED: None,  # nobody knows it before it is published
        AuditAction.TENANT_RENAMED: ChangeKind.RENAMED,
        AuditAction.TENANT_SUSPENDED: ChangeKind.SUSPENDED,
        AuditAction.TENANT_RESUMED: ChangeKind.RESUMED,
        AuditAction.TENANT_DELETED: ChangeKind.DELETED,
        AuditAction.DRAFT_SAVED: None,
        AuditAction.CONFIG_PUBLISHED: ChangeKind.PUBLISHED,
        AuditAction.SIGNING_SECRET_ROTATED: None,  # read at each call
        AuditAction.SETUP_LINK_CREATED: None,
        AuditAction.SETUP_LINK_REDEEMED: None,
        AuditAction.SETUP_LINK_REVOKED: None,
        AuditAction.ALL_SETUP_LINKS_REVOKED: None,
        AuditAction.MEMBER_INVITED: None,
        AuditAction.INVITATION_ACCEPTED: ChangeKind.ACCESS,  # of a member: another role
        AuditAction.SIGNED_IN: ChangeKind.ACCESS,  # ends the session before, and the oldest of too many
        AuditAction.SIGNED_OUT: ChangeKind.ACCESS,
        AuditAction.PASSWORD_CHANGED: ChangeKind.ACCESS,  # ends the other sessions
        AuditAction.PASSWORD_RESET_CREATED: None,
        AuditAction.ROLE_CHANGED: ChangeKind.ACCESS,
        AuditAction.MEMBER_REMOVED: ChangeKind.ACCESS,
        AuditAction.TOKEN_ISSUED: None,
        AuditAction.TOKEN_REVOKED: ChangeKind.ACCESS,
        AuditAction.APP_KEY_ISSUED: ChangeKind.APP_KEYS,
        AuditAction.APP_KEY_REVOKED: ChangeKind.APP_KEYS,
        AuditAction.APP_KEY_REQUIREMENT_CHANGED: ChangeKind.APP_KEYS,
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as it is told."""

    number: int
    """Its place in the order of the commits. 0: this process's own commit, not read from the feed yet."""
    tenant: int
    """0: the platform."""
    provider_key: str | None
    """As of now; None when the tenant is gone."""
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Batch:
    """What came after a number."""

    number: int
    """Up to which it is told."""
    changes: tuple[Change, ...] | None
    """In the order of their numbers, each one of them. None: that is not known, anything may have changed."""
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """What a transaction changes, before it has a number."""

    tenant: int
    kind: ChangeKind
    at: datetime


_noted: ContextVar[list[Noted] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[Noted]]:
    """Collects what is noted inside, which is one transaction."""
    noted: list[Noted] = []
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def note(tenant: int, action: AuditAction, now: datetime) -> None:
    """Inside a transaction: tell of this when it commits, if those who serve have to know."""
    noted, kind = _noted.get(), KIND_OF[action]
    if noted is None:
        message = "A change is noted inside of tenants.database.transaction(), which tells of it."
        raise RuntimeError(message)
    if kind is not None:
        noted.append(Noted(tenant, kind, now))
