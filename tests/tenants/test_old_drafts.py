"""A draft that is older than a rule, or than the colour library, can be worked on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenants.colors import ThemeColor
from tenants.errors import InvalidInputError
from tenants.model import AppKind, Branding, Config, Provisioning
from tenants.parsing import apply
from tests import make


def test_a_draft_that_two_rules_refuse_is_mended_one_section_at_a_time() -> None:
    links = [{"title": "Pay", "url": "https://acme.example/?u=%user%"}]
    sound = make.config(help={"credentialsSource": "SIP_ACCOUNT", "links": links})
    old = replace(
        sound,
        help=replace(sound.help, credentials_source=None),
        provisioning=Provisioning(is_enabled=True, username_placeholder="Account No"),
    )

    half = apply(old, {"help": {"credentialsSource": "SIP_ACCOUNT"}})
    whole = apply(half, {"provisioning": {"isEnabled": False, "usernamePlaceholder": None}})

    assert whole == sound
    with pytest.raises(InvalidInputError):
        apply(old, {"provisioning": {"sipDomain": "acme.example"}})


def test_a_derived_colour_changes_only_when_colours_are_saved() -> None:
    of_an_older_library = Branding(theme_color=ThemeColor("#0d47a1"), dark_theme_color=ThemeColor("#123456"))
    old = Config(app=AppKind.GENERIC, branding=of_an_older_library)

    saved = apply(old, {"help": {"menuTitle": "Billing"}})

    assert saved.branding == of_an_older_library
