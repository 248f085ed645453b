from __future__ import annotations

from typing import Any

from tests.api.documents import PUBLISH, RENAME, SAVE_BRANDING
from tests.conftest import Ask

HISTORY = """
query($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on Tenant {
  published { number }
  revisions(first: $first, after: $after) {
    edges { cursor node { number note changes { path before after } } } pageInfo { hasNextPage endCursor }
  }
} } }
"""
COMPARE = """
query($id: ID!, $number: Int!, $to: Int) { node(id: $id) { ... on Tenant {
  revision(number: $number) { number config { branding { themeColor } } changes(comparedTo: $to) { before after } }
} } }
"""


def _publish(ask: Ask, tenant: str, version: int, **more: Any) -> Any:
    return ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": version, **more}})


def _paint(ask: Ask, tenant: str, version: int, color: str) -> None:
    sent = {"tenantId": tenant, "expectedVersion": version, "branding": {"themeColor": color}}
    assert "draft" in ask(SAVE_BRANDING, {"input": sent})


def test_a_revision_carries_its_number_author_note_and_changes(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _publish(ask, tenant, 1)
    _paint(ask, tenant, 2, "#0d47a1")

    published = _publish(ask, tenant, 3, note="  darker\nfor Jane ")

    assert published["revision"] == {
        "number": 2,
        "note": "darker\nfor Jane",
        "publishedBy": {"kind": "PERSON", "name": "admin"},
        "changes": [{"path": ["branding", "themeColor"], "before": "#1565c0", "after": "#0d47a1"}],
    }
    assert published["tenant"] == {"status": "LIVE", "app": "GENERIC", "name": "AcmeInc"}


def test_a_publish_whose_answer_was_lost_can_be_repeated(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _publish(ask, tenant, 1)

    repeated = _publish(ask, tenant, 1)

    assert repeated["__typename"] == "NothingToPublish"
    assert repeated["revision"]["number"] == 1


def test_what_is_live_already_is_not_published_again(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _publish(ask, tenant, 1)
    _paint(ask, tenant, 2, "#0d47a1")
    _paint(ask, tenant, 3, "#1565c0")

    again = _publish(ask, tenant, 4)

    assert again["__typename"] == "NothingToPublish"


def test_a_publish_of_a_version_that_somebody_changed_is_a_conflict(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _paint(ask, tenant, 1, "#0d47a1")

    refused = _publish(ask, tenant, 1)

    assert (refused["__typename"], refused["currentVersion"]) == ("VersionConflict", 2)


def test_an_editor_who_was_overtaken_by_a_publish_is_told_the_publisher(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _publish(ask, tenant, 1)
    sent = {"tenantId": tenant, "expectedVersion": 1, "branding": {"themeColor": "#0d47a1"}}

    refused = ask(SAVE_BRANDING, {"input": sent})

    assert (refused["currentVersion"], refused["changedBy"]["name"]) == (2, "admin")


def test_a_warning_stops_a_publish_only_when_the_caller_lists_what_is_accepted(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _paint(ask, tenant, 1, "#ffeb3b")

    asked = _publish(ask, tenant, 2, acceptedWarnings=["COLOR_CONTRAST_CONTROL"])
    published = _publish(ask, tenant, 2, acceptedWarnings=["COLOR_CONTRAST_CONTROL", "COLOR_CONTRAST_TEXT"])

    assert asked["__typename"] == "UnacceptedWarnings"
    assert asked["warnings"] == [{"code": "COLOR_CONTRAST_TEXT", "path": ["branding", "themeColor"]}]
    assert published["revision"]["number"] == 1


def test_a_note_that_is_too_long_is_refused_and_nothing_published(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")

    refused = _publish(ask, tenant, 1, note="x" * 501)

    assert [(problem["code"], problem["path"]) for problem in refused["problems"]] == [("TEXT_TOO_LONG", ["note"])]
    assert ask(HISTORY, {"id": tenant, "first": 1})["published"] is None


def test_a_rename_alone_can_be_published(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    _publish(ask, tenant, 1)
    ask(RENAME, {"input": {"tenantId": tenant, "expectedVersion": 2, "name": "Acme Telecom"}})

    published = _publish(ask, tenant, 3)

    assert published["revision"]["changes"] == [{"path": ["name"], "before": "AcmeInc", "after": "Acme Telecom"}]


def test_history_is_paged_newest_first_and_stable_under_new_revisions(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    for number in range(5):
        _paint(ask, tenant, 2 * number + 1, f"#0000{number}{number}")
        _publish(ask, tenant, 2 * number + 2)

    first = ask(HISTORY, {"id": tenant, "first": 2})["revisions"]
    _paint(ask, tenant, 11, "#00ff00")
    _publish(ask, tenant, 12)
    second = ask(HISTORY, {"id": tenant, "first": 4, "after": first["pageInfo"]["endCursor"]})["revisions"]

    assert [edge["node"]["number"] for edge in first["edges"]] == [5, 4]
    assert first["pageInfo"]["hasNextPage"] is True
    assert [edge["node"]["number"] for edge in second["edges"]] == [3, 2, 1]
    assert second["pageInfo"]["hasNextPage"] is False


def test_any_two_revisions_can_be_compared(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    for version, color in ((1, "#000011"), (3, "#000022"), (5, "#000033")):
        _paint(ask, tenant, version, color)
        _publish(ask, tenant, version + 1)

    found = ask(COMPARE, {"id": tenant, "number": 1, "to": 3})["revision"]
    unknown = ask.raw(COMPARE, {"id": tenant, "number": 1, "to": 9})
    absent = ask(COMPARE, {"id": tenant, "number": 9})

    assert found["changes"] == [{"before": "#000033", "after": "#000011"}]
    assert unknown["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert absent["revision"] is None
