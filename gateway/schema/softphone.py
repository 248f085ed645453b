"""What a softphone shows: the published config."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from gateway.schema.config import Branding, Help
from gateway.schema.problems import UnknownProvider
from gateway.schema.scalars import ProviderIdText
from tenants import model
from tenants.hosts import register_host

if TYPE_CHECKING:
    from tenants.store.published import Published


@strawberry.type(
    description=(
        "External provisioning is off: show the app's standard login screens; what the user types there are SIP "
        "credentials."
    )
)
class StandardSignIn:
    host: str | None = strawberry.field(
        description=(
            "SIP host to register at, complete, with a port where one is needed. Example: `pbx.acme.example`. Null: "
            "use the app's own SIP domain, with `subdomain` in front where there is one."
        )
    )
    subdomain: str | None = strawberry.field(
        description="DNS label to put in front of the app's own SIP domain. Only when `host` is null. Example: `pbx`."
    )

    @classmethod
    def of(cls, settings: model.Provisioning) -> Self:
        """Rules P6 and P8: subdomain and SIP domain joined."""
        host, subdomain = register_host(settings.sip_domain, settings.subdomain)
        return cls(host=host, subdomain=subdomain)


@strawberry.type(
    description=(
        "External provisioning is on: show this form instead of the standard login screens and send what is typed to "
        "`provision`."
    )
)
class ProvisioningForm:
    username_placeholder: str = strawberry.field(
        description=(
            "Grey text of the first field: `Provider Id` in a generic app (the user types `1000:AcmeInc`), else the "
            "tenant's own, `Username` by default. Example: `Account No`."
        )
    )
    password_placeholder: str = strawberry.field(
        description=(
            "Grey text of the password field: `Password` in a generic app, else the tenant's own. Example: `PIN`."
        )
    )

    @classmethod
    def of(cls, config: model.Config) -> Self:
        """Rule P3: a generic app has one form for all tenants."""
        settings = config.provisioning
        if config.app is model.AppKind.GENERIC:
            return cls(
                username_placeholder=model.GENERIC_USERNAME_PLACEHOLDER,
                password_placeholder=model.DEFAULT_PASSWORD_PLACEHOLDER,
            )
        return cls(
            username_placeholder=settings.username_placeholder or model.DEFAULT_USERNAME_PLACEHOLDER,
            password_placeholder=settings.password_placeholder or model.DEFAULT_PASSWORD_PLACEHOLDER,
        )


SignInScreen = Annotated[
    StandardSignIn | ProvisioningForm,
    strawberry.union("SignInScreen", description="Which sign-in screen the app shows."),
]


@strawberry.interface(
    description="What an app shows, published or previewed. Write your fragment on this type and use it for both."
)
class SoftphoneScreens:
    provider_id: ProviderIdText = strawberry.field(
        description="The tenant's ProviderId in its own spelling. Example: `AcmeInc`."
    )
    name: str = strawberry.field(
        description="The provider's name for people, 1 to 80 characters. Example: `Acme Telecom`."
    )
    branding: Branding = strawberry.field(description="Colours.")
    sign_in: SignInScreen = strawberry.field(description="The sign-in screen to show.")
    help: Help = strawberry.field(description="The Help menu.")


@strawberry.type(
    description="A tenant's published config, whole and immutable: the same `revision` never says anything else."
)
class SoftphoneConfig(SoftphoneScreens):
    provider_id: ProviderIdText = strawberry.field(
        description="The tenant's ProviderId in its own spelling. Example: `AcmeInc`."
    )
    name: str = strawberry.field(
        description=(
            "The provider's name for people, as it was when this revision was published. Example: `Acme Telecom`."
        )
    )
    revision: int = strawberry.field(
        description=(
            "Number of the published revision, from 1 upwards by 1. Never apply one lower than the one you have for "
            "the same ProviderId."
        )
    )
    published_at: datetime = strawberry.field(description="When it was published.")
    branding: Branding = strawberry.field(description="Colours.")
    sign_in: SignInScreen = strawberry.field(description="The sign-in screen to show.")
    help: Help = strawberry.field(description="The Help menu.")

    @classmethod
    def of(cls, published: Published) -> Self:
        """Rule P2: the provisioning form or the standard login screens, never both."""
        revision = published.revision
        config = revision.config
        is_form = config.provisioning.is_enabled
        return cls(
            provider_id=ProviderIdText(published.provider_id.text),
            name=revision.name,
            revision=revision.number,
            published_at=revision.published_at,
            branding=Branding.of(config.branding),
            sign_in=ProvisioningForm.of(config) if is_form else StandardSignIn.of(config.provisioning),
            help=Help.of(config.help),
        )


SoftphoneConfigResult = Annotated[
    SoftphoneConfig | UnknownProvider,
    strawberry.union("SoftphoneConfigResult", description="What `softphoneConfig` answers."),
]
