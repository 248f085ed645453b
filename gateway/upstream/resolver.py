"""From a name to its addresses, of both families, without a thread: a look-up that nobody waits for costs nothing."""

from __future__ import annotations

import socket
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import aiodns

_TRY_SECONDS = 1.0
_TRIES = 2


class Absence(Enum):
    """Why a name has no address."""

    UNKNOWN = "UNKNOWN"
    """No server knows the name, or it has no address."""
    UNANSWERED = "UNANSWERED"
    """No name server answered in time."""
    FAILED = "FAILED"
    """A name server answered that it cannot tell."""


class ResolutionError(Exception):
    """There is no address."""

    def __init__(self, absence: Absence) -> None:
        super().__init__(absence.value)
        self.absence = absence


class Resolver(Protocol):
    """What the client needs to know of name resolution."""

    async def resolve(self, host: str) -> list[str]:
        """All addresses, of both families, the best first. Raises ResolutionError when there is none."""

    async def close(self) -> None:
        """Let go of sockets. Look-ups under way end."""


class DnsResolver:
    """c-ares: /etc/hosts first, then the name servers of /etc/resolv.conf; it keeps answers as long as they say."""

    def __init__(self, name_servers: tuple[str, ...] = ()) -> None:
        self._name_servers = name_servers
        self._library: aiodns.DNSResolver | None = None

    async def resolve(self, host: str) -> list[str]:
        """All addresses, of both families, in the order of RFC 6724. Raises ResolutionError."""
        from aiodns import error  # noqa: PLC0415 - costs time at start

        try:
            found = await self._open().getaddrinfo(host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except error.DNSError as failure:
            raise ResolutionError(_absence(failure.args[0])) from None
        return list(dict.fromkeys(node.addr[0].decode() for node in found.nodes))

    async def close(self) -> None:
        """Let go of sockets and of the library's thread."""
        if self._library is not None:
            await self._library.close()
            self._library = None

    def _open(self) -> aiodns.DNSResolver:
        """Made in the event loop that uses it, when first needed."""
        import aiodns  # noqa: PLC0415 - costs time at start
        import pycares  # noqa: PLC0415 - costs time at start

        if self._library is None:
            # Neither search domains nor HOSTALIASES: a name is looked up as it is written.
            flags = pycares.ARES_FLAG_NOSEARCH | pycares.ARES_FLAG_NOALIASES | pycares.ARES_FLAG_EDNS
            self._library = aiodns.DNSResolver(
                self._name_servers or None, timeout=_TRY_SECONDS, tries=_TRIES, flags=flags
            )
        return self._library


def _absence(code: int) -> Absence:
    from aiodns import error  # noqa: PLC0415 - costs time at start

    if code in (error.ARES_ENOTFOUND, error.ARES_ENODATA, error.ARES_ENONAME):
        return Absence.UNKNOWN
    return Absence.UNANSWERED if code in (error.ARES_ETIMEOUT, error.ARES_ECONNREFUSED) else Absence.FAILED
