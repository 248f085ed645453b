"""What each question costs the database: pinned, and the same for five tenants as for fifty."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.documents import (
    CHANGE_APP_KIND,
    CREATE,
    DELETE,
    PUBLISH,
    RENAME,
    RESUME,
    ROTATE_SIGNING_SECRET,
    SAVE_BRANDING,
    SAVE_HELP,
    SAVE_PROVISIONING,
    SCREENS,
    SUSPEND,
    TENANT,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Ask

SIGNED_IN = ["SELECT session"]
"""What every signed-in request begins with: the person and their roles come with it."""
TENANTS = """
query($first: Int!) { tenants(first: $first) { edges { node {
  id name providerId status app
  draft { version hasChanges editedAt editedBy { name } config { branding { themeColor } } }
  published { number publishedAt publishedBy { name } note config { branding { themeColor } } }
} } pageInfo { hasNextPage endCursor } } }
"""
EDITOR = """
query($id: ID!) { node(id: $id) { ... on Tenant {
  id name providerId status app viewerPermissions
  draft {
    version hasChanges editedAt editedBy { name }
    config { app branding { themeColor } provisioning { url } help { links { title url } } }
    warnings { code path } changes { path label before after effect }
    tenant { name }
  }
  published { number publishedAt config { branding { themeColor } } }
} } }
"""
HISTORY = """
query($id: ID!) { node(id: $id) { ... on Tenant {
  name
  revisions(first: 20) {
    edges { node { number note publishedAt publishedBy { name } changes { path before after } } }
    pageInfo { hasNextPage endCursor }
  }
} } }
"""


class _Statements(logging.Handler):
    """Collects what Tortoise logs: each statement that it sends, by its verb and table."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = str(record.args[0]) if isinstance(record.args, tuple) and record.args else record.getMessage()
        text = re.sub(r"\(SELECT [^()]*\)", "", text)  # what stands inside is the same statement
        table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', text)
        assert table, text
        if text.startswith("UPDATE") and "last_used_at" in text:
            return  # written beside the requests, whenever there is time
        if text.lstrip().startswith("SELECT") and table[1] == "change_counter":
            return  # read beside the requests, whenever something was committed
        if re.search(r'"revision".*"provider_key" IN \(|"app_key".*"tenant_id" IN \(', text):
            return  # read beside the requests, to be known when the database is away
        self.seen.append(f"{text.split()[0]} {table[1]}")


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of what is done inside, in order; nothing of them reaches the output."""
    log, handler = logging.getLogger("tortoise.db_client"), _Statements()
    level, propagates = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield handler.seen
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagates


def fill(ask: Ask, count: int) -> None:
    """That many published tenants; with the neighbour that is one more."""
    for number in range(count - 1):
        ask.publish(ask.create(f"tenant-{number}"))


def published(ask: Ask) -> str:
    tenant = ask.create("AcmeInc")
    ask.publish(tenant)
    return tenant


def test_what_phones_ask_costs_one_read(ask: Ask) -> None:
    published(ask)

    with statements() as known:
        screens = ask(SCREENS, {"providerId": "AcmeInc", "app": "GENERIC"}, as_="anonymous")
    with statements() as unknown:
        ask(SCREENS, {"providerId": "NoSuchTenant", "app": "GENERIC"}, as_="anonymous")
    with statements() as impossible:
        ask(SCREENS, {"providerId": "no such tenant", "app": "GENERIC"}, as_="anonymous")

    assert screens["__typename"] == "SoftphoneConfig"
    assert known == unknown == impossible == ["SELECT tenant"]


@pytest.mark.parametrize("count", [5, 50])
def test_a_page_of_tenants_costs_two_reads_whatever_its_length(ask: Ask, count: int) -> None:
    fill(ask, count)

    with statements() as seen:
        page = ask(TENANTS, {"first": 50})

    assert len(page["edges"]) == count
    assert all(edge["node"]["published"] for edge in page["edges"])
    assert seen == [*SIGNED_IN, "SELECT tenant", "SELECT revision"]


@pytest.mark.parametrize("count", [5, 50])
def test_the_editor_costs_three_reads(ask: Ask, count: int) -> None:
    tenant = published(ask)
    fill(ask, count)

    with statements() as seen:
        found = ask(EDITOR, {"id": tenant})

    assert found["draft"]["hasChanges"] is False
    assert [*seen[:2], *sorted(seen[2:])] == [*SIGNED_IN, "SELECT tenant", "SELECT draft", "SELECT revision"]


@pytest.mark.parametrize("revisions", [1, 12])
def test_the_history_costs_three_reads_whatever_its_length(ask: Ask, revisions: int) -> None:
    tenant = published(ask)
    for number in range(1, revisions):
        change = {"tenantId": tenant, "expectedVersion": 2 * number, "branding": {"themeColor": f"#0000{number:02x}"}}
        ask(SAVE_BRANDING, {"input": change})
        ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": 2 * number + 1}})

    with statements() as seen:
        found = ask(HISTORY, {"id": tenant})

    assert len(found["revisions"]["edges"]) == revisions
    second = ["SELECT revision"] if revisions > 1 else []  # those that the listed ones are compared with
    assert seen == [*SIGNED_IN, "SELECT tenant", "SELECT revision", *second]


def test_one_tenant_by_name_costs_three_reads(ask: Ask) -> None:
    published(ask)

    with statements() as seen:
        ask(TENANT, {"providerId": "AcmeInc"})

    assert [*seen[:2], *sorted(seen[2:])] == [*SIGNED_IN, "SELECT tenant", "SELECT draft", "SELECT revision"]


SAVE = ["SELECT draft", "UPDATE draft"]
RECORD = ["SELECT audit_chain", "INSERT audit_event", "UPDATE audit_chain"]
"""What each change ends with: it goes on record."""
TELL = ["SELECT tenant", "UPDATE change_counter", "INSERT change"]
"""What a change ends with that those who serve have to know: whose it is, and its number in the order of commits."""
FIRST_RECORD = ["SELECT audit_chain", "INSERT audit_chain", *RECORD]
"""Of a new tenant, whose chain is made."""
ANSWER = ["SELECT revision", "SELECT tenant"]
"""What the tests' document asks about a saved draft: its changes against the live revision and by which name."""


@pytest.mark.parametrize(
    ("document", "change", "expected"),
    [
        (SAVE_BRANDING, {"branding": {"themeColor": "#123456"}}, [*SAVE, *RECORD, *ANSWER]),
        (SAVE_PROVISIONING, {"provisioning": {"subdomain": "pbx"}}, [*SAVE, *RECORD, *ANSWER]),
        (SAVE_HELP, {"help": {"menuTitle": "Billing"}}, [*SAVE, *RECORD, *ANSWER]),
        (CHANGE_APP_KIND, {"app": "WHITELABEL"}, [*SAVE, "UPDATE tenant", *RECORD, *ANSWER]),
    ],
    ids=["branding", "provisioning", "help", "kind"],
)
@pytest.mark.parametrize("count", [1, 20])
def test_a_save_costs_one_read_and_one_write_and_goes_on_record(
    ask: Ask, document: str, change: dict[str, Any], expected: list[str], count: int
) -> None:
    tenant = published(ask)
    fill(ask, count)

    with statements() as seen:
        saved = ask(document, {"input": {"tenantId": tenant, "expectedVersion": 2, **change}})

    assert saved["draft"]["version"] == 3
    assert seen == [*SIGNED_IN, *expected]


def test_a_publish_costs_three_reads_and_four_writes_and_goes_on_record(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")

    with statements() as seen:
        done = ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": 1}})

    assert done["revision"]["number"] == 1
    assert seen == [
        *SIGNED_IN,
        *["SELECT draft", "SELECT tenant", "SELECT revision"],
        *["UPDATE draft", "INSERT revision", "UPDATE tenant", "UPDATE provider_id"],
        *RECORD,
        *TELL,
        "SELECT tenant",  # for the answer
    ]


def test_a_refused_publish_writes_nothing(ask: Ask) -> None:
    tenant = published(ask)

    with statements() as seen:
        ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": 2}})

    assert [statement for statement in seen if not statement.startswith("SELECT")] == []


def test_a_creation_costs_two_reads_and_three_writes_and_begins_a_record(ask: Ask) -> None:
    with statements() as seen:
        ask(CREATE, {"input": {"providerId": "AcmeInc", "app": "GENERIC"}})

    assert [*seen[:-2], *sorted(seen[-2:])] == [
        *SIGNED_IN,
        "SELECT provider_id",
        *["INSERT tenant", "INSERT provider_id", "INSERT draft"],
        *FIRST_RECORD,
        "SELECT tenant",
        *["SELECT draft", "SELECT revision"],  # for the answer
    ]


@pytest.mark.parametrize(
    ("document", "change", "expected"),
    [
        (SUSPEND, {"reason": "unpaid"}, ["SELECT tenant", "UPDATE tenant", *RECORD, "SELECT tenant", *TELL]),
        (RESUME, {}, ["SELECT tenant", "UPDATE tenant", "SELECT tenant"]),
        (
            DELETE,
            {"confirmProviderId": "AcmeInc"},
            [
                "SELECT draft",
                "SELECT tenant",
                "DELETE provider_id",
                "DELETE tenant",
                "UPDATE audit_event",
                *RECORD,
                *TELL,
            ],
        ),
        (
            RENAME,
            {"expectedVersion": 2, "name": "Acme Telecom"},
            # and for the answer: the draft, and what it is compared with
            [
                "SELECT draft",
                "SELECT tenant",
                "UPDATE draft",
                "UPDATE tenant",
                *RECORD,
                *TELL,
                "SELECT draft",
                "SELECT revision",
            ],
        ),
    ],
    ids=["suspend", "resume", "delete", "rename"],
)
def test_what_is_done_to_a_tenant_has_its_price(
    ask: Ask, document: str, change: dict[str, Any], expected: list[str]
) -> None:
    tenant = published(ask)

    with statements() as seen:
        ask(document, {"input": {"tenantId": tenant, **change}})

    assert seen == [*SIGNED_IN, *expected]


def test_headers_with_values_cost_a_row_each_and_those_without_cost_nothing(ask: Ask) -> None:
    tenant = published(ask)
    headers = [{"name": f"X-{number}", "value": "SECRET-1"} for number in range(2)]
    document = "mutation($input: SaveProvisioningInput!) { saveProvisioning(input: $input) { __typename } }"

    with statements() as new:
        ask(document, {"input": {"tenantId": tenant, "expectedVersion": 2, "provisioning": {"headers": headers}}})
    kept = [{"name": header["name"]} for header in headers]
    with statements() as again:
        ask(document, {"input": {"tenantId": tenant, "expectedVersion": 3, "provisioning": {"headers": kept}}})

    stored = ["SELECT draft", "SELECT revision", "INSERT secret", "INSERT secret", "UPDATE draft"]
    told = ["SELECT secret", "SELECT audit_chain"]  # for their fingerprints
    assert new == [*SIGNED_IN, *stored, *told, "DELETE secret", *RECORD]  # which deletes what is named no longer
    assert again == [*SIGNED_IN, *SAVE, *RECORD]


def test_a_rotation_of_the_signing_secret_has_its_price(ask: Ask) -> None:
    tenant = published(ask)

    with statements() as first:
        ask(ROTATE_SIGNING_SECRET, {"tenantId": tenant})
    with statements() as second:
        ask(ROTATE_SIGNING_SECRET, {"tenantId": tenant})

    looked = ["SELECT draft", "DELETE secret", "SELECT secret"]
    answer = ["SELECT tenant", "SELECT secret"]
    assert first == [*SIGNED_IN, *looked, "INSERT secret", "INSERT secret", *RECORD, *answer]
    assert second == [*SIGNED_IN, *looked, "UPDATE secret", "INSERT secret", *RECORD, *answer]


def test_a_qr_code_costs_two_reads_and_no_write(ask: Ask) -> None:
    tenant = ask.create("AcmeInc")
    document = "mutation($input: MakeQrCodeInput!) { makeQrCode(input: $input) { __typename } }"
    login = {"login": {"username": "1000", "password": "1234"}}
    sent = {"input": {"tenantId": tenant, "format": "SESSIONTALK", "content": login}}

    with statements() as unpublished:
        ask(document, sent)
    ask.publish(tenant)
    with statements() as live:
        ask(document, sent)

    assert unpublished == [*SIGNED_IN, "SELECT tenant", "SELECT revision", "SELECT draft"]
    assert live == [*SIGNED_IN, "SELECT tenant", "SELECT revision"]
