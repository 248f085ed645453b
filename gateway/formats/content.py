"""What a QR code or link is to say, and for whose app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tenants.accounts import Accounts, LoginPair
from tenants.hosts import register_host
from tenants.setup_links import SetupToken

if TYPE_CHECKING:
    from tenants.hosts import SipDomain, Subdomain
    from tenants.model import AppKind

Content: TypeAlias = LoginPair | Accounts | SetupToken | None
"""None is the ProviderId alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose app it is for."""

    provider_id: str
    app: AppKind
    sip_domain: SipDomain | None
    subdomain: Subdomain | None
    base_url: str
    """Where the gateway is reached, without a slash at its end."""

    @property
    def has_host(self) -> bool:
        """Whether it is known what other softphones are to call the server (P8)."""
        return register_host(self.sip_domain, self.subdomain)[0] is not None


class CannotCarryError(Exception):
    """A format has no way to say this. The message says why, without the value."""
