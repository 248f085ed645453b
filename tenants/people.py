"""People and their sessions, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

IDLE = timedelta(minutes=30)
"""A session that is not used for so long is over. Use is stamped to the minute, so it may be up to a minute less."""
LONGEST = timedelta(hours=12)
"""A session is over so long after its sign-in, however much it is used."""
MOST_SESSIONS = 20
"""Of one person; one more sign-in ends the one that was not used for longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can sign in."""

    id: int
    email: str
    name: str
    is_platform_admin: bool
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which somebody is signed in."""

    id: int
    device: str
    """Browser and system, in words."""
    address: str
    """From where it was last used."""
    created_at: datetime
    last_used_at: datetime
    """To the minute."""


def to_minute(now: datetime) -> datetime:
    """The minute that a moment is in."""
    return now.replace(second=0, microsecond=0)


def words_for_session(email: str, device: str) -> str:
    """A session as the audit log names it."""
    return f"session of {email} in {device}"
