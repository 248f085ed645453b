"""Signing a user in, through the real API and over real TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY

from gateway.provisioning import metrics
from gateway.provisioning.outcomes import AccountsAction, ProvisioningFailure, ProvisioningRefusal
from gateway.settings import Secret, Settings
from tenants.database import transaction
from tenants.rows import SecretRow
from tests.api.documents import DELETE, SUSPEND
from tests.api.test_sql_cost import statements
from tests.databases import looking_at_rows
from tests.mock_providers import mock_provider
from tests.signing_in import PROVISION, Phone, gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.mock_provider.server import MockProvider

UNKNOWN = {
    "__typename": "UnknownProvider",
    "message": "No provider is known by this name. Check the spelling.",
}
ROTATE = (
    "mutation($input: RotateSigningSecretInput!) { rotateSigningSecret(input: $input) "
    "{ ... on SigningSecretRotated { secret } } }"
)
OUTCOMES = {
    *(each.value.lower() for kind in (AccountsAction, ProvisioningRefusal, ProvisioningFailure) for each in kind),
    *("unknown_provider", "off", "too_many_attempts"),
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock")) as provider:
        yield provider


@pytest.fixture
def phone(provider: MockProvider, settings: Settings) -> Iterator[Phone]:
    with gateway_with(provider, settings) as phone:
        yield phone


def test_a_user_of_a_generic_app_signs_in(phone: Phone) -> None:
    phone.set_up("AcmeInc", sipDomain="acme.example:5070", subdomain="pbx")

    told = phone.generic("accounts:acmeinc")

    assert told == {
        "__typename": "Provisioned",
        "providerId": "AcmeInc",
        "username": "accounts",
        "action": "REPLACE",
        "notice": None,
        "sipAccounts": [
            {
                "username": "1000",
                "password": "29de?8",
                "authUsername": None,
                "host": "pbx.acme.example:5070",
                "subdomain": None,
                "transport": "UDP",
                "srtp": None,
                "messaging": None,
                "video": None,
                "callRecording": None,
            }
        ],
        "xmppAccounts": [],
    }


def test_a_user_of_a_whitelabel_app_signs_in_with_a_name_that_is_taken_whole(phone: Phone) -> None:
    phone.set_up("BrightTel", "WHITELABEL", method="POST_JSON")

    told = phone.whitelabel("brighttel", "accounts+10:00", reprovision=False)

    assert (told["providerId"], told["username"], told["action"]) == ("BrightTel", "accounts+10:00", "REPLACE")
    assert [one["username"] for one in told["sipAccounts"]] == ["1000"]


@pytest.mark.parametrize(
    ("login", "username"),
    [
        (" accounts : AcmeInc ", "accounts"),
        ("accounts+a:b:ACMEINC", "accounts+a:b"),
        ("accounts+me@acme.example:AcmeInc", "accounts+me@acme.example"),
    ],
)
def test_a_generic_login_is_split_at_its_last_colon(phone: Phone, login: str, username: str) -> None:
    phone.set_up("AcmeInc")

    told = phone.generic(login)

    assert (told["providerId"], told["username"]) == ("AcmeInc", username)


@pytest.mark.parametrize(
    ("credentials", "device", "problems"),
    [
        (
            {"generic": {"login": "1000", "password": ""}},
            "",
            [
                ("LOGIN_WITHOUT_PROVIDER_ID", ["credentials", "generic", "login"]),
                ("REQUIRED", ["credentials", "generic", "password"]),
                ("REQUIRED", ["deviceId"]),
            ],
        ),
        (
            {"generic": {"login": " : AcmeInc", "password": "a\tb"}},
            "d" * 257,
            [
                ("LOGIN_WITHOUT_USERNAME", ["credentials", "generic", "login"]),
                ("TEXT_CHARACTERS", ["credentials", "generic", "password"]),
                ("TEXT_TOO_LONG", ["deviceId"]),
            ],
        ),
        (
            {"whitelabel": {"providerId": "AcmeInc", "username": "", "password": "p" * 257}},
            "d",
            [
                ("REQUIRED", ["credentials", "whitelabel", "username"]),
                ("TEXT_TOO_LONG", ["credentials", "whitelabel", "password"]),
            ],
        ),
    ],
)
def test_every_problem_of_what_was_typed_is_told_at_once(
    phone: Phone, credentials: dict[str, Any], device: str, problems: list[tuple[str, list[str]]]
) -> None:
    phone.set_up("AcmeInc")

    told = phone.send(credentials, device=device)

    assert told["__typename"] == "InvalidInput"
    assert [(one["code"], one["path"]) for one in told["problems"]] == problems


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"generic": None},
        {"generic": {"login": "a:b", "password": "SECRET-a"}, "whitelabel": None},
        {
            "generic": {"login": "a:b", "password": "SECRET-a"},
            "whitelabel": {"providerId": "b", "username": "a", "password": "SECRET-a"},
        },
    ],
)
def test_exactly_one_form_of_credentials_is_taken(phone: Phone, credentials: dict[str, Any]) -> None:
    told = phone.ask.raw(PROVISION, {"input": {"credentials": credentials, "deviceId": "d"}}, as_="anonymous")

    assert "data" not in told
    assert {one["extensions"]["code"] for one in told["errors"]} == {"BAD_REQUEST"}
    is_echoed = "SECRET" in str(told)
    assert not is_echoed


def test_unknown_unpublished_suspended_deleted_and_wrong_kind_are_the_same_answer(phone: Phone) -> None:
    phone.set_up("AcmeInc")
    phone.set_up("BrightTel", "WHITELABEL")
    phone.ask.create("NeverPublished")
    suspended, deleted = phone.set_up("Suspended"), phone.set_up("Deleted")
    phone.ask(SUSPEND, {"input": {"tenantId": suspended, "reason": "unpaid"}})
    phone.ask(DELETE, {"input": {"tenantId": deleted, "confirmProviderId": "Deleted"}})
    before = phone.provider.calls.total()

    names = (
        "NoSuch",
        "NeverPublished",
        "Suspended",
        "Deleted",
        "BrightTel",
        "x" * 200,
        "a b",
        "'; DROP",
        "AcmeInc*7KQ4",
    )
    told = [phone.generic(f"accounts:{name}") for name in names]
    told += [phone.whitelabel(name, "accounts") for name in (*names[:4], "AcmeInc", "", "x" * 5000, "\u202e")]

    assert told == [UNKNOWN] * len(told)
    assert phone.provider.calls.total() == before


def test_a_tenant_without_external_provisioning_says_where_to_register(phone: Phone) -> None:
    phone.set_up("AcmeInc", isEnabled=False, sipDomain="acme.example:5070", subdomain="pbx")
    before = phone.provider.calls.total()

    told = phone.generic("1000:acmeinc")

    assert told == {
        "__typename": "ProvisioningOff",
        "message": "Sign in with your SIP username and password.",
        "providerId": "AcmeInc",
        "username": "1000",
        "signIn": {"host": "pbx.acme.example:5070", "subdomain": None},
    }
    assert phone.provider.calls.total() == before


def test_every_field_of_the_accounts_reaches_the_phone(phone: Phone) -> None:
    phone.set_up("AcmeInc", sipDomain="acme.example")

    told = phone.generic("all-fields:AcmeInc")

    assert told["sipAccounts"] == [
        {
            "username": "1000",
            "password": "29de?8",
            "authUsername": "629456",
            "host": "pbx.acme.example",
            "subdomain": None,
            "transport": "TLS",
            "srtp": True,
            "messaging": True,
            "video": False,
            "callRecording": False,
        }
    ]
    assert told["xmppAccounts"] == [
        {
            "jid": "user1@chat.acme.example",
            "password": "29de?9",
            "domain": "chat.acme.example",
            "server": "xmpp.acme.example",
            "port": 5223,
            "resource": "phone",
            "useTls": True,
            "verifyCertificate": True,
            "priority": 5,
            "displayName": "User One",
            "accountName": "Work XMPP",
        }
    ]


@pytest.mark.parametrize(
    ("provisioning", "mode", "host", "subdomain"),
    [
        ({}, "accounts", None, None),
        ({"subdomain": "pbx"}, "accounts", None, "pbx"),
        ({"subdomain": "eu", "sipDomain": "acme.example"}, "all-fields", "pbx.acme.example", None),
        ({"subdomain": "sip.other.example"}, "full-host", "sip.acme.example", None),
        ({}, "all-fields", None, "pbx"),
    ],
)
def test_an_accounts_own_subdomain_wins_over_the_tenants(
    phone: Phone, provisioning: dict[str, Any], mode: str, host: str | None, subdomain: str | None
) -> None:
    phone.set_up("AcmeInc", **provisioning)

    (account,) = phone.generic(f"{mode}:AcmeInc")["sipAccounts"]

    assert (account["host"], account["subdomain"]) == (host, subdomain)


@pytest.mark.parametrize("mode", ["keep", "log-out"])
def test_a_phone_that_was_set_up_is_told_to_keep_or_to_log_out(phone: Phone, mode: str) -> None:
    phone.set_up("AcmeInc")

    first = phone.generic(f"{mode}:AcmeInc")
    later = phone.generic(f"{mode}:AcmeInc", reprovision=True)

    assert (first["__typename"], first["refusal"]) == ("ProvisioningRefused", "NO_ACCOUNTS")
    assert later == {
        "__typename": "Provisioned",
        "providerId": "AcmeInc",
        "username": mode,
        "action": mode.upper().replace("-", "_"),
        "notice": None,
        "sipAccounts": [],
        "xmppAccounts": [],
    }


@pytest.mark.parametrize("method", ["GET", "POST_JSON", "POST_FORM"])
def test_a_call_is_as_documented_and_its_signature_fits(tmp_path: Path, sqlite_url: str, method: str) -> None:
    secrets: list[str] = []
    settings = Settings(database_url=sqlite_url, secret_key=Secret("a key for tests, 32 characters long"))
    with mock_provider(tmp_path, secrets=secrets) as provider, gateway_with(provider, settings) as phone:
        tenant = phone.set_up("AcmeInc", method=method, headers=[{"name": "X-Api-Key", "value": "SECRET-key"}])
        shown = phone.ask(ROTATE, {"input": {"tenantId": tenant}})
        secrets.append(shown["secret"])

        told = phone.generic("accounts+10 00&=ü:AcmeInc")

        assert told["action"] == "REPLACE"
        assert provider.complaints == {}


def test_a_header_that_cannot_be_read_keeps_the_phone_as_it_is(phone: Phone) -> None:
    phone.set_up("AcmeInc", headers=[{"name": "X-Api-Key", "value": "SECRET-key"}])
    before = phone.provider.calls.total()

    async def damage() -> None:
        with looking_at_rows():
            async with transaction():
                await SecretRow.all().update(key_id="00000000")

    assert phone.ask.client.portal is not None
    phone.ask.client.portal.call(damage)
    told = phone.generic("accounts:AcmeInc", reprovision=True)

    assert (told["__typename"], told["failure"]) == ("ProvisioningUnavailable", "FAILED")
    assert phone.provider.calls.total() == before


def test_a_sign_in_costs_few_statements_and_writes_at_its_first_success_and_when_it_is_refused(phone: Phone) -> None:
    phone.set_up("AcmeInc")
    with statements() as first:
        phone.generic("accounts:AcmeInc")
    with statements() as later:
        phone.generic("accounts:AcmeInc", reprovision=True)
    with statements() as refused:
        phone.generic("forbidden:AcmeInc")
    with statements() as broken:
        phone.generic("html:AcmeInc")

    reads = ["SELECT tenant", "SELECT refused_attempt", "SELECT secret"]
    assert first == [*reads, "SELECT proven_device", "DELETE proven_device", "INSERT proven_device"]
    assert later == [*reads, "SELECT proven_device"]
    assert refused == [*reads, "DELETE refused_attempt", "INSERT refused_attempt"]
    assert broken == reads


def test_a_refusal_and_an_outage_have_words_for_the_user(phone: Phone) -> None:
    phone.set_up("AcmeInc")

    refused = phone.generic("no-lines:AcmeInc")
    broken = phone.generic("html:AcmeInc")

    assert refused == {
        "__typename": "ProvisioningRefused",
        "message": "No Lines Enabled",
        "refusal": "PROVIDER_MESSAGE",
    }
    retry = broken.pop("retryAfterSeconds")
    assert broken == {
        "__typename": "ProvisioningUnavailable",
        "message": "The sign-in service of AcmeInc gave an answer that cannot be used. Your phone stays as it is.",
        "failure": "BAD_ANSWER",
    }
    assert 300 <= retry <= 450


def test_sign_ins_are_counted_by_their_outcome_alone(phone: Phone) -> None:
    phone.set_up("AcmeInc")
    modes = ("keep", "log-out", "no-lines", "forbidden", "500", "html")
    before = {outcome: value_of(outcome) for outcome in OUTCOMES}

    for mode in modes:
        phone.generic(f"{mode}:AcmeInc", reprovision=True)
    phone.generic("accounts:NoSuch")

    grown = {outcome for outcome in OUTCOMES if value_of(outcome) == before[outcome] + 1}
    assert grown == {
        *("keep", "log_out", "provider_message", "credentials_rejected", "failed", "bad_answer", "unknown_provider")
    }
    for metric in (metrics.OUTCOMES, metrics.DURATIONS):
        samples = [sample for family in metric.collect() for sample in family.samples]
        assert {sample.labels["outcome"] for sample in samples} <= OUTCOMES
        assert {label for sample in samples for label in sample.labels} <= {"outcome", "le"}


def value_of(outcome: str) -> float:
    return REGISTRY.get_sample_value("gateway_provisionings_total", {"outcome": outcome}) or 0.0
