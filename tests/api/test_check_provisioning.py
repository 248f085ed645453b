"""`checkProvisioning`: what a provider's admin is told about their server, over real TLS."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import trustme
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.api.documents import CHECK_PROVISIONING
from tests.conftest import Ask
from tests.fake_resolver import FakeResolver
from tests.mock_providers import mock_provider
from tests.signing_in import PASSWORD, SAVE, Phone, gateway_with
from tests.upstream.conftest import context_of
from tests.upstream.raw_server import HOST, RawServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.mock_provider.server import MockProvider

WHOLE = ["URL", "DNS", "CONNECTION", "TLS", "STATUS", "HEADERS", "SIZE", "TIME", "ANSWER"]
# Mode; the step to look at; its verdict; something of its detail; something of its advice; the outcome.
MODES = """
new-account | ANSWER | PASS | they replace what the phone has | - | CheckedAccounts
accounts | ANSWER | PASS | update is false | - | CheckedAccounts
with-xmpp | ANSWER | PASS | 1 chat account | - | CheckedAccounts
always-string-false | ANSWER | WARN | One deviation | in line with | CheckedAccounts
unknown-fields | ANSWER | WARN | 3 deviations | in line with | CheckedAccounts
bom | ANSWER | WARN | One deviation | in line with | CheckedAccounts
no-lines | ANSWER | WARN | never logs a phone out | "sipaccounts": [] | ProvisioningRefused
only-a-message | ANSWER | WARN | never logs a phone out | "sipaccounts": [] | ProvisioningRefused
log-out | ANSWER | WARN | later it logs the phone out | find out why | ProvisioningRefused
keep | ANSWER | WARN | later it changes nothing | find out why | ProvisioningRefused
no-list | ANSWER | FAIL | neither a list of accounts | "sipaccounts" | ProvisioningUnavailable
one-invalid | ANSWER | FAIL | nothing of it is used | deviations | ProvisioningUnavailable
numbers | ANSWER | FAIL | nothing of it is used | deviations | ProvisioningUnavailable
update-missing | ANSWER | FAIL | update is missing | "update": true | ProvisioningUnavailable
php-notice | ANSWER | FAIL | before or behind the JSON | display_errors | ProvisioningUnavailable
html | ANSWER | FAIL | A web page | in a browser | ProvisioningUnavailable
empty | ANSWER | FAIL | The answer is empty | Answer JSON | ProvisioningUnavailable
array | ANSWER | FAIL | not the JSON | "sipaccounts" | ProvisioningUnavailable
duplicate-keys | ANSWER | FAIL | not the JSON | "sipaccounts" | ProvisioningUnavailable
unauthorized | STATUS | WARN | 401 Unauthorized | query, JSON or form | ProvisioningRefused
forbidden | ANSWER | WARN | No errmsg | "errmsg" | ProvisioningRefused
not-found | STATUS | WARN | 404 Not Found | a slash counts | ProvisioningRefused
500 | STATUS | FAIL | 500 Internal Server Error | error log | ProvisioningUnavailable
502 | STATUS | FAIL | a proxy in front | Start | ProvisioningUnavailable
503 | STATUS | FAIL | out of service | maintenance | ProvisioningUnavailable
429 | STATUS | FAIL | limits calls | gateway's addresses | ProvisioningUnavailable
304 | STATUS | FAIL | neither an answer nor a refusal | Answer 200 | ProvisioningUnavailable
redirect-drops | STATUS | WARN | drops the login | without a redirect | ProvisioningRefused
to-http | STATUS | FAIL | leads to http | without a redirect | ProvisioningUnavailable
to-http | STATUS | FAIL | redirects to http://mock.localhost | without a redirect | ProvisioningUnavailable
to-another-host | STATUS | FAIL | another host | without a redirect | ProvisioningUnavailable
to-another-host | STATUS | FAIL | to https://somebody-else.example | without a redirect | ProvisioningUnavailable
to-itself | STATUS | FAIL | more than 3 times | without a redirect | ProvisioningUnavailable
no-content-type | HEADERS | WARN | No content type | application/json | CheckedAccounts
text-html | HEADERS | WARN | text/html | application/json | CheckedAccounts
gzip | HEADERS | FAIL | compressed | Turn compression off | ProvisioningUnavailable
endless-headers | HEADERS | FAIL | more than an answer | JSON alone | ProvisioningUnavailable
over-limit | SIZE | FAIL | more than 64 KiB | JSON alone | ProvisioningUnavailable
truncated | ANSWER | FAIL | not the JSON | "sipaccounts" | ProvisioningUnavailable
too-long-length | SIZE | FAIL | rules of HTTP | curl | ProvisioningUnavailable
limit | SIZE | WARN | 65,536 bytes | Leave out | CheckedAccounts
two-seconds | TIME | WARN | s of at most 4 s | faster | CheckedAccounts
hang | TIME | FAIL | did not begin to answer | behind the URL | ProvisioningUnavailable
drip-body | TIME | FAIL | did not finish in time | in one piece | ProvisioningUnavailable
closes-early | STATUS | FAIL | closed the connection | error log | ProvisioningUnavailable
not-http | STATUS | FAIL | rules of HTTP | curl | ProvisioningUnavailable
"""
ROWS = [row.split(" | ") for row in MODES.strip().splitlines()]
DOORS = {
    "expired": "has expired",
    "not-yet": "not valid yet",
    "wrong-host": "another host",
    "unknown-ca": "does not lead to an authority",
    "slammed": "during the TLS handshake",
    "noise": "does not speak TLS",
    "plain-http": "does not speak TLS",
    "old-tls": "outdated",
}
ACCOUNT = {
    "username": "1000",
    "authUsername": None,
    "host": "pbx.acme.example:5070",
    "subdomain": None,
    "transport": "UDP",
    "srtp": None,
    "messaging": None,
    "video": None,
    "callRecording": None,
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock")) as provider:
        yield provider


@pytest.fixture
def phone(provider: MockProvider, settings: Settings) -> Iterator[Phone]:
    with gateway_with(provider, settings) as phone:
        phone.set_up("NeighbourTel", sipDomain="neighbour.example")
        yield phone


@pytest.fixture
def sqlite_settings(sqlite_url: str) -> Settings:
    """For what has nothing to do with the database."""
    return Settings(database_url=sqlite_url, secret_key=Secret("a key for tests, 32 characters long"))


@pytest.fixture
def tenant(provider: MockProvider, sqlite_settings: Settings) -> Iterator[tuple[Phone, str]]:
    """A gateway with a tenant whose provider is the mock."""
    with gateway_with(provider, sqlite_settings) as phone:
        yield phone, phone.set_up("AcmeInc")


def check(phone: Phone, tenant: str, username: str, *, as_: str = "admin", **more: Any) -> Any:
    sent = {"tenantId": tenant, "username": username, "password": PASSWORD, **more}
    answer = phone.ask.raw(CHECK_PROVISIONING, {"input": sent}, as_=as_)
    assert PASSWORD not in str(answer)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["checkProvisioning"]


def verdicts(checked: Any) -> list[str]:
    return [f"{step['step']} {step['verdict']}" for step in checked["steps"]]


def count_of(verdict: str) -> float:
    return REGISTRY.get_sample_value("gateway_provisioning_checks_total", {"verdict": verdict.lower()}) or 0


def test_a_good_server_passes_each_step_and_the_accounts_are_shown_without_secrets(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc", sipDomain="acme.example:5070", subdomain="pbx", method="POST_JSON")

    checked = check(phone, acme, "new-account")

    assert verdicts(checked) == [f"{step} PASS" for step in WHOLE]
    assert [step["advice"] for step in checked["steps"]] == [None] * 9
    assert checked["deviations"] == []
    assert checked["outcome"] == {
        "__typename": "CheckedAccounts",
        "action": "REPLACE",
        "sipAccounts": [ACCOUNT | {"username": "2000"}],
        "jids": [],
        "notice": None,
    }
    assert "••••••" in checked["answer"]
    assert "29de?8" not in str(checked)


def test_steps_tell_what_was_seen_and_how_long_it_took(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc", method="POST_JSON")

    steps = {step["step"]: step for step in check(phone, acme, "new-account")["steps"]}

    port = phone.provider.port
    assert steps["URL"]["detail"] == f"POST https://mock.localhost:{port}/provisioning"
    assert steps["DNS"]["detail"] == "mock.localhost is 127.0.0.1."
    assert steps["CONNECTION"]["detail"] == f"Connected to 127.0.0.1, port {port}."
    assert steps["TLS"]["detail"].startswith("Certificate for mock.localhost, valid until ")
    assert steps["STATUS"]["detail"] == "200 OK."
    timed = {name for name, step in steps.items() if step["durationMilliseconds"] is not None}
    assert timed == {"DNS", "CONNECTION", "TLS", "STATUS", "TIME"}


@pytest.mark.parametrize(("mode", "step", "verdict", "detail", "advice", "outcome"), ROWS, ids=lambda row: row)
def test_what_is_wrong_is_said_with_what_to_do(
    tenant: tuple[Phone, str], mode: str, step: str, verdict: str, detail: str, advice: str, outcome: str
) -> None:
    checked = check(*tenant, mode)

    (seen, *_) = [one for one in checked["steps"] if (one["step"], one["verdict"]) == (step, verdict)]
    assert detail in seen["detail"]
    assert advice in (seen["advice"] or "-")
    assert checked["outcome"]["__typename"] == outcome
    assert [one["verdict"] for one in checked["steps"]].count("FAIL") == (verdict == "FAIL")
    assert verdict != "FAIL" or checked["steps"][-1] == seen


@pytest.mark.parametrize("door", DOORS)
def test_what_is_wrong_with_the_certificate_is_said(tenant: tuple[Phone, str], door: str) -> None:
    phone, acme = tenant
    phone.save(acme, url=phone.provider.url(door))

    checked = check(phone, acme, "accounts")

    assert verdicts(checked) == ["URL PASS", "DNS PASS", "CONNECTION PASS", "TLS FAIL"]
    assert DOORS[door] in checked["steps"][-1]["detail"]
    assert checked["steps"][-1]["advice"]
    assert checked["answer"] is None
    assert checked["outcome"]["failure"] == "UNREACHABLE"


@pytest.mark.parametrize(
    ("url", "step", "detail"),
    [
        ("https://unknown.mock.localhost:8443/p", "DNS", "has no address"),
        ("https://mock.localhost:1025/p", "CONNECTION", "nothing listens"),
    ],
)
def test_a_server_that_is_not_there_is_told(tenant: tuple[Phone, str], url: str, step: str, detail: str) -> None:
    phone, acme = tenant
    phone.save(acme, url=url)

    checked = check(phone, acme, "accounts")

    assert verdicts(checked)[-1] == f"{step} FAIL"
    assert detail in checked["steps"][-1]["detail"]


def test_the_steps_of_a_redirect_come_again(tenant: tuple[Phone, str]) -> None:
    checked = check(*tenant, "redirect-drops")

    names = [step["step"] for step in checked["steps"]]
    assert names == ["URL", "DNS", "CONNECTION", "TLS", "STATUS", *WHOLE[2:]]


def test_a_certificate_that_ends_soon_is_a_warning(provider: MockProvider, sqlite_settings: Settings) -> None:
    soon = datetime(2999, 12, 25, tzinfo=UTC)  # those of the mock provider end with that year
    with gateway_with(provider, sqlite_settings, now=lambda: soon) as phone:
        acme = phone.set_up("AcmeInc")
        (tls,) = [step for step in check(phone, acme, "new-account")["steps"] if step["step"] == "TLS"]

    assert tls["verdict"] == "WARN"
    assert f"It expires in {(datetime(3000, 1, 1, tzinfo=UTC) - soon) // timedelta(days=1)} days" in tls["advice"]


def test_get_is_pointed_out_and_works(tenant: tuple[Phone, str]) -> None:
    url = check(*tenant, "new-account")["steps"][0]

    assert (url["verdict"], url["detail"].startswith("GET https://")) == ("PASS", True)
    assert "access log" in url["advice"]


def test_the_draft_is_checked_unless_told_otherwise(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc")
    phone.save(acme, url="https://unknown.mock.localhost:8443/p")

    drafted, live = check(phone, acme, "new-account"), check(phone, acme, "new-account", stage="PUBLISHED")

    assert verdicts(drafted)[-1] == "DNS FAIL"
    assert verdicts(live)[-1] == "ANSWER PASS"


def test_a_draft_may_be_checked_before_it_is_turned_on(phone: Phone) -> None:
    acme = phone.ask.create("AcmeInc")
    phone.save(acme, url=phone.provider.url(), isEnabled=False)

    checked = check(phone, acme, "new-account")

    assert verdicts(checked)[0] == "URL WARN"
    assert "phones do not call it yet" in checked["steps"][0]["detail"]
    assert checked["outcome"]["__typename"] == "CheckedAccounts"


def test_without_a_url_there_is_nobody_to_call(phone: Phone) -> None:
    acme = phone.ask.create("AcmeInc")

    drafted, live = check(phone, acme, "1000"), check(phone, acme, "1000", stage="PUBLISHED")

    assert (drafted["__typename"], drafted["reason"]) == ("WrongState", "NO_PROVISIONING")
    assert (live["__typename"], live["reason"]) == ("WrongState", "NEVER_PUBLISHED")


def test_what_is_live_and_off_is_not_called(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc")
    phone.change(acme, isEnabled=False)

    refused = check(phone, acme, "1000", stage="PUBLISHED")

    assert (refused["__typename"], refused["reason"]) == ("WrongState", "NO_PROVISIONING")


def test_every_problem_of_the_login_is_told(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc")

    refused = phone.ask(CHECK_PROVISIONING, {"input": {"tenantId": acme, "username": "", "password": "a\u0007"}})

    assert refused["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in refused["problems"]] == [["username"], ["password"]]


def test_the_twenty_first_check_of_a_minute_is_refused_and_the_neighbours_is_not(phone: Phone) -> None:
    acme, other = phone.set_up("AcmeInc"), phone.set_up("OtherTel")

    done = [check(phone, acme, "keep")["__typename"] for _ in range(20)]
    refused = check(phone, acme, "keep")

    assert done == ["ProvisioningChecked"] * 20
    assert refused["__typename"] == "TooManyAttempts"
    assert 0 < refused["retryAfterSeconds"] <= 60
    assert check(phone, other, "keep")["__typename"] == "ProvisioningChecked"


def test_a_check_is_counted_by_its_worst_verdict_and_by_nothing_else(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc")
    before = count_of("FAIL"), count_of("WARN")

    check(phone, acme, "500")
    check(phone, acme, "keep")

    assert (count_of("FAIL"), count_of("WARN")) == (before[0] + 1, before[1] + 1)


def test_a_check_is_let_through_where_phones_are_held_back(phone: Phone) -> None:
    acme = phone.set_up("AcmeInc")
    signed_in = [phone.generic("500:AcmeInc")["failure"] for _ in range(21)]

    checked = check(phone, acme, "new-account")

    assert signed_in[-1] == "BUSY"
    assert verdicts(checked)[-1] == "ANSWER PASS"


def test_deviations_come_with_the_lines_of_the_answer(tenant: tuple[Phone, str]) -> None:
    checked = check(*tenant, "unknown-fields")

    assert [one["line"] for one in checked["deviations"]] == [1, 1, 1]
    assert {one["message"] for one in checked["deviations"]} == {
        "version: This field is not known; ignored.",
        "sipaccounts[0].codec: This field is not known; ignored.",
        "sipaccounts[0].push: This field is not known; ignored.",
    }


def echoing(connection: socket.socket, server: RawServer) -> None:
    """Answers with all that it was sent, in JSON, in the head and as it came."""
    server.read_request(connection)
    head, sent = server.heads[-1], server.bodies[-1]
    login = json.loads(sent)
    said = {**login, "errmsg": f"No {login['username']} with {login['password']}", "head": head.decode()}
    body = json.dumps(said).encode() + (b"" if server.is_sound else sent + head)
    start = f"HTTP/1.1 200 OK\r\nContent-Type: text/{quote(login['password'])}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(start.encode() + body)


@pytest.mark.parametrize("is_sound", [True, False])
def test_a_server_that_repeats_everything_makes_nothing_known(
    sqlite_settings: Settings, tmp_path: Path, *, is_sound: bool
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = RawServer(echoing, context_of(authority.issue_cert(HOST)))
    server.is_sound = is_sound
    settings = replace(sqlite_settings, admit_hosts=frozenset({HOST}), upstream_ca=tmp_path / "ca.pem")
    app = create_app(settings, resolver=FakeResolver({HOST: ["127.0.0.1"]}))
    password, key = 'SECRET "p/äss', "SECRET-key-0123456789"

    with server.running(), TestClient(app) as client:
        ask = Ask(client)
        acme = ask.create("AcmeInc")
        provisioning = {
            "isEnabled": True,
            "url": server.url(),
            "method": "POST_JSON",
            "headers": [{"name": "X-Api-Key", "value": key}],
        }
        saved = ask(SAVE, {"input": {"tenantId": acme, "expectedVersion": 1, "provisioning": provisioning}})
        sent = {"tenantId": acme, "username": "1000", "password": password}
        answer = ask.raw(CHECK_PROVISIONING, {"input": sent})

    assert saved["__typename"] == "DraftSaved"
    assert f"X-Api-Key: {key}".encode() in server.heads[0]
    assert json.loads(server.bodies[0])["password"] == password
    assert "SECRET" not in json.dumps(answer, ensure_ascii=False)
    assert "1000" in answer["data"]["checkProvisioning"]["answer"]
