"""The audit log as values: what was done, and how an entry is bound to the one before it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, unique
from typing import TYPE_CHECKING

import orjson

from tenants.access import PLATFORM_CHAIN
from tenants.changes import Change

if TYPE_CHECKING:
    from tenants.access import Actor

LARGEST_NUMBER = 10**9 - 1
"""Of an entry in its chain: more changes than any tenant makes, and a node id holds it together with the chain's."""
LARGEST_CHAIN = 10**9 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# A digest says what it is of, and by which form: if what is digested ever changes, so does this, and no text of one
# form is a text of another.
_FORM = "gateway-audit-1"
_FINGERPRINT_BYTES = 8


@unique
class AuditAction(Enum):
    """What was done, named like the event that told of it; a member's value is what it means."""

    TENANT_CREATED = "A tenant was created."
    TENANT_RENAMED = "Its name or ProviderId was changed."
    TENANT_SUSPENDED = "It was suspended."
    TENANT_RESUMED = "It was resumed."
    TENANT_DELETED = "It was deleted."
    DRAFT_SAVED = "The draft was changed."
    CONFIG_PUBLISHED = "A config was published."
    SIGNING_SECRET_ROTATED = "The signing secret was replaced."
    SETUP_LINK_CREATED = "A setup link was made."
    SETUP_LINK_REDEEMED = "A phone redeemed a setup link."
    SETUP_LINK_REVOKED = "A setup link was revoked."
    ALL_SETUP_LINKS_REVOKED = "All open setup links were revoked."
    MEMBER_INVITED = "A person was invited."
    INVITATION_ACCEPTED = "A person accepted an invitation."
    SIGNED_IN = "A person signed in. Platform log."
    SIGNED_OUT = "Sessions were ended. Platform log."
    PASSWORD_CHANGED = "A person changed or reset their password. Platform log."
    PASSWORD_RESET_CREATED = "A reset link was made. Platform log."
    ROLE_CHANGED = "A member's role was changed."
    MEMBER_REMOVED = "A member was removed or an invitation withdrawn."
    TOKEN_ISSUED = "An access token was issued."
    TOKEN_REVOKED = "An access token was revoked."
    APP_KEY_ISSUED = "An app key was issued."
    APP_KEY_REVOKED = "An app key was revoked."
    APP_KEY_REQUIREMENT_CHANGED = "App keys became required, or no longer are."


ON_PLATFORM = frozenset(
    {
        AuditAction.TENANT_CREATED,
        AuditAction.TENANT_SUSPENDED,
        AuditAction.TENANT_RESUMED,
        AuditAction.TENANT_DELETED,
    }
)
"""What is done to a tenant and concerns the platform: its log shows it, too, also when the tenant is deleted."""


def is_on_platform(chain: int, action: AuditAction) -> bool:
    """Whether the platform's log shows it."""
    return chain == PLATFORM_CHAIN or action in ON_PLATFORM


def event_id(chain: int, number: int) -> int:
    """An entry's id says where it stands. Raises OverflowError."""
    if not (0 <= chain <= LARGEST_CHAIN and 0 <= number <= LARGEST_NUMBER):
        message = "The audit log has no id for this entry."
        raise OverflowError(message)
    return chain * (LARGEST_NUMBER + 1) + number


def chain_of(event: int) -> int:
    """The chain of an entry by its id."""
    return event // (LARGEST_NUMBER + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The part of an entry that is blanked when the tenant is deleted."""

    actor_name: str
    address: str | None
    subject: str
    changes: tuple[Change, ...]

    def to_stored(self) -> str:
        """One JSON text."""
        changes = [[list(one.path), one.label, one.before, one.after, one.effect] for one in self.changes]
        return orjson.dumps([self.actor_name, self.address, self.subject, changes]).decode()

    @classmethod
    def from_stored(cls, text: str) -> Personal:
        """What `to_stored` wrote."""
        name, address, subject, changes = orjson.loads(text)
        read = tuple(
            Change(path=tuple(path), label=label, before=before, after=after, effect=effect)
            for path, label, before, after, effect in changes
        )
        return cls(actor_name=name, address=address, subject=subject, changes=read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an entry's hash is made of, beside the hash before it."""

    chain: int
    number: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: str | None
    request_id: str
    is_on_platform: bool
    personal_mac: bytes

    def hash_after(self, before: bytes, key: bytes) -> bytes:
        """HMAC-SHA256 over the hash before and this entry."""
        return _digest(
            key,
            "entry",
            before.hex(),
            self.chain,
            self.number,
            (self.at - EPOCH) // MICROSECOND,
            self.action,
            self.actor_kind,
            self.actor_id,
            self.request_id,
            self.is_on_platform,
            self.personal_mac.hex(),
        )


def personal_mac(text: str, key: bytes, chain: int, number: int) -> bytes:
    """What stands for the personal values in the hash. Bound to its entry, so that equal texts do not show."""
    return _digest(key, "personal", chain, number, text)


def head_mac(chain: int, number: int, hashed: bytes, key: bytes) -> bytes:
    """What only a holder of the key can write beside a head: without it, an earlier entry's hash would do for one."""
    return _digest(key, "head", chain, number, hashed.hex())


def fingerprint(secret: str, key: bytes) -> str:
    """What stands for a secret: equal ones of one tenant have equal ones, and nobody without the key can try values."""
    return f"fingerprint {_digest(key, 'secret', secret)[:_FINGERPRINT_BYTES].hex()}"


def _digest(key: bytes, *parts: str | int | bool | None) -> bytes:
    """Of a JSON array, which has one spelling for these kinds of values and can be read in one way only."""
    return hmac.digest(key, orjson.dumps([_FORM, *parts]), "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One thing that was done, as it is read back."""

    id: int
    at: datetime
    action: AuditAction
    actor: Actor
    subject: str
    """Empty once it is blanked, as the actor's name is."""
    changes: tuple[Change, ...]
    address: str | None
    request_id: str
    hash: bytes
