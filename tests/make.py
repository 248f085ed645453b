"""Builders of values for tests, with defaults for whatever a test does not care about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from tenants.access import Actor, ActorKind, Origin, Principal, Role
from tenants.keys import KeyRing
from tenants.model import AppKind, Config, CredentialsSource, ProvisioningMethod
from tenants.parsing import apply

FULL_SETTINGS: dict[str, dict[str, Any]] = {
    "branding": {"themeColor": "#0d47a1", "darkThemeColor": "#8ab4f8"},
    "provisioning": {
        "isEnabled": True,
        "url": "https://pbx.acme.example/provisioning/",
        "method": "POST_JSON",
        "usernamePlaceholder": "Account No",
        "passwordPlaceholder": "PIN",
        "sipDomain": "acme.example:5070",
        "subdomain": "pbx",
    },
    "help": {
        "menuTitle": "Billing",
        "contactEmail": "help@acme.example",
        "credentialsSource": "PROVISIONING",
        "links": [
            {"title": "Invoices", "url": "https://acme.example/invoices?user=%user%"},
            {"title": "Opening hours", "url": "https://acme.example/hours"},
        ],
    },
}
"""Every setting with a value of its own, for a whitelabel tenant; but no headers, whose values need a database."""
KEYS = KeyRing("SECRET-key-for-tests-0123456789-ab")
HEADER = {"name": "X-Api-Key", "value": "SECRET-header-0123456789"}
"""A header as it is sent."""


class _InEveryTenant(Mapping[int, Role]):
    """One role wherever one asks."""

    def __init__(self, role: Role) -> None:
        self._role = role

    def __getitem__(self, tenant: int) -> Role:
        return self._role

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


ORIGIN = Origin(KEYS, "192.0.2.7", "a-request-of-the-tests")


def principal(name: str = "admin", number: int = 1, role: Role = Role.OWNER) -> Principal:
    """A platform admin who also has a role in every tenant: may do all that a test does."""
    actor = Actor(ActorKind.TOKEN, name, f"token:{number}")
    return Principal(ORIGIN, actor, _InEveryTenant(role), is_platform_admin=True)


ADMIN = principal()


def config(app: AppKind = AppKind.GENERIC, **sections: dict[str, Any]) -> Config:
    """A config as a save makes it: `make.config(help={"menuTitle": "Billing"})`. The rest has its defaults."""
    return apply(Config(app=app), sections)


def full_config() -> Config:
    """A whitelabel config in which no setting has its default."""
    return config(AppKind.WHITELABEL, **FULL_SETTINGS)


def _perhaps(*values: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values)


_LINKS = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["Invoices", "Opening hours", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]),
            "url": st.sampled_from(
                ["https://acme.example/", "https://b\u00fccher.example/?u=%user%", "https://acme.example:8443/a#%pwd%"]
            ),
        }
    ),
    max_size=5,
)
SETTINGS: st.SearchStrategy[dict[str, dict[str, Any]]] = st.fixed_dictionaries(
    {
        "branding": st.fixed_dictionaries(
            {"themeColor": _perhaps("#0d47a1", "#fe3"), "darkThemeColor": _perhaps("#8ab4f8")}
        ),
        "provisioning": st.fixed_dictionaries(
            {
                "isEnabled": st.booleans(),
                "url": st.sampled_from(["https://pbx.acme.example/p/", "https://pbx.acme.example/p"]),
                "method": st.sampled_from([method.value for method in ProvisioningMethod]),
                "usernamePlaceholder": _perhaps("Account No"),
                "passwordPlaceholder": _perhaps("PIN", "\u00c9"),
                "sipDomain": _perhaps("acme.example", "acme.example:5070"),
                "subdomain": _perhaps("pbx", "pbx.acme.example"),
            }
        ),
        "help": st.fixed_dictionaries(
            {
                "menuTitle": _perhaps("Billing"),
                "contactEmail": _perhaps("help@acme.example"),
                "credentialsSource": st.sampled_from([source.value for source in CredentialsSource]),
                "links": _LINKS,
            }
        ),
    }
)
"""What a whitelabel tenant's form may send and gets saved, every field present."""
CONFIGS: st.SearchStrategy[Config] = SETTINGS.map(lambda settings: config(AppKind.WHITELABEL, **settings))
"""Whitelabel configs of all shapes."""
