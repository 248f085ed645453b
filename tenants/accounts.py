"""The accounts that a phone is set up with, as values: whatever stands here is complete and valid."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from typing import Any, Self

import orjson

from tenants.hosts import SipDomain, Subdomain, register_host

MOST_ACCOUNTS = 10


class SipTransport(Enum):
    """How SIP messages travel."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAccount:
    """A SIP account with its secret. A switch that is None is the app's own default, which is not the same as off."""

    username: str
    password: str
    transport: SipTransport
    auth_username: str | None = None
    subdomain: Subdomain | None = None
    """The account's own; None: as the tenant's settings say."""
    srtp: bool | None = None
    messaging: bool | None = None
    video: bool | None = None
    call_recording: bool | None = None

    def __repr__(self) -> str:
        """Never the account."""
        return "SipAccount(…)"

    def register_at(self, sip_domain: SipDomain | None, subdomain: Subdomain | None) -> tuple[str | None, str | None]:
        """Rules P6 and P8, the account's own subdomain winning: the complete host, or None and a label to join."""
        return register_host(sip_domain, self.subdomain or subdomain)


@dataclass(frozen=True, slots=True, kw_only=True)
class XmppAccount:
    """A chat account with its secret. What is None is for the app to choose."""

    jid: str
    password: str
    domain: str
    server: str | None = None
    port: int | None = None
    resource: str | None = None
    use_tls: bool = True
    verify_certificate: bool = True
    priority: int | None = None
    display_name: str | None = None
    account_name: str | None = None

    def __repr__(self) -> str:
        """Never the account."""
        return "XmppAccount(…)"


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts of one phone, in the provider's order."""

    sip: tuple[SipAccount, ...] = ()
    xmpp: tuple[XmppAccount, ...] = ()

    def __len__(self) -> int:
        """SIP and chat accounts together."""
        return len(self.sip) + len(self.xmpp)

    def to_document(self) -> bytes:
        """JSON, for an encrypted column."""
        return orjson.dumps({"sip": [_sip(one) for one in self.sip], "xmpp": [asdict(one) for one in self.xmpp]})

    @classmethod
    def from_document(cls, document: bytes) -> Self:
        """What `to_document` wrote, without asking any rule."""
        stored = orjson.loads(document)
        return cls(
            tuple(_stored_sip(one) for one in stored["sip"]), tuple(XmppAccount(**one) for one in stored["xmpp"])
        )


@dataclass(frozen=True, slots=True)
class LoginPair:
    """A username without ProviderId, and its password (P9)."""

    username: str
    password: str

    def to_document(self) -> bytes:
        """JSON, for an encrypted column."""
        return orjson.dumps({"username": self.username, "password": self.password})

    @classmethod
    def from_document(cls, document: bytes) -> Self:
        """What `to_document` wrote, without asking any rule."""
        return cls(**orjson.loads(document))

    def __repr__(self) -> str:
        """Never the login."""
        return "LoginPair(…)"


def _sip(account: SipAccount) -> dict[str, Any]:
    values: dict[str, Any] = {field.name: getattr(account, field.name) for field in fields(account)}
    return {**values, "transport": account.transport.value, "subdomain": account.subdomain and account.subdomain.text}


def _stored_sip(stored: dict[str, Any]) -> SipAccount:
    account = SipAccount(**{**stored, "transport": SipTransport(stored["transport"]), "subdomain": None})
    subdomain = stored["subdomain"]
    return account if subdomain is None else replace(account, subdomain=Subdomain.from_stored(subdomain))
