"""How many unknown ProviderIds one address may make the database be asked for."""

from __future__ import annotations

import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_A_MINUTE = 60
_SECONDS = 60.0
_MOST_ADDRESSES = 10_000
_HOST_BITS = 64


class Misses:
    """Counts, by address, what was looked up in vain. Each process counts for itself.

    Fails open: of the addresses that are too many to be remembered, those that came first are forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Since when, and how many."""

    def seconds_to_wait(self, address: str) -> int | None:
        """How long an address that has asked for too many must wait; None: it may ask."""
        since, count = self._counted.get(_network(address), (0.0, 0))
        left = since + _SECONDS - self._clock()
        return max(1, round(left)) if count >= UNKNOWN_A_MINUTE and left > 0 else None

    def count(self, address: str) -> None:
        """Another was looked up in vain."""
        network, now = _network(address), self._clock()
        since, count = self._counted.get(network, (now, 0))
        if now - since >= _SECONDS:
            since, count = now, 0
            self._counted.pop(network, None)
        self._counted[network] = since, count + 1
        if len(self._counted) > _MOST_ADDRESSES:
            self._counted.popitem(last=False)


def _network(address: str) -> str:
    """Somebody with one address of IPv6 has them all up to its 64 last bits."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return str(int(parsed) >> _HOST_BITS)
    return address
