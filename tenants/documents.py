"""A config as one canonical JSON document, and back. Reading trusts what was published, whatever today's rules say."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from tenants.colors import ThemeColor
from tenants.email import EmailAddress
from tenants.hosts import SipDomain, Subdomain
from tenants.links import HttpsUrl, LinkTemplate
from tenants.model import (
    AppKind,
    Branding,
    Config,
    CredentialsSource,
    Help,
    HelpLink,
    NewHeader,
    Provisioning,
    ProvisioningHeader,
    ProvisioningMethod,
)

# Stands in every document, so that a later shape can be told from this one.
_SHAPE = 1
_REMEMBERED = 128

# By the texts that stand in documents: a dictionary is asked in a fifth of the time that an enumeration takes.
_APPS = {kind.value: kind for kind in AppKind}
_METHODS = {method.value: method for method in ProvisioningMethod}
_SOURCES = {source.value: source for source in CredentialsSource} | {None: None}


def to_document(config: Config) -> str:
    """Canonical: sorted keys, no blanks, UTF-8, so that equal configs are equal texts."""
    mapping: dict[str, Any] = {"shape": _SHAPE, "app": config.app.value, **to_mapping(config)}
    mapping["provisioning"]["headers"] = [_header(header) for header in config.provisioning.headers]
    # Stored, not derived again when read: a later colour library must change no phone.
    mapping["branding"]["shownDarkThemeColor"] = config.branding.dark_theme_color.hex
    return orjson.dumps(mapping, option=orjson.OPT_SORT_KEYS).decode()


def to_mapping(config: Config) -> dict[str, dict[str, Any]]:
    """The three sections by the API's names: what `tenants.parsing.apply` reads. A header has its name only."""
    branding, provisioning, menu = config.branding, config.provisioning, config.help
    return {
        "branding": {
            "themeColor": branding.theme_color.hex,
            "darkThemeColor": None if branding.is_dark_theme_color_derived else branding.dark_theme_color.hex,
        },
        "provisioning": {
            "isEnabled": provisioning.is_enabled,
            "url": provisioning.url and provisioning.url.text,
            "method": provisioning.method.value,
            "headers": [{"name": header.name} for header in provisioning.headers],
            "usernamePlaceholder": provisioning.username_placeholder,
            "passwordPlaceholder": provisioning.password_placeholder,
            "sipDomain": provisioning.sip_domain and provisioning.sip_domain.text,
            "subdomain": provisioning.subdomain and provisioning.subdomain.text,
        },
        "help": {
            "menuTitle": menu.menu_title,
            "contactEmail": menu.contact_email and menu.contact_email.text,
            "credentialsSource": menu.credentials_source and menu.credentials_source.value,
            "links": [{"title": link.title, "url": link.url.text} for link in menu.links],
        },
    }


def _header(header: ProvisioningHeader) -> dict[str, Any]:
    if isinstance(header, NewHeader):
        message = "A header's value has to be stored before its config is."
        raise TypeError(message)
    return {"name": header.name, "secret": header.secret, "masked": header.masked}


@lru_cache(_REMEMBERED)
def from_document(document: str) -> Config:
    """The config that `to_document` wrote, without applying any rule.

    Lately read ones are remembered: a draft without changes is the same text as what is live, and it holds no secret.
    """
    stored = orjson.loads(document)
    return Config(
        app=_APPS[stored["app"]],
        branding=_branding(stored["branding"]),
        provisioning=_provisioning(stored["provisioning"]),
        help=_help(stored["help"]),
    )


def _branding(stored: dict[str, Any]) -> Branding:
    return Branding(
        theme_color=ThemeColor(stored["themeColor"]),
        dark_theme_color=ThemeColor(stored["shownDarkThemeColor"]),
        is_dark_theme_color_derived=stored["darkThemeColor"] is None,
    )


def _provisioning(stored: dict[str, Any]) -> Provisioning:
    url, sip_domain, subdomain = stored["url"], stored["sipDomain"], stored["subdomain"]
    return Provisioning(
        is_enabled=stored["isEnabled"],
        url=None if url is None else HttpsUrl.from_stored(url),
        method=_METHODS[stored["method"]],
        # Revisions from before there were headers have none; they are never rewritten.
        headers=tuple(
            [
                ProvisioningHeader(header["name"], header["secret"], header["masked"])
                for header in stored.get("headers", ())
            ]
        ),
        username_placeholder=stored["usernamePlaceholder"],
        password_placeholder=stored["passwordPlaceholder"],
        sip_domain=None if sip_domain is None else SipDomain.from_stored(sip_domain),
        subdomain=None if subdomain is None else Subdomain.from_stored(subdomain),
    )


def _help(stored: dict[str, Any]) -> Help:
    email = stored["contactEmail"]
    return Help(
        menu_title=stored["menuTitle"],
        contact_email=None if email is None else EmailAddress.from_stored(email),
        credentials_source=_SOURCES[stored["credentialsSource"]],
        links=tuple([HelpLink(link["title"], LinkTemplate.from_stored(link["url"])) for link in stored["links"]]),
    )
