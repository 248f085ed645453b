"""saveBranding, saveProvisioning, saveHelp, changeAppKind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.documents import CHANGE_APP_KIND, SAVE_BRANDING, SAVE_HELP, SAVE_PROVISIONING, TENANT
from tests.conftest import Ask

LINK = {"title": "Pay your bill", "url": "https://acme.example/pay"}


def _sent(tenant: str, version: int, **section: Any) -> dict[str, Any]:
    return {"input": {"tenantId": tenant, "expectedVersion": version, **section}}


def test_an_absent_field_keeps_its_value_and_null_resets_it(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    first = {"themeColor": "#ABC", "darkThemeColor": "#ddeeff"}
    ask(SAVE_BRANDING, _sent(tenant, 1, branding=first))

    kept = ask(SAVE_BRANDING, _sent(tenant, 2, branding={}))
    reset = ask(SAVE_BRANDING, _sent(tenant, 3, branding={"darkThemeColor": None}))

    assert kept["draft"]["config"]["branding"]["darkThemeColor"] == "#ddeeff"
    assert reset["draft"]["config"]["branding"] == {
        "themeColor": "#aabbcc",
        "darkThemeColor": "#aabbcc",
        "isDarkThemeColorDerived": True,
    }


def test_a_list_of_links_is_replaced_whole(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    ask(SAVE_HELP, _sent(tenant, 1, help={"menuTitle": "Billing", "links": [LINK, LINK | {"title": "Two"}]}))

    saved = ask(SAVE_HELP, _sent(tenant, 2, help={"links": [LINK | {"title": "Three"}]}))

    assert [link["title"] for link in saved["draft"]["config"]["help"]["links"]] == ["Three"]
    assert saved["draft"]["config"]["help"]["menuTitle"] == "Billing"


def test_every_problem_is_answered_at_once_with_its_place(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    links = [{"title": "", "url": "http://acme.example/"}, {"title": "x" * 41, "url": "https://acme.example/%user%"}]

    refused = ask(SAVE_HELP, _sent(tenant, 1, help={"menuTitle": " ", "contactEmail": "nobody", "links": links}))

    assert [(problem["code"], ".".join(problem["path"])) for problem in refused["problems"]] == [
        ("REQUIRED", "help.menuTitle"),
        ("EMAIL_SYNTAX", "help.contactEmail"),
        ("REQUIRED", "help.links.0.title"),
        ("LINK_HTTP", "help.links.0.url"),
        ("TEXT_TOO_LONG", "help.links.1.title"),
        ("LINK_PLACEHOLDER_POSITION", "help.links.1.url"),
    ]
    assert refused["message"] == "There are 6 problems."


def test_a_refused_save_leaves_the_draft_as_it_was(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    before = ask(TENANT, {"providerId": "AcmeInc"})

    refused = ask(SAVE_BRANDING, _sent(tenant, 1, branding={"themeColor": "red"}))

    assert refused["__typename"] == "InvalidInput"
    assert ask(TENANT, {"providerId": "AcmeInc"}) == before


def test_the_second_of_two_editors_is_told_to_read_again(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    ask(SAVE_HELP, _sent(tenant, 1, help={"menuTitle": "First"}))

    refused = ask(SAVE_HELP, _sent(tenant, 1, help={"menuTitle": "Second"}))

    assert refused["__typename"] == "VersionConflict"
    assert refused["currentVersion"] == 2
    assert refused["changedBy"] == {"kind": "PERSON", "name": "admin"}
    assert ask(TENANT, {"providerId": "AcmeInc"})["draft"]["config"]["help"]["menuTitle"] == "First"


def test_the_save_shows_what_publishing_would_change_and_what_to_look_at(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    ask.publish(tenant)

    saved = ask(SAVE_BRANDING, _sent(tenant, 2, branding={"themeColor": "#ffeb3b"}))["draft"]

    assert saved["hasChanges"] is True
    assert saved["changes"] == [
        {
            "path": ["branding", "themeColor"],
            "label": "Theme colour",
            "before": "#1565c0",
            "after": "#ffeb3b",
            "effect": "In dark mode phones show #ffeb3b, the nearest shade that can be read there.",
        }
    ]
    assert [(warning["code"], warning["suggestion"]) for warning in saved["warnings"]] == [
        ("COLOR_CONTRAST_TEXT", "#837800"),
        ("COLOR_CONTRAST_CONTROL", "#a59600"),
    ]


def test_provisioning_cannot_be_on_without_an_address(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")

    refused = ask(SAVE_PROVISIONING, _sent(tenant, 1, provisioning={"isEnabled": True}))

    assert [(problem["code"], problem["path"]) for problem in refused["problems"]] == [
        ("PROVISIONING_URL_REQUIRED", ["provisioning", "url"])
    ]


def test_the_provisioning_address_is_kept_as_typed_but_for_its_host(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    url = "HTTPS://PBX.Acme.Example:443/Provisioning/?a=%2f"

    saved = ask(SAVE_PROVISIONING, _sent(tenant, 1, provisioning={"isEnabled": True, "url": url}))

    assert saved["draft"]["config"]["provisioning"]["url"] == "https://pbx.acme.example/Provisioning/?a=%2f"


def test_turning_a_whitelabel_draft_generic_drops_its_placeholders_and_says_what_phones_lose(ask: Ask) -> None:
    tenant = ask.create("BrightTel", app="WHITELABEL")
    ask(SAVE_PROVISIONING, _sent(tenant, 1, provisioning={"usernamePlaceholder": "Account No"}))
    ask.publish(tenant)

    saved = ask(CHANGE_APP_KIND, _sent(tenant, 3, app="GENERIC"))["draft"]

    assert saved["config"]["provisioning"]["usernamePlaceholder"] is None
    assert [(change["path"], change["effect"]) for change in saved["changes"]] == [
        (["app"], "All users of the whitelabel app lose this configuration."),
        (["provisioning", "usernamePlaceholder"], None),
    ]


def test_the_kind_shown_is_the_drafts_until_something_is_live(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    ask(CHANGE_APP_KIND, _sent(tenant, 1, app="WHITELABEL"))
    unpublished = ask(TENANT, {"providerId": "AcmeInc"})["app"]
    ask.publish(tenant)
    ask(CHANGE_APP_KIND, _sent(tenant, 3, app="GENERIC"))

    assert unpublished == "WHITELABEL"
    assert ask(TENANT, {"providerId": "AcmeInc"})["app"] == "WHITELABEL"


@pytest.mark.parametrize(
    ("document", "section"),
    [
        (SAVE_BRANDING, {"branding": {"themeColor": "no colour"}}),
        (SAVE_PROVISIONING, {"provisioning": {"url": "no url"}}),
        (SAVE_HELP, {"help": {"menuTitle": ""}}),
        (CHANGE_APP_KIND, {"app": "GENERIC"}),
    ],
)
def test_a_stranger_is_told_to_sign_in_before_anything_is_read(
    ask: Ask, document: str, section: dict[str, Any]
) -> None:
    known, unknown = ask.create("AcmeInc"), "no-such-id"

    answers = [ask.raw(document, _sent(tenant, 1, **section), as_="anonymous") for tenant in (known, unknown)]

    assert answers[0]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert answers[0] == answers[1]


@pytest.mark.parametrize("tenant", ["no-such-id", "VGVuYW50Ojk5OTk5OQ", "RHJhZnQ6MQ", "", "é", "x" * 4000])
def test_an_id_of_nothing_is_answered_alike_whatever_it_looks_like(ask: Ask, tenant: str) -> None:
    answer = ask(SAVE_BRANDING, _sent(tenant, 1, branding={"themeColor": "no colour"}))

    assert answer == {"__typename": "NotFound", "message": "There is nothing here that you can see."}
