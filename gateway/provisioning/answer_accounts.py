"""The accounts of a provider's answer: its names and spellings here, the rules in `tenants.account_parsing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tenants.account_parsing import LONGEST_NAME, parse_sip, parse_xmpp
from tenants.accounts import SipAccount, SipTransport, XmppAccount
from tenants.parsing import Collector
from tenants.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from gateway.provisioning.fields import Fields

    Parse = Callable[[Mapping[str, Any], tuple[str, ...], Collector], "T | None"]

T = TypeVar("T")

_SIP_NAMES = {
    "username": "sipusername",
    "password": "sippassword",
    "transport": "transport",
    "authUsername": "authusername",
    "subdomain": "subdomain",
    "srtp": "srtp",
    "messaging": "messaging",
    "video": "video",
    "callRecording": "callrecording",
}
_XMPP_NAMES = {
    "jid": "jid",
    "password": "password",
    "domain": "domain",
    "server": "server",
    "port": "port",
    "resource": "resource",
    "useTls": "usetls",
    "verifyCertificate": "verifycert",
    "priority": "priority",
    "displayName": "displayname",
    "accountName": "accountname",
}
"""Our own names with the provider's for them."""


def read_sip(fields: Fields) -> SipAccount | None:
    """A SIP account; None, and the reasons noted, when it is none."""
    fields.note_unknown(_SIP_NAMES.values())
    sent = {
        "username": fields.text("sipusername"),
        "password": fields.text("sippassword"),
        "transport": _transport(fields),
        "authUsername": fields.optional_text("authusername"),
        "subdomain": fields.optional_text("subdomain"),
        "srtp": fields.switch("srtp"),
        "messaging": fields.switch("messaging"),
        "video": fields.switch("video"),
        "callRecording": fields.switch("callrecording"),
    }
    return _by_rules(fields, sent, parse_sip, _SIP_NAMES)


def read_xmpp(fields: Fields) -> XmppAccount | None:
    """A chat account; None, and the reasons noted, when it is none."""
    fields.note_unknown(_XMPP_NAMES.values())
    sent = {
        "jid": fields.text("jid"),
        "password": fields.text("password"),
        "domain": fields.text("domain"),
        "server": fields.optional_text("server"),
        "port": fields.number("port"),
        "resource": fields.optional_text("resource"),
        "useTls": fields.flag("usetls", default=True),
        "verifyCertificate": fields.flag("verifycert", default=True),
        "priority": fields.number("priority"),
        "displayName": _shown_name(fields, "displayname"),
        "accountName": _shown_name(fields, "accountname"),
    }
    return _by_rules(fields, sent, parse_xmpp, _XMPP_NAMES)


def _by_rules(fields: Fields, sent: Mapping[str, Any], parse: Parse[T], names: Mapping[str, str]) -> T | None:
    """What staff may type in is what a provider may answer; the rules have one home."""
    if not fields.is_sound:
        return None
    collector = Collector()
    account = parse(sent, (), collector)
    for problem in collector.problems:
        fields.refuse(names[problem.path[0]], problem.message)
    return account


def _transport(fields: Fields) -> str:
    """Of any case; UDP, which every softphone takes for granted, when it is left out."""
    value = fields.get("transport")
    if value is None or value == "":
        fields.note("transport", "It is missing; read as UDP.")
        return SipTransport.UDP.value
    transport = value.upper() if isinstance(value, str) else ""
    if transport not in SipTransport.__members__:
        fields.refuse("transport", "It is none of UDP, TCP and TLS.")
    elif transport != value:
        fields.note("transport", "It is not in capital letters; read as if it were.")
    return transport


def _shown_name(fields: Fields, name: str) -> str | None:
    """Decoration: cut and cleaned, where anything else would keep a phone from ringing."""
    text = fields.optional_text(name)
    cleaned = clean_line(text, LONGEST_NAME) if text else None
    if cleaned != text:
        fields.note(name, "It is shortened, or cleaned of characters that cannot be shown, or of blanks.")
    return cleaned or None
