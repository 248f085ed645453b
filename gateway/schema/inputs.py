"""What mutations are sent. Inputs are text; `tenants.parsing` makes values of them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from gateway.schema.enums import AppKind, CredentialsSource, ProvisioningMethod, WarningCode

_WHICH = "Which tenant."
_VERSION = "The `Draft.version` you read."


def sent(section: object) -> dict[str, Any]:
    """What a PATCH input holds, by the API's names: absent fields are left out, null is None."""
    present = {field.name: getattr(section, field.name) for field in fields(section)}  # type: ignore[arg-type]  # an input is a dataclass
    return {to_camel_case(name): value.value for name, value in present.items() if value is not None}


@strawberry.input(description="A new tenant.")
class CreateTenantInput:
    provider_id: str = strawberry.field(
        description=(
            "Public name: letters, digits, `-` and `_`, 1 to 63 characters, neither first nor last a `-` or `_`. "
            "Unique, case ignored. Example: `AcmeInc`."
        )
    )
    app: AppKind = strawberry.field(description="The kind of app it has.")
    name: str | None = strawberry.field(
        description="Name for people, 1 to 80 characters; absent: the ProviderId. Example: `Acme Telecom`.",
        default=None,
    )
    owner_email: str | None = strawberry.field(
        description=(
            "Who shall own it: is invited as owner. Absent: a tenant without members, which only platform admins can "
            "read. Example: `jane@acme.example`."
        ),
        default=None,
    )


@strawberry.input(description="New names for a tenant. An absent field stays as it is.")
class RenameTenantInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_VERSION)
    name: strawberry.Maybe[str | None] = strawberry.field(
        description="Name for people, 1 to 80 characters; null: the ProviderId."
    )
    provider_id: strawberry.Maybe[str | None] = strawberry.field(
        description="Public name; refused once anything was published; cannot be null."
    )

    def names(self) -> dict[str, str | None]:
        """The names that were sent."""
        given = {"name": self.name, "providerId": self.provider_id}
        return {field: value.value for field, value in given.items() if value is not None}


@strawberry.input(description="A suspension.")
class SuspendTenantInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    reason: str = strawberry.field(description="Why, for whoever looks it up later, 1 to 500 characters.")


@strawberry.input(description="The end of a suspension.")
class ResumeTenantInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)


@strawberry.input(description="A deletion.")
class DeleteTenantInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    confirm_provider_id: str = strawberry.field(
        description="Its ProviderId, typed once more in its own spelling as a safeguard."
    )


@strawberry.input(description="Colours. An absent field stays as it is; null sets it back to its default.")
class BrandingInput:
    theme_color: strawberry.Maybe[str | None] = strawberry.field(description="`#rgb` or `#rrggbb`. Example: `#0d47a1`.")
    dark_theme_color: strawberry.Maybe[str | None] = strawberry.field(
        description="`#rgb` or `#rrggbb`; null: a readable shade of `themeColor`. Example: `#5e92f3`."
    )


@strawberry.input(description="A change of colours.")
class SaveBrandingInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_VERSION)
    branding: BrandingInput = strawberry.field(description="What to change.")


@strawberry.input(description="A fixed header.")
class ProvisioningHeaderInput:
    name: str = strawberry.field(
        description="Header name, 1 to 64 characters; not one that the call itself sets. Example: `X-Api-Key`."
    )
    value: str | None = strawberry.field(
        description=(
            "Its value, up to 512 characters. Absent: keep the value stored under this name, as long as `url` leads to "
            "the same host and port."
        ),
        default=None,
    )

    def __repr__(self) -> str:
        """Never the value."""
        return "ProvisioningHeaderInput(…)"


@strawberry.input(description="Sign-in settings. An absent field stays as it is; null sets it back to its default.")
class ProvisioningInput:
    is_enabled: strawberry.Maybe[bool | None] = strawberry.field(
        description="Turns external provisioning on; needs `url`. Default false."
    )
    url: strawberry.Maybe[str | None] = strawberry.field(
        description=(
            "The provider's API: https, no fragment, no `%user%`; its query must not use `username`, `password`, "
            "`reprovision` or `deviceId`. Example: `https://pbx.acme.example/provisioning/`."
        )
    )
    method: strawberry.Maybe[ProvisioningMethod | None] = strawberry.field(
        description=(
            "How credentials are sent. Default `GET`; `POST_JSON` keeps them out of the provider's access log."
        )
    )
    headers: strawberry.Maybe[list[ProvisioningHeaderInput] | None] = strawberry.field(
        description="All fixed headers, at most ten; those not listed are removed. Null: none."
    )
    username_placeholder: strawberry.Maybe[str | None] = strawberry.field(
        description="Grey text of the first field, 1 to 30 characters; whitelabel tenants only. Example: `Account No`."
    )
    password_placeholder: strawberry.Maybe[str | None] = strawberry.field(
        description="Grey text of the password field, 1 to 30 characters; whitelabel tenants only. Example: `PIN`."
    )
    sip_domain: strawberry.Maybe[str | None] = strawberry.field(
        description=(
            "The SIP domain that subdomains are joined to, with a port where one is needed. Example: `acme.example`."
        )
    )
    subdomain: strawberry.Maybe[str | None] = strawberry.field(
        description="A DNS label joined to `sipDomain`, or a full host. Example: `pbx`."
    )

    def sent(self) -> dict[str, Any]:
        """What was sent, headers as mappings too."""
        given = sent(self)
        if given.get("headers") is not None:
            given["headers"] = [{"name": header.name, "value": header.value} for header in given["headers"]]
        return given


@strawberry.input(description="A change of how users sign in.")
class SaveProvisioningInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_VERSION)
    provisioning: ProvisioningInput = strawberry.field(description="What to change.")


@strawberry.input(description="A line of the Help menu.")
class HelpLinkInput:
    title: str = strawberry.field(description="1 to 40 characters. Example: `Pay your bill`.")
    url: str = strawberry.field(
        description=(
            "https; `%user%` and `%pwd%` in query values or the fragment. "
            "Example: `https://acme.example/billing?u=%user%`."
        )
    )


@strawberry.input(description="The Help menu. An absent field stays as it is; null sets it back to its default.")
class HelpInput:
    menu_title: strawberry.Maybe[str | None] = strawberry.field(
        description="1 to 20 characters; null: `Help`. Example: `Billing`."
    )
    contact_email: strawberry.Maybe[str | None] = strawberry.field(
        description="One address without display name, up to 254 characters. Example: `help@acme.example`."
    )
    credentials_source: strawberry.Maybe[CredentialsSource | None] = strawberry.field(
        description="Whose credentials fill the links; required as soon as a link has a placeholder."
    )
    links: strawberry.Maybe[list[HelpLinkInput] | None] = strawberry.field(
        description="All links in display order, at most five; those not listed are removed. Null: none."
    )

    def sent(self) -> dict[str, Any]:
        """What was sent, links as mappings too."""
        given = sent(self)
        if given.get("links") is not None:
            given["links"] = [{"title": link.title, "url": link.url} for link in given["links"]]
        return given


@strawberry.input(description="A change of the Help menu.")
class SaveHelpInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_VERSION)
    help: HelpInput = strawberry.field(description="What to change.")


@strawberry.input(description="A change of the kind of app.")
class ChangeAppKindInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_VERSION)
    app: AppKind = strawberry.field(description="The kind it shall have.")


@strawberry.input(description="A publish.")
class PublishInput:
    tenant_id: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description="The `Draft.version` you reviewed.")
    note: str | None = strawberry.field(description="What changed and why, up to 500 characters.", default=None)
    accepted_warnings: list[WarningCode] | None = strawberry.field(
        description=(
            "The warnings the person saw and accepted. When given, a warning outside the list stops the publish "
            "(`UnacceptedWarnings`). Absent: warnings stop nothing."
        ),
        default=None,
    )
