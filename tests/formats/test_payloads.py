"""Each row of each format, what it refuses, and that whatever is handed out reads as what was put in.

The readers here are as simple as apps write them, and share nothing with the gateway's own.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.formats.content import Content, Target
from gateway.formats.payloads import FormatCannotCarryError, QrFormat, make_payload
from tenants.accounts import Accounts, LoginPair, SipAccount, SipTransport, XmppAccount
from tenants.hosts import SipDomain, Subdomain
from tenants.model import AppKind
from tenants.setup_links import SetupToken
from tests.tenants.link_corpus import naughty_strings

GENERIC = Target(
    provider_id="AcmeInc",
    app=AppKind.GENERIC,
    sip_domain=SipDomain("acme.example"),
    subdomain=Subdomain("pbx"),
    base_url="https://gateway.example",
)
WHITELABEL = replace(GENERIC, app=AppKind.WHITELABEL)
LOGIN = LoginPair("1000", "1234")
TOKEN = SetupToken("aB3-_" * 8 + "xyz")
SIP = SipAccount(username="user1", password="29de?8", transport=SipTransport.UDP)
FULL_SIP = replace(
    SIP,
    transport=SipTransport.TLS,
    auth_username="629456",
    subdomain=Subdomain("sip.acme.example"),
    srtp=True,
    messaging=True,
    video=False,
    call_recording=False,
)
XMPP = XmppAccount(jid="user1@chat.acme.example", password="chat", domain="chat.acme.example")
FULL_XMPP = replace(
    XMPP,
    server="xmpp.acme.example",
    port=5223,
    resource="phone",
    use_tls=False,
    verify_certificate=False,
    priority=-5,
    display_name="User One",
    account_name="Work",
)
UNFORESEEN = "would not find"
"""What is said when a payload does not read back: the writers should have known, so it must never happen."""
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("form", "target", "content", "payload"),
    [
        (QrFormat.SESSIONTALK, GENERIC, LOGIN, "scsc:1000:1234:AcmeInc"),
        (QrFormat.SESSIONTALK, WHITELABEL, LOGIN, "scsc:1000:1234"),
        (
            QrFormat.SESSIONTALK,
            GENERIC,
            Accounts((SIP,)),
            (
                'scloc:AcmeInc|{"sipaccounts":[{"sipusername":"user1","sippassword":"29de?8",'
                '"subdomain":"pbx.acme.example","transport":"UDP"}]}'
            ),
        ),
        (
            QrFormat.SESSIONTALK,
            WHITELABEL,
            Accounts((FULL_SIP,), (FULL_XMPP,)),
            (
                'scloc:{"sipaccounts":[{"sipusername":"user1","sippassword":"29de?8","subdomain":"sip.acme.example",'
                '"authusername":"629456","transport":"TLS","srtp":"Enabled","messaging":"Enabled","video":"Disabled",'
                '"callrecording":"Disabled"}],"xmppaccounts":[{"jid":"user1@chat.acme.example","password":"chat",'
                '"domain":"chat.acme.example","server":"xmpp.acme.example","port":5223,"resource":"phone","usetls":false,'
                '"verifycert":false,"priority":-5,"displayname":"User\\u0020One","accountname":"Work"}]}'
            ),
        ),
        (QrFormat.SESSIONTALK, GENERIC, TOKEN, f"scloc:?v=2&token={TOKEN.text}"),
        (
            QrFormat.SESSIONTALK_DESKTOP,
            GENERIC,
            Accounts((SIP, replace(SIP, username="user2"))),
            (
                'scloc:?providerId=AcmeInc&sipaccounts="[{"sipusername":"user1","sippassword":"29de?8",'
                '"subdomain":"pbx.acme.example","transport":"UDP"},{"sipusername":"user2","sippassword":"29de?8",'
                '"subdomain":"pbx.acme.example","transport":"UDP"}]"'
            ),
        ),
        (QrFormat.SESSIONTALK_DESKTOP, WHITELABEL, TOKEN, f"scloc:?v=2&token={TOKEN.text}"),
        (QrFormat.SESSIONTALK_WINDOWS, GENERIC, LOGIN, "scsc:?username=1000:AcmeInc&password=1234"),
        (QrFormat.SESSIONTALK_WINDOWS, WHITELABEL, LOGIN, "scsc:?username=1000&password=1234"),
        (QrFormat.ACROBITS, GENERIC, LOGIN, "csc:1000:1234@AcmeInc"),
        (QrFormat.ACROBITS, WHITELABEL, LoginPair("a@b:c", "p w&é"), "csc:a%40b%3Ac:p%20w%26%C3%A9@AcmeInc"),
        (QrFormat.ACROBITS, GENERIC, None, "csc:AcmeInc"),
        (
            QrFormat.LINPHONE,
            GENERIC,
            TOKEN,
            f"https://gateway.example/provisioning/linphone/{TOKEN.text}",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, QrFormat) else "",
)
def test_each_row_is_spelt_as_its_app_reads_it(form: QrFormat, target: Target, content: Content, payload: str) -> None:
    assert make_payload(form, target, content) == payload


@pytest.mark.parametrize(
    ("form", "content", "alternatives"),
    [
        (QrFormat.SESSIONTALK, LoginPair("10:00", "1234"), ["SESSIONTALK_WINDOWS", "ACROBITS"]),
        (QrFormat.SESSIONTALK, LoginPair("1000", "12:34"), ["SESSIONTALK_WINDOWS", "ACROBITS"]),
        (QrFormat.SESSIONTALK, LoginPair("1000 ", "1234"), ["ACROBITS"]),
        (QrFormat.SESSIONTALK, LoginPair("1000", "\N{NO-BREAK SPACE}1234"), ["ACROBITS"]),
        (QrFormat.SESSIONTALK, LoginPair("?username=1000", "1234"), ["ACROBITS"]),
        (QrFormat.SESSIONTALK, LoginPair("1000", "%41"), ["ACROBITS"]),
        (QrFormat.SESSIONTALK, None, ["ACROBITS"]),
        (QrFormat.SESSIONTALK, Accounts((SIP,), (XMPP,)), []),
        (QrFormat.SESSIONTALK, Accounts((), (XMPP,)), []),
        (QrFormat.SESSIONTALK_DESKTOP, LOGIN, ["SESSIONTALK_WINDOWS", "SESSIONTALK", "ACROBITS"]),
        (QrFormat.SESSIONTALK_DESKTOP, Accounts((SIP,), (XMPP,)), []),
        (QrFormat.SESSIONTALK_DESKTOP, None, ["ACROBITS"]),
        (QrFormat.SESSIONTALK_WINDOWS, LoginPair("1000", "12&34"), ["SESSIONTALK", "ACROBITS"]),
        (QrFormat.SESSIONTALK_WINDOWS, LoginPair("1000", "12+34"), ["SESSIONTALK", "ACROBITS"]),
        (QrFormat.SESSIONTALK_WINDOWS, LoginPair("1000", "größe"), ["SESSIONTALK", "ACROBITS"]),
        (QrFormat.SESSIONTALK_WINDOWS, TOKEN, ["SESSIONTALK_DESKTOP", "SESSIONTALK", "LINPHONE"]),
        (QrFormat.ACROBITS, Accounts((SIP,)), ["SESSIONTALK", "SESSIONTALK_DESKTOP"]),
        (QrFormat.ACROBITS, TOKEN, ["LINPHONE", "SESSIONTALK", "SESSIONTALK_DESKTOP"]),
        (QrFormat.LINPHONE, LOGIN, ["ACROBITS", "SESSIONTALK", "SESSIONTALK_WINDOWS"]),
        (QrFormat.LINPHONE, None, ["ACROBITS"]),
    ],
)
def test_what_a_format_cannot_say_is_refused_and_those_named_that_can(
    form: QrFormat, content: Content, alternatives: list[str]
) -> None:
    with pytest.raises(FormatCannotCarryError) as caught:
        make_payload(form, GENERIC, content)

    assert [one.name for one in caught.value.alternatives] == alternatives
    assert ("setup link" in caught.value.message) is (content is not None and not alternatives)


@pytest.mark.parametrize("form", [QrFormat.ACROBITS, QrFormat.LINPHONE])
@pytest.mark.parametrize("subdomain", [None, "pbx"])
def test_other_softphones_are_refused_without_a_server_to_call(form: QrFormat, subdomain: str | None) -> None:
    target = replace(GENERIC, sip_domain=None, subdomain=Subdomain(subdomain) if subdomain else None)

    for content in (LOGIN, None, TOKEN):
        with pytest.raises(FormatCannotCarryError):
            make_payload(form, target, content)


def test_a_subdomain_that_is_a_full_host_is_server_enough() -> None:
    target = replace(GENERIC, sip_domain=None, subdomain=Subdomain("pbx.acme.example"))

    assert make_payload(QrFormat.ACROBITS, target, LOGIN) == "csc:1000:1234@AcmeInc"


@pytest.mark.parametrize(
    ("app", "sip_domain", "subdomain", "own", "written"),
    [
        (AppKind.GENERIC, "acme.example", "pbx", None, "pbx.acme.example"),
        (AppKind.GENERIC, "acme.example", "pbx", "sip", "sip.acme.example"),
        (AppKind.GENERIC, "acme.example", "pbx", "sip.other.example", "sip.other.example"),
        (AppKind.GENERIC, "acme.example", None, None, "acme.example"),
        (AppKind.GENERIC, None, "pbx", None, "pbx"),
        (AppKind.GENERIC, None, None, None, None),
        (AppKind.GENERIC, "acme.example:5070", None, "sip.other.example", "sip.other.example"),
        (AppKind.WHITELABEL, "acme.example", "pbx", None, "pbx.acme.example"),
        (AppKind.WHITELABEL, "acme.example:5070", "pbx", None, "pbx"),
        (AppKind.WHITELABEL, "acme.example:5070", "pbx", "sip", "sip"),
        (AppKind.WHITELABEL, "acme.example:5070", None, None, None),
    ],
)
def test_accounts_are_told_where_to_register(
    app: AppKind, sip_domain: str | None, subdomain: str | None, own: str | None, written: str | None
) -> None:
    target = replace(
        GENERIC,
        app=app,
        sip_domain=SipDomain.parse(sip_domain) if sip_domain else None,
        subdomain=Subdomain(subdomain) if subdomain else None,
    )
    accounts = Accounts((replace(SIP, subdomain=Subdomain(own) if own else None),))

    _, found = naive_reading(QrFormat.SESSIONTALK, app, make_payload(QrFormat.SESSIONTALK, target, accounts))

    assert found["sipaccounts"][0].get("subdomain") == written


def test_a_port_that_a_generic_app_would_not_learn_is_not_dropped() -> None:
    target = replace(GENERIC, sip_domain=SipDomain("acme.example", 5070))

    for form in (QrFormat.SESSIONTALK, QrFormat.SESSIONTALK_DESKTOP):
        with pytest.raises(FormatCannotCarryError, match="port"):
            make_payload(form, target, Accounts((SIP,)))


NAUGHTY = [LoginPair(text, "word") for text in naughty_strings() if text] + [
    LoginPair("name", text) for text in naughty_strings() if text
]


@pytest.mark.parametrize("target", [GENERIC, WHITELABEL], ids=["generic", "whitelabel"])
@pytest.mark.parametrize("form", [QrFormat.SESSIONTALK, QrFormat.SESSIONTALK_WINDOWS, QrFormat.ACROBITS])
def test_naughty_logins_read_as_they_were_or_are_refused(form: QrFormat, target: Target) -> None:
    outcomes = [login_outcome(form, target, login) for login in NAUGHTY]

    assert "wrong" not in outcomes
    assert outcomes.count("carried") > 100
    assert ("refused" in outcomes) is (form is not QrFormat.ACROBITS)


@pytest.mark.parametrize("target", [GENERIC, WHITELABEL], ids=["generic", "whitelabel"])
@pytest.mark.parametrize("form", [QrFormat.SESSIONTALK, QrFormat.SESSIONTALK_DESKTOP])
def test_naughty_accounts_are_all_carried(form: QrFormat, target: Target) -> None:
    for login in NAUGHTY:
        account = replace(SIP, username=login.username, password=login.password, auth_username=login.password)
        payload = make_payload(form, target, Accounts((account,)))

        _, found = naive_reading(form, target.app, payload)
        (entry,) = found["sipaccounts"]
        assert (entry["sipusername"], entry["sippassword"], entry["authusername"]) == (
            login.username,
            login.password,
            login.password,
        )


@given(TEXTS, TEXTS, st.sampled_from([GENERIC, WHITELABEL]), st.sampled_from(list(QrFormat)))
def test_any_login_reads_as_it_was_or_is_refused(username: str, password: str, target: Target, form: QrFormat) -> None:
    assert login_outcome(form, target, LoginPair(username, password)) != "wrong"


@given(st.text(st.sampled_from(':%?&=+#@|"\\/ a4\u00e9'), min_size=1, max_size=8), st.sampled_from(list(QrFormat)))
def test_separators_in_a_login_are_never_taken_for_separators(text: str, form: QrFormat) -> None:
    for login in (LoginPair(text, "word"), LoginPair("name", text), LoginPair(text, text)):
        for target in (GENERIC, WHITELABEL):
            assert login_outcome(form, target, login) != "wrong"


SIP_ACCOUNTS = st.builds(
    SipAccount,
    username=TEXTS,
    password=TEXTS,
    transport=st.sampled_from(SipTransport),
    auth_username=st.none() | TEXTS,
    subdomain=st.none() | st.sampled_from([Subdomain("sip"), Subdomain("sip.other.example")]),
    srtp=st.none() | st.booleans(),
    messaging=st.none() | st.booleans(),
    video=st.none() | st.booleans(),
    call_recording=st.none() | st.booleans(),
)
XMPP_ACCOUNTS = st.builds(
    XmppAccount,
    jid=TEXTS,
    password=TEXTS,
    domain=TEXTS,
    server=st.none() | TEXTS,
    port=st.none() | st.integers(1, 65535),
    resource=st.none() | TEXTS,
    use_tls=st.booleans(),
    verify_certificate=st.booleans(),
    priority=st.none() | st.integers(-128, 127),
    display_name=st.none() | TEXTS,
    account_name=st.none() | TEXTS,
)


@given(st.lists(SIP_ACCOUNTS, min_size=1, max_size=3), st.lists(XMPP_ACCOUNTS, max_size=2))
def test_any_accounts_are_carried_whole(sip: list[SipAccount], xmpp: list[XmppAccount]) -> None:
    payload = make_payload(QrFormat.SESSIONTALK, WHITELABEL, Accounts(tuple(sip), tuple(xmpp)))

    _, found = naive_reading(QrFormat.SESSIONTALK, AppKind.WHITELABEL, payload)
    assert [entry["sippassword"] for entry in found["sipaccounts"]] == [one.password for one in sip]
    assert [entry.get("srtp") for entry in found["sipaccounts"]] == [
        {None: None, True: "Enabled", False: "Disabled"}[one.srtp] for one in sip
    ]
    assert [entry.get("displayname") for entry in found.get("xmppaccounts", [])] == [one.display_name for one in xmpp]


@given(st.lists(SIP_ACCOUNTS, min_size=1, max_size=3))
def test_a_link_with_accounts_reads_alike_however_much_of_it_a_browser_encodes(sip: list[SipAccount]) -> None:
    payload = make_payload(QrFormat.SESSIONTALK_DESKTOP, GENERIC, Accounts(tuple(sip)))

    readings = [
        naive_reading(QrFormat.SESSIONTALK_DESKTOP, AppKind.GENERIC, spelling)
        for spelling in (payload, quote(payload, safe=":?&=,"), unquote(payload))
    ]

    assert readings[0] == readings[1] == readings[2]
    assert [entry["sipusername"] for entry in readings[0][1]["sipaccounts"]] == [one.username for one in sip]


def test_no_message_repeats_a_value() -> None:
    for content in (LoginPair("SECRET:1", "SECRET"), LoginPair(" SECRET", "SECRET&%41"), Accounts((), (XMPP,))):
        for form in QrFormat:
            for target in (GENERIC, WHITELABEL):
                message = refusal(form, target, content)
                assert "SECRET" not in message
                assert UNFORESEEN not in message


def refusal(form: QrFormat, target: Target, content: Content) -> str:
    try:
        make_payload(form, target, content)
    except FormatCannotCarryError as error:
        return error.message
    return ""


def login_outcome(form: QrFormat, target: Target, login: LoginPair) -> str:
    """Whether a simple reader finds the login in what was handed out."""
    try:
        payload = make_payload(form, target, login)
    except FormatCannotCarryError as error:
        return "wrong" if UNFORESEEN in error.message else "refused"
    provider_id, found = naive_reading(form, target.app, payload)
    is_named = provider_id == "AcmeInc" or (provider_id is None and target is WHITELABEL)
    return "carried" if is_named and found == (login.username, login.password) else "wrong"


def naive_reading(form: QrFormat, app: AppKind, payload: str) -> tuple[str | None, Any]:
    """The ProviderId and what is said, as an app's few lines of code would read them."""
    if form is QrFormat.ACROBITS:
        login, cloud_id = payload.removeprefix("csc:").rsplit("@", 1)
        username, password = map(unquote, login.split(":"))
        return cloud_id, (username, password)
    if form is QrFormat.SESSIONTALK_WINDOWS:
        query = parse_qs(urlsplit(payload).query)
        (username,), (password,) = query["username"], query["password"]
        if app is AppKind.GENERIC:
            username, _, provider_id = username.rpartition(":")
            return provider_id, (username, password)
        return None, (username, password)
    if form is QrFormat.SESSIONTALK_DESKTOP:
        query = parse_qs(urlsplit(payload).query)
        (provider_id,), (listed,) = query["providerId"], query["sipaccounts"]
        return provider_id, {"sipaccounts": json.loads(listed.strip('"'))}
    if payload.startswith("scsc:"):
        parts = payload.removeprefix("scsc:").split(":")
        return (parts[2] if app is AppKind.GENERIC else None), tuple(parts[:2])
    text = payload.removeprefix("scloc:")
    provider_id, _, text = text.rpartition("|")
    return provider_id or None, json.loads(text)
