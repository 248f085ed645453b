"""Links that work once: an invitation, the sign-up of a platform admin, a new password."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Self

from tenants.credentials import digest
from tenants.email import EmailAddress

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Principal, Role

INVITATION_LASTS = timedelta(hours=72)
"""Also for the link by which a platform admin signs up."""
RESET_LASTS = timedelta(hours=24)
FIRST_ADMIN_EMAIL = "admin@gateway.example"
"""What a platform admin signs in with who signed up by a link and gave no address."""
UNUSABLE = (
    "This link does not work, or not for you. If you have an account already, sign in with it and open the link again; "
    "else ask whoever gave it to you for a new one."
)
"""What a person is told, whatever the reason is."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# The token alone or the whole link: people paste what they were given.
_LINK = re.compile(rf"(?:https?://[^\s?#]+/(?:welcome|password)/)?({_TOKEN.pattern})/?")


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """256 random bits that stand for a link. The text exists where it was just made or is just being used."""

    text: str

    @classmethod
    def random(cls) -> Self:
        """A new one."""
        return cls(secrets.token_urlsafe(32))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """As it was pasted. What is none becomes a token that nobody has, and is looked up like any."""
        match = _LINK.fullmatch(text.strip())
        return cls(match[1] if match else "")

    def sha256(self) -> bytes:
        """What is stored of it."""
        return digest(self.text)

    def welcome_url(self, base_url: str) -> str:
        """Where an invitation is accepted and a platform admin signs up."""
        return f"{base_url}/welcome/{self.text}"

    def password_url(self, base_url: str) -> str:
        """Where a new password is set."""
        return f"{base_url}/password/{self.text}"

    def __repr__(self) -> str:
        """Never the token."""
        return "OneTimeToken(…)"


class LinkKind(Enum):
    """What a link that works is for."""

    INVITATION = "INVITATION"
    ADMIN = "ADMIN"
    RESET = "RESET"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLink:
    """A link that still works, as whoever holds it may see it."""

    kind: LinkKind
    expires_at: datetime
    email: EmailAddress | None = None
    """Whom it is for; None for whoever signs up as a platform admin."""
    person: int | None = None
    """Who has an account of that address already."""
    person_name: str | None = None
    """Of whoever sets a new password by it."""
    tenant: int | None = None
    tenant_name: str | None = None
    role: Role | None = None
    """Of an invitation."""
    is_of_demo: bool = False
    """Whether the tenants that nobody is a member of go to whoever signs up."""

    def is_for(self, principal: Principal) -> bool:
        """Whether the caller may use it up: a new person, or the one whose address it names, signed in.

        Whoever is signed in as somebody else, or as a program, has to sign out first. A reset link asks for nothing:
        its person cannot sign in.
        """
        if self.kind is LinkKind.RESET:
            return True
        if principal.actor is None:
            return self.person is None
        if principal.person is None or principal.email is None:
            return False
        return self.email is None or self.email.key == EmailAddress.from_stored(principal.email).key
