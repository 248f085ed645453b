from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenants.rules.examples import CallExample, Step
from tenants.rules.reference import EXAMPLES
from tests.formats.zbar import read_code

if TYPE_CHECKING:
    from tests.conftest import Ask

MAKE = """mutation($input: MakeQrCodeInput!) { makeQrCode(input: $input) { __typename
  ... on QrCodeMade { qrCode { payload svg pngBase64 } warnings { code path message suggestion } }
  ... on FormatCannotCarry { alternatives }
  ... on InvalidInput { problems { code path message hint } }
  ... on Refusal { message } } }"""
SAVE = "mutation($input: SaveProvisioningInput!) { saveProvisioning(input: $input) { __typename } }"
CHANGE_KIND = "mutation($input: ChangeAppKindInput!) { changeAppKind(input: $input) { __typename } }"
LOGIN = {"login": {"username": "1000", "password": "1234"}}
SIP = {"username": "user1", "password": "29de?8", "transport": "UDP"}
XMPP = {"jid": "user1@chat.acme.example", "password": "chat", "domain": "chat.acme.example"}
CODE = "scloc:?v=2&token=" + "aB3-_" * 8 + "xyz"
EXAMPLES_OF_CALLS = [example for example in EXAMPLES if isinstance(example, CallExample)]


@pytest.fixture
def acme(ask: Ask) -> str:
    """A generic tenant with a SIP domain, not yet published."""
    tenant = ask.create("AcmeInc")
    save_sip_domain(ask, tenant, "acme.example")
    return tenant


def save_sip_domain(ask: Ask, tenant: str, sip_domain: str | None) -> None:
    settings = {"sipDomain": sip_domain, "subdomain": "pbx"}
    saved = ask(SAVE, {"input": {"tenantId": tenant, "expectedVersion": ask.version(tenant), "provisioning": settings}})
    assert saved["__typename"] == "DraftSaved"


def make(ask: Ask, tenant: str, form: str, content: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return dict(ask(MAKE, {"input": {"tenantId": tenant, "format": form, "content": content}}, **rest))


def payload(ask: Ask, tenant: str, form: str, content: dict[str, Any] | None = None) -> str:
    made = make(ask, tenant, form, content)
    assert made["__typename"] == "QrCodeMade"
    return str(made["qrCode"]["payload"])


@pytest.mark.zbar
@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("SESSIONTALK", LOGIN),
        ("SESSIONTALK", {"login": {"username": "jürgen", "password": "größe"}}),
        ("SESSIONTALK", {"accounts": {"sipAccounts": [SIP | {"password": "größe|\"'\\&%41"}]}}),
        ("SESSIONTALK", {"setupCode": CODE}),
        ("SESSIONTALK_DESKTOP", {"accounts": {"sipAccounts": [SIP, SIP]}}),
        ("SESSIONTALK_WINDOWS", LOGIN),
        ("ACROBITS", {"login": {"username": "a@b", "password": "パスワード"}}),
        ("ACROBITS", None),
        ("LINPHONE", {"setupCode": CODE}),
    ],
)
def test_every_code_reads_as_its_payload(
    ask: Ask, acme: str, form: str, content: dict[str, Any] | None, tmp_path: Path
) -> None:
    made = make(ask, acme, form, content)

    (tmp_path / "code.png").write_bytes(base64.b64decode(made["qrCode"]["pngBase64"], validate=True))
    assert read_code(tmp_path / "code.png") == made["qrCode"]["payload"]


def test_the_spelling_follows_the_live_kind_and_before_the_first_publish_the_drafts(ask: Ask, acme: str) -> None:
    kinds = {"tenantId": acme, "app": "WHITELABEL"}
    unpublished = payload(ask, acme, "SESSIONTALK", LOGIN)
    ask.publish(acme)
    changed = ask(CHANGE_KIND, {"input": kinds | {"expectedVersion": ask.version(acme)}})
    before_publish = payload(ask, acme, "SESSIONTALK", LOGIN)
    ask.publish(acme)

    after_publish = payload(ask, acme, "SESSIONTALK", LOGIN)

    assert changed["__typename"] == "DraftSaved"
    assert unpublished == before_publish == "scsc:1000:1234:AcmeInc"
    assert after_publish == "scsc:1000:1234"


def test_the_sip_domain_is_the_published_one(ask: Ask, acme: str) -> None:
    ask.publish(acme)
    save_sip_domain(ask, acme, None)

    assert payload(ask, acme, "ACROBITS") == "csc:AcmeInc"


def test_a_format_that_names_the_server_is_refused_without_a_sip_domain(ask: Ask) -> None:
    tenant = ask.create("BetaTel")

    made = make(ask, tenant, "ACROBITS")

    assert made == {
        "__typename": "FormatCannotCarry",
        "message": "This app must be told its server, and the tenant has no SIP domain.",
        "alternatives": [],
    }


def test_a_colon_is_refused_and_formats_that_take_it_are_named(ask: Ask, acme: str) -> None:
    made = make(ask, acme, "SESSIONTALK", {"login": {"username": "1000", "password": "SECRET:1"}})

    assert made["__typename"] == "FormatCannotCarry"
    assert made["alternatives"] == ["SESSIONTALK_WINDOWS", "ACROBITS"]
    assert "colon" in made["message"]
    assert "SECRET" not in str(made)


def test_a_linphone_code_holds_the_address_of_this_gateway(ask: Ask, acme: str) -> None:
    token = CODE.rpartition("=")[2]

    made = payload(ask, acme, "LINPHONE", {"setupCode": f" {token} "})

    assert made == f"http://testserver/provisioning/linphone/{token}"


def test_a_password_inside_is_warned_of_and_a_setup_code_is_not(ask: Ask, acme: str) -> None:
    with_login = make(ask, acme, "SESSIONTALK", LOGIN)["warnings"]
    with_accounts = make(ask, acme, "SESSIONTALK", {"accounts": {"sipAccounts": [SIP]}})["warnings"]
    with_code = make(ask, acme, "SESSIONTALK", {"setupCode": CODE})["warnings"]

    assert [(one["code"], one["path"]) for one in with_login] == [("QR_HOLDS_PASSWORD", ["content", "login"])]
    assert [(one["code"], one["path"]) for one in with_accounts] == [("QR_HOLDS_PASSWORD", ["content", "accounts"])]
    assert with_code == []


def test_a_code_too_dense_to_scan_is_warned_of_and_one_that_cannot_be_is_refused(ask: Ask, acme: str) -> None:
    dense = make(ask, acme, "SESSIONTALK", {"accounts": {"sipAccounts": [SIP] * 5}})
    impossible = make(ask, acme, "SESSIONTALK", {"accounts": {"sipAccounts": [SIP | {"password": "é" * 256}] * 10}})

    assert [one["code"] for one in dense["warnings"]] == ["QR_HOLDS_PASSWORD", "QR_TOO_DENSE"]
    assert impossible["__typename"] == "FormatCannotCarry"
    assert impossible["alternatives"] == []


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (
            {"login": {"username": "", "password": "SECRET\x01"}},
            [("REQUIRED", ["content", "login", "username"]), ("TEXT_CHARACTERS", ["content", "login", "password"])],
        ),
        (
            {"accounts": {"sipAccounts": [SIP | {"subdomain": "SECRET-"}], "xmppAccounts": [XMPP | {"jid": "SECRET"}]}},
            [
                ("SUBDOMAIN_SYNTAX", ["content", "accounts", "sipAccounts", "0", "subdomain"]),
                ("JID_SYNTAX", ["content", "accounts", "xmppAccounts", "0", "jid"]),
            ],
        ),
        ({"accounts": {}}, [("REQUIRED", ["content", "accounts"])]),
        ({"setupCode": "SECRET"}, [("REQUIRED", ["content", "setupCode"])]),
        ({"setupCode": f"{CODE}&SECRET"}, [("REQUIRED", ["content", "setupCode"])]),
    ],
)
def test_every_problem_is_told_at_its_place_and_no_value_is_repeated(
    ask: Ask, acme: str, content: dict[str, Any], problems: list[tuple[str, list[str]]]
) -> None:
    made = make(ask, acme, "SESSIONTALK", content)

    assert [(problem["code"], problem["path"]) for problem in made["problems"]] == problems
    assert "SECRET" not in str(made)


@pytest.mark.parametrize(
    "content",
    [{}, {"login": None}, {"setupCode": None}, LOGIN | {"setupCode": CODE}],
    ids=["none", "null", "another null", "two"],
)
def test_exactly_one_content_is_taken(ask: Ask, acme: str, content: dict[str, Any]) -> None:
    answer = ask.raw(MAKE, {"input": {"tenantId": acme, "format": "SESSIONTALK", "content": content}})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]
    assert "1234" not in str(answer)


def test_leave_is_asked_before_anything_is_read(ask: Ask, acme: str) -> None:
    sent = {"input": {"tenantId": acme, "format": "SESSIONTALK", "content": {"setupCode": ""}}}

    answer = ask.raw(MAKE, sent, as_="anonymous")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


def test_nothing_is_logged_of_what_is_inside(ask: Ask, acme: str, capsys: pytest.CaptureFixture[str]) -> None:
    make(ask, acme, "SESSIONTALK", {"login": {"username": "SECRET-user", "password": "SECRET-word"}})
    make(ask, acme, "SESSIONTALK", {"login": {"username": "SECRET:user", "password": "SECRET-word"}})

    logged = capsys.readouterr().out
    has_secret = "SECRET" in logged
    assert "route=/graphql" in logged
    assert not has_secret


@pytest.mark.parametrize("example", EXAMPLES_OF_CALLS, ids=lambda example: example.code.name)
def test_the_examples_of_the_rules_are_true(ask: Ask, acme: str, example: CallExample) -> None:
    accepted, refused = play(ask, acme, example.accepted), play(ask, acme, example.refused)

    assert accepted == []
    assert {one["code"] for one in refused} == {example.code.name, *(code.name for code in example.beside)}
    assert [one["path"] for one in refused if one["code"] == example.code.name] == [list(example.path)]


def play(ask: Ask, tenant: str, step: Step) -> list[dict[str, Any]]:
    """Send what an example says, and give back the warnings."""
    assert step.call == "makeQrCode"
    sent: dict[str, Any] = {"tenantId": tenant}
    for path, value in step.arguments.items():
        *outer, last = path.split(".")
        place = sent
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = value
    warnings: list[dict[str, Any]] = ask(MAKE, {"input": sent})["warnings"]
    return warnings
