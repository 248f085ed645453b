"""From what was sent to a config: absent keeps, None resets, and every problem is told at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.documents import to_mapping
from tenants.errors import InvalidInputError, Problem
from tenants.model import AppKind, Config, CredentialsSource, ProvisioningMethod
from tenants.parsing import FORM, apply
from tests import make

PLACES = [(section, field) for section, fields in FORM.items() for field in fields]
FIELDS = [place for place in PLACES if place[1] != "headers"]  # test_headers is about those
NAMES = [field for _, field in FIELDS]
DEFAULTS = to_mapping(Config(app=AppKind.WHITELABEL))
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
ANY_HEADER = st.fixed_dictionaries({"name": ANY_TEXT}, optional={"value": st.none()})  # what has one needs a database
ANY_LINK = st.fixed_dictionaries({}, optional={"title": st.none() | ANY_TEXT, "url": st.none() | ANY_TEXT})
CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "isEnabled": st.booleans(),
    "method": st.sampled_from(ProvisioningMethod),
    "credentialsSource": st.sampled_from(CredentialsSource),
    "headers": st.lists(ANY_HEADER, max_size=12),
    "links": st.lists(ANY_LINK, max_size=7),
}
SENT = st.fixed_dictionaries(
    {},
    optional={
        section: st.fixed_dictionaries(
            {}, optional={field: st.none() | CHOICES.get(field, ANY_TEXT) for field in fields}
        )
        for section, fields in FORM.items()
    },
)


def problems_of(config: Config, sent: dict[str, dict[str, Any]]) -> tuple[Problem, ...]:
    """Give everything that is wrong with what was sent."""
    with pytest.raises(InvalidInputError) as caught:
        apply(config, sent)
    return caught.value.problems


def codes_of(config: Config, sent: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Give the place and the code of everything that is wrong."""
    return [(".".join(problem.path), problem.code.name) for problem in problems_of(config, sent)]


@given(make.CONFIGS)
def test_a_form_without_a_field_changes_nothing(config: Config) -> None:
    assert apply(config, {}) == config == apply(config, {section: {} for section in FORM})


@pytest.mark.parametrize(("section", "field"), FIELDS, ids=NAMES)
def test_one_field_is_set_and_all_others_keep_their_values(section: str, field: str) -> None:
    base = make.config(
        AppKind.WHITELABEL, provisioning={"url": "https://b.example/"}, help={"credentialsSource": "SIP_ACCOUNT"}
    )
    value = make.FULL_SETTINGS[section][field]

    changed = to_mapping(apply(base, {section: {field: value}}))

    expected = to_mapping(base)
    expected[section][field] = value
    assert changed == expected


@pytest.mark.parametrize(("section", "field"), [f for f in FIELDS if f[1] not in ("url", "credentialsSource")])
def test_null_sets_one_field_back_to_its_default(section: str, field: str) -> None:
    full = make.full_config()

    changed = to_mapping(apply(full, {section: {field: None}}))

    expected = to_mapping(full)
    expected[section][field] = DEFAULTS[section][field]
    assert changed == expected


def test_null_in_every_field_leaves_the_defaults() -> None:
    changed = apply(make.full_config(), {section: dict.fromkeys(fields) for section, fields in FORM.items()})

    assert changed == Config(app=AppKind.WHITELABEL)


@pytest.mark.parametrize(
    ("section", "field", "code"),
    [
        ("provisioning", "url", ProblemCode.PROVISIONING_URL_REQUIRED),
        ("help", "credentialsSource", ProblemCode.CREDENTIALS_SOURCE_REQUIRED),
    ],
)
def test_null_is_refused_where_another_setting_needs_the_value(section: str, field: str, code: ProblemCode) -> None:
    (problem,) = problems_of(make.full_config(), {section: {field: None}})

    assert (problem.code, problem.path) == (code, (section, field))


def test_a_list_is_replaced_whole() -> None:
    link = {"title": "Contact", "url": "https://acme.example/contact"}

    changed = apply(make.full_config(), {"help": {"links": [link]}})

    assert to_mapping(changed)["help"]["links"] == [link]


def test_a_refused_form_leaves_the_config_as_it_was() -> None:
    config = make.full_config()
    before = to_mapping(config)

    problems_of(config, {"branding": {"themeColor": "#ffffff"}, "help": {"menuTitle": "", "links": []}})

    assert to_mapping(config) == before
    assert config == make.full_config()


def test_every_problem_is_told_at_once_in_the_order_of_the_form() -> None:
    link = {"title": "Invoices", "url": "https://acme.example/?u=%user%"}
    sent: dict[str, dict[str, Any]] = {
        "help": {
            "links": [link, {"url": "http://a.example/"}, {"title": "x" * 41, "url": ""}, link, link, link],
            "contactEmail": "nobody",
            "menuTitle": " ",
        },
        "provisioning": {
            "subdomain": "-",
            "sipDomain": "sip:a",
            "passwordPlaceholder": "PIN",
            "usernamePlaceholder": "x" * 31,
            "isEnabled": True,
        },
        "branding": {"darkThemeColor": "", "themeColor": "navy"},
    }

    told = codes_of(make.config(AppKind.GENERIC), sent)

    assert told == [
        ("branding.themeColor", "COLOR_SYNTAX"),
        ("branding.darkThemeColor", "REQUIRED"),
        ("provisioning.url", "PROVISIONING_URL_REQUIRED"),
        ("provisioning.usernamePlaceholder", "TEXT_TOO_LONG"),
        ("provisioning.passwordPlaceholder", "PLACEHOLDER_ON_GENERIC"),
        ("provisioning.sipDomain", "SIP_DOMAIN_SYNTAX"),
        ("provisioning.subdomain", "SUBDOMAIN_SYNTAX"),
        ("help.menuTitle", "REQUIRED"),
        ("help.contactEmail", "EMAIL_SYNTAX"),
        ("help.credentialsSource", "CREDENTIALS_SOURCE_REQUIRED"),
        ("help.links", "TOO_MANY"),
        ("help.links.1.title", "REQUIRED"),
        ("help.links.1.url", "LINK_HTTP"),
        ("help.links.2.title", "TEXT_TOO_LONG"),
        ("help.links.2.url", "REQUIRED"),
    ]


def test_a_field_with_a_problem_of_its_own_is_not_told_that_it_is_missing() -> None:
    sent = {"provisioning": {"isEnabled": True, "url": "http://a.example/"}}

    assert codes_of(make.config(), sent) == [("provisioning.url", "LINK_HTTP")]


def test_a_missing_credentials_source_is_told_beside_a_link_that_lacks_its_title() -> None:
    sent = {"help": {"links": [{"url": "https://acme.example/?u=%user%"}]}}

    assert codes_of(make.config(), sent) == [
        ("help.credentialsSource", "CREDENTIALS_SOURCE_REQUIRED"),
        ("help.links.0.title", "REQUIRED"),
    ]


def test_the_sixth_link_is_told_even_when_one_of_them_is_wrong() -> None:
    link = {"title": "Invoices", "url": "https://acme.example/"}

    told = codes_of(make.config(), {"help": {"links": [link] * 5 + [{**link, "url": "ftp://acme.example/"}]}})

    assert told == [("help.links", "TOO_MANY"), ("help.links.5.url", "LINK_SCHEME")]


def test_an_admitted_host_may_stand_in_every_address() -> None:
    sent: dict[str, dict[str, Any]] = {
        "provisioning": {"url": "https://pbx.test/"},
        "help": {"contactEmail": "a@pbx.test", "links": [{"title": "Help", "url": "https://pbx.test/"}]},
    }

    admitted = to_mapping(apply(make.config(), sent, frozenset({"pbx.test"})))

    assert admitted["help"]["contactEmail"] == "a@pbx.test"
    assert [place for place, _ in codes_of(make.config(), sent)] == [
        "provisioning.url",
        "help.contactEmail",
        "help.links.0.url",
    ]


def test_a_dark_colour_follows_the_theme_colour_until_it_is_set() -> None:
    following = apply(make.config(), {"branding": {"themeColor": "#0d47a1"}})
    fixed = apply(following, {"branding": {"darkThemeColor": "#8ab4f8"}})
    kept = apply(fixed, {"branding": {"themeColor": "#c2185b"}})
    reset = apply(kept, {"branding": {"darkThemeColor": None}})

    assert following.branding == make.config(branding={"themeColor": "#0d47a1"}).branding
    assert kept.branding.dark_theme_color.hex == "#8ab4f8"
    assert reset.branding == make.config(branding={"themeColor": "#c2185b"}).branding


@given(st.sampled_from(AppKind), SENT)
def test_whatever_is_sent_makes_a_stable_config_or_a_list_of_problems_at_fields_that_exist(
    app: AppKind, sent: dict[str, dict[str, Any]]
) -> None:
    try:
        config = apply(Config(app=app), sent)
    except InvalidInputError as error:
        assert error.problems
        assert all(problem.path[:2] in PLACES for problem in error.problems)
        assert len(set(error.problems)) == len(error.problems)
    else:
        assert apply(config, sent) == config == apply(Config(app=app), to_mapping(config))
