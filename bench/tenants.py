"""The tenants that every server is asked for: 20 fields, five help links, an answer of about 1 KB."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

QUERY = (
    "query SoftphoneConfig($providerId: String!, $app: AppKind!) { "
    "softphoneConfig(providerId: $providerId, app: $app) { "
    "__typename ...Screens ... on SoftphoneConfig { revision publishedAt } ... on Refusal { message } } } "
    "fragment Screens on SoftphoneScreens { providerId name branding { themeColor darkThemeColor } "
    "signIn { __typename ... on StandardSignIn { host subdomain } "
    "... on ProvisioningForm { usernamePlaceholder passwordPlaceholder } } "
    "help { menuTitle contactEmail credentialsSource links { title url placeholders } } }"
)
"""What the softphone sends; see kit/documents/SoftphoneConfig.graphql."""
_LETTERS = len("Carrier")
LINKS = ("Call forwarding", "Opening hours", "Your invoices", "Report a fault", "Voicemail settings")


def hash_of(query: str) -> str:
    """What a persisted document is called by."""
    return hashlib.sha256(query.encode()).hexdigest()


HASH = hash_of(QUERY)


def spell(provider_id: str, number: int) -> str:
    """The same ProviderId in other letters: one of as many as its first seven have cases."""
    letters = (
        letter.swapcase() if place < _LETTERS and number >> place & 1 else letter
        for place, letter in enumerate(provider_id)
    )
    return "".join(letters)


def provider_id(number: int) -> str:
    """The name by which a tenant is asked for."""
    return f"Carrier-{number:06d}"


def links(number: int) -> list[tuple[str, str]]:
    """Titles and addresses of a tenant's help links."""
    host = f"https://carrier-{number:06d}.example"
    return [(title, f"{host}/{title.lower().replace(' ', '-')}?line=%user%") for title in LINKS]


def yaml(count: int) -> Iterator[str]:
    """A file for `gateway import`, in pieces."""
    yield "tenants:\n"
    for number in range(count):
        lines = "".join(f"        - title: {title}\n          url: {url}\n" for title, url in links(number))
        yield (
            f"  - providerId: {provider_id(number)}\n    name: Carrier number {number}\n    app: WHITELABEL\n"
            f'    branding:\n      themeColor: "#0d47a1"\n      darkThemeColor: "#f06292"\n'
            f"    provisioning:\n      isEnabled: true\n      url: https://carrier-{number:06d}.example/softphone\n"
            f"      usernamePlaceholder: Account number\n      passwordPlaceholder: PIN\n"
            f"    help:\n      menuTitle: Help and billing\n      contactEmail: help@carrier-{number:06d}.example\n"
            f"      credentialsSource: PROVISIONING\n      links:\n{lines}"
        )
