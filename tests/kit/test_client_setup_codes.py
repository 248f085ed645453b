"""What an app must do with a setup code, against a gateway that says whatever a test wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.kit.device import ACCOUNT, OTHER, Device, answer, config, provisioned, redeemed
from tests.kit.stub_gateway import Reply

if TYPE_CHECKING:
    from tests.kit.stub_gateway import StubGateway

SETUP_ACCOUNTS = {"__typename": "SetupAccounts", "sipAccounts": [OTHER], "xmppAccounts": []}


def test_a_setup_code_whose_answer_was_lost_is_sent_again_at_the_next_start(
    gateway: StubGateway, device: Device
) -> None:
    gateway.answers(Reply({}, 503))
    device.start().redeem("scloc:?v=2&token=abc")
    content = {"__typename": "SetupAccounts", "sipAccounts": [ACCOUNT], "xmppAccounts": []}
    gateway.answers(answer(__typename="SetupLinkRedeemed", providerId="AcmeInc", content=content), config())

    device.start().refresh()

    state = device.start().state
    sent = [json.loads(asked.body)["variables"]["input"] for asked in gateway.asked if asked.method == "POST"]
    assert state.sip_accounts == [ACCOUNT]
    assert state.setup_code is None
    assert sent[0] == sent[1]
    assert sent[0]["setupCode"] == "scloc:?v=2&token=abc"


def test_a_sign_in_that_works_takes_the_place_of_a_setup_code_that_got_no_answer(
    gateway: StubGateway, device: Device
) -> None:
    gateway.answers(Reply({}, 503))
    device.start().redeem("scloc:?v=2&token=abc")
    device.signed_in()
    gateway.answers(redeemed(SETUP_ACCOUNTS))

    device.start().refresh()

    assert device.start().state.sip_accounts == [ACCOUNT]
    assert not any(b"RedeemSetupLink" in asked.body for asked in gateway.asked)


def test_asking_again_leaves_a_setup_code_waiting_that_got_no_answer(gateway: StubGateway, device: Device) -> None:
    device.signed_in()
    gateway.answers(Reply({}, 503))
    device.start().redeem("scloc:?v=2&token=abc")
    gateway.answers(provisioned("REPLACE", [ACCOUNT]))

    device.start().refresh_accounts()

    assert device.start().state.setup_code == "scloc:?v=2&token=abc"


def test_a_setup_code_is_written_down_before_it_is_sent(gateway: StubGateway, device: Device) -> None:
    written: list[str | None] = []
    phone = device.start()
    gateway.answers(redeemed(SETUP_ACCOUNTS))
    gateway.before = lambda: written.append(device.start().state.setup_code)

    phone.redeem("scloc:?v=2&token=abc")

    assert written == ["scloc:?v=2&token=abc"]


@pytest.mark.parametrize("kind", ["SetupLinkUnusable", "InvalidInput"])
def test_a_setup_code_that_does_not_work_is_forgotten(gateway: StubGateway, device: Device, kind: str) -> None:
    device.signed_in()
    gateway.answers(answer(__typename=kind, message="It does not work."))

    shown = device.start().redeem("scloc:?v=2&token=abc")

    state = device.start().state
    assert shown == "It does not work."
    assert (state.setup_code, state.sip_accounts) == (None, [ACCOUNT])


def test_another_providers_setup_code_brings_its_config_at_once(gateway: StubGateway, device: Device) -> None:
    phone = device.signed_in()
    gateway.answers(config(revision=7))
    phone.refresh_config()
    gateway.answers(redeemed(SETUP_ACCOUNTS, "BrightTel"))
    phone.redeem("scloc:?v=2&token=abc")
    gateway.answers(config(revision=1))

    phone.refresh_config()

    assert phone.state.config is not None
    assert phone.state.config["revision"] == 1


def test_a_login_from_a_setup_code_is_kept_until_it_brings_accounts(gateway: StubGateway, device: Device) -> None:
    phone = device.signed_in()
    content = {"__typename": "SetupLogin", "username": "2000", "password": "SECRET"}
    gateway.answers(redeemed(content), Reply(b"", 503))
    phone.redeem("scloc:?v=2&token=abc")
    meanwhile = device.start().state
    gateway.answers(provisioned("REPLACE", [OTHER]))

    device.start().refresh_accounts()

    asked_again = json.loads(gateway.asked[-1].body)["variables"]["input"]
    assert meanwhile.sip_accounts == [ACCOUNT]
    assert asked_again["reprovision"] is False
    assert asked_again["credentials"] == {"generic": {"login": "2000:AcmeInc", "password": "SECRET"}}
    assert device.start().state.sip_accounts == [OTHER]
