"""What an app must do, rule by rule, against a gateway that says whatever a test wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from softphone import fill

from tests.kit.device import ACCOUNT, LOGIN, OTHER, Clock, Device, answer, config, provisioned
from tests.kit.stub_gateway import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.stub_gateway import StubGateway

BAD_ANSWERS = {
    "no JSON": Reply(b"<html>"),
    "nothing": Reply(b""),
    "null": Reply(None),
    "a list": Reply([]),
    "no data": Reply({"data": None}),
    "a null field": Reply({"data": {"field": None}}),
    "errors beside data": Reply({"errors": [{"message": "x"}], **provisioned("LOG_OUT", []).body}),
    "400": Reply({}, 400),
    "401": Reply({}, 401),
    "404": Reply({}, 404),
    "429": Reply({}, 429, {"Retry-After": "60"}),
    "500": Reply({}, 500),
    "503": Reply(b"", 503, {"Retry-After": "soon"}),
    "a log-out with 500": Reply(provisioned("LOG_OUT", []).body, 500),
    "a type of a later gateway": answer(__typename="SomethingNew", action="ERASE"),
    "an action of a later gateway": provisioned("ERASE", []),
    "REPLACE without accounts": answer(__typename="Provisioned", action="REPLACE", providerId="AcmeInc"),
    "REPLACE without a ProviderId": answer(
        __typename="Provisioned", action="REPLACE", username="2000", sipAccounts=[OTHER], xmppAccounts=[]
    ),
    "UnknownProvider": answer(__typename="UnknownProvider", message="?"),
    "ProvisioningRefused": answer(__typename="ProvisioningRefused", message="?", refusal="CREDENTIALS_REJECTED"),
    "ProvisioningUnavailable": answer(
        __typename="ProvisioningUnavailable", message="?", failure="FAILED", retryAfterSeconds=5
    ),
    "ProvisioningOff": answer(
        __typename="ProvisioningOff", message="?", providerId="AcmeInc", username="1000", signIn={"host": None}
    ),
    "TooManyAttempts": answer(__typename="TooManyAttempts", message="?", retryAfterSeconds=5),
    "InvalidInput": answer(__typename="InvalidInput", message="?", problems=[]),
}


@pytest.mark.parametrize("reply", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_nothing_but_an_instruction_touches_what_a_phone_has(
    gateway: StubGateway, device: Device, reply: Reply
) -> None:
    device.signed_in()
    gateway.answers(reply)

    phone = device.start()
    phone.refresh_accounts()

    again = device.start().state
    assert again.sip_accounts == phone.state.sip_accounts == [ACCOUNT]
    assert again.credentials == {"generic": {"login": LOGIN[0], "password": LOGIN[1]}}
    assert again.is_set_up


FAILED_SIGN_INS = {**BAD_ANSWERS, "LOG_OUT": provisioned("LOG_OUT", [])}
del FAILED_SIGN_INS["ProvisioningOff"]  # says where to register what was typed


@pytest.mark.parametrize("reply", FAILED_SIGN_INS.values(), ids=FAILED_SIGN_INS)
def test_a_sign_in_that_fails_does_not_take_the_place_of_one_that_worked(
    gateway: StubGateway, device: Device, reply: Reply
) -> None:
    phone = device.signed_in()
    gateway.answers(reply)

    phone.sign_in("2000:AcmeInc", "SECRET-other")

    state = device.start().state
    assert state.sip_accounts == [ACCOUNT]
    assert state.credentials == {"generic": {"login": LOGIN[0], "password": LOGIN[1]}}


def test_without_provisioning_what_was_typed_is_the_account(gateway: StubGateway, device: Device) -> None:
    gateway.answers(BAD_ANSWERS["ProvisioningOff"])

    device.start().sign_in("1000:AcmeInc", "SECRET-typed")

    state = device.start().state
    assert state.sip_accounts == [{"username": "1000", "password": "SECRET-typed", "host": None}]
    assert state.provider_id == "AcmeInc"


def test_a_first_set_up_is_told_apart_from_asking_again(gateway: StubGateway, device: Device) -> None:
    device.signed_in()
    gateway.answers(provisioned("KEEP", []))

    device.start().refresh_accounts()

    assert json.loads(gateway.asked[0].body)["variables"]["input"]["reprovision"] is True


def test_a_log_out_ends_in_the_sign_in_screen(gateway: StubGateway, device: Device) -> None:
    device.signed_in()
    gateway.answers(provisioned("LOG_OUT", [], notice="Goodbye."))

    message = device.start().refresh_accounts()

    state = device.start().state
    assert message == "Goodbye."
    assert (state.sip_accounts, state.credentials, state.password, state.is_set_up) == ([], None, "", False)


def test_the_gateway_is_not_asked_before_it_wants_to_be(gateway: StubGateway, device: Device, clock: Clock) -> None:
    device.signed_in()
    gateway.answers(BAD_ANSWERS["429"])
    device.start().refresh_accounts()

    clock.now += 59
    device.start().refresh_accounts()
    before = len(gateway.asked)
    clock.now += 2
    device.start().refresh_accounts()

    assert (before, len(gateway.asked)) == (1, 2)


def test_a_clock_that_was_wrong_for_a_while_does_not_silence_the_phone(
    gateway: StubGateway, device: Device, clock: Clock
) -> None:
    device.signed_in()
    gateway.answers(BAD_ANSWERS["429"])
    clock.now += 400 * 86400
    device.start().refresh_accounts()

    clock.now -= 400 * 86400
    device.start().refresh_accounts()

    assert len(gateway.asked) == 2


@pytest.mark.parametrize(("chance", "minutes"), [(0.0, 15), (0.5, 22.5), (0.99, 29.8)])
def test_the_config_is_asked_for_once_in_fifteen_minutes_and_not_at_the_same_second_by_all(
    gateway: StubGateway, device: Device, clock: Clock, chance: float, minutes: float
) -> None:
    device.signed_in()
    gateway.answers(config())

    device.start(chance).refresh_config()
    clock.now += minutes * 60 - 1
    device.start(chance).refresh_config()
    before = len(gateway.asked)
    clock.now += 15
    device.start(chance).refresh_config()

    assert (before, len(gateway.asked)) == (1, 2)


def test_a_config_is_shown_at_once_at_the_next_start_and_revalidated_by_its_etag(
    gateway: StubGateway, device: Device, clock: Clock
) -> None:
    device.signed_in()
    gateway.answers(config(etag='"one"'), Reply(None, 304))
    device.start().refresh_config()

    clock.now += 3600
    phone = device.start()
    shown = phone.state.config
    phone.refresh_config()

    assert shown is not None
    assert shown["revision"] == 1
    assert [asked.headers.get("if-none-match") for asked in gateway.asked] == [None, '"one"']
    assert phone.state.config == shown


def test_the_config_is_asked_for_by_get_with_query_and_variables(gateway: StubGateway, device: Device) -> None:
    device.signed_in()
    gateway.answers(config())

    device.start().refresh_config()

    (asked,) = gateway.asked
    sent = parse_qs(urlsplit(asked.path).query)
    assert asked.method == "GET"
    assert json.loads(sent["variables"][0]) == {"providerId": "AcmeInc", "app": "GENERIC"}
    assert sent["query"][0].startswith("query SoftphoneConfig(")


@pytest.mark.parametrize(
    "reply",
    [
        config(revision=6),
        config(revision=8, screen="FaceRecognition"),
        answer(__typename="UnknownProvider", message="?"),
        answer(__typename="SoftphoneConfig", revision=9),
        Reply({}, 503),
        Reply({"errors": [{"message": "x"}], **config(revision=9).body}),
    ],
    ids=["older", "unknown screen", "unknown provider", "half a config", "503", "errors"],
)
def test_a_config_is_kept_unless_a_newer_one_that_can_be_shown_comes(
    gateway: StubGateway, device: Device, clock: Clock, reply: Reply
) -> None:
    device.signed_in()
    gateway.answers(config(revision=7), reply)
    device.start().refresh_config()
    clock.now += 3600

    device.start().refresh_config()

    kept = device.start().state.config
    assert kept is not None
    assert kept["revision"] == 7
    assert len(gateway.asked) == 2


def test_another_providers_config_is_asked_for_at_once_whatever_its_revision(
    gateway: StubGateway, device: Device
) -> None:
    phone = device.signed_in()
    gateway.answers(config(revision=7, etag='"one"'))
    phone.refresh_config()
    gateway.answers(provisioned("REPLACE", [OTHER]))
    gateway.replies[0].body["data"]["field"]["providerId"] = "BrightTel"
    phone.sign_in("2000:BrightTel", "SECRET")
    gateway.answers(config(revision=1))

    phone.refresh_config()

    assert phone.state.config is not None
    assert phone.state.config["revision"] == 1
    assert "if-none-match" not in gateway.asked[-1].headers


@pytest.mark.parametrize(
    ("source", "opened"),
    [
        ("PROVISIONING", "https://acme.example/?u=1000&p=SECRET-1234"),
        ("SIP_ACCOUNT", "https://acme.example/?u=1000&p=29de%3F8"),
    ],
)
def test_a_link_is_filled_from_the_source_that_the_provider_chose(
    gateway: StubGateway, device: Device, source: str, opened: str
) -> None:
    phone = device.signed_in()
    link = {"title": "Bill", "url": "https://acme.example/?u=%user%&p=%pwd%", "placeholders": []}
    gateway.answers(config(help={"credentialsSource": source, "links": [link]}))
    phone.refresh_config()

    assert phone.open_link(0) == opened
    assert opened not in device.start().store.read_text("utf-8")


def test_a_link_is_not_filled_with_another_password_where_there_is_no_sip_account(
    gateway: StubGateway, device: Device
) -> None:
    phone = device.signed_in()
    phone.state.sip_accounts = []
    link = {"title": "Bill", "url": "https://acme.example/?p=%pwd%", "placeholders": []}
    gateway.answers(config(help={"credentialsSource": "SIP_ACCOUNT", "links": [link]}))
    phone.refresh_config()

    assert phone.open_link(0) == "https://acme.example/?p="


def test_a_value_is_encoded_once_and_a_password_that_reads_like_a_placeholder_stays_itself() -> None:
    opened = fill("https://acme.example/in?a=%20%user%&u=%user%#%pwd%", "29de?8&a=1#x+%", "%user%")

    assert opened == ("https://acme.example/in?a=%2029de%3F8%26a%3D1%23x%2B%25&u=29de%3F8%26a%3D1%23x%2B%25#%25user%25")


@pytest.mark.parametrize("kind", ["ProvisioningUnavailable", "TooManyAttempts"])
def test_the_gateway_is_not_asked_before_its_answer_says_so(
    gateway: StubGateway, device: Device, clock: Clock, kind: str
) -> None:
    device.signed_in()
    gateway.answers(answer(__typename=kind, message="?", retryAfterSeconds=60))
    device.start().refresh_accounts()

    clock.now += 59
    device.start().refresh_accounts()
    before = len(gateway.asked)
    clock.now += 2
    device.start().refresh_accounts()

    assert (before, len(gateway.asked)) == (1, 2)


def test_an_answer_is_taken_whole_or_not_at_all(gateway: StubGateway, device: Device) -> None:
    device.signed_in()
    half = provisioned("REPLACE", [OTHER])
    del half.body["data"]["field"]["providerId"]
    gateway.answers(half)

    phone = device.start()
    phone.refresh_accounts()

    assert device.start().state.sip_accounts == phone.state.sip_accounts == [ACCOUNT]


def test_a_log_out_removes_chat_accounts_too(gateway: StubGateway, device: Device) -> None:
    both = provisioned("REPLACE", [ACCOUNT])
    both.body["data"]["field"]["xmppAccounts"] = [{"jid": "user1@chat.acme.example"}]
    gateway.answers(both, provisioned("LOG_OUT", []))
    device.start().sign_in(*LOGIN)

    device.start().refresh_accounts()

    assert device.start().state.xmpp_accounts == []


def test_what_the_phone_remembers_is_for_its_user_alone(gateway: StubGateway, device: Device) -> None:
    phone = device.signed_in()

    assert phone.store.stat().st_mode & 0o077 == 0
    assert "SECRET" not in repr(phone)
    assert "SECRET" not in repr(phone.state)


def test_the_key_of_the_app_goes_with_every_call_and_is_nowhere_else(gateway: StubGateway, device: Device) -> None:
    gateway.answers(Reply({}), provisioned("REPLACE", [ACCOUNT]), Reply({}))
    phone = device.start(app="WHITELABEL", provider_id="AcmeInc", app_key="SECRET-key")

    phone.refresh_config()
    phone.sign_in("1000", "1234")
    phone.redeem("a-code")

    assert [asked.headers["x-app-key"] for asked in gateway.asked[:3]] == ["SECRET-key"] * 3
    assert "SECRET-key" not in repr(phone) + phone.store.read_text("utf-8") + "".join(one.path for one in gateway.asked)


def test_the_reference_client_is_short_and_needs_nothing(root: Path) -> None:
    text = (root / "kit" / "python" / "softphone.py").read_text("utf-8")

    assert len(text.splitlines()) < 200
