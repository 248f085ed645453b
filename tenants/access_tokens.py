"""Access tokens of programs: what they are for, what they may do, how long they work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Actor, Role

LIFETIMES_DAYS = range(1, 367)
LONGEST_NAME = 60
REMEMBERED = timedelta(days=30)
"""How long a token that stopped working can still be revoked once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token of one tenant, as its owners see it: everything but the token itself."""

    id: int
    name: str
    prefix: str
    role: Role
    created_at: datetime
    created_by: Actor
    expires_at: datetime
    last_used_at: datetime | None
    """To the minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingToken:
    """Any token that works, as whoever runs the gateway sees it."""

    id: int
    name: str
    prefix: str
    role: str
    tenant: int | None
    """None: a platform admin's."""
    provider_id: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
