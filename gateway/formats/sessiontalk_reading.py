"""Reads SessionTalk's payloads back, strictly: nothing may be left over, missing or said twice.

It shares no code with the writer, so that a mistake there is noticed here. What it cannot read it answers with a
ValueError or a KeyError.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from tenants.accounts import Accounts, LoginPair, SipAccount, SipTransport, XmppAccount
from tenants.hosts import Subdomain
from tenants.model import AppKind
from tenants.setup_links import SetupToken

_ID = "(?P<id>[A-Za-z0-9_-]{1,63})"
_LOGINS = {
    AppKind.GENERIC: re.compile(rf"scsc:(?!\?)(?P<user>[^:]+):(?P<password>[^:]+):{_ID}"),
    AppKind.WHITELABEL: re.compile(r"scsc:(?!\?)(?P<user>[^:]+):(?P<password>[^:]+)"),
}
_ACCOUNTS = {
    AppKind.GENERIC: re.compile(rf"scloc:{_ID}\|(?P<json>\{{[^|]*\}})"),
    AppKind.WHITELABEL: re.compile(r"scloc:(?P<json>\{[^|]*\})"),
}
_LIST = re.compile(r'"(?P<json>\[\{[^|]*\}\])"')
_SETUP_CODE = re.compile(r"scloc:\?v=2&token=(?P<token>[A-Za-z0-9_-]{43})")

_SIP = {
    "sipusername": "username",
    "sippassword": "password",
    "subdomain": "subdomain",
    "authusername": "auth_username",
    "transport": "transport",
    "srtp": "srtp",
    "messaging": "messaging",
    "video": "video",
    "callrecording": "call_recording",
}
_XMPP = {
    "jid": "jid",
    "password": "password",
    "domain": "domain",
    "server": "server",
    "port": "port",
    "resource": "resource",
    "usetls": "use_tls",
    "verifycert": "verify_certificate",
    "priority": "priority",
    "displayname": "display_name",
    "accountname": "account_name",
}
_SWITCHES = {"Enabled": True, "Disabled": False}


def read_login(payload: str, app: AppKind) -> tuple[str | None, LoginPair]:
    """The ProviderId, for a generic app, and the login."""
    found = _match(_LOGINS[app], payload)
    return found.get("id"), LoginPair(found["user"], found["password"])


def read_windows_login(payload: str, app: AppKind) -> tuple[str | None, LoginPair]:
    """The ProviderId, for a generic app, and the login."""
    user, password = _parameters(payload, "scsc", "username", "password")
    if app is AppKind.WHITELABEL:
        return None, LoginPair(user, password)
    user, _, provider_id = user.rpartition(":")
    return provider_id, LoginPair(user, password)


def read_accounts(payload: str, app: AppKind) -> tuple[str | None, Accounts]:
    """The ProviderId, for a generic app, and the accounts."""
    found = _match(_ACCOUNTS[app], payload)
    content = _parse(found["json"])
    sip, xmpp = content.pop("sipaccounts"), content.pop("xmppaccounts", [])
    if content:
        raise ValueError
    return found.get("id"), Accounts(tuple(map(_sip, sip)), tuple(map(_xmpp, xmpp)))


def read_desktop_accounts(payload: str) -> tuple[str, Accounts]:
    """The ProviderId and the accounts."""
    provider_id, quoted = _parameters(payload, "scloc", "providerId", "sipaccounts")
    listed = _parse(_match(_LIST, quoted)["json"])
    return provider_id, Accounts(tuple(map(_sip, listed)))


def read_setup_code(payload: str) -> SetupToken:
    """The token of a one-time link."""
    return SetupToken(_match(_SETUP_CODE, payload)["token"])


def _match(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError
    return {name: found for name, found in match.groupdict().items() if found is not None}


def _parameters(payload: str, scheme: str, *names: str) -> list[str]:
    """The values of exactly these parameters, which must read alike as they stand and by the rules of URLs."""
    start, mark, query = payload.partition("?")
    as_text = [tuple(part.split("=", 1)) for part in query.split("&")]
    as_url = [(name, value) for name, values in parse_qs(urlsplit(payload).query).items() for value in values]
    if (start, mark) != (f"{scheme}:", "?") or as_text != as_url or [name for name, _ in as_url] != list(names):
        raise ValueError
    return [value for _, value in as_url]


def _parse(text: str) -> Any:  # noqa: ANN401 - the caller knows what must come
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def _refuse(_text: str) -> NoReturn:
    raise ValueError


def _sip(entry: dict[str, Any]) -> SipAccount:
    values = {_SIP[name]: value for name, value in entry.items()}
    for name in ("srtp", "messaging", "video", "call_recording"):
        if name in values:
            values[name] = _SWITCHES[values[name]]
    if "subdomain" in values:
        values["subdomain"] = Subdomain(values["subdomain"])
    return SipAccount(
        username=values.pop("username"),
        password=values.pop("password"),
        transport=SipTransport(values.pop("transport")),
        **values,
    )


def _xmpp(entry: dict[str, Any]) -> XmppAccount:
    values = {_XMPP[name]: value for name, value in entry.items()}
    return XmppAccount(jid=values.pop("jid"), password=values.pop("password"), domain=values.pop("domain"), **values)
