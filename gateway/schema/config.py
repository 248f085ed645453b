"""The settings of a tenant, as phones and staff see them."""

from __future__ import annotations

import strawberry

from gateway.schema.enums import AppKind, CredentialsSource, Placeholder, ProvisioningMethod
from gateway.schema.scalars import EmailAddressText, HttpsUrlText, LinkTemplateText, ThemeColorText
from tenants import model


@strawberry.type(description="Colours of the app. Never empty: an app that is given no colour paints black or crashes.")
class Branding:
    theme_color: ThemeColorText = strawberry.field(
        description="Colour of keypad numbers, menu titles and controls on a light background. Example: `#0d47a1`."
    )
    dark_theme_color: ThemeColorText = strawberry.field(
        description=(
            "The same for dark mode: the tenant's own, else the nearest shade of `themeColor` that is readable on "
            "`#121212`. Example: `#5e92f3`."
        )
    )
    is_dark_theme_color_derived: bool = strawberry.field(
        description=(
            "True when the tenant set no dark colour and the gateway chose the shade. "
            "For the portal; apps need not ask."
        )
    )

    @classmethod
    def of(cls, branding: model.Branding) -> Branding:
        """From the domain."""
        return cls(
            theme_color=ThemeColorText(branding.theme_color.hex),
            dark_theme_color=ThemeColorText(branding.dark_theme_color.hex),
            is_dark_theme_color_derived=branding.is_dark_theme_color_derived,
        )


@strawberry.type(description="A line of the Help menu that opens a page.")
class HelpLink:
    title: str = strawberry.field(description="Text of the line, 1 to 40 characters. Example: `Pay your bill`.")
    url: LinkTemplateText = strawberry.field(
        description=(
            "Where it leads, with `%user%` and `%pwd%` still in it. Fill them in on the phone, each value "
            "percent-encoded once. Example: `https://acme.example/billing?u=%user%`."
        )
    )
    display_host: str = strawberry.field(
        description=(
            "The host as a person reads it; `url` holds its ASCII form. "
            "Example: `bücher.example` for `xn--bcher-kva.example`."
        )
    )
    placeholders: list[Placeholder] = strawberry.field(
        description="What has to be filled in before the link is opened; empty for a plain link."
    )

    @classmethod
    def of(cls, link: model.HelpLink) -> HelpLink:
        """From the domain."""
        return cls(
            title=link.title,
            url=LinkTemplateText(link.url.text),
            display_host=link.url.display_host,
            placeholders=list(link.url.placeholders),
        )


@strawberry.type(description="The Help menu: a title, up to five links and an address for support.")
class Help:
    menu_title: str = strawberry.field(
        description="Title of the menu, 1 to 20 characters, `Help` by default. Example: `Billing`."
    )
    contact_email: EmailAddressText | None = strawberry.field(
        description="Where users send support issues. Example: `help@acme.example`. Null: offer no e-mail."
    )
    credentials_source: CredentialsSource | None = strawberry.field(
        description=(
            "Whose username and password fill the links' placeholders; null when it is not set, which a link with a "
            "placeholder does not allow."
        )
    )
    links: list[HelpLink] = strawberry.field(description="Up to five, in display order.")

    @classmethod
    def of(cls, menu: model.Help) -> Help:
        """From the domain."""
        return cls(
            menu_title=menu.menu_title,
            contact_email=EmailAddressText(menu.contact_email.text) if menu.contact_email else None,
            credentials_source=menu.credentials_source,
            links=[HelpLink.of(link) for link in menu.links],
        )


@strawberry.type(
    description="A fixed header of the provisioning call. Its value is a secret: written, never read back."
)
class ProvisioningHeader:
    name: str = strawberry.field(description="Header name. Example: `X-Api-Key`.")
    masked_value: str = strawberry.field(
        description="Dots and, for a value of 16 characters or more, its last four. Example: `••••3f9a`."
    )

    @classmethod
    def of(cls, header: model.ProvisioningHeader) -> ProvisioningHeader:
        """From the domain."""
        return cls(name=header.name, masked_value=header.masked)


@strawberry.type(description="How a tenant's users sign in: the private side of `SignInScreen`.")
class ProvisioningSettings:
    is_enabled: bool = strawberry.field(
        description=(
            "True when external provisioning is on: the gateway asks the provider's own web API for SIP credentials, "
            "and the app shows the provisioning form."
        )
    )
    url: HttpsUrlText | None = strawberry.field(
        description=(
            "The provider's API, kept exactly as typed but for its host. "
            "Example: `https://pbx.acme.example/provisioning/`."
        )
    )
    method: ProvisioningMethod = strawberry.field(description="How username and password are sent to it.")
    headers: list[ProvisioningHeader] = strawberry.field(description="Fixed headers sent with every call; at most ten.")
    username_placeholder: str | None = strawberry.field(
        description=(
            "Grey text of the form's first field; null for the default, `Username`. Whitelabel only. "
            "Example: `Account No`."
        )
    )
    password_placeholder: str | None = strawberry.field(
        description=(
            "Grey text of the form's password field; null for the default, `Password`. Whitelabel only. Example: `PIN`."
        )
    )
    sip_domain: str | None = strawberry.field(
        description="The SIP domain that subdomains are joined to. Example: `acme.example` or `acme.example:5070`."
    )
    subdomain: str | None = strawberry.field(
        description=(
            "Where the users register when an account says nothing else: a DNS label joined to `sipDomain`, or a full "
            "host. Example: `pbx`."
        )
    )

    @classmethod
    def of(cls, settings: model.Provisioning) -> ProvisioningSettings:
        """From the domain."""
        return cls(
            is_enabled=settings.is_enabled,
            url=HttpsUrlText(settings.url.text) if settings.url else None,
            method=settings.method,
            headers=[ProvisioningHeader.of(header) for header in settings.headers],
            username_placeholder=settings.username_placeholder,
            password_placeholder=settings.password_placeholder,
            sip_domain=settings.sip_domain.text if settings.sip_domain else None,
            subdomain=settings.subdomain.text if settings.subdomain else None,
        )


@strawberry.type(description="The settings of a tenant: one immutable value.")
class TenantConfig:
    app: AppKind = strawberry.field(description="The kind of app it is for.")
    branding: Branding = strawberry.field(description="Colours.")
    provisioning: ProvisioningSettings = strawberry.field(
        description="How users sign in, with what only staff may see."
    )
    help: Help = strawberry.field(description="The Help menu.")

    @classmethod
    def of(cls, config: model.Config) -> TenantConfig:
        """From the domain."""
        return cls(
            app=config.app,
            branding=Branding.of(config.branding),
            provisioning=ProvisioningSettings.of(config.provisioning),
            help=Help.of(config.help),
        )
