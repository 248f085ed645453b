"""SessionTalk's QR codes and links. They know no escaping but JSON's own, so what would need one is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from gateway.formats.content import CannotCarryError
from tenants.model import AppKind

if TYPE_CHECKING:
    from gateway.formats.content import Target
    from tenants.accounts import Accounts, LoginPair, SipAccount, XmppAccount

# What means itself in a link whether or not its reader decodes percent signs.
_PLAIN = re.compile(r"[A-Za-z0-9._~!$*,:@/?-]*")
# In JSON the rest is written as \u escapes, since links change it; and quotes and separators, since readers look for
# them. Outside its texts compact JSON has none of it.
_ESCAPED = re.compile(r"""\\["\\]|[^A-Za-z0-9._~!$*,:@/?{}\[\]"\\-]""")
_ENCODED_CHARACTER = re.compile("%[0-9A-Fa-f]{2}")


def write_login(target: Target, login: LoginPair) -> str:
    """`scsc:username:password[:providerId]`, scanned in the app. Raises CannotCarryError."""
    for part in (login.username, login.password):
        _check_part(part)
    if login.username.startswith("?"):
        raise CannotCarryError("A username that begins with a question mark is read as another format.")
    suffix = f":{target.provider_id}" if target.app is AppKind.GENERIC else ""
    return f"scsc:{login.username}:{login.password}{suffix}"


def write_windows_login(target: Target, login: LoginPair) -> str:
    """`scsc:?username=U[:ProviderId]&password=P`, a link. Raises CannotCarryError."""
    if not (_PLAIN.fullmatch(login.username) and _PLAIN.fullmatch(login.password)):
        raise CannotCarryError("The username or the password has a character that links change on their way.")
    suffix = f":{target.provider_id}" if target.app is AppKind.GENERIC else ""
    return f"scsc:?username={login.username}{suffix}&password={login.password}"


def write_accounts(target: Target, accounts: Accounts) -> str:
    """`scloc:[providerId|]{"sipaccounts":[…]}`, scanned in the app. Raises CannotCarryError."""
    if accounts.xmpp and target.app is AppKind.GENERIC:
        raise CannotCarryError("This format has no place for chat accounts in the generic app.")
    if not accounts.sip:
        raise CannotCarryError("This format has a place for chat accounts beside SIP accounts, not for them alone.")
    content: dict[str, Any] = {"sipaccounts": [_sip(target, one) for one in accounts.sip]}
    if accounts.xmpp:
        content["xmppaccounts"] = [_xmpp(one) for one in accounts.xmpp]
    prefix = f"{target.provider_id}|" if target.app is AppKind.GENERIC else ""
    return f"scloc:{prefix}{_json(content)}"


def write_desktop_accounts(target: Target, accounts: Accounts) -> str:
    """`scloc:?providerId=X&sipaccounts="[{…}]"`, a link. Raises CannotCarryError."""
    if accounts.xmpp:
        raise CannotCarryError("This format has no place for chat accounts.")
    listed = _json([_sip(target, one) for one in accounts.sip])
    return f'scloc:?providerId={target.provider_id}&sipaccounts="{listed}"'


def inline_host(target: Target, account: SipAccount) -> str | None:
    """What the format calls `subdomain`: the complete host where it is known (P6, P8), else a label or nothing.

    There is no place for a port. A whitelabel app has its own SIP domain, port and all, compiled in, so a label will
    do; a generic app has none, and would register at the wrong port. Raises CannotCarryError.
    """
    host, label = account.register_at(target.sip_domain, target.subdomain)
    if host is None or ":" not in host:
        return host or label
    if target.app is AppKind.GENERIC:
        raise CannotCarryError("This format has no place for the port of the tenant's SIP domain.")
    subdomain = account.subdomain or target.subdomain
    return subdomain.text if subdomain else None


def _check_part(part: str) -> None:
    if ":" in part:
        raise CannotCarryError("A colon separates the parts of this format, and the username or the password has one.")
    if part != part.strip():
        raise CannotCarryError("The username or the password begins or ends with a blank, which apps cut off.")
    if _ENCODED_CHARACTER.search(part):
        raise CannotCarryError("The username or the password has a percent sign that looks like an encoded character.")


def _sip(target: Target, account: SipAccount) -> dict[str, Any]:
    return _without_absent(
        sipusername=account.username,
        sippassword=account.password,
        subdomain=inline_host(target, account),
        authusername=account.auth_username,
        transport=account.transport.value,
        srtp=_switch(is_on=account.srtp),
        messaging=_switch(is_on=account.messaging),
        video=_switch(is_on=account.video),
        callrecording=_switch(is_on=account.call_recording),
    )


def _xmpp(account: XmppAccount) -> dict[str, Any]:
    return _without_absent(
        jid=account.jid,
        password=account.password,
        domain=account.domain,
        server=account.server,
        port=account.port,
        resource=account.resource,
        usetls=account.use_tls,
        verifycert=account.verify_certificate,
        priority=account.priority,
        displayname=account.display_name,
        accountname=account.account_name,
    )


def _without_absent(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can hold
    return {name: value for name, value in values.items() if value is not None}


def _switch(*, is_on: bool | None) -> str | None:
    return None if is_on is None else "Enabled" if is_on else "Disabled"


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0][-1]):04x}", text)
