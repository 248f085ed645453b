"""Keys that a whitelabel app proves itself with: how they look, and what one that was sent comes to."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tenants.credentials import digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import Actor

MOST = 2
"""So that one can replace the other while apps with either are in the field."""
LONGEST_NAME = 60

_PREFIX = "gwa_"
_SHOWN = 8
_TEXT = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True)
class NewAppKey:
    """A key that was just made: the only moment at which its text exists here."""

    text: str

    @classmethod
    def random(cls) -> Self:
        """A new key of 256 random bits."""
        return cls(_PREFIX + secrets.token_urlsafe(32))

    @property
    def prefix(self) -> str:
        """Its first characters, to recognise it by."""
        return self.text[:_SHOWN]

    def __repr__(self) -> str:
        """Never the key."""
        return f"NewAppKey({self.prefix}…)"


@dataclass(frozen=True, slots=True)
class SentAppKey:
    """What an app has sent as its key: a digest, since nothing else is of use here."""

    sha256: bytes = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """From every value that was sent.

        None, several, or one that is no key become a key that nobody has, and are looked up like any.
        """
        text = texts[0].strip(" \t") if len(texts) == 1 else ""
        return cls(digest(text if _TEXT.fullmatch(text) else ""))


NO_APP_KEY = SentAppKey.of(())
"""Of an app that sent none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKey:
    """A key as the tenant's owners see it: everything but the key itself."""

    id: int
    name: str
    prefix: str
    created_at: datetime
    created_by: Actor
    last_used_at: datetime | None
    """To the hour."""
