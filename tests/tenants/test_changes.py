"""What differs between two configs, as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tenants.changes import Change, Shown, changes
from tenants.documents import to_mapping
from tenants.model import AppKind, Config
from tenants.parsing import FORM, apply
from tests import make

LISTS = ("headers", "links")
FIELDS = [(section, field) for section, fields in FORM.items() for field in fields if field not in LISTS]
LOSS = "All users of the {} app lose this configuration."


def differences(before: Config | None, after: Config, *, name: str = "Acme") -> tuple[Change, ...]:
    """Compare two configs of one name."""
    return changes(None if before is None else Shown(name, before), Shown(name, after))


def effect(before: dict[str, Any], after: dict[str, Any], *, is_live: bool = True) -> dict[str, str | None]:
    """Tell by field what turning one sign-in setting into another does to phones."""
    old, new = make.config(provisioning=before), make.config(provisioning=after)
    return {change.path[-1]: change.effect for change in differences(old if is_live else None, new)}


@given(make.CONFIGS)
def test_what_is_equal_has_no_changes(config: Config) -> None:
    assert differences(config, config) == ()


@given(make.CONFIGS, make.CONFIGS)
def test_what_differs_has_changes_each_at_a_place_of_its_own(before: Config, after: Config) -> None:
    listed = differences(before, after)

    assert (listed == ()) == (before == after)
    assert len({change.path for change in listed}) == len(listed)
    assert all(change.before != change.after for change in listed)


@given(make.CONFIGS, make.CONFIGS)
def test_the_way_back_has_the_same_changes_turned_round(before: Config, after: Config) -> None:
    there, back = differences(before, after), differences(after, before)

    assert [(c.path, c.before, c.after) for c in there] == [(c.path, c.after, c.before) for c in back]


@pytest.mark.parametrize(("section", "field"), FIELDS, ids=[field for _, field in FIELDS])
def test_the_change_of_one_setting_is_listed_once_with_its_path_and_a_label(section: str, field: str) -> None:
    full = make.full_config()
    other: Any = {"isEnabled": False, "method": "GET", "credentialsSource": "SIP_ACCOUNT", "url": "https://b.example/"}
    changed = apply(full, {section: {field: other.get(field)}})

    (change,) = differences(full, changed)

    assert change.path == (section, field)
    assert change.label
    assert change.before == {True: "on"}.get(to_mapping(full)[section][field], to_mapping(full)[section][field])


def test_changes_stand_in_the_order_of_the_editor() -> None:
    listed = differences(make.config(AppKind.WHITELABEL), make.full_config())

    assert [change.path[:2] for change in listed if "links" not in change.path] == FIELDS
    assert [change.path for change in listed[-4:]] == [
        ("help", "links", "0", "title"),
        ("help", "links", "0", "url"),
        ("help", "links", "1", "title"),
        ("help", "links", "1", "url"),
    ]


def test_before_anything_was_live_changes_are_against_the_defaults_and_lose_nobody_anything() -> None:
    listed = differences(None, make.config(AppKind.WHITELABEL, help={"menuTitle": "Billing"}))

    assert [(change.path, change.before, change.after) for change in listed] == [
        (("help", "menuTitle"), "Help", "Billing")
    ]


def test_a_new_name_is_a_change() -> None:
    config = make.config()

    listed = changes(Shown("Acme", config), Shown("Acme Telecom", config))

    assert listed == (Change(path=("name",), label="Name", before="Acme", after="Acme Telecom"),)


@pytest.mark.parametrize(("old", "new"), [(AppKind.GENERIC, AppKind.WHITELABEL), (AppKind.WHITELABEL, AppKind.GENERIC)])
def test_another_kind_of_app_says_who_loses_the_configuration(old: AppKind, new: AppKind) -> None:
    (change,) = differences(make.config(old), make.config(new))

    assert (change.path, change.before, change.after) == (("app",), old.value, new.value)
    assert change.effect == LOSS.format(old.value.lower())


def test_turning_provisioning_on_and_off_says_what_phones_show() -> None:
    off, on = {"isEnabled": False, "url": "https://a.example/"}, {"isEnabled": True, "url": "https://a.example/"}

    assert "provisioning form" in str(effect(off, on)["isEnabled"])
    assert "standard login screens" in str(effect(on, off)["isEnabled"])


def test_another_provisioning_address_says_where_passwords_go_while_it_is_called() -> None:
    one, other = {"url": "https://a.example/"}, {"url": "https://b.example/"}

    assert "passwords" in str(effect({**one, "isEnabled": True}, {**other, "isEnabled": True})["url"])
    assert effect(one, other) == {"url": None}


@pytest.mark.parametrize("field", ["sipDomain", "subdomain"])
def test_another_place_to_register_at_says_so(field: str) -> None:
    assert "register" in str(effect({field: "a.example"}, {field: "b.example"})[field])


def test_without_phones_in_the_field_nothing_has_an_effect() -> None:
    assert effect({}, {"isEnabled": True, "url": "https://a.example/"}, is_live=False) == {
        "isEnabled": None,
        "url": None,
    }


def test_a_colour_chosen_for_dark_mode_follows_its_theme_colour_without_a_line_of_its_own() -> None:
    before = make.config(branding={"themeColor": "#0d47a1"})
    after = make.config(branding={"themeColor": "#c2185b"})

    assert [change.path for change in differences(before, after)] == [("branding", "themeColor")]


def test_a_link_that_goes_is_a_change_to_nothing() -> None:
    full = make.full_config()
    shorter = replace(full, help=replace(full.help, links=full.help.links[:1]))

    listed = differences(full, shorter)

    assert [(change.label, change.after) for change in listed] == [
        ("Help link “Opening hours”: title", None),
        ("Help link “Opening hours”: address", None),
    ]
