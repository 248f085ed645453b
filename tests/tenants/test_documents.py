"""A config as one canonical document, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tenants.colors import ThemeColor
from tenants.documents import from_document, to_document, to_mapping
from tenants.errors import InvalidInputError
from tenants.model import AppKind, Branding, Config
from tenants.parsing import apply
from tests import make


@given(make.CONFIGS)
def test_a_document_is_read_back_as_the_config_it_was_made_from(config: Config) -> None:
    assert from_document(to_document(config)) == config


@given(make.CONFIGS, make.CONFIGS)
def test_equal_configs_are_equal_documents_and_others_are_not(one: Config, other: Config) -> None:
    assert (to_document(one) == to_document(other)) == (one == other)


@given(make.CONFIGS)
def test_a_document_is_canonical_json(config: Config) -> None:
    document = to_document(config)

    assert document == json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(make.CONFIGS)
def test_sending_what_is_stored_changes_nothing(config: Config) -> None:
    assert apply(Config(app=config.app), to_mapping(config)) == config == apply(config, to_mapping(config))


def test_a_document_that_breaks_the_rules_of_today_is_read_as_it_was_published() -> None:
    stored = _document(make.full_config())
    stored["app"] = "GENERIC"  # with placeholders: P3
    stored["branding"]["themeColor"] = "#0d47a1"
    stored["provisioning"].update(url="http://10.0.0.1/?username=%user%", sipDomain="-pbx", subdomain="a_b.local")
    stored["help"].update(menuTitle="x" * 99, contactEmail="nobody", credentialsSource=None)
    stored["help"]["links"] = [{"title": "", "url": f"https://intranet/%user%/{n}"} for n in range(9)]

    config = from_document(json.dumps(stored))

    assert to_mapping(config)["provisioning"]["url"] == "http://10.0.0.1/?username=%user%"
    assert to_mapping(config)["provisioning"]["sipDomain"] == "-pbx"
    assert to_mapping(config)["provisioning"]["subdomain"] == "a_b.local"
    assert to_mapping(config)["help"] == stored["help"]
    with pytest.raises(InvalidInputError):
        apply(Config(app=AppKind.GENERIC), to_mapping(config))


def test_the_chosen_dark_colour_is_stored_so_that_another_choice_later_changes_no_phone() -> None:
    chosen = Branding(theme_color=ThemeColor("#0d47a1"), dark_theme_color=ThemeColor("#123456"))
    config = replace(make.config(), branding=chosen)

    assert from_document(to_document(config)).branding == chosen


@pytest.mark.parametrize(
    ("part", "damaged"),
    [
        ('"WHITELABEL"', '"OTHER"'),
        ('"POST_JSON"', '"PUT"'),
        ('"PROVISIONING"', '"OTHER"'),
        ('"https://acme.example/hours"', '"acme.example/hours"'),
        ('"https://pbx.acme.example/provisioning/"', '"pbx.acme.example"'),
        ('"menuTitle"', '"title"'),
        ('"themeColor"', '"color"'),
        ("}", ""),
    ],
)
def test_a_damaged_document_is_an_error_and_no_other_config(part: str, damaged: str) -> None:
    document = to_document(make.full_config())
    assert part in document

    with pytest.raises((KeyError, ValueError)):
        from_document(document.replace(part, damaged))


def _document(config: Config) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(to_document(config))
    return document
