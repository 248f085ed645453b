"""What was seen on the way of one call, for people who look for the cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Resolved:
    """The name has these addresses, each of which may be called."""

    host: str
    addresses: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Connected:
    """One of the addresses took the connection."""

    address: str
    port: int
    passed_over: tuple[str, ...]
    """Addresses that were tried before and did not answer."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Secured:
    """The certificate is believed and is for this host."""

    host: str
    version: str
    expires_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Status and headers came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The body came to its end."""

    size: int
    seconds: float


Sight = Resolved | Connected | Secured | Answered | Finished


@dataclass(slots=True)
class Watch:
    """Collects, in the order of the call; the steps of a redirect come again, but for the name."""

    sights: list[Sight] = field(default_factory=list)

    def note(self, sight: Sight) -> None:
        """One step is done."""
        self.sights.append(sight)
