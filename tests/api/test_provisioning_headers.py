"""Fixed headers through the API: written, shown as dots, kept when no value is sent, echoed nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.documents import REFUSAL

if TYPE_CHECKING:
    from tests.conftest import Ask

SAVE = f"""
mutation($input: SaveProvisioningInput!) {{ saveProvisioning(input: $input) {{
  ... on DraftSaved {{ draft {{
    version hasChanges
    config {{ provisioning {{ headers {{ name maskedValue }} }} }}
    changes {{ path label before after effect }}
  }} }}
  {REFUSAL}
}} }}
"""
PUBLISHED = """
query($id: ID!) { node(id: $id) { ... on Tenant { published {
  config { provisioning { headers { name maskedValue } } }
  changes { path before after }
} } } }
"""
KEY = {"name": "X-Api-Key", "value": "SECRET-0123456789abcdef"}


@pytest.fixture
def acme(ask: Ask) -> str:
    return ask.create("AcmeInc")


def save(ask: Ask, tenant: str, headers: Any) -> Any:
    return ask(
        SAVE,
        {
            "input": {
                "tenantId": tenant,
                "expectedVersion": ask.version(tenant),
                "provisioning": {"headers": headers},
            }
        },
    )


def test_a_header_is_shown_by_its_name_and_the_end_of_its_value(ask: Ask, acme: str) -> None:
    draft = save(ask, acme, [KEY, {"name": "X-Pin", "value": "1234"}])["draft"]

    assert draft["config"]["provisioning"]["headers"] == [
        {"name": "X-Api-Key", "maskedValue": "••••cdef"},
        {"name": "X-Pin", "maskedValue": "••••"},
    ]
    assert [(change["path"], change["before"], change["after"]) for change in draft["changes"]] == [
        (["provisioning", "headers", "0", "name"], None, "X-Api-Key"),
        (["provisioning", "headers", "1", "name"], None, "X-Pin"),
    ]


def test_a_header_sent_without_a_value_or_with_the_stored_one_is_no_change(ask: Ask, acme: str) -> None:
    save(ask, acme, [KEY])
    ask.publish(acme)

    again = [save(ask, acme, [header])["draft"] for header in ({"name": "X-Api-Key"}, {**KEY, "value": None}, KEY)]

    assert [draft["hasChanges"] for draft in again] == [False, False, False]
    assert [draft["changes"] for draft in again] == [[], [], []]


def test_another_value_is_a_change_that_shows_dots_only(ask: Ask, acme: str) -> None:
    save(ask, acme, [KEY])
    ask.publish(acme)

    draft = save(ask, acme, [{**KEY, "value": "SECRET-fedcba9876543210"}])["draft"]
    ask.publish(acme)
    live = ask(PUBLISHED, {"id": acme})["published"]

    assert draft["hasChanges"]
    assert draft["changes"] == [
        {
            "path": ["provisioning", "headers", "0", "value"],
            "label": "Header “X-Api-Key”: value",
            "before": "••••",
            "after": "••••",
            "effect": "Calls to the provider carry another value from then on.",
        }
    ]
    assert live["config"]["provisioning"]["headers"] == [{"name": "X-Api-Key", "maskedValue": "••••3210"}]
    assert live["changes"] == [{"path": draft["changes"][0]["path"], "before": "••••", "after": "••••"}]


def test_null_removes_all_headers(ask: Ask, acme: str) -> None:
    save(ask, acme, [KEY])

    draft = save(ask, acme, None)["draft"]

    assert draft["config"]["provisioning"]["headers"] == []


@pytest.mark.parametrize(
    "headers",
    [
        [{"name": "SECRET name", "value": "SECRET-1"}],
        [{"name": "Host", "value": "SECRET\r\nX: 1"}],
        [{"name": "X-Key", "value": "SECRET-1"}, {"name": "x-key", "value": "SECRET-2"}],
        [{"name": f"X-{number}", "value": "SECRET-1"} for number in range(11)],
        [{"name": "X-Key", "value": "SECRET" * 100}],
        [{"name": "X-Key", "valeu": "SECRET-1"}],
        [{"value": "SECRET-1"}],
        ["SECRET-1"],
        {"name": "X-Key", "value": ["SECRET-1"]},
    ],
    ids=lambda value: str(value)[:20],
)
def test_no_refusal_repeats_what_was_sent(ask: Ask, acme: str, headers: Any) -> None:
    sent = {"tenantId": acme, "expectedVersion": 1, "provisioning": {"headers": headers}}

    told = ask.raw(SAVE, {"input": sent})

    assert "SECRET" not in json.dumps(told)
    assert told.get("errors") or told["data"]["saveProvisioning"]["problems"]
