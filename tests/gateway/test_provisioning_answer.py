"""What a provider answers, read tolerantly; what it is read as, and what is noted about it."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.provisioning.answer import Answer, read
from tenants.accounts import SipAccount, SipTransport, XmppAccount
from tenants.hosts import Subdomain

SIP = {"sipusername": "user1", "sippassword": "SECRET-sip", "transport": "UDP"}
XMPP = {"jid": "user1@chat.acme.example", "password": "SECRET-xmpp", "domain": "chat.acme.example"}


def answer_of(body: dict[str, Any]) -> Answer:
    return read(orjson.dumps(body))


def sip_of(**fields: Any) -> tuple[SipAccount | None, list[str]]:
    """The account, and the fields that something was noted about."""
    answer = answer_of({"update": True, "sipaccounts": [{**SIP, **fields}]})
    assert answer.accounts is not None
    names = [str(one.path[-1]) for one in answer.deviations]
    return (answer.accounts.sip[0] if answer.is_sound else None), names


def xmpp_of(**fields: Any) -> tuple[XmppAccount | None, list[str]]:
    answer = answer_of({"update": True, "sipaccounts": [], "xmppaccounts": [{**XMPP, **fields}]})
    names = [str(one.path[-1]) for one in answer.deviations]
    return (answer.accounts.xmpp[0] if answer.accounts and answer.is_sound else None), names


def test_the_documented_answer_departs_from_nothing() -> None:
    sip = {
        **SIP,
        "transport": "TLS",
        "subdomain": "pbx",
        "authusername": "629456",
        "srtp": "Enabled",
        "messaging": "Enabled",
        "video": "Enabled",
        "callrecording": "Disabled",
    }
    xmpp = {
        **XMPP,
        "server": "",
        "port": 5222,
        "resource": "",
        "usetls": True,
        "verifycert": True,
        "priority": 5,
        "displayname": "User One",
        "accountname": "Work XMPP",
    }

    answer = answer_of({"update": False, "errmsg": "text for the user", "sipaccounts": [sip], "xmppaccounts": [xmpp]})

    assert (answer.update, answer.message, answer.is_sound, answer.deviations) == (False, "text for the user", True, ())
    assert answer.accounts is not None
    assert answer.accounts.sip == (
        SipAccount(
            username="user1",
            password="SECRET-sip",
            transport=SipTransport.TLS,
            subdomain=Subdomain("pbx"),
            auth_username="629456",
            srtp=True,
            messaging=True,
            video=True,
            call_recording=False,
        ),
    )
    assert answer.accounts.xmpp == (
        XmppAccount(
            jid="user1@chat.acme.example",
            password="SECRET-xmpp",
            domain="chat.acme.example",
            port=5222,
            priority=5,
            display_name="User One",
            account_name="Work XMPP",
        ),
    )


@pytest.mark.parametrize(
    ("sent", "transport", "noted"),
    [
        ("UDP", SipTransport.UDP, []),
        ("tls", SipTransport.TLS, ["transport"]),
        ("Tcp", SipTransport.TCP, ["transport"]),
        ("", SipTransport.UDP, ["transport"]),
        (None, SipTransport.UDP, ["transport"]),
    ],
)
def test_transports_are_read_in_any_case(sent: Any, transport: SipTransport, noted: list[str]) -> None:
    account, names = sip_of(transport=sent)

    assert account is not None
    assert (account.transport, names) == (transport, noted)


@pytest.mark.parametrize(
    ("sent", "meant", "noted"),
    [
        ("Enabled", True, []),
        ("disabled", False, []),
        ("ENABLED", True, []),
        ("", None, []),
        (None, None, []),
        (True, True, ["srtp"]),
        (False, False, ["srtp"]),
    ],
)
def test_a_switch_is_on_off_or_left_to_the_app(sent: Any, meant: bool | None, noted: list[str]) -> None:  # noqa: FBT001 - an example
    account, names = sip_of(srtp=sent)

    assert account is not None
    assert (account.srtp, names) == (meant, noted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sipusername", ""),
        ("sipusername", None),
        ("sipusername", 1000),
        ("sipusername", "x" * 257),
        ("sipusername", "a\nb"),
        ("sippassword", 1234),
        ("sippassword", ["x"]),
        ("sippassword", "a\u0000b"),
        ("transport", "SCTP"),
        ("transport", 1),
        ("subdomain", "p b x"),
        ("subdomain", "pbx.acme.example:5060"),
        ("subdomain", "https://pbx.acme.example"),
        ("subdomain", 7),
        ("authusername", 629456),
        ("authusername", "x" * 257),
        ("srtp", "perhaps"),
        ("video", 1),
        ("messaging", "true"),
        ("callrecording", []),
    ],
)
def test_a_sip_account_is_whole_or_the_answer_is_none(field: str, value: Any) -> None:
    account, names = sip_of(**{field: value})

    assert account is None
    assert names == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jid", "user1"),
        ("jid", "user1@chat.acme.example/phone"),
        ("jid", None),
        ("password", ""),
        ("domain", None),
        ("domain", "chat_.acme.example"),
        ("server", "x y"),
        ("port", 0),
        ("port", 65536),
        ("port", "5222x"),
        ("port", 5222.5),
        ("port", True),
        ("priority", 128),
        ("priority", -129),
        ("usetls", "yes"),
        ("usetls", 1),
        ("verifycert", "maybe"),
        ("displayname", 5),
    ],
)
def test_a_chat_account_is_whole_or_the_answer_is_none(field: str, value: Any) -> None:
    account, names = xmpp_of(**{field: value})

    assert account is None
    assert names == [field]


@pytest.mark.parametrize(
    ("field", "sent", "read_as"),
    [
        ("port", "5222", 5222),
        ("port", 5222, 5222),
        ("port", "", None),
        ("priority", "-5", -5),
        ("usetls", "False", False),
        ("usetls", None, True),
        ("verifycert", "true", True),
        ("server", "XMPP.acme.example", "xmpp.acme.example"),
        ("displayname", "User\nOne \u202e", "User One"),
        ("accountname", "w" * 61, "w" * 59 + "…"),
        ("displayname", "\u200b", None),
    ],
)
def test_what_is_plainly_meant_is_taken(field: str, sent: Any, read_as: Any) -> None:
    names = {"usetls": "use_tls", "verifycert": "verify_certificate", "displayname": "display_name"}
    names["accountname"] = "account_name"

    account, _ = xmpp_of(**{field: sent})

    assert account is not None
    assert getattr(account, names.get(field, field)) == read_as


def test_every_departure_is_noted_at_its_place_and_repeats_no_value() -> None:
    sent = {
        "update": "false",
        "errmsg": "Hello\tthere",
        "Version": 3,
        "sipAccounts": [],
        "sipaccounts": [SIP, {**SIP, "srtp": True, "codec": "SECRET-codec"}],
        "xmppaccounts": [{**XMPP, "port": "5222"}, {**XMPP, "jid": "SECRET-jid"}, "SECRET-text"],
    }

    answer = answer_of(sent)

    assert [(one.path, one.line) for one in answer.deviations] == [
        (("Version",), None),
        (("sipAccounts",), None),
        (("update",), None),
        (("errmsg",), None),
        (("sipaccounts", 1, "codec"), None),
        (("sipaccounts", 1, "srtp"), None),
        (("xmppaccounts", 0, "port"), None),
        (("xmppaccounts", 1, "jid"), None),
        (("xmppaccounts", 2), None),
    ]
    assert answer.deviations[1].message == "This field is not known; ignored. Did you mean sipaccounts?"
    assert answer.deviations[2].message == "It is a text; read as false."
    assert not [one for one in answer.deviations if "SECRET" in one.message]
    assert all(one.message.endswith((".", "?")) for one in answer.deviations)
    assert not answer.is_sound


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{\n"update": true,\n}', 3),
        (b'{"update":\ntrue', 2),
        (b"{}\n{}", 2),
        (b'{\n"errmsg": "\xfc"}', 2),
        (b"<html>", 1),
        (b"", 1),
        (b"\xff\xfe{\x00}\x00", 1),
        (b'{"a": NaN}', 1),
        (b'{"a": 1e999}', 1),
        (b'{"a": 1, "a": 2}', 1),
        (b'{"a": "\\ud800"}', 1),
        (b'{"a": ' + b"9" * 5000 + b"}", 1),
        (b"[" * 60_000, 1),
        (b'{"a":' * 10_000, 1),
        (b'{"update": true, "errmsg": "x"', 1),
    ],
)
def test_what_is_no_json_is_no_answer_and_is_told_by_its_line(body: bytes, line: int) -> None:
    answer = read(body)

    assert answer == Answer(deviations=answer.deviations)
    assert [one.line for one in answer.deviations] == [line]


@pytest.mark.parametrize("body", [b"null", b"[]", b"true", b'"x"', b"1"])
def test_json_that_is_no_object_is_no_answer(body: bytes) -> None:
    answer = read(body)

    assert not answer.is_sound
    assert [one.message for one in answer.deviations] == ["The answer is no JSON object."]


def test_a_byte_order_mark_is_noted_and_ignored() -> None:
    answer = read(b"\xef\xbb\xbf" + orjson.dumps({"update": True, "sipaccounts": [SIP]}))

    assert answer.is_sound
    assert [one.line for one in answer.deviations] == [1]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("  Contact Support \n", "Contact Support"),
        ("Line one\r\nline two\u2028three", "Line one line two three"),
        ("pay\u202enow\u0007\u200b\x1b[31m", "paynow[31m"),
        ("<b>Hello</b> &amp;", "<b>Hello</b> &amp;"),
        ("\u200b\u202e \n", None),
        ("", None),
        (None, None),
        (5, None),
        (["x"], None),
        (False, None),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 50, "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 39 + "…"),
    ],
)
def test_messages_are_plain_and_short(sent: Any, message: str | None) -> None:
    assert answer_of({"update": True, "errmsg": sent, "sipaccounts": []}).message == message


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    read(body)


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps({f"k{number}": number for number in range(5000)}),
        orjson.dumps({"errmsg": "\u200d " * 15_000}),
        orjson.dumps({"errmsg": "\u0301" * 30_000}),
        orjson.dumps({"update": True, "sipaccounts": [{f"k{n}": 0 for n in range(100)} for _ in range(80)]}),
        orjson.dumps({"update": True, "sipaccounts": [0] * 30_000}),
        orjson.dumps({"xmppaccounts": [{**XMPP, "displayname": "\u200d\ufe0f" * 300} for _ in range(50)]}),
        orjson.dumps({"xmppaccounts": [{**XMPP, "jid": "a" * 500 + "@" + "b." * 200} for _ in range(50)]}),
        b'{"a":' + b"[" * 60_000 + b"]" * 5000 + b"}",
        b'{"a":"' + b"\\u0000" * 10_000 + b'"}',
    ],
    ids=lambda body: str(body[:20]),
)
def test_the_longest_answers_cost_little(body: bytes) -> None:
    assert len(body) <= 200_000

    seconds = min(_seconds(body) for _ in range(3))

    assert seconds < 0.05
    assert len(read(body).deviations) <= 101


def _seconds(body: bytes) -> float:
    started = time.process_time()
    read(body)
    return time.process_time() - started
