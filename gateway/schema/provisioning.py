"""Signing a user in: what a phone sends, and everything it can be told."""

from __future__ import annotations

from typing import Annotated, Self, cast

import strawberry

from gateway.provisioning import outcomes
from gateway.provisioning.provisioner import SignIn
from gateway.schema.accounts import SipAccount, XmppAccount
from gateway.schema.enums import AccountsAction, ProvisioningFailure, ProvisioningRefusal
from gateway.schema.problems import InvalidInput, Refusal, TooManyAttempts, UnknownProvider
from gateway.schema.scalars import ProviderIdText
from gateway.schema.softphone import StandardSignIn
from tenants.errors import InvalidInputError
from tenants.login import Login
from tenants.model import AppKind
from tenants.parsing import Collector
from tenants.text import parse_opaque


@strawberry.input(description="The two fields of a generic app, untouched: the gateway takes them apart.")
class GenericCredentialsInput:
    login: str = strawberry.field(
        description=(
            "The field `Provider Id`: username, colon, ProviderId; the last colon divides. Up to 320 characters. "
            "Example: `1000:AcmeInc`."
        )
    )
    password: str = strawberry.field(description="The field `Password`, 1 to 256 characters.")

    def __repr__(self) -> str:
        """Never the login."""
        return "GenericCredentialsInput(…)"


@strawberry.input(description="The two fields of a whitelabel app, and the ProviderId compiled into it.")
class WhitelabelCredentialsInput:
    provider_id: str = strawberry.field(description="Example: `AcmeInc`.")
    username: str = strawberry.field(description="Taken whole, colon or not. 1 to 256 characters.")
    password: str = strawberry.field(description="1 to 256 characters.")

    def __repr__(self) -> str:
        """Never the login."""
        return "WhitelabelCredentialsInput(…)"


@strawberry.input(description="What the user typed. Exactly one of the two.", one_of=True)
class CredentialsInput:
    generic: GenericCredentialsInput | None = strawberry.field(
        description="From a generic app.", default=strawberry.UNSET
    )
    whitelabel: WhitelabelCredentialsInput | None = strawberry.field(
        description="From a whitelabel app.", default=strawberry.UNSET
    )

    def parse(self, collector: Collector) -> tuple[AppKind, Login | None, str | None]:
        """The kind of app, the login and the password; None for what was refused, and the problems noted."""
        path: tuple[str, ...] = ("credentials", "generic")
        if self.generic:
            login = collector.parse((*path, "login"), Login.of_generic, self.generic.login)
            return AppKind.GENERIC, login, collector.parse((*path, "password"), parse_opaque, self.generic.password)
        path, typed = ("credentials", "whitelabel"), cast("WhitelabelCredentialsInput", self.whitelabel)
        login = collector.parse(
            (*path, "username"), lambda text: Login.of_whitelabel(text, typed.provider_id), typed.username
        )
        return AppKind.WHITELABEL, login, collector.parse((*path, "password"), parse_opaque, typed.password)


@strawberry.input(description="A request to sign in, or to ask whether anything changed.")
class ProvisionInput:
    credentials: CredentialsInput = strawberry.field(
        description="Username and password, in the form of your kind of app."
    )
    device_id: str = strawberry.field(
        description="Names this installation, 1 to 256 characters; new after a reinstall. Example: `3kQs875391li29`."
    )
    reprovision: bool = strawberry.field(
        description=(
            "False when the user signs in, true when the app asks again at a restart or on return to the foreground."
        ),
        default=False,
    )

    def __repr__(self) -> str:
        """Never who it is."""
        return "ProvisionInput(…)"

    def parse(self) -> SignIn:
        """Rules P4, P5 and P9. Raises InvalidInputError with every problem."""
        collector = Collector()
        app, login, password = self.credentials.parse(collector)
        device_id = collector.parse(("deviceId",), parse_opaque, self.device_id)
        if login is None or password is None or device_id is None:
            raise InvalidInputError(tuple(collector.problems))
        return SignIn(
            provider_id=login.provider_id,
            app=app,
            username=login.username,
            password=password,
            device_id=device_id,
            reprovision=self.reprovision,
        )


@strawberry.type(description="The provider answered: do what `action` says.")
class Provisioned:
    provider_id: ProviderIdText = strawberry.field(
        description=(
            "The tenant's ProviderId, so that a generic app need not take the login apart; ask `softphoneConfig` with "
            "it."
        )
    )
    username: str = strawberry.field(
        description=(
            "The username without the ProviderId: what `%user%` stands for when the credentials source is "
            "`PROVISIONING`."
        )
    )
    action: AccountsAction = strawberry.field(description="What to do.")
    sip_accounts: list[SipAccount] = strawberry.field(
        description=(
            "The SIP accounts to have from now on, in the provider's order. Empty unless `action` is `REPLACE`."
        )
    )
    xmpp_accounts: list[XmppAccount] = strawberry.field(
        description="The chat accounts to have from now on. Empty unless `action` is `REPLACE`."
    )
    notice: str | None = strawberry.field(
        description="The provider's text for the user, plain, up to 200 characters. Show it; it is no failure."
    )

    def __repr__(self) -> str:
        """Never the user or the accounts."""
        return "Provisioned(…)"

    @classmethod
    def of(cls, outcome: outcomes.Provisioned) -> Self:
        """Accounts with the tenant's subdomain and SIP domain applied (P6, P8)."""
        settings, accounts = outcome.settings, outcome.accounts
        return cls(
            provider_id=ProviderIdText(outcome.provider_id.text),
            username=outcome.username,
            action=outcome.action,
            sip_accounts=[SipAccount.of(one, settings.sip_domain, settings.subdomain) for one in accounts.sip],
            xmpp_accounts=[XmppAccount.of(one) for one in accounts.xmpp],
            notice=outcome.notice,
        )


@strawberry.type(description="The provider said no. Show `message`; keep everything.")
class ProvisioningRefused(Refusal):
    message: str = strawberry.field(
        description="The provider's own text, plain, up to 200 characters; ours when it sent none."
    )
    refusal: ProvisioningRefusal = strawberry.field(description="How it said no.")

    @classmethod
    def of(cls, outcome: outcomes.Refused) -> Self:
        """From the use case."""
        return cls(message=outcome.message, refusal=outcome.refusal)


@strawberry.type(
    description=("The provider could not be asked, or its answer was no answer. Keep everything and try again later.")
)
class ProvisioningUnavailable(Refusal):
    message: str = strawberry.field(
        description=(
            "A sentence for the user. Example: `The sign-in service of Acme Telecom does not answer. Your phone stays "
            "as it is.`"
        )
    )
    failure: ProvisioningFailure = strawberry.field(description="What kind of failure.")
    retry_after_seconds: int = strawberry.field(
        description="Wait at least this many seconds before asking again without the user."
    )

    @classmethod
    def of(cls, outcome: outcomes.Unavailable) -> Self:
        """From the use case."""
        return cls(message=outcome.message, failure=outcome.failure, retry_after_seconds=outcome.retry_after_seconds)


@strawberry.type(
    description=(
        "The tenant has no external provisioning: what the user typed are SIP credentials, register with them yourself."
    )
)
class ProvisioningOff(Refusal):
    message: str = strawberry.field(description="A sentence for a screen that does not handle this case.")
    provider_id: ProviderIdText = strawberry.field(description="The tenant's ProviderId.")
    username: str = strawberry.field(description="The username without the ProviderId, to register with.")
    sign_in: StandardSignIn = strawberry.field(description="Where to register.")

    def __repr__(self) -> str:
        """Never the user."""
        return "ProvisioningOff(…)"

    @classmethod
    def of(cls, outcome: outcomes.Off) -> Self:
        """From the use case."""
        return cls(
            message="Sign in with your SIP username and password.",
            provider_id=ProviderIdText(outcome.provider_id.text),
            username=outcome.username,
            sign_in=StandardSignIn.of(outcome.settings),
        )


ProvisionResult = Annotated[
    Provisioned
    | ProvisioningRefused
    | ProvisioningUnavailable
    | ProvisioningOff
    | UnknownProvider
    | TooManyAttempts
    | InvalidInput,
    strawberry.union("ProvisionResult", description="What `provision` answers."),
]
