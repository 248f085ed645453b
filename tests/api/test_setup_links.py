"""Setup links through the API: made and revoked by staff, redeemed by anonymous phones."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tenants.database import transaction
from tenants.rows import SetupLinkRow
from tests.api.documents import (
    CREATE_SETUP_LINK,
    DELETE,
    REDEEM_SETUP_LINK,
    REVOKE_ALL_SETUP_LINKS,
    REVOKE_SETUP_LINK,
    SAVE_PROVISIONING,
    SETUP_LINKS,
    SUSPEND,
)
from tests.databases import looking_at_rows

if TYPE_CHECKING:
    from tests.conftest import Ask

SIP = {"username": "user1", "password": "SECRET-sip", "transport": "TLS", "srtp": True}
XMPP = {"jid": "user1@chat.acme.example", "password": "SECRET-xmpp", "domain": "chat.acme.example"}
ACCOUNTS = {"accounts": {"sipAccounts": [SIP], "xmppAccounts": [XMPP]}}
LOGIN = {"login": {"username": "1000", "password": "SECRET-login"}}
NO_LINK = "VGVuYW50OjQyNDI0Mg"
UNUSABLE = {
    "__typename": "SetupLinkUnusable",
    "message": "This setup code does not work any more. Ask your provider for a new one.",
}


@pytest.fixture
def acme(ask: Ask) -> str:
    """A generic tenant with external provisioning live."""
    tenant = ask.create("AcmeInc", name="A-Name")
    provisioning = {
        "isEnabled": True,
        "url": "https://pbx.acme.example/p",
        "sipDomain": "acme.example:5070",
        "subdomain": "pbx",
    }
    saved = ask(SAVE_PROVISIONING, {"input": {"tenantId": tenant, "expectedVersion": 1, "provisioning": provisioning}})
    assert "draft" in saved
    ask.publish(tenant)
    return tenant


def make(ask: Ask, tenant: str, content: Any = ACCOUNTS, **fields: Any) -> Any:
    return ask(CREATE_SETUP_LINK, {"input": {"tenantId": tenant, "content": content, **fields}})


def redeem(ask: Ask, code: str, device: str = "phone-1", app: str = "GENERIC", **fields: Any) -> Any:
    """As a phone, which sends no credential."""
    sent = {"setupCode": code, "deviceId": device, "app": app, **fields}
    return ask(REDEEM_SETUP_LINK, {"input": sent}, as_="anonymous")


def listed(ask: Ask, **variables: Any) -> Any:
    return ask(SETUP_LINKS, {"providerId": "AcmeInc", **variables})["setupLinks"]


def test_a_link_is_made_and_shown_once(ask: Ask, acme: str) -> None:
    made = make(ask, acme, note="  J. Bloggs, ext. 1000 ", lifetimeHours=2)

    token = re.fullmatch(r"scloc:\?v=2&token=([A-Za-z0-9_-]{43})", made["setupCode"])
    assert token is not None
    assert made["url"] == f"http://testserver/setup/{token[1]}"
    assert made["qrCode"]["payload"] == made["setupCode"]
    assert made["qrCode"]["svg"].startswith("<svg")
    assert base64.b64decode(made["qrCode"]["pngBase64"]).startswith(b"\x89PNG")
    link = made["setupLink"]
    assert (link["note"], link["carries"], link["status"]) == ("J. Bloggs, ext. 1000", "ACCOUNTS", "OPEN")
    assert (link["canMove"], link["redeemedAt"], link["createdBy"]["kind"]) == (False, None, "PERSON")
    assert token[1] not in json.dumps(listed(ask))


def test_a_phone_gets_accounts_with_the_tenants_host(ask: Ask, acme: str) -> None:
    code = make(ask, acme)["setupCode"]

    given = redeem(ask, code)

    assert (given["__typename"], given["providerId"]) == ("SetupLinkRedeemed", "AcmeInc")
    (sip,), (xmpp,) = given["content"]["sipAccounts"], given["content"]["xmppAccounts"]
    assert (sip["username"], sip["password"], sip["transport"], sip["srtp"]) == ("user1", "SECRET-sip", "TLS", True)
    assert (sip["host"], sip["subdomain"], sip["video"]) == ("pbx.acme.example:5070", None, None)
    assert (xmpp["jid"], xmpp["password"], xmpp["useTls"]) == ("user1@chat.acme.example", "SECRET-xmpp", True)


def test_a_phone_gets_a_login(ask: Ask, acme: str) -> None:
    code = make(ask, acme, LOGIN)["setupCode"]

    given = redeem(ask, code)

    assert given["content"] == {"__typename": "SetupLogin", "username": "1000", "password": "SECRET-login"}


def test_the_same_phone_gets_the_same_answer_again_and_no_other_phone_does(ask: Ask, acme: str) -> None:
    code = make(ask, acme)["setupCode"]
    first = redeem(ask, code)

    assert redeem(ask, code) == first
    assert redeem(ask, code, "phone-2") == UNUSABLE
    (edge,) = listed(ask)["edges"]
    assert edge["node"]["status"] == "REDEEMED"
    assert edge["node"]["redeemedAt"] is not None


def test_a_code_may_be_pasted_whole_or_as_its_token_or_as_the_address_of_its_page(ask: Ask, acme: str) -> None:
    codes = [make(ask, acme) for _ in range(3)]

    given = [
        redeem(ask, f" {codes[0]['setupCode']}\n"),
        redeem(ask, codes[1]["setupCode"].partition("token=")[2]),
        redeem(ask, codes[2]["url"]),
    ]

    assert [one["__typename"] for one in given] == ["SetupLinkRedeemed"] * 3


def test_whatever_does_not_work_is_told_by_the_same_bytes(ask: Ask, acme: str) -> None:
    bright = ask.create("BrightTel", "WHITELABEL")
    ask.publish(bright)
    unpublished = ask.create("NewTel")
    used, revoked, brand = make(ask, acme), make(ask, acme), make(ask, bright)
    redeem(ask, used["setupCode"])
    ask(REVOKE_SETUP_LINK, {"input": {"setupLinkId": revoked["setupLink"]["id"]}})

    told = [
        redeem(ask, "scloc:?v=2&token=" + "x" * 43),
        redeem(ask, "no code at all"),
        redeem(ask, used["setupCode"], "phone-2"),
        redeem(ask, revoked["setupCode"]),
        redeem(ask, make(ask, unpublished)["setupCode"]),
        redeem(ask, brand["setupCode"]),
        redeem(ask, brand["setupCode"], app="WHITELABEL", providerId="AcmeInc"),
        redeem(ask, make(ask, acme)["setupCode"], app="WHITELABEL", providerId="AcmeInc"),
    ]

    assert told == [UNUSABLE] * 8
    own = redeem(ask, brand["setupCode"], app="WHITELABEL", providerId="brighttel")
    assert (own["__typename"], own["providerId"]) == ("SetupLinkRedeemed", "BrightTel")


@pytest.mark.parametrize("end", ["suspended", "deleted"])
def test_the_links_of_a_tenant_end_with_it(ask: Ask, acme: str, end: str) -> None:
    made = make(ask, acme)
    document, sent = {
        "suspended": (SUSPEND, {"tenantId": acme, "reason": "unpaid"}),
        "deleted": (DELETE, {"tenantId": acme, "confirmProviderId": "AcmeInc"}),
    }[end]

    ask(document, {"input": sent})

    assert redeem(ask, made["setupCode"]) == UNUSABLE


def test_a_phone_is_told_what_its_request_lacks(ask: Ask) -> None:
    told = redeem(ask, " ", "a\tb", "WHITELABEL")

    assert [(problem["code"], problem["path"]) for problem in told["problems"]] == [
        ("REQUIRED", ["setupCode"]),
        ("TEXT_CHARACTERS", ["deviceId"]),
        ("REQUIRED", ["providerId"]),
    ]


def test_staff_are_told_every_problem_and_no_value(ask: Ask, acme: str) -> None:
    content = {"accounts": {"sipAccounts": [{**SIP, "password": "SECRET\n"}], "xmppAccounts": [{**XMPP, "jid": "no"}]}}

    told = make(ask, acme, content, lifetimeHours=200, note="n" * 61)

    assert [(problem["code"], problem["path"]) for problem in told["problems"]] == [
        ("TEXT_CHARACTERS", ["content", "accounts", "sipAccounts", "0", "password"]),
        ("JID_SYNTAX", ["content", "accounts", "xmppAccounts", "0", "jid"]),
        ("NUMBER_OUT_OF_RANGE", ["lifetimeHours"]),
        ("TEXT_TOO_LONG", ["note"]),
    ]
    assert "SECRET" not in json.dumps(told)


@pytest.mark.parametrize("content", [{}, {**ACCOUNTS, **LOGIN}, {"accounts": None}], ids=["none", "both", "null"])
def test_a_link_carries_exactly_one_thing(ask: Ask, acme: str, content: Any) -> None:
    told = ask.raw(CREATE_SETUP_LINK, {"input": {"tenantId": acme, "content": content}})

    assert told["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "SECRET" not in json.dumps(told)
    assert listed(ask)["edges"] == []


def test_a_login_is_refused_while_external_provisioning_is_not_live(ask: Ask) -> None:
    tenant = ask.create("PlainTel")
    ask.publish(tenant)

    told = make(ask, tenant, LOGIN)

    assert (told["__typename"], told["reason"]) == ("WrongState", "NO_PROVISIONING")
    assert "setupCode" in make(ask, tenant)


def test_links_are_listed_newest_first_by_state_and_in_pages(ask: Ask, acme: str) -> None:
    made = [make(ask, acme, note=f"A-{number}") for number in range(5)]
    redeem(ask, made[1]["setupCode"])

    pages = [listed(ask, first=2)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(listed(ask, first=2, after=pages[-1]["pageInfo"]["endCursor"]))

    notes = [[edge["node"]["note"] for edge in page["edges"]] for page in pages]
    assert notes == [["A-4", "A-3"], ["A-2", "A-1"], ["A-0"]]
    assert [edge["node"]["note"] for edge in listed(ask, status="REDEEMED")["edges"]] == ["A-1"]
    assert len(listed(ask, status="OPEN")["edges"]) == 4
    assert listed(ask, status="EXPIRED")["edges"] == listed(ask, status="REVOKED")["edges"] == []


@pytest.mark.parametrize("after", ["x", "WzEsMl0=", base64.urlsafe_b64encode(b"[-1,1]").decode(), "bnVsbA", "W10"])
def test_a_cursor_that_is_none_of_this_list_is_refused(ask: Ask, acme: str, after: str) -> None:
    made = make(ask, acme)["setupLink"]

    told = ask.raw(SETUP_LINKS, {"providerId": "AcmeInc", "after": after})

    is_cursor = after == "WzEsMl0="  # the first microseconds of 1970: nothing stands behind them
    assert made
    assert bool(told.get("errors")) is not is_cursor


def test_a_link_has_a_node_id(ask: Ask, acme: str) -> None:
    link = make(ask, acme, note="A-Note")["setupLink"]

    found = ask("query($id: ID!) { node(id: $id) { __typename ... on SetupLink { note } } }", {"id": link["id"]})

    assert found == {"__typename": "SetupLink", "note": "A-Note"}


def test_revoking_is_answered_alike_when_repeated(ask: Ask, acme: str) -> None:
    made = make(ask, acme)
    sent = {"input": {"setupLinkId": made["setupLink"]["id"]}}

    first, again = ask(REVOKE_SETUP_LINK, sent), ask(REVOKE_SETUP_LINK, sent)

    assert first == again
    assert first["setupLink"]["status"] == "REVOKED"
    assert ask(REVOKE_SETUP_LINK, {"input": {"setupLinkId": NO_LINK}})["__typename"] == "NotFound"


def test_all_links_are_revoked_and_counted(ask: Ask, acme: str) -> None:
    made = [make(ask, acme) for _ in range(3)]
    redeem(ask, made[0]["setupCode"])

    told = ask(REVOKE_ALL_SETUP_LINKS, {"input": {"tenantId": acme}})

    assert told["count"] == 2
    assert [edge["node"]["status"] for edge in told["tenant"]["setupLinks"]["edges"]] == [
        "REVOKED",
        "REVOKED",
        "REDEEMED",
    ]
    assert [redeem(ask, one["setupCode"], "phone-2") for one in made] == [UNUSABLE] * 3


def test_an_address_that_was_refused_too_often_is_told_to_wait_and_a_good_code_still_works(ask: Ask, acme: str) -> None:
    good = make(ask, acme)["setupCode"]
    told = [redeem(ask, f"{number:043}") for number in range(21)]

    assert told[:20] == [UNUSABLE] * 20
    assert told[20]["__typename"] == "TooManyAttempts"
    assert 1 <= told[20]["retryAfterSeconds"] <= 60
    assert redeem(ask, good)["__typename"] == "SetupLinkRedeemed"


def test_a_code_whose_content_no_key_opens_is_told_to_come_again_and_is_not_used_up(ask: Ask, acme: str) -> None:
    code = make(ask, acme)["setupCode"]
    body = {"query": REDEEM_SETUP_LINK, "variables": {"input": {"setupCode": code, "deviceId": "d", "app": "GENERIC"}}}
    assert ask.client.portal is not None
    kept = ask.client.portal.call(change_key_id, "00000000")

    answer = ask.client.post("/graphql", json=body)
    ask.client.portal.call(change_key_id, kept)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert redeem(ask, code)["__typename"] == "SetupLinkRedeemed"


async def change_key_id(key_id: str) -> str:
    """Of the only link; the one before. A process that lacks the key sees it so."""
    with looking_at_rows():
        row = await SetupLinkRow.get()
        async with transaction():
            await SetupLinkRow.filter(id=row.id).update(key_id=key_id)
    return row.key_id


def test_one_request_redeems_one_code(ask: Ask, acme: str) -> None:
    sent = {"setupCode": make(ask, acme)["setupCode"], "deviceId": "phone-1", "app": "GENERIC"}
    document = "mutation($input: RedeemSetupLinkInput!) { a: redeemSetupLink(input: $input) { __typename } \
b: redeemSetupLink(input: $input) { __typename } }"

    told = ask.raw(document, {"input": sent})

    assert told["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert listed(ask)["edges"][0]["node"]["status"] == "OPEN"
