"""How often a sign-in may be refused before it has to wait: refusals count, never a success and never an outage."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.keys import KeyRing

_IPV6_SITE = 64
"""What one subscriber has: all addresses with these first bits are theirs to choose from."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The most refusals within a window; it slides, so nobody is ever locked out for good."""

    refusals: int
    window: timedelta

    def counts(self, at: datetime, now: datetime) -> bool:
        """Whether a refusal of that moment counts. One far ahead does not: a clock was wrong, and was put right."""
        return abs(at - now) < self.window


NAME = Limit(5, timedelta(minutes=15))
"""Of one username from one address."""
ADDRESS = Limit(20, timedelta(minutes=1))
"""Of one address at one tenant."""
TENANT = Limit(10, timedelta(seconds=1))
"""Of everybody at one tenant."""
CODES = Limit(20, timedelta(minutes=1))
"""Of one address, for setup codes, which name no tenant."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries, told by keyed digests only."""

    name: bytes
    """Of username and address. Spellings that differ in case only are one name: many servers take them for one."""
    address: bytes
    device: bytes
    """Of username and installation."""

    @classmethod
    def of(cls, keys: KeyRing, tenant: int, *, username: str, device_id: str, address: str) -> Self:
        """The digests; those of another tenant are others."""
        site = _site(address)
        return cls(
            keys.mac("attempt of a name", str(tenant), username.casefold(), site),
            keys.mac("attempt of an address", str(tenant), site),
            keys.mac("proven device", str(tenant), username, device_id),
        )


def sender_of_code(keys: KeyRing, address: str) -> bytes:
    """The digest of whoever sends a setup code."""
    return keys.mac("setup code of an address", _site(address))


def sender_of_link(keys: KeyRing, address: str) -> bytes:
    """The digest of whoever sends a one-time token: they count apart from setup codes."""
    return keys.mac("one-time link of an address", _site(address))


@dataclass(frozen=True, slots=True)
class StaffAttempt:
    """Which of our own people tries to sign in, and from where; told by keyed digests only, be there one or not."""

    name: bytes
    """Of the account's address and the network address."""
    address: bytes

    @classmethod
    def of(cls, keys: KeyRing, account: str, address: str) -> Self:
        """The digests; `account` is the key of an e-mail address."""
        site = _site(address)
        return cls(keys.mac("staff sign-in of a name", account, site), keys.mac("staff sign-in of an address", site))


@dataclass(frozen=True, slots=True)
class Refusals:
    """When this name, this address and this tenant were refused of late, the latest first."""

    name: Sequence[datetime] = ()
    address: Sequence[datetime] = ()
    tenant: Sequence[datetime] = ()

    def wait_seconds(self, now: datetime) -> int | None:
        """Until the next attempt may be made; None: at once."""
        ends = [
            times[limit.refusals - 1] + limit.window
            for limit, times in ((NAME, self.name), (ADDRESS, self.address), (TENANT, self.tenant))
            if len(times) >= limit.refusals
        ]
        left = math.ceil((max(ends) - now).total_seconds()) if ends else 0
        return left if left > 0 else None


def _site(address: str) -> str:
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed.packed, _IPV6_SITE), strict=False).network_address)
