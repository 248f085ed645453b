"""What setup links cost the database; all refusals the same, so that none is told by its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.documents import (
    CREATE_SETUP_LINK,
    REDEEM_SETUP_LINK,
    REVOKE_ALL_SETUP_LINKS,
    REVOKE_SETUP_LINK,
    SETUP_LINKS,
    SUSPEND,
)
from tests.api.test_sql_cost import RECORD, SIGNED_IN, statements

if TYPE_CHECKING:
    from tests.conftest import Ask

CONTENT = {"accounts": {"sipAccounts": [{"username": "user1", "password": "SECRET", "transport": "TLS"}]}}
LOOK = ["SELECT setup_link", "SELECT revision"]
REFUSED = ["SELECT setup_link", "SELECT refused_attempt", "DELETE refused_attempt", "INSERT refused_attempt"]


@pytest.fixture
def acme(ask: Ask) -> str:
    tenant = ask.create("AcmeInc")
    ask.publish(tenant)
    return tenant


def make(ask: Ask, tenant: str, **fields: Any) -> Any:
    return ask(CREATE_SETUP_LINK, {"input": {"tenantId": tenant, "content": CONTENT, **fields}})


def redeem(ask: Ask, code: str, device: str = "phone-1") -> Any:
    return ask(REDEEM_SETUP_LINK, {"input": {"setupCode": code, "deviceId": device, "app": "GENERIC"}}, as_="anonymous")


def test_a_link_costs_two_reads_two_clearings_and_one_write(ask: Ask, acme: str) -> None:
    with statements() as seen:
        make(ask, acme)

    clearing = ["DELETE setup_link", "UPDATE setup_link"]
    assert seen == [*SIGNED_IN, "SELECT draft", "SELECT revision", *clearing, "INSERT setup_link", *RECORD]


def test_a_redeem_looks_twice_and_writes_once_and_a_repeat_writes_nothing(ask: Ask, acme: str) -> None:
    code = make(ask, acme)["setupCode"]

    with statements() as first:
        redeem(ask, code)
    with statements() as again:
        redeem(ask, code)

    assert first == [*LOOK, "SELECT setup_link", *LOOK, "UPDATE setup_link", *RECORD]
    assert again == LOOK


def test_every_refusal_asks_the_database_the_same(ask: Ask, acme: str) -> None:
    early, bright = ask.create("NewTel"), ask.create("BrightTel", "WHITELABEL")
    ask.publish(bright)
    revoked, unpublished, brand = make(ask, acme), make(ask, early), make(ask, bright)
    ask(REVOKE_SETUP_LINK, {"input": {"setupLinkId": revoked["setupLink"]["id"]}})
    late = ask.create("LateTel")
    ask.publish(late)
    suspended = make(ask, late)
    ask(SUSPEND, {"input": {"tenantId": late, "reason": "unpaid"}})
    codes = [one["setupCode"] for one in (revoked, unpublished, brand, suspended)]

    for code in ("scloc:?v=2&token=" + "x" * 43, "none", *codes):
        with statements() as seen:
            redeem(ask, code)
        assert seen == REFUSED


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_one_read_whatever_its_length(ask: Ask, acme: str, count: int) -> None:
    for _ in range(count):
        make(ask, acme)

    with statements() as seen:
        found = ask(SETUP_LINKS, {"providerId": "AcmeInc", "first": 50})

    assert len(found["setupLinks"]["edges"]) == count
    assert seen == [*SIGNED_IN, "SELECT tenant", "SELECT setup_link"]


def test_revoking_one_and_all_has_its_price(ask: Ask, acme: str) -> None:
    link = make(ask, acme)["setupLink"]["id"]

    with statements() as one:
        ask(REVOKE_SETUP_LINK, {"input": {"setupLinkId": link}})
    with statements() as every:
        ask(REVOKE_ALL_SETUP_LINKS, {"input": {"tenantId": acme}})

    assert one == [*SIGNED_IN, *["SELECT setup_link"] * 2, "UPDATE setup_link", *RECORD, "SELECT setup_link"]
    answer = ["SELECT tenant", "SELECT setup_link"]
    assert every == [*SIGNED_IN, "SELECT draft", *["UPDATE setup_link"] * 2, *answer]
