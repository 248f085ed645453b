"""Accounts of phones, as they are given out and as staff type them in."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

import strawberry
from strawberry.utils.str_converters import to_camel_case

from gateway.schema.enums import SipTransport
from tenants import accounts
from tenants.hosts import SipDomain, Subdomain

_USERNAME = "User part of the SIP address. Example: `user1`."
_HOST = (
    "SIP host to register at, complete, with a port where one is needed. Example: `pbx.acme.example:5070`. Null: use "
    "the app's own SIP domain, with `subdomain` in front where there is one."
)
_SUBDOMAIN = "DNS label to put in front of the app's own SIP domain. Only when `host` is null. Example: `pbx`."
_AUTH = "Name for authentication where it differs; null: use `username`. Example: `629456`."
_TRANSPORT = "How SIP messages travel."
_SRTP = "Encrypted media; null: the app's own default."
_MESSAGING = "Text messages; null: the app's own default."
_VIDEO = "Video calls; null: the app's own default."
_RECORDING = "Recording of calls; null: the app's own default."


@strawberry.interface(
    description="A SIP account as the gateway passes it on: always complete, whatever the provider's spelling was."
)
class SipAccountSettings:
    username: str = strawberry.field(description=_USERNAME)
    auth_username: str | None = strawberry.field(description=_AUTH)
    host: str | None = strawberry.field(description=_HOST)
    subdomain: str | None = strawberry.field(description=_SUBDOMAIN)
    transport: SipTransport = strawberry.field(description=_TRANSPORT)
    srtp: bool | None = strawberry.field(description=_SRTP)
    messaging: bool | None = strawberry.field(description=_MESSAGING)
    video: bool | None = strawberry.field(description=_VIDEO)
    call_recording: bool | None = strawberry.field(description=_RECORDING)


def shown_settings(
    account: accounts.SipAccount, sip_domain: SipDomain | None, subdomain: Subdomain | None
) -> dict[str, Any]:
    """What both types of SIP account show, with the tenant's subdomain and SIP domain applied (P6, P8)."""
    host, label = account.register_at(sip_domain, subdomain)
    return {
        "username": account.username,
        "auth_username": account.auth_username,
        "host": host,
        "subdomain": label,
        "transport": account.transport,
        "srtp": account.srtp,
        "messaging": account.messaging,
        "video": account.video,
        "call_recording": account.call_recording,
    }


@strawberry.type(description="A SIP account with its secret. Keep it in the device's key store.")
class SipAccount(SipAccountSettings):
    password: str = strawberry.field(description="The SIP password, not the one the user typed.")

    def __repr__(self) -> str:
        """Never the account."""
        return "SipAccount(…)"

    @classmethod
    def of(cls, account: accounts.SipAccount, sip_domain: SipDomain | None, subdomain: Subdomain | None) -> Self:
        """From the domain, for the phone."""
        return cls(**shown_settings(account, sip_domain, subdomain), password=account.password)


@strawberry.type(description="A chat account with its secret. Keep it in the device's key store.")
class XmppAccount:
    jid: str = strawberry.field(description="Chat address. Example: `user1@chat.acme.example`.")
    password: str = strawberry.field(description="The chat password.")
    domain: str = strawberry.field(description="Chat domain. Example: `chat.acme.example`.")
    server: str | None = strawberry.field(description="Server to connect to; null: by DNS SRV of `domain`.")
    port: int | None = strawberry.field(description="Port of `server`; null: 5222.")
    resource: str | None = strawberry.field(description="XMPP resource; null: the app chooses.")
    use_tls: bool = strawberry.field(description="Whether to use TLS; true unless the provider said no.")
    verify_certificate: bool = strawberry.field(
        description="Whether to check the server's certificate; true unless the provider said no."
    )
    priority: int | None = strawberry.field(description="Presence priority, -128 to 127; null: the app's default.")
    display_name: str | None = strawberry.field(description="Name shown to others. Example: `User One`.")
    account_name: str | None = strawberry.field(description="Name of the account in the app. Example: `Work`.")

    def __repr__(self) -> str:
        """Never the account."""
        return "XmppAccount(…)"

    @classmethod
    def of(cls, account: accounts.XmppAccount) -> Self:
        """From the domain."""
        return cls(**{field.name: getattr(account, field.name) for field in fields(account)})


@strawberry.input(description="A SIP account.")
class SipAccountInput:
    username: str = strawberry.field(description=_USERNAME)
    password: str = strawberry.field(description="The SIP password.")
    transport: SipTransport = strawberry.field(description=_TRANSPORT)
    auth_username: str | None = strawberry.field(
        description="Name for authentication where it differs. Example: `629456`.", default=None
    )
    subdomain: str | None = strawberry.field(
        description=(
            "DNS label joined to the tenant's SIP domain, or a full host. Example: `pbx`. Null: as the tenant's "
            "settings say."
        ),
        default=None,
    )
    srtp: bool | None = strawberry.field(description="Encrypted media; null: the app's default.", default=None)
    messaging: bool | None = strawberry.field(description="Text messages; null: the app's default.", default=None)
    video: bool | None = strawberry.field(description="Video calls; null: the app's default.", default=None)
    call_recording: bool | None = strawberry.field(
        description="Recording of calls; null: the app's default.", default=None
    )

    def __repr__(self) -> str:
        """Never the account."""
        return "SipAccountInput(…)"


@strawberry.input(description="A chat account.")
class XmppAccountInput:
    jid: str = strawberry.field(description="Chat address. Example: `user1@chat.acme.example`.")
    password: str = strawberry.field(description="The chat password.")
    domain: str = strawberry.field(description="Chat domain. Example: `chat.acme.example`.")
    server: str | None = strawberry.field(
        description="Server to connect to; null: by DNS SRV of `domain`.", default=None
    )
    port: int | None = strawberry.field(description="Port of `server`, 1 to 65,535; null: 5222.", default=None)
    resource: str | None = strawberry.field(description="XMPP resource; null: the app chooses.", default=None)
    use_tls: bool = strawberry.field(description="Whether to use TLS.", default=True)
    verify_certificate: bool = strawberry.field(description="Whether to check the server's certificate.", default=True)
    priority: int | None = strawberry.field(description="Presence priority, -128 to 127.", default=None)
    display_name: str | None = strawberry.field(description="Name shown to others. Example: `User One`.", default=None)
    account_name: str | None = strawberry.field(
        description="Name of the account in the app. Example: `Work`.", default=None
    )

    def __repr__(self) -> str:
        """Never the account."""
        return "XmppAccountInput(…)"


@strawberry.input(description="Accounts to set a phone up with; at least one, at most ten in all.")
class AccountsInput:
    sip_accounts: list[SipAccountInput] = strawberry.field(description="SIP accounts.", default_factory=list)
    xmpp_accounts: list[XmppAccountInput] = strawberry.field(description="Chat accounts.", default_factory=list)

    def sent(self) -> dict[str, Any]:
        """What `tenants.account_parsing.parse_accounts` reads."""
        return {
            "sipAccounts": [_sent(one) for one in self.sip_accounts],
            "xmppAccounts": [_sent(one) for one in self.xmpp_accounts],
        }


@strawberry.input(description="A login for external provisioning.")
class LoginInput:
    username: str = strawberry.field(description="Username without ProviderId, 1 to 256 characters. Example: `1000`.")
    password: str = strawberry.field(description="Password, 1 to 256 characters.")

    def __repr__(self) -> str:
        """Never the account."""
        return "LoginInput(…)"

    def sent(self) -> dict[str, Any]:
        """What `tenants.account_parsing.parse_login` reads."""
        return _sent(self)


def _sent(account: SipAccountInput | XmppAccountInput | LoginInput) -> dict[str, Any]:
    """By the API's names; an enum's member as its name."""
    given = {to_camel_case(field.name): getattr(account, field.name) for field in fields(account)}
    return {name: value.value if isinstance(value, SipTransport) else value for name, value in given.items()}
