"""What a resolver is given: who asks, batched reads, the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import strawberry

from gateway.loaders import Loaders
from tenants.app_keys import NO_APP_KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.provisioning.provisioner import Provisioner
    from gateway.stamps import Stamps
    from tenants.access import Principal
    from tenants.app_keys import SentAppKey
    from tenants.keys import KeyRing
    from tenants.model import AppKind
    from tenants.store.published import Published


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Allowance:
    """How long this operation may take. A resolver that waits for somebody else's server asks for more."""

    seconds: float

    def extend(self, seconds: float) -> None:
        """At least so long, from the start of the operation."""
        self.seconds = max(self.seconds, seconds)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from."""

    address: str
    """The IP address, in its canonical spelling; behind a trusted proxy the one that the proxy names."""
    base_url: str
    """Where the gateway is reached, without a slash at its end; the setting's when there is one."""
    device: str = "Unknown browser"
    """Browser and system, in words."""


@dataclass(slots=True)
class Cookies:
    """What the answer does to the session cookie; at first nothing. The endpoint turns it into a header."""

    session: str | None = None
    """The text to set, empty to delete the cookie, None to leave it as it is."""

    def set_session(self, text: str) -> None:
        """Somebody signed in."""
        self.session = text

    def clear_session(self) -> None:
        """The session is over, or the cookie does not work."""
        self.session = ""


class PublishedConfigs(Protocol):
    """Where what softphones may read comes from."""

    async def find(self, provider_id: str, app: AppKind, app_key: SentAppKey) -> Published | None:
        """As `tenants.store.published.find_published`. Raises RefusedError for who asks too often."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One request's context; never shared."""

    principal: Principal
    admitted_hosts: frozenset[str]
    keys: KeyRing
    caller: Caller
    allowance: Allowance
    provisioner: Provisioner
    stamps: Stamps
    configs: PublishedConfigs
    app_key: SentAppKey = NO_APP_KEY
    cookies: Cookies = field(default_factory=Cookies)
    now: Callable[[], datetime] = utc_now
    loaders: Loaders = field(default_factory=Loaders)
    ask_who: Callable[[], Awaitable[Principal]] | None = None
    """Reads afresh who asks, from the same request. Raises UnavailableError."""
    _is_asked_already: bool = False

    async def recognise(self) -> None:
        """Before each change of a request: what the ones before it took away counts, and what others took meanwhile.

        The first one finds what was just read; whoever signed in or out in this request is known from that.
        """
        if self._is_asked_already and self.ask_who is not None and self.cookies.session is None:
            self.principal = await self.ask_who()
            self.forget_reads()
        self._is_asked_already = True

    def forget_reads(self) -> None:
        """Read afresh from here on: something was changed in this request."""
        self.loaders = Loaders()


Info = strawberry.Info[Context, None]
