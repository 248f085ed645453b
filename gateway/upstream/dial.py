"""From a name to a connected socket: resolved once, every address checked, the checked one dialled and compared."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.upstream import addresses
from gateway.upstream.client import Fault, OutboundError
from gateway.upstream.resolver import Absence, ResolutionError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.upstream.addresses import Address
    from gateway.upstream.resolver import Resolver

    Connect = Callable[[Address, int], Awaitable[socket.socket]]

_MOST_DIALLED = 4
_ABSENCES = {
    Absence.UNKNOWN: (
        "The name has no address: no such name, or no A and AAAA record.",
        "Check the spelling of the host in the URL, and its DNS records.",
    ),
    Absence.UNANSWERED: (
        "The name servers did not answer in time.",
        "Check that the name servers of your domain are up; try again.",
    ),
    Absence.FAILED: (
        "The name servers answered that they cannot tell.",
        "Check your domain at its name servers: a broken delegation or signature (DNSSEC) looks like this.",
    ),
}


async def find_addresses(host: str, resolver: Resolver, admitted: frozenset[str]) -> list[Address]:
    """All addresses of the host, every one of which may be called. Raises OutboundError, DNS or ADDRESS."""
    try:
        texts = await resolver.resolve(host)
    except ResolutionError as error:
        raise _unresolved(error.absence) from None
    if not texts:
        raise _unresolved(Absence.UNKNOWN)
    may_be_here = _is_admitted(host, admitted)
    return [_checked(text, may_be_here=may_be_here) for text in texts]


def _unresolved(absence: Absence) -> OutboundError:
    return OutboundError(Fault.DNS, *_ABSENCES[absence])


def _is_admitted(host: str, admitted: frozenset[str]) -> bool:
    labels = host.split(".")
    return not admitted.isdisjoint(".".join(labels[start:]) for start in range(len(labels)))


def _checked(text: str, *, may_be_here: bool) -> Address:
    """One address among good ones that is not public could be the one that is dialled next time."""
    address = addresses.parse(text)
    if address is not None and may_be_here and addresses.is_loopback(address):
        return address
    objection = "no address" if address is None else addresses.find_objection(address)
    if address is None or objection is not None:
        message = f"An address of the host is not one of the public internet ({objection})."
        raise OutboundError(Fault.ADDRESS, message, "Remove that address from the DNS records of the host.")
    return address


async def connect(address: Address, port: int) -> socket.socket:
    """A connected socket that never blocks. Raises OSError."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - that is what it is called
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 - its only argument
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass(frozen=True, slots=True)
class Dialled:
    """A connection, and to which of the addresses."""

    sock: socket.socket
    address: Address
    passed_over: tuple[Address, ...]
    """Those before it, which did not answer."""


async def dial(checked: Sequence[Address], port: int, *, until: float, connect: Connect = connect) -> Dialled:
    """A connection to one of the addresses, each tried for its share of the time left until then."""
    tried = checked[:_MOST_DIALLED]
    failure: OutboundError | None = None
    for position, address in enumerate(tried):
        share = (until - time.monotonic()) / (len(tried) - position)
        try:
            async with asyncio.timeout(share):
                sock = await connect(address, port)
        except OSError as error:  # TimeoutError is one
            failure = failure or _unconnected(error)  # the best address is the first
        else:
            return Dialled(_compared(sock, address), address, tuple(tried[:position]))
    raise failure or _unresolved(Absence.UNKNOWN)


def _compared(sock: socket.socket, address: Address) -> socket.socket:
    """Whoever answers must have the address that was checked, whatever stands between."""
    try:
        peer = addresses.parse(str(sock.getpeername()[0]))
    except OSError as error:
        sock.close()
        raise _unconnected(error) from None
    if peer != address:
        sock.close()
        message = "The connection was made to another address than the one that was checked."
        raise OutboundError(Fault.ADDRESS, message)
    return sock


def _unconnected(error: OSError) -> OutboundError:
    if isinstance(error, TimeoutError):
        message = "The server did not take the connection in time: most often a firewall drops it in silence."
        return OutboundError(Fault.TIME, message, "Let the gateway's addresses through to this port.")
    if error.errno == errno.ECONNREFUSED:
        message = "The server refused the connection: nothing listens on this port."
        return OutboundError(Fault.CONNECTION, message, "Start the web server, or correct the port in the URL.")
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
        message = "There is no route to the server's address."
        return OutboundError(Fault.CONNECTION, message, "Check the address in the host's DNS records.")
    message = "The connection could not be made."
    return OutboundError(Fault.CONNECTION, message, "Check that the server is up and reachable from the internet.")
