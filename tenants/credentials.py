"""Bearer tokens and what session cookies hold: 256 random bits, shown once, stored as a hash. And that one was used."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import Enum

_PREFIX = "gwt_"
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: the only moment at which its text exists here."""

    text: str

    @classmethod
    def random(cls) -> NewToken:
        """A new token of 256 random bits."""
        return cls(_PREFIX + secrets.token_urlsafe(32))

    @property
    def prefix(self) -> str:
        """Its first characters, to recognise it by."""
        return self.text[:_SHOWN]

    def __repr__(self) -> str:
        """Never the token."""
        return f"NewToken({self.prefix}…)"


@dataclass(frozen=True, slots=True)
class SessionToken:
    """What the cookie of a session that has just begun holds: the only moment at which its text exists here."""

    text: str

    @classmethod
    def random(cls) -> SessionToken:
        """A new one of 256 random bits."""
        return cls(secrets.token_urlsafe(32))

    def __repr__(self) -> str:
        """Never the text."""
        return "SessionToken(…)"


def digest(token: str) -> bytes:
    """What is stored of a token. No salt: the token itself is 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Credential(Enum):
    """What has a last use."""

    TOKEN = "TOKEN"  # noqa: S105 - a word, no token
    SESSION = "SESSION"
    APP_KEY = "APP_KEY"


@dataclass(frozen=True, slots=True)
class Use:
    """That a credential was used: what its row is stamped for."""

    credential: Credential
    row: int
    address: str | None = None
    """From where; of sessions it is kept."""
