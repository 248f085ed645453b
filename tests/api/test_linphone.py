"""Linphone's one-time address: the app is set up by it, and nobody else uses it up."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.documents import CREATE_SETUP_LINK
from tests.api.test_setup_links import change_key_id
from tests.formats.test_linphone_xml import read
from tests.mock_providers import mock_provider
from tests.signing_in import Phone, gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mock_provider.server import MockProvider
    from gateway.settings import Settings

SIP = {"username": "user1", "password": "SECRET-sip", "transport": "TLS"}
XMPP = {"jid": "user1@chat.acme.example", "password": "SECRET-xmpp", "domain": "chat.acme.example"}
ACCOUNTS = {"accounts": {"sipAccounts": [SIP]}}
LINPHONE = {"X-Linphone-Provisioning": "1", "User-Agent": "LinphoneAndroid/6.0 (Pixel) LinphoneSDK/5.4"}
QR = "mutation($input: MakeQrCodeInput!) { makeQrCode(input: $input) { ... on QrCodeMade { qrCode { payload } } } }"
STATUS = "query($id: ID!) { node(id: $id) { ... on SetupLink { status } } }"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock")) as provider:
        yield provider


class Linphones:
    """A tenant that other makers' softphones can be used with, and such softphones."""

    def __init__(self, phone: Phone) -> None:
        self.phone, self.ask = phone, phone.ask
        self.tenant = phone.set_up("AcmeInc", sipDomain="acme.example", subdomain="pbx")

    def make(self, content: Any = ACCOUNTS, **fields: Any) -> Any:
        return self.ask(CREATE_SETUP_LINK, {"input": {"tenantId": self.tenant, "content": content, **fields}})

    def fetch(self, code: str, method: str = "GET", address: str = "192.0.2.1", **headers: str) -> Any:
        sent = {**LINPHONE, "X-Forwarded-For": address, **headers}
        return self.ask.client.request(
            method, f"/provisioning/linphone/{code}", headers={name: value for name, value in sent.items() if value}
        )

    def status(self, made: Any) -> Any:
        return self.ask(STATUS, {"id": made["setupLink"]["id"]})["status"]


@pytest.fixture
def linphone(provider: MockProvider, settings: Settings) -> Iterator[Linphones]:
    with gateway_with(provider, settings) as phone:
        yield Linphones(phone)


def token_of(made: Any) -> str:
    return str(made["setupCode"].partition("token=")[2])


def login(mode: str) -> dict[str, Any]:
    return {"login": {"username": mode, "password": "SECRET-login"}}


def test_the_app_is_set_up_by_the_address_in_its_qr_code(linphone: Linphones) -> None:
    made = linphone.make()
    content = {"setupCode": made["setupCode"]}
    asked = {"tenantId": linphone.tenant, "format": "LINPHONE", "content": content}
    address = linphone.ask(QR, {"input": asked})["qrCode"]["payload"]

    answer = linphone.ask.client.get(address, headers=LINPHONE)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["cache-control"] == "private, no-store"
    assert read(answer.content)["proxy_0"]["reg_identity"] == "sip:user1@pbx.acme.example"
    assert "SECRET" not in answer.text
    assert linphone.status(made) == "REDEEMED"


def test_the_limits_are_not_passed_by_whoever_knows_the_address_and_the_app(linphone: Linphones) -> None:
    username = "accounts/wrong-password"  # good at the first set-up, and refused ever after
    assert linphone.fetch(token_of(linphone.make(login(username)))).status_code == 200
    known = f"192.0.2.1 {LINPHONE['User-Agent']}"
    guessed = f"linphone-{hashlib.sha256(known.encode()).hexdigest()[:32]}"

    told = [
        linphone.phone.generic(f"{username}:AcmeInc", device=guessed, reprovision=True, address="192.0.2.9")[
            "__typename"
        ]
        for _ in range(6)
    ]

    assert told == ["ProvisioningRefused"] * 5 + ["TooManyAttempts"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_a_scanner_and_a_preview_use_nothing_up(linphone: Linphones, method: str) -> None:
    made = linphone.make()

    told = [
        linphone.fetch(code, method, **{"X-Linphone-Provisioning": "", "User-Agent": f"Preview/{n}"})
        for n in range(25)
        for code in (token_of(made), "x" * 43)
    ]

    assert {answer.status_code for answer in told} == {404}
    assert len({answer.content for answer in told}) == 1
    assert linphone.fetch(token_of(made), "HEAD").status_code == 404
    assert linphone.status(made) == "OPEN"
    assert linphone.fetch(token_of(made)).status_code == 200


def test_one_app_wins_and_may_repeat(linphone: Linphones) -> None:
    code = token_of(linphone.make())
    first = linphone.fetch(code)

    again = linphone.fetch(code)
    other_app = linphone.fetch(code, **{"User-Agent": "LinphoneiOS/6.0"})
    other_place = linphone.fetch(code, address="192.0.2.2")

    assert again.content == first.content
    assert [(one.status_code, one.text) for one in (other_app, other_place)] == [
        (404, "This setup code does not work any more. Ask your provider for a new one.\n")
    ] * 2


def test_a_code_of_a_whitelabel_tenant_works_too(linphone: Linphones) -> None:
    bright = linphone.phone.set_up("BrightTel", "WHITELABEL", sipDomain="bright.example")
    made = linphone.ask(CREATE_SETUP_LINK, {"input": {"tenantId": bright, "content": ACCOUNTS}})

    answer = linphone.fetch(token_of(made))

    assert read(answer.content)["auth_info_0"]["realm"] == "bright.example"


def test_a_login_is_taken_to_the_provider(linphone: Linphones) -> None:
    made = linphone.make(login("accounts"))

    answer = linphone.fetch(token_of(made))

    assert answer.status_code == 200
    sections = read(answer.content)
    assert sections["proxy_0"]["reg_identity"] == "sip:1000@pbx.acme.example"
    assert linphone.status(made) == "REDEEMED"


@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [
        ("forbidden-message", 403, ""),
        ("500", 503, ""),
        ("html", 503, ""),
        ("xmpp-only", 422, "Linphone has a place for SIP accounts only, and there is none."),
    ],
)
def test_a_provider_that_gives_nothing_costs_the_user_no_code(
    linphone: Linphones, mode: str, status: int, words: str
) -> None:
    made = linphone.make(login(mode))

    answer = linphone.fetch(token_of(made))

    assert answer.status_code == status
    assert answer.text.strip()
    assert words in answer.text
    assert "SECRET" not in answer.text
    assert ("retry-after" in answer.headers) is (status == 503)
    assert linphone.status(made) == "OPEN"


def test_what_the_document_cannot_say_costs_the_user_no_code(linphone: Linphones) -> None:
    made, chat = linphone.make(), linphone.make({"accounts": {"xmppAccounts": [XMPP]}})
    linphone.phone.change(linphone.tenant, sipDomain=None)

    told = [linphone.fetch(token_of(one)) for one in (made, chat)]

    assert [answer.status_code for answer in told] == [422, 422]
    assert "name none" in told[0].text
    assert [linphone.status(one) for one in (made, chat)] == ["OPEN", "OPEN"]


def test_a_content_that_no_key_opens_costs_the_user_no_code(linphone: Linphones) -> None:
    made = linphone.make()
    assert linphone.ask.client.portal is not None
    linphone.ask.client.portal.call(change_key_id, "00000000")

    answer = linphone.fetch(token_of(made))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert linphone.status(made) == "OPEN"


def test_refused_codes_are_limited_by_address(linphone: Linphones) -> None:
    told = [linphone.fetch(f"{number:043}") for number in range(21)]

    assert {answer.status_code for answer in told[:20]} == {404}
    assert told[20].status_code == 429
    assert 1 <= int(told[20].headers["retry-after"]) <= 60
    assert linphone.fetch(f"{0:043}", address="192.0.2.9").status_code == 404
