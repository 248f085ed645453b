"""What a tenant is and how its app is set up: frozen values that cannot be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from tenants.colors import DARK, TEXT_CONTRAST, ThemeColor, readable_shade

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Actor
    from tenants.email import EmailAddress
    from tenants.hosts import SipDomain, Subdomain
    from tenants.identity import ProviderId
    from tenants.links import HttpsUrl, LinkTemplate


class AppKind(Enum):
    """The two kinds of app."""

    GENERIC = "GENERIC"
    WHITELABEL = "WHITELABEL"


class CredentialsSource(Enum):
    """Whose username and password fill a help link."""

    SIP_ACCOUNT = "SIP_ACCOUNT"
    PROVISIONING = "PROVISIONING"


class ProvisioningMethod(Enum):
    """How provisioning credentials are sent to the provider."""

    GET = "GET"
    POST_JSON = "POST_JSON"
    POST_FORM = "POST_FORM"


class ConfigStage(Enum):
    """Which of a tenant's two configs."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class TenantStatus(Enum):
    """What softphones see of a tenant."""

    UNPUBLISHED = "UNPUBLISHED"
    LIVE = "LIVE"
    SUSPENDED = "SUSPENDED"


DEFAULT_THEME_COLOR = ThemeColor("#1565c0")
DEFAULT_DARK_COLOR = ThemeColor("#317dda")
DEFAULT_MENU_TITLE = "Help"
DEFAULT_USERNAME_PLACEHOLDER = "Username"
DEFAULT_PASSWORD_PLACEHOLDER = "Password"  # noqa: S105 - grey text of a form, no password
GENERIC_USERNAME_PLACEHOLDER = "Provider Id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """Colours of the app. The dark one is chosen by the gateway when the tenant set none (B2)."""

    theme_color: ThemeColor = DEFAULT_THEME_COLOR
    dark_theme_color: ThemeColor = DEFAULT_DARK_COLOR
    is_dark_theme_color_derived: bool = True

    @classmethod
    def of(cls, theme: ThemeColor, dark: ThemeColor | None) -> Branding:
        """Fill in the nearest shade that is readable on a dark background where the tenant set none."""
        if dark is not None:
            return cls(theme_color=theme, dark_theme_color=dark, is_dark_theme_color_derived=False)
        return cls(theme_color=theme, dark_theme_color=readable_shade(theme, DARK, TEXT_CONTRAST))


@dataclass(frozen=True, slots=True)
class ProvisioningHeader:
    """A fixed header of the provisioning call (G2). A config names the stored value and never holds it."""

    name: str
    secret: int
    """The row of the encrypted value."""
    masked: str
    """What staff see of the value."""


@dataclass(frozen=True, slots=True)
class NewHeader(ProvisioningHeader):
    """A header whose value was sent and has no row yet; `tenants.actions.headers` gives it one before it is stored."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """How a tenant's users sign in (rules P)."""

    is_enabled: bool = False
    url: HttpsUrl | None = None
    method: ProvisioningMethod = ProvisioningMethod.GET
    headers: tuple[ProvisioningHeader, ...] = ()
    username_placeholder: str | None = None
    password_placeholder: str | None = None
    sip_domain: SipDomain | None = None
    subdomain: Subdomain | None = None


@dataclass(frozen=True, slots=True)
class HelpLink:
    """A line of the Help menu that opens a page."""

    title: str
    url: LinkTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The Help menu (rules H)."""

    menu_title: str = DEFAULT_MENU_TITLE
    contact_email: EmailAddress | None = None
    credentials_source: CredentialsSource | None = None
    links: tuple[HelpLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Branding, sign-in and help of one tenant: one immutable value."""

    app: AppKind
    branding: Branding = field(default_factory=Branding)
    provisioning: Provisioning = field(default_factory=Provisioning)
    help: Help = field(default_factory=Help)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A provider with its own app configuration."""

    id: int
    provider_id: ProviderId
    name: str
    """The name shown: the tenant's own, else its ProviderId."""
    app: AppKind
    status: TenantStatus
    live_revision: int | None
    created_at: datetime
    is_app_key_required: bool = False
    """Means nothing while the app is generic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The config being edited."""

    tenant: int
    version: int
    name: str | None
    """The tenant's own name; None to show the ProviderId."""
    config: Config
    edited_at: datetime
    edited_by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A published config: numbered, immutable."""

    id: int
    tenant: int
    number: int
    draft_version: int
    name: str
    config: Config
    published_at: datetime
    published_by: Actor
    note: str | None
