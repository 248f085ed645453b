"""One-time links that set a phone up: what they are, how they stand, how their codes are read."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Self, TypeAlias

from tenants.accounts import Accounts, LoginPair
from tenants.app_keys import NO_APP_KEY
from tenants.credentials import digest

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Actor
    from tenants.app_keys import SentAppKey
    from tenants.credentials import Use
    from tenants.email import EmailAddress
    from tenants.identity import ProviderId
    from tenants.model import AppKind, Branding, Provisioning

LIFETIMES_HOURS = range(1, 169)
LONGEST_NOTE = 60
UNUSABLE = "This setup code does not work any more. Ask your provider for a new one."
"""What a user is told, whatever the reason is."""
REPLAY = timedelta(seconds=120)
"""How long the phone that redeemed a link may ask again: its answer may have been lost on the way."""
LISTED = timedelta(days=30)
"""How long a link is shown to staff once it has stopped working."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# The code itself, its token alone, or the address of its page: people paste what they were sent.
_CODE = re.compile(rf"(?:scloc:\?v=2&token=|https?://[^\s?#]+/setup/)?({_TOKEN.pattern})/?", re.IGNORECASE)


class SetupContentKind(Enum):
    """What a setup link carries."""

    ACCOUNTS = "ACCOUNTS"
    LOGIN = "LOGIN"


class SetupLinkStatus(Enum):
    """How a setup link stands."""

    OPEN = "OPEN"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


SetupContent: TypeAlias = Accounts | LoginPair


@dataclass(frozen=True, slots=True)
class SetupToken:
    """256 random bits that stand for a link. The text exists where it was just made or is just being redeemed."""

    text: str

    @classmethod
    def random(cls) -> Self:
        """A new one."""
        return cls(secrets.token_urlsafe(32))

    @classmethod
    def of_code(cls, code: str) -> Self:
        """From a code as scanned or pasted. What is none becomes a token that nobody has, and is looked up like any."""
        match = _CODE.fullmatch(code.strip())
        return cls(match[1] if match else "")

    @property
    def code(self) -> str:
        """What an app scans or a user pastes."""
        return f"scloc:?v=2&token={self.text}"

    def sha256(self) -> bytes:
        """What is stored of it."""
        return digest(self.text)

    def device_sha256(self, device_id: str) -> bytes:
        """What is stored of a phone: for one link only, so that phones cannot be followed from link to link."""
        return digest(f"{self.text}\n{device_id}")

    def __repr__(self) -> str:
        """Never the token."""
        return "SetupToken(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupLink:
    """A link as staff see it: everything but its token and its content."""

    id: int
    tenant: int
    note: str | None
    carries: SetupContentKind
    can_move: bool
    """Whether a second phone may redeem it before it expires; no longer so once one has."""
    created_at: datetime
    created_by: Actor
    expires_at: datetime
    redeemed_at: datetime | None
    revoked_at: datetime | None

    @property
    def words(self) -> str:
        """What the audit log calls it."""
        return name_link(self.note, self.created_at)

    def status(self, now: datetime) -> SetupLinkStatus:
        """How it stands at a moment."""
        if self.revoked_at is not None:
            return SetupLinkStatus.REVOKED
        if self.redeemed_at is not None:
            return SetupLinkStatus.REDEEMED
        return SetupLinkStatus.OPEN if now < self.expires_at else SetupLinkStatus.EXPIRED


def name_link(note: str | None, created_at: datetime) -> str:
    """A link as people tell it from others: whom it is for, else when it was made."""
    return f"setup link “{note}”" if note else f"setup link of {created_at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Asker:
    """The phone that wants to redeem. `app` is None for another maker's softphone, which belongs to no brand."""

    device_id: str
    app: AppKind | None = None
    provider_id: str | None = None
    app_key: SentAppKey = NO_APP_KEY

    def __repr__(self) -> str:
        """Never the device."""
        return f"Asker({self.app})"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a link gives to the phone that redeemed it, with the tenant's live sign-in settings."""

    provider_id: ProviderId
    app: AppKind
    content: SetupContent
    settings: Provisioning
    app_key: Use | None = None
    """The tenant's key that the app has sent, whether one is demanded or not."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the page of a link that still works shows: nothing of its content."""

    provider_id: ProviderId
    app: AppKind
    name: str
    branding: Branding
    contact_email: EmailAddress | None
    expires_at: datetime
