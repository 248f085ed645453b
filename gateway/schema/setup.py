"""Setup links: what mutations are sent, and what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry

from gateway.schema.accounts import AccountsInput, LoginInput, SipAccount, XmppAccount
from gateway.schema.enums import AppKind
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, Refusal, TooManyAttempts, WrongState
from gateway.schema.qr import QrCode
from gateway.schema.scalars import ProviderIdText
from gateway.schema.setup_links import SetupLink
from gateway.schema.tenant import Tenant
from tenants.accounts import Accounts, LoginPair
from tenants.actions.setup_links import MadeSetupLink
from tenants.model import Provisioning
from tenants.setup_links import UNUSABLE, Redeemed


@strawberry.input(description="A request to exchange a setup code.")
class RedeemSetupLinkInput:
    setup_code: str = strawberry.field(
        description="The whole code as scanned or pasted, or only its token. Example: `scloc:?v=2&token=…`."
    )
    device_id: str = strawberry.field(
        description=("Names this installation, 1 to 256 characters; the same one may repeat the call for 120 seconds.")
    )
    app: AppKind = strawberry.field(description="The kind of the app that asks.")
    provider_id: str | None = strawberry.field(
        description="The ProviderId compiled into the app; whitelabel apps only.", default=None
    )

    def sent(self) -> dict[str, Any]:
        """What `tenants.actions.redeem.read_request` reads."""
        return {
            "setupCode": self.setup_code,
            "deviceId": self.device_id,
            "app": self.app,
            "providerId": self.provider_id,
        }


@strawberry.input(description="What a setup link carries. Exactly one.", one_of=True)
class SetupContentInput:
    accounts: AccountsInput | None = strawberry.field(
        description="Accounts, given to the phone as they are.", default=strawberry.UNSET
    )
    login: LoginInput | None = strawberry.field(
        description="A login that the phone gives to `provision`; only while external provisioning is on.",
        default=strawberry.UNSET,
    )

    def sent(self) -> dict[str, Any]:
        """The one that was given, by its name."""
        if self.accounts:
            return {"accounts": self.accounts.sent()}
        return {"login": self.login.sent() if self.login else {}}


@strawberry.input(description="A setup link to make.")
class CreateSetupLinkInput:
    tenant_id: strawberry.ID = strawberry.field(description="For which tenant.")
    content: SetupContentInput = strawberry.field(description="What it carries.")
    lifetime_hours: int = strawberry.field(description="How long it may be redeemed, 1 to 168 hours.", default=24)
    can_move: bool = strawberry.field(
        description="True to let a second phone redeem it before it expires.", default=False
    )
    note: str | None = strawberry.field(
        description="Whom it is for, up to 60 characters. Example: `J. Bloggs, ext. 1000`.", default=None
    )

    def sent(self) -> dict[str, Any]:
        """What `tenants.actions.setup_links.create_setup_link` reads."""
        return {
            "content": self.content.sent(),
            "lifetimeHours": self.lifetime_hours,
            "canMove": self.can_move,
            "note": self.note,
        }


@strawberry.input(description="A setup link to revoke.")
class RevokeSetupLinkInput:
    setup_link_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.input(description="All open setup links of a tenant, to be revoked.")
class RevokeAllSetupLinksInput:
    tenant_id: strawberry.ID = strawberry.field(description="Which tenant.")


@strawberry.type(description="Accounts to have from now on, instead of those the phone has.")
class SetupAccounts:
    sip_accounts: list[SipAccount] = strawberry.field(description="SIP accounts.")
    xmpp_accounts: list[XmppAccount] = strawberry.field(description="Chat accounts.")

    @classmethod
    def of(cls, accounts: Accounts, settings: Provisioning) -> Self:
        """From the domain, with the tenant's live SIP domain and subdomain applied (P6, P8)."""
        return cls(
            sip_accounts=[SipAccount.of(one, settings.sip_domain, settings.subdomain) for one in accounts.sip],
            xmpp_accounts=[XmppAccount.of(one) for one in accounts.xmpp],
        )


@strawberry.type(
    description=(
        "A login for external provisioning: call `provision` with it as if the user had typed it, and keep it for "
        "later calls."
    )
)
class SetupLogin:
    username: str = strawberry.field(description="The username, without ProviderId.")
    password: str = strawberry.field(description="The password.")

    @classmethod
    def of(cls, login: LoginPair) -> Self:
        """From the domain."""
        return cls(username=login.username, password=login.password)


SetupContent = Annotated[
    SetupAccounts | SetupLogin,
    strawberry.union(
        "SetupContent",
        description="What a setup link carried: accounts to use as they are, or a login to give to `provision`.",
    ),
]


@strawberry.type(description="The code was good and is now used up: set the phone up with `content`.")
class SetupLinkRedeemed:
    provider_id: ProviderIdText = strawberry.field(description="The tenant; ask `softphoneConfig` with it.")
    content: SetupContent = strawberry.field(description="What to set up.")

    @classmethod
    def of(cls, redeemed: Redeemed) -> Self:
        """From the domain."""
        content = redeemed.content
        shown = (
            SetupAccounts.of(content, redeemed.settings) if isinstance(content, Accounts) else SetupLogin.of(content)
        )
        return cls(provider_id=ProviderIdText(redeemed.provider_id.text), content=shown)


@strawberry.type(
    description=(
        "The setup code does not work: unknown, used, expired, revoked or for another app. All are told alike."
    )
)
class SetupLinkUnusable(Refusal):
    message: str = strawberry.field(
        description=(
            "A sentence for the user, always the same. Example: `This setup code does not work any more. Ask your "
            "provider for a new one.`"
        ),
        default=UNUSABLE,
    )


@strawberry.type(description="The setup link works. Link, code and picture are shown this once.")
class SetupLinkCreated:
    setup_link: SetupLink = strawberry.field(description="The setup link.")
    url: str = strawberry.field(
        description=(
            "Page for people: which app to open, the QR code and the code to paste. Opening it changes nothing. "
            "Example: `https://gateway.example/setup/…`."
        )
    )
    setup_code: str = strawberry.field(
        description=("What the app scans or the user pastes; also for `makeQrCode`. Example: `scloc:?v=2&token=…`.")
    )

    @classmethod
    def of(cls, made: MadeSetupLink, base_url: str, now: datetime) -> Self:
        """From the domain, with the address that phones reach the gateway at."""
        return cls(
            setup_link=SetupLink.of(made.link, now),
            url=f"{base_url}/setup/{made.token.text}",
            setup_code=made.token.code,
        )

    @strawberry.field(description="The setup code as a picture.")
    def qr_code(self) -> QrCode:
        """Drawn only when asked for."""
        return QrCode.drawn(self.setup_code)


@strawberry.type(description="The setup link is useless.")
class SetupLinkRevoked:
    setup_link: SetupLink = strawberry.field(description="It.")


@strawberry.type(description="No setup link of the tenant works any more.")
class AllSetupLinksRevoked:
    count: int = strawberry.field(description="How many were open.")
    tenant: Tenant = strawberry.field(description="The tenant they were of.")


RedeemSetupLinkResult = Annotated[
    SetupLinkRedeemed | SetupLinkUnusable | TooManyAttempts | InvalidInput,
    strawberry.union("RedeemSetupLinkResult", description="What `redeemSetupLink` answers."),
]
CreateSetupLinkResult = Annotated[
    SetupLinkCreated | WrongState | InvalidInput | Forbidden | NotFound,
    strawberry.union("CreateSetupLinkResult", description="What `createSetupLink` answers."),
]
RevokeSetupLinkResult = Annotated[
    SetupLinkRevoked | Forbidden | NotFound,
    strawberry.union("RevokeSetupLinkResult", description="What `revokeSetupLink` answers."),
]
RevokeAllSetupLinksResult = Annotated[
    AllSetupLinksRevoked | Forbidden | NotFound,
    strawberry.union("RevokeAllSetupLinksResult", description="What `revokeAllSetupLinks` answers."),
]
