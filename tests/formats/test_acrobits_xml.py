"""What is written for Acrobits, read by expat, which has no part in the writing."""

from __future__ import annotations

import re
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.formats.acrobits_xml import NotInXmlError, write_account, write_error
from tenants.accounts import SipAccount, SipTransport
from tests.tenants.link_corpus import naughty_strings

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
NAUGHTY = [
    text for text in naughty_strings() if text and not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe]", text)
]
SIGNS = ["</password><host>evil.example</host>", "]]>", "<![CDATA[", "&lt;", "&#0;", "<?php", "<!--", "'\"", "\ufeff"]


def read(document: bytes) -> tuple[list[str], dict[str, str]]:
    """The elements in their order, and the text of each."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    names: list[str] = []
    open_elements: list[str] = []
    texts: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        assert attributes == {}
        names.append(name)
        open_elements.append(name)
        texts[name] = ""

    def end(_name: str) -> None:
        open_elements.pop()

    def add(text: str) -> None:
        texts[open_elements[-1]] += text

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = add
    parser.Parse(document, True)  # noqa: FBT003 - expat's own
    return names, texts


def account(**fields: str) -> SipAccount:
    return SipAccount(**{"username": "user1", "password": "29de?8", "transport": SipTransport.UDP, **fields})  # type: ignore[arg-type]  # as its fields are


def test_an_account_has_every_element_that_the_app_needs() -> None:
    names, texts = read(write_account("Acme Telecom", account(auth_username="629456"), "pbx.acme.example:5070"))

    assert names[0] == "account"
    assert {name: texts[name] for name in names[1:]} == {
        "title": "Acme Telecom",
        "username": "user1",
        "password": "29de?8",
        "host": "pbx.acme.example:5070",
        "transport": "udp",
        "authUsername": "629456",
        "extProvInterval": "3600",
    }


@pytest.mark.parametrize(("transport", "spelling"), [("UDP", "udp"), ("TCP", "tcp"), ("TLS", "tls+sip:")])
def test_the_transport_is_spelt_as_the_app_does(transport: str, spelling: str) -> None:
    sip = SipAccount(username="user1", password="29de?8", transport=SipTransport(transport))

    assert read(write_account("Acme", sip, "acme.example"))[1]["transport"] == spelling


def test_a_title_is_never_empty() -> None:
    _, texts = read(write_account("\ufffe", account(), "acme.example"))

    assert texts["title"] == "acme.example"


@given(TEXTS, TEXTS, st.none() | TEXTS)
def test_any_account_reads_as_it_was_or_is_refused(username: str, password: str, auth_username: str | None) -> None:
    sip = SipAccount(username=username, password=password, auth_username=auth_username, transport=SipTransport.TCP)
    has_no_character = any(sign in username + password + (auth_username or "") for sign in "\ufffe\uffff")

    assert outcome_of(sip) == ("refused" if has_no_character else "read")


@pytest.mark.parametrize("text", [*NAUGHTY, *SIGNS], ids=lambda text: ascii(text)[:30])
def test_naughty_texts_read_as_they_were(text: str) -> None:
    assert outcome_of(account(username=text, password=text, auth_username=text)) == "read"


def outcome_of(sip: SipAccount) -> str:
    """Whether expat finds in what was written what was put in."""
    try:
        written = write_account("Acme", sip, "acme.example")
    except NotInXmlError:
        return "refused"
    names, texts = read(written)
    found = (texts["username"], texts["password"], texts.get("authUsername"))
    is_right = found == (sip.username, sip.password, sip.auth_username) and len(names) == len(set(names))
    return "read" if is_right else "wrong"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_message_can_be_written(message: str) -> None:
    names, texts = read(write_error(message))

    assert names == ["error", "message"]
    assert set(texts["message"]) <= set(message) | set("\n")
