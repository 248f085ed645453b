"""Which addresses a provider's public server may have: IANA's special-purpose registries, read strictly.

An address is refused unless the narrowest registered block around it is globally reachable, or no block holds it.
Only "True" says so: "N/A", footnotes, blanks and what nobody has thought of yet are a no.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network

Address = IPv4Address | IPv6Address

_REGISTRIES = ("iana-ipv4-special-registry-1.csv", "iana-ipv6-special-registry-1.csv")
_FOOTNOTE = re.compile(r"\s*\[[0-9]+\]")
_UNICAST = IPv6Network("2000::/3")  # all that was ever given out
_IPV4_MULTICAST = ip_network("224.0.0.0/4")
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a registry."""

    network: IPv4Network | IPv6Network
    name: str
    is_reachable: bool

    def __str__(self) -> str:
        """As people look it up."""
        return f"{self.name}, {self.network}"


def parse(text: str) -> Address | None:
    """An address in one of its plain spellings; None for all else, zones (`%eth0`) included."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address


def is_loopback(address: Address) -> bool:
    """Whether it is this machine itself."""
    return any(address in network for network in _LOOPBACK)


def find_objection(address: Address) -> str | None:
    """What kind of address it is, if that is none of a public server; None for a good one."""
    if isinstance(address, IPv4Address) and address in _IPV4_MULTICAST:
        return f"Multicast, {_IPV4_MULTICAST}"
    block = max((one for one in blocks() if address in one.network), key=_width, default=None)
    if block is not None:
        return None if block.is_reachable and _is_given_out(address) else str(block)
    return None if _is_given_out(address) else f"outside {_UNICAST}"


def _is_given_out(address: Address) -> bool:
    return isinstance(address, IPv4Address) or address in _UNICAST


def _width(block: Block) -> int:
    return block.network.prefixlen


@cache
def blocks() -> tuple[Block, ...]:
    """Both registries."""
    folder = resources.files("gateway.upstream") / "data"
    return tuple(block for name in _REGISTRIES for block in _read((folder / name).read_text("ascii")))


def _read(text: str) -> Iterator[Block]:
    for row in csv.DictReader(text.splitlines(), strict=True):
        is_reachable = row["Globally Reachable"].strip() == "True"
        for network in row["Address Block"].split(","):
            yield Block(ip_network(_FOOTNOTE.sub("", network).strip()), row["Name"], is_reachable)
