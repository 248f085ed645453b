"""Keys of whitelabel apps through the API: issued, revoked, demanded, and asked for at every door of softphones."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from tenants.access import Permission
from tenants.access_rows import AppKeyRow
from tenants.actions import app_keys as actions
from tenants.actions.create import create_tenant
from tenants.audit_rows import AuditEventRow
from tenants.codes import WrongStateReason
from tenants.credentials import digest
from tenants.errors import WrongStateError
from tenants.model import AppKind
from tests import make
from tests.api.documents import (
    APP_KEYS,
    CHANGE_APP_KIND,
    CREATE_SETUP_LINK,
    ISSUE_APP_KEY,
    REDEEM_SETUP_LINK,
    REQUIRE_APP_KEY,
    REVOKE_APP_KEY,
    SCREENS,
)
from tests.conftest import Ask
from tests.databases import looking_at_rows

if TYPE_CHECKING:
    from gateway.settings import Settings

NOW = datetime(2026, 11, 28, 12, 34, 56, tzinfo=UTC)
WHITELABEL = {"providerId": "AcmeInc", "app": "WHITELABEL"}
PROVISION = "mutation($input: ProvisionInput!) { provision(input: $input) { __typename ... on Refusal { message } } }"
ACCOUNTS = {"accounts": {"sipAccounts": [{"username": "user1", "password": "SECRET-sip", "transport": "TLS"}]}}


@pytest.fixture
def acme(ask: Ask) -> str:
    """A live whitelabel tenant; a neighbour of its kind has a key and demands it."""
    neighbour = ask.create("NeighbourApp", "WHITELABEL", name="N-Name")
    ask.publish(neighbour)
    issue(ask, neighbour, "N-Key")
    require(ask, neighbour)
    tenant = ask.create("AcmeInc", "WHITELABEL", name="A-Name")
    ask.publish(tenant)
    return tenant


def issue(ask: Ask, tenant: str, name: str = "iOS 4.2") -> Any:
    return ask(ISSUE_APP_KEY, {"input": {"tenantId": tenant, "name": name}})


def require(ask: Ask, tenant: str, *, is_required: bool = True) -> Any:
    return ask(REQUIRE_APP_KEY, {"id": tenant, "isRequired": is_required})


def revoke(ask: Ask, issued: Any) -> Any:
    return ask(REVOKE_APP_KEY, {"id": issued["appKey"]["id"]})


def demanding(ask: Ask, tenant: str) -> str:
    """The key that the tenant demands from now on."""
    secret = issue(ask, tenant)["secret"]
    assert require(ask, tenant)["__typename"] == "AppKeyRequirementChanged"
    return str(secret)


def make_generic(ask: Ask, tenant: str) -> None:
    change = {"tenantId": tenant, "expectedVersion": ask.version(tenant), "app": "GENERIC"}
    assert ask(CHANGE_APP_KIND, {"input": change})["draft"]
    ask.publish(tenant)


def config(ask: Ask, *keys: str, method: str = "POST", provider_id: str = "AcmeInc", app: str = "WHITELABEL") -> Any:
    """What a phone is answered that sends these headers `X-App-Key`."""
    asked: dict[str, Any] = {"query": SCREENS, "variables": {"providerId": provider_id, "app": app}}
    headers = [(b"X-App-Key", key.encode("latin-1")) for key in keys]
    if method == "GET":
        asked["variables"] = json.dumps(asked["variables"])
        return ask.client.get("/graphql", params=asked, headers=headers)
    return ask.client.post("/graphql", json=asked, headers=headers)


def is_known(answer: Any) -> bool:
    return bool(answer.json()["data"]["softphoneConfig"]["__typename"] == "SoftphoneConfig")


def test_a_key_is_issued_and_its_secret_shown_once(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme, " iOS 4.2 ")

    assert re.fullmatch(r"gwa_[A-Za-z0-9_-]{43}", issued["secret"])
    key = issued["appKey"]
    assert (key["name"], key["prefix"], key["lastUsedAt"]) == ("iOS 4.2", issued["secret"][:8], None)
    assert key["createdBy"]["name"]
    assert issued["tenant"] == {"id": acme, "appKeys": [{"id": key["id"]}]}
    assert ask(APP_KEYS, {"providerId": "AcmeInc"})["appKeys"] == [key]
    assert ask("query($id: ID!) { node(id: $id) { ... on AppKey { name } } }", {"id": key["id"]}) == {"name": "iOS 4.2"}


@pytest.mark.parametrize(
    ("name", "code"), [(" ", "REQUIRED"), ("x" * 61, "TEXT_TOO_LONG"), ("a\u200bb", "TEXT_CHARACTERS")]
)
def test_a_name_that_is_none_is_refused(ask: Ask, acme: str, name: str, code: str) -> None:
    refused = issue(ask, acme, name)

    assert [(one["code"], one["path"]) for one in refused["problems"]] == [(code, ["name"])]


def test_there_are_two_keys_at_most_and_the_second_replaces_the_first(ask: Ask, acme: str) -> None:
    first = issue(ask, acme, "old")
    require(ask, acme)
    second = issue(ask, acme, "new")
    third = issue(ask, acme, "third")
    both = [is_known(config(ask, one["secret"])) for one in (first, second)]

    revoke(ask, first)

    assert (third["__typename"], both) == ("WrongState", [True, True])
    assert [is_known(config(ask, one["secret"])) for one in (first, second)] == [False, True]


def test_app_keys_are_for_whitelabel_tenants(ask: Ask, acme: str) -> None:
    assert acme
    generic = ask.create("GenericTel")

    refused = [issue(ask, generic), require(ask, generic)]

    assert [one["__typename"] for one in refused] == ["WrongState", "WrongState"]
    assert ask(APP_KEYS, {"providerId": "GenericTel"}) == {
        "app": "GENERIC",
        "isAppKeyRequired": False,
        "appKeys": [],
    }


def test_before_the_first_publish_the_kind_of_the_draft_counts_and_then_that_of_the_live_config(
    ask: Ask, acme: str
) -> None:
    draft = ask.create("BrightTel", "WHITELABEL")
    change = {"tenantId": acme, "expectedVersion": ask.version(acme), "app": "GENERIC"}

    ask(CHANGE_APP_KIND, {"input": change})

    assert issue(ask, draft)["__typename"] == "AppKeyIssued"
    assert issue(ask, acme)["__typename"] == "AppKeyIssued"


def test_a_demand_needs_a_key_and_the_last_key_needs_the_demand_gone(ask: Ask, acme: str) -> None:
    early = require(ask, acme)
    issued = issue(ask, acme)
    require(ask, acme)
    kept = revoke(ask, issued)
    require(ask, acme, is_required=False)
    revoked = revoke(ask, issued)
    again = revoke(ask, issued)

    assert [one["__typename"] for one in (early, kept, revoked, again)] == [
        "WrongState",
        "WrongState",
        "AppKeyRevoked",
        "NotFound",
    ]
    assert revoked["tenant"] == {"id": acme, "appKeys": []}
    assert is_known(config(ask))


def test_a_demand_means_nothing_while_the_app_is_generic_and_is_there_again_with_its_key_afterwards(
    ask: Ask, acme: str
) -> None:
    secret = demanding(ask, acme)
    make_generic(ask, acme)
    open_to_all = is_known(config(ask, app="GENERIC"))
    (key,) = ask(APP_KEYS, {"providerId": "AcmeInc"})["appKeys"]
    kept = ask(REVOKE_APP_KEY, {"id": key["id"]})
    change = {"tenantId": acme, "expectedVersion": ask.version(acme), "app": "WHITELABEL"}
    ask(CHANGE_APP_KIND, {"input": change})
    ask.publish(acme)

    assert open_to_all
    assert kept["__typename"] == "WrongState"
    assert (is_known(config(ask)), is_known(config(ask, secret))) == (False, True)


def test_a_generic_tenant_may_stop_demanding(ask: Ask, acme: str) -> None:
    demanding(ask, acme)
    make_generic(ask, acme)

    stopped = require(ask, acme, is_required=False)

    assert stopped["tenant"] == {"id": acme, "isAppKeyRequired": False}


def test_each_change_is_told_once_and_without_the_key(ask: Ask, acme: str) -> None:
    issued = issue(ask, acme)
    require(ask, acme)
    require(ask, acme)
    require(ask, acme, is_required=False)
    revoke(ask, issued)

    told = run(ask, AuditEventRow.all().order_by("id").values_list, "action", "personal")
    ours = [(action, personal) for action, personal in told if action.startswith("APP_KEY")][2:]
    assert [action for action, _ in ours] == [
        "APP_KEY_ISSUED",
        "APP_KEY_REQUIREMENT_CHANGED",
        "APP_KEY_REQUIREMENT_CHANGED",
        "APP_KEY_REVOKED",
    ]
    assert "app key iOS 4.2" in ours[0][1]
    assert issued["secret"][4:] not in str(told)


def test_of_the_key_only_a_digest_is_stored(ask: Ask, acme: str) -> None:
    secret = issue(ask, acme)["secret"]

    stored = run(ask, AppKeyRow.filter(name="iOS 4.2").values)

    assert [bytes(row["sha256"]) for row in stored] == [digest(secret)]
    assert secret[9:] not in str(stored)


def run(ask: Ask, function: Any, *arguments: Any) -> Any:
    async def look() -> Any:
        with looking_at_rows():
            return await function(*arguments)

    assert ask.client.portal is not None
    return ask.client.portal.call(look)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_with_its_key_the_app_is_answered_and_without_one_that_works_the_tenant_is_unknown(
    ask: Ask, acme: str, method: str
) -> None:
    secret = demanding(ask, acme)
    neighbours = issue(ask, str(ask('{ tenant(providerId: "NeighbourApp") { id } }')["id"]), "N-2")["secret"]
    revoked = issue(ask, acme, "revoked")
    revoke(ask, revoked)
    unknown = config(ask, method=method, provider_id="NoSuchTenant")

    refused = [
        config(ask, *keys, method=method)
        for keys in (
            (),
            ("",),
            (neighbours,),
            (revoked["secret"],),
            ("gwa_" + "A" * 43,),
            (secret[:-1],),
            (secret.upper(),),
            (f"{secret}, {secret}",),
            (secret, secret),
            ("x" * 4_000,),
            ("\xff\xfe",),
        )
    ]

    assert is_known(config(ask, secret, method=method))
    assert {(one.status_code, one.content) for one in refused} == {(200, unknown.content)}
    assert {tuple(sorted(strip(one.headers))) for one in refused} == {tuple(sorted(strip(unknown.headers)))}


def strip(headers: Any) -> list[tuple[str, str]]:
    return [(name, text) for name, text in headers.items() if name != "x-request-id"]


def test_who_demands_none_answers_whatever_is_sent(ask: Ask, acme: str) -> None:
    issue(ask, acme)

    assert [is_known(config(ask, *keys)) for keys in ((), ("nonsense",), ("gwa_" + "A" * 43,))] == [True] * 3


@pytest.mark.parametrize("has_key", [True, False])
def test_signing_in_asks_for_the_key(ask: Ask, acme: str, has_key: bool) -> None:  # noqa: FBT001 - both
    secret = demanding(ask, acme)

    told, unknown = (sign_in(ask, name, secret if has_key else None) for name in ("AcmeInc", "NoSuchTenant"))

    assert unknown.json()["data"]["provision"]["__typename"] == "UnknownProvider"
    assert (told.content == unknown.content) is not has_key


def sign_in(ask: Ask, provider_id: str, key: str | None) -> Any:
    typed = {"providerId": provider_id, "username": "1000", "password": "1234"}
    sent = {"input": {"credentials": {"whitelabel": typed}, "deviceId": "d"}}
    headers = {"X-App-Key": key} if key else {}
    return ask.client.post("/graphql", json={"query": PROVISION, "variables": sent}, headers=headers)


def test_a_setup_code_is_redeemed_by_the_app_with_the_key_alone(ask: Ask, acme: str) -> None:
    secret = demanding(ask, acme)
    code = ask(CREATE_SETUP_LINK, {"input": {"tenantId": acme, "content": ACCOUNTS}})["setupCode"]

    without, wrong, never = redeem(ask, code), redeem(ask, code, "gwa_" + "A" * 43), redeem(ask, "x" * 43, secret)
    by_key = redeem(ask, code, secret)

    assert without.content == wrong.content == never.content
    assert by_key.json()["data"]["redeemSetupLink"]["__typename"] == "SetupLinkRedeemed"


def redeem(ask: Ask, code: str, key: str | None = None) -> Any:
    sent = {"setupCode": code, "deviceId": "d", "app": "WHITELABEL", "providerId": "AcmeInc"}
    body = {"query": REDEEM_SETUP_LINK, "variables": {"input": sent}}
    return ask.client.post("/graphql", json=body, headers={"X-App-Key": key} if key else {})


def test_linphone_and_acrobits_are_told_that_there_is_no_such_thing(ask: Ask, acme: str) -> None:
    demanding(ask, acme)
    made = ask(CREATE_SETUP_LINK, {"input": {"tenantId": acme, "content": ACCOUNTS}})
    linphone = {"X-Linphone-Provisioning": "1"}
    typed = {"username": "1000", "password": "1234"}

    told = ask.client.get(f"/provisioning/linphone/{made['setupCode'][-43:]}", headers=linphone)
    unknown = ask.client.get(f"/provisioning/linphone/{'x' * 43}", headers=linphone)
    acrobits = [ask.client.get(f"/provisioning/acrobits/{one}", params=typed) for one in ("AcmeInc", "NoSuchTenant")]

    assert (told.status_code, told.content) == (404, unknown.content)
    assert [one.status_code for one in acrobits] == [403, 403]
    assert acrobits[0].content == acrobits[1].content


def test_the_page_of_a_setup_link_is_for_whoever_holds_the_link(ask: Ask, acme: str) -> None:
    demanding(ask, acme)
    made = ask(CREATE_SETUP_LINK, {"input": {"tenantId": acme, "content": ACCOUNTS}})

    page = ask.client.get(made["url"])

    assert page.status_code == 200
    assert "A-Name" in page.text


def test_the_key_is_in_no_answer_and_no_log(ask: Ask, acme: str, capfd: pytest.CaptureFixture[str]) -> None:
    secret = demanding(ask, acme)
    capfd.readouterr()

    answers = [
        config(ask, secret),
        config(ask, secret, secret),
        sign_in(ask, "AcmeInc", secret),
        redeem(ask, "x", secret),
    ]

    said = capfd.readouterr()
    told = [f"{one.text} {one.headers}" for one in answers]
    assert not [text for text in (*told, said.out, said.err) if secret[4:] in text]


def test_the_last_use_is_shown_to_the_hour_also_before_a_key_is_demanded(settings: Settings) -> None:
    with TestClient(create_app(settings, now=lambda: NOW), raise_server_exceptions=False) as client:
        ask = Ask(client, now=lambda: NOW)
        tenant = ask.create("AcmeInc", "WHITELABEL")
        ask.publish(tenant)
        used, unused = issue(ask, tenant, "used"), issue(ask, tenant, "unused")
        assert is_known(config(ask, used["secret"]))
    with TestClient(create_app(settings, now=lambda: NOW), raise_server_exceptions=False) as client:
        keys = Ask(client, now=lambda: NOW)(APP_KEYS, {"providerId": "AcmeInc"})["appKeys"]

    assert [(key["name"], key["lastUsedAt"]) for key in keys] == [("unused", None), ("used", "2026-11-28T12:00:00Z")]
    assert unused["appKey"]["lastUsedAt"] is None


@pytest.mark.anyio
async def test_of_many_who_issue_at_once_two_succeed(connected: str) -> None:
    assert connected
    platform = make.ADMIN.authorize_platform()
    made = await create_tenant(platform, provider_id="AcmeInc", name=None, app=AppKind.WHITELABEL, now=NOW)
    scope = make.ADMIN.authorize(made.id, Permission.MANAGE_APP_KEYS)

    done = await asyncio.gather(
        *(actions.issue_app_key(scope, f"key {n}", now=NOW) for n in range(10)), return_exceptions=True
    )

    refused = [one.reason for one in done if isinstance(one, WrongStateError)]
    assert refused == [WrongStateReason.TOO_MANY_APP_KEYS] * 8
    assert await AppKeyRow.filter(tenant_id=made.id).count() == 2
