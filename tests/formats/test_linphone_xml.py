"""Linphone's document, read as the app reads it: sections of entries, later ones over earlier ones."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gateway.formats.content import CannotCarryError
from gateway.formats.linphone_xml import NAMESPACE, write_config
from tenants.accounts import Accounts, SipAccount, SipTransport, XmppAccount
from tenants.hosts import SipDomain, Subdomain
from tenants.model import Provisioning

SIP = SipAccount(username="user1", password="SECRET-sip", transport=SipTransport.TLS)
SETTINGS = Provisioning(sip_domain=SipDomain("acme.example", 5070), subdomain=Subdomain("pbx"))


def read(document: bytes) -> dict[str, dict[str, str]]:
    """Each entry must be one that wins over what the app has."""
    root = ET.fromstring(document)  # noqa: S314 - our own document
    assert root.tag == f"{{{NAMESPACE}}}config"
    sections: dict[str, dict[str, str]] = {}
    for section in root:
        assert section.tag == f"{{{NAMESPACE}}}section"
        assert all(entry.get("overwrite") == "true" for entry in section)
        sections[section.attrib["name"]] = {entry.attrib["name"]: entry.text or "" for entry in section}
    return sections


def test_an_account_registers_at_the_tenants_host_and_proves_itself_by_a_digest() -> None:
    document = write_config(Accounts((SIP,)), SETTINGS)

    sections = read(document)

    assert sections["proxy_0"] == {
        "reg_proxy": "<sip:pbx.acme.example:5070;transport=tls>",
        "reg_identity": "sip:user1@pbx.acme.example",
        "reg_sendregister": "1",
    }
    assert sections["auth_info_0"] == {
        "username": "user1",
        "domain": "pbx.acme.example",
        "realm": "pbx.acme.example",
        "ha1": hashlib.md5(b"user1:pbx.acme.example:SECRET-sip").hexdigest(),  # noqa: S324 - SIP's own
        "algorithm": "MD5",
    }
    assert b"SECRET" not in document


def test_the_app_asks_once_and_not_at_every_start() -> None:
    sections = read(write_config(Accounts((SIP,)), SETTINGS))

    assert sections["misc"] == {"transient_provisioning": "1"}
    assert sections["sip"] == {"default_proxy": "0"}


def test_the_name_for_authentication_is_what_is_digested() -> None:
    account = replace(SIP, auth_username="629456")

    told = read(write_config(Accounts((account,)), SETTINGS))["auth_info_0"]

    assert (told["username"], told["userid"]) == ("user1", "629456")
    assert told["ha1"] == hashlib.md5(b"629456:pbx.acme.example:SECRET-sip").hexdigest()  # noqa: S324 - as above


def test_accounts_are_numbered_and_encrypted_media_is_for_all_of_them() -> None:
    other = replace(SIP, username="user2", srtp=True, subdomain=Subdomain("sip.other.example"))

    sections = read(write_config(Accounts((SIP, other)), SETTINGS))

    assert [name for name in sections if name.endswith(("_0", "_1"))] == [
        "proxy_0",
        "auth_info_0",
        "proxy_1",
        "auth_info_1",
    ]
    assert sections["proxy_1"]["reg_identity"] == "sip:user2@sip.other.example"
    assert sections["sip"]["media_encryption"] == "srtp"


@pytest.mark.parametrize(
    ("username", "identity"),
    [
        ("a&b", "sip:a&b@pbx.acme.example"),
        ("a b@c<d>", "sip:a%20b%40c%3Cd%3E@pbx.acme.example"),
        ("Zoë:1", "sip:Zo%C3%AB%3A1@pbx.acme.example"),
        ('"]]>', "sip:%22%5D%5D%3E@pbx.acme.example"),
    ],
)
def test_what_means_something_in_an_address_or_in_xml_is_written_so_that_it_does_not(
    username: str, identity: str
) -> None:
    sections = read(write_config(Accounts((replace(SIP, username=username),)), SETTINGS))

    assert sections["proxy_0"]["reg_identity"] == identity
    assert sections["auth_info_0"]["username"] == username


@pytest.mark.parametrize(
    ("accounts", "settings"),
    [
        (Accounts((SIP,)), Provisioning(subdomain=Subdomain("pbx"))),
        (Accounts((), (XmppAccount(jid="a@b.example", password="p", domain="b.example"),)), SETTINGS),
        (Accounts((replace(SIP, username="a\uffff"),)), SETTINGS),
    ],
    ids=["no host", "chat only", "no XML"],
)
def test_what_cannot_be_said_is_refused_without_a_value(accounts: Accounts, settings: Provisioning) -> None:
    with pytest.raises(CannotCarryError) as caught:
        write_config(accounts, settings)

    assert "SECRET" not in str(caught.value)
    assert "\uffff" not in str(caught.value)


def test_chat_accounts_are_left_out() -> None:
    xmpp = XmppAccount(jid="a@b.example", password="SECRET-xmpp", domain="b.example")

    document = write_config(Accounts((SIP,), (xmpp,)), SETTINGS)

    assert b"b.example" not in document
