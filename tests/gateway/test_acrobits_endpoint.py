"""Acrobits' own protocol over the real application, with a provider behind real TLS."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.mock_providers import mock_provider
from tests.signing_in import HOME, PASSWORD, Phone, gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mock_provider.server import MockProvider
    from gateway.settings import Settings


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock")) as provider:
        yield provider


@pytest.fixture
def phone(provider: MockProvider, settings: Settings) -> Iterator[Phone]:
    """A published tenant, with a neighbour of the other kind."""
    with gateway_with(provider, settings) as phone:
        phone.set_up("NeighbourTel", "WHITELABEL", sipDomain="neighbour.example")
        phone.set_up("AcmeInc", sipDomain="acme.example:5070", subdomain="pbx")
        yield phone


class App:
    """An Acrobits app, as its portal was told to ask."""

    def __init__(self, client: TestClient, provider_id: str = "AcmeInc") -> None:
        self._client, self._path = client, f"/provisioning/acrobits/{provider_id}"

    def get(self, username: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        sent = {"username": username, "password": password, "cloud_id": "ACME*", **more}
        return self._client.get(self._path, params=sent, headers={"X-Forwarded-For": HOME})

    def post(self, username: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        sent = {"username": username, "password": password, "cloud_id": "ACME", **more}
        return self._client.post(self._path, data=sent)

    def send(
        self, method: str, body: bytes, content_type: str = "application/x-www-form-urlencoded"
    ) -> httpx2.Response:
        if method == "GET":
            return self._client.get(f"{self._path}?{body.decode('latin-1')}")
        return self._client.post(self._path, content=body, headers={"Content-Type": content_type})


@pytest.fixture
def app(phone: Phone) -> App:
    return App(phone.ask.client)


def fields(answer: httpx2.Response, root: str) -> dict[str, Any]:
    """What stands in the answer, whose head must be right too."""
    document = ET.fromstring(answer.content)  # noqa: S314 - our own
    assert document.tag == root
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    return {element.tag: element.text for element in document}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_user_signs_in_and_gets_the_account(app: App, method: str) -> None:
    answer = getattr(app, method)("accounts")

    assert answer.status_code == 200
    assert fields(answer, "account") == {
        "title": "AcmeInc",
        "username": "1000",
        "password": "29de?8",
        "host": "pbx.acme.example:5070",
        "transport": "udp",
        "extProvInterval": "3600",
    }


def test_an_account_of_its_own_place_and_transport_is_passed_on(app: App) -> None:
    found = fields(app.get("all-fields"), "account")
    elsewhere = fields(app.get("full-host"), "account")

    assert (found["transport"], found["authUsername"]) == ("tls+sip:", "629456")
    assert elsewhere["host"] == "sip.acme.example"


def test_the_title_is_the_tenants_name(phone: Phone) -> None:
    tenant = phone.ask.create("BetaTel", name="Beta & <Sons>")
    phone.change(tenant, isEnabled=True, url=phone.provider.url(), sipDomain="beta.example")

    assert fields(App(phone.ask.client, "BetaTel").get("accounts"), "account")["title"] == "Beta & <Sons>"


def test_a_whitelabel_tenant_is_served_like_a_generic_one_and_names_ignore_case(phone: Phone) -> None:
    found = fields(App(phone.ask.client, "neighbourtel").get("accounts"), "account")

    assert found["host"] == "neighbour.example"


def test_only_the_first_of_several_accounts_has_room(app: App) -> None:
    assert fields(app.get("ten-accounts"), "account")["username"] == "1000"


def test_whatever_is_no_account_is_a_refusal_and_never_an_empty_account(app: App) -> None:
    modes = ["keep", "log-out", "xmpp-only", "no-lines", "wrong-password", "not-found-message"]

    answers = [app.get(mode) for mode in modes]

    assert [answer.status_code for answer in answers] == [403] * len(modes)
    assert all(fields(answer, "error")["message"] for answer in answers)


def test_the_provider_is_asked_as_at_the_first_time_since_the_app_has_no_word_for_later(app: App) -> None:
    answers = [app.get(f"accounts/{later}") for later in ("keep", "log-out", "keep")]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_the_providers_own_words_reach_the_user(app: App) -> None:
    answer = app.get("log-out-message")

    assert fields(answer, "error") == {"message": "Your contract has ended."}


def test_a_provider_that_fails_takes_no_account_away(app: App) -> None:
    answers = [app.get(mode) for mode in ("500", "500-log-out", "html")]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert min(int(answer.headers["retry-after"]) for answer in answers) >= 5
    assert all("Your phone stays as it is." in fields(answer, "error")["message"] for answer in answers)


@pytest.mark.slow
def test_a_provider_that_hangs_is_waited_for_as_long_as_by_the_api(app: App) -> None:
    started = time.monotonic()
    answer = app.get("hang")

    assert answer.status_code == 503
    assert time.monotonic() - started < 5.5


def test_unknown_suspended_and_unpublished_providers_are_told_alike(phone: Phone) -> None:
    phone.ask.create("Unpublished")
    suspended = phone.set_up("Suspended", sipDomain="s.example")
    done = phone.ask(
        'mutation($id: ID!) { suspendTenant(input: {tenantId: $id, reason: "unpaid"}) { __typename } }',
        {"id": suspended},
    )

    answers = [
        App(phone.ask.client, name).get("accounts") for name in ("Nobody", "Unpublished", "Suspended", "a b", "%00")
    ]

    assert done["__typename"] == "TenantSuspended"
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}


def test_a_tenant_without_external_provisioning_says_how_its_users_sign_in(phone: Phone) -> None:
    phone.set_up("PlainVoice", isEnabled=False, sipDomain="plain.example")

    answer = App(phone.ask.client, "PlainVoice").get("accounts")

    assert answer.status_code == 403
    assert "SIP username and password" in fields(answer, "error")["message"]


def test_without_a_server_to_call_there_is_no_account(phone: Phone) -> None:
    phone.set_up("NoDomain", subdomain="pbx")

    answer = App(phone.ask.client, "NoDomain").get("accounts")

    assert answer.status_code == 503
    assert "server" in fields(answer, "error")["message"]


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("GET", b"", 400),
        ("GET", b"username=accounts", 400),
        ("GET", b"username=accounts&password=", 400),
        ("GET", b"username=accounts&password=SECRET%00", 400),
        ("GET", b"username=accounts&password=" + b"S" * 257, 400),
        ("GET", b"username=accounts&password=SECRET%FF", 400),
        ("GET", b"username=accounts&password=SECRET&password=SECRET", 400),
        ("GET", b"&".join(b"SECRET%d=1" % number for number in range(60)), 400),
        ("POST", b"", 400),
        ("POST", b"username=accounts&password=SECRET\xff", 400),
        ("POST", b"username=" + b"S" * 70_000, 413),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_repetition(
    client: TestClient, method: str, body: bytes, status: int
) -> None:
    answer = App(client).send(method, body)

    assert answer.status_code == status
    assert "SECRET" not in str(fields(answer, "error"))


def test_a_form_is_all_that_is_taken(client: TestClient) -> None:
    answer = App(client).send("POST", b'{"username": "accounts", "password": "SECRET"}', "application/json")

    assert answer.status_code == 415
    assert fields(answer, "error")["message"]


def test_encoded_characters_reach_the_provider_as_they_were_typed(app: App, phone: Phone) -> None:
    before = phone.provider.calls["accounts"]

    answer = app.get("accounts+a@b:c d", "p+w&=%é")

    assert answer.status_code == 200
    assert phone.provider.calls["accounts"] == before + 1


def test_neither_logs_nor_metrics_hold_the_query(app: App, phone: Phone, capfd: pytest.CaptureFixture[str]) -> None:
    app.get("accounts+SECRET-user", "SECRET-word", device_id="SECRET-device")
    app.post("500+SECRET-user", "SECRET-word")

    logged = "".join(capfd.readouterr())
    counted = phone.ask.client.get("/metrics", headers=phone.ask.staff.headers("platform-token")).text
    has_secret = "SECRET" in logged or "29de?8" in logged or "SECRET" in counted
    assert "/provisioning/acrobits/{provider_id}" in logged
    assert "/provisioning/acrobits/{provider_id}" in counted
    assert not has_secret


def test_refusals_are_limited_and_only_who_knows_the_password_passes_as_the_phone_that_worked(
    app: App, phone: Phone
) -> None:
    user = "accounts/wrong-password"  # the second half is for phones that ask again, which this app never does
    worked = app.get(user, "right")
    refused = [phone.generic(f"{user}:AcmeInc", device=f"other-{number}", reprovision=True) for number in range(5)]

    same, guess, stranger = app.get(user, "right"), app.get(user, "guess"), app.get(user, "right", device_id="another")

    assert worked.status_code == same.status_code == 200
    assert {one["__typename"] for one in refused} == {"ProvisioningRefused"}
    assert guess.status_code == stranger.status_code == 429
    assert int(guess.headers["retry-after"]) > 60
    assert fields(guess, "error")["message"]


def test_a_phone_that_says_which_it_is_passes_whatever_its_password_became(app: App, phone: Phone) -> None:
    user = "accounts/wrong-password"
    app.get(user, "old", device_id="installation-1")
    for number in range(5):
        phone.generic(f"{user}:AcmeInc", device=f"other-{number}", reprovision=True)

    assert app.get(user, "new", device_id="installation-1").status_code == 200
