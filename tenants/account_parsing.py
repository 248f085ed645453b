"""Accounts and logins that staff type in: every field parsed, every problem answered at once.

The mappings have the API's own names (`SipAccountInput`, `XmppAccountInput`, `LoginInput`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tenants.accounts import MOST_ACCOUNTS, Accounts, LoginPair, SipAccount, SipTransport, XmppAccount
from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError, Problem
from tenants.hosts import Subdomain
from tenants.text import parse_line, parse_opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tenants.parsing import Collector

_PORTS = range(1, 65536)
_PRIORITIES = range(-128, 128)
LONGEST_NAME = 60
_LONGEST_JID = 512
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
# RFC 7622: no blanks, and none of the characters that end or quote a local part.
_LOCAL = re.compile(r"""[^\s"&'/:<>@\x00-\x1f\x7f]{1,256}""")

Path = tuple[str, ...]


def parse_login(sent: Mapping[str, Any], path: Path, collector: Collector) -> LoginPair | None:
    """Rule P9. None, and the problems noted, when a part was refused."""
    username = collector.parse((*path, "username"), parse_opaque, sent["username"])
    password = collector.parse((*path, "password"), parse_opaque, sent["password"])
    return None if username is None or password is None else LoginPair(username, password)


def parse_accounts(sent: Mapping[str, Any], path: Path, collector: Collector) -> Accounts | None:
    """One to ten accounts. None, and the problems noted, when any was refused."""
    sip, xmpp = sent.get("sipAccounts") or [], sent.get("xmppAccounts") or []
    count = len(sip) + len(xmpp)
    if count == 0:
        collector.problems.append(Problem(ProblemCode.REQUIRED, path, "There is no account in it."))
    if count > MOST_ACCOUNTS:
        message = f"A phone takes at most {MOST_ACCOUNTS} accounts."
        collector.problems.append(Problem(ProblemCode.TOO_MANY, path, message))
        return None
    before = len(collector.problems)
    parsed_sip = [parse_sip(one, (*path, "sipAccounts", str(at)), collector) for at, one in enumerate(sip)]
    parsed_xmpp = [parse_xmpp(one, (*path, "xmppAccounts", str(at)), collector) for at, one in enumerate(xmpp)]
    if count == 0 or len(collector.problems) > before:
        return None
    return Accounts(tuple(one for one in parsed_sip if one), tuple(one for one in parsed_xmpp if one))


def parse_sip(sent: Mapping[str, Any], path: Path, collector: Collector) -> SipAccount | None:
    """A SIP account; None, and the problems noted, when a field was refused."""
    field = _Fields(sent, path, collector)
    username, password = field.text("username", parse_opaque), field.text("password", parse_opaque)
    auth_username = field.optional("authUsername", parse_opaque)
    subdomain = field.optional("subdomain", Subdomain.parse)
    if username is None or password is None or field.has_problems:
        return None
    return SipAccount(
        username=username,
        password=password,
        transport=SipTransport(sent["transport"]),
        auth_username=auth_username,
        subdomain=subdomain,
        srtp=sent.get("srtp"),
        messaging=sent.get("messaging"),
        video=sent.get("video"),
        call_recording=sent.get("callRecording"),
    )


def parse_xmpp(sent: Mapping[str, Any], path: Path, collector: Collector) -> XmppAccount | None:
    """A chat account; None, and the problems noted, when a field was refused."""
    field = _Fields(sent, path, collector)
    jid, password = field.text("jid", parse_jid), field.text("password", parse_opaque)
    domain = field.text("domain", _host)
    account = {
        "server": field.optional("server", _host),
        "resource": field.optional("resource", parse_opaque),
        "display_name": field.optional("displayName", _name),
        "account_name": field.optional("accountName", _name),
    }
    port = field.number("port", _PORTS)
    priority = field.number("priority", _PRIORITIES)
    if jid is None or password is None or domain is None or field.has_problems:
        return None
    return XmppAccount(
        jid=jid,
        password=password,
        domain=domain,
        port=port,
        priority=priority,
        use_tls=sent.get("useTls", True),
        verify_certificate=sent.get("verifyCertificate", True),
        **account,
    )


def parse_jid(text: str) -> str:
    """`user@domain` by RFC 7622, without a resource. Raises InvalidValueError JID_SYNTAX."""
    local, at, domain = text.strip(" ").rpartition("@")
    if len(text) > _LONGEST_JID or not at or not _LOCAL.fullmatch(local) or not _HOST.fullmatch(domain):
        raise InvalidValueError(
            ProblemCode.JID_SYNTAX, "This is no chat address.", hint="It is written like user1@chat.acme.example."
        )
    return f"{local}@{domain.lower()}"


class _Fields:
    """The fields of one account."""

    def __init__(self, sent: Mapping[str, Any], path: Path, collector: Collector) -> None:
        self._sent, self._path, self._collector = sent, path, collector
        self._before = len(collector.problems)

    @property
    def has_problems(self) -> bool:
        """Whether any field of it was refused."""
        return len(self._collector.problems) > self._before

    def text(self, name: str, parse: Callable[[str], str]) -> str | None:
        """A field that must be there."""
        return self._collector.parse((*self._path, name), parse, self._sent[name])

    def optional(self, name: str, parse: Callable[[str], Any]) -> Any:  # noqa: ANN401 - of what `parse` makes
        """A field that may be absent or null."""
        value = self._sent.get(name)
        return None if value is None else self._collector.parse((*self._path, name), parse, value)

    def number(self, name: str, allowed: range) -> int | None:
        """A whole number in its range, or none."""
        value: int | None = self._sent.get(name)
        return None if value is None else self._collector.parse_number((*self._path, name), value, allowed)


def _host(text: str) -> str:
    if not _HOST.fullmatch(text.strip(" ")):
        raise InvalidValueError(
            ProblemCode.JID_SYNTAX, "This is no host name.", hint="It is written like chat.acme.example."
        )
    return text.strip(" ").lower()


def _name(text: str) -> str:
    return parse_line(text, LONGEST_NAME)
