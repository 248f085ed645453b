"""From what is to be said to the payload of a format: written, read back, and only then handed out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from gateway.formats import acrobits, linphone, sessiontalk, sessiontalk_reading
from gateway.formats.content import CannotCarryError
from tenants.accounts import Accounts, LoginPair
from tenants.hosts import Subdomain
from tenants.setup_links import SetupToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.formats.content import Content, Target


class QrFormat(Enum):
    """An app that a QR code or link is for."""

    SESSIONTALK = "SESSIONTALK"
    SESSIONTALK_DESKTOP = "SESSIONTALK_DESKTOP"
    SESSIONTALK_WINDOWS = "SESSIONTALK_WINDOWS"
    ACROBITS = "ACROBITS"
    LINPHONE = "LINPHONE"


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How one format says one kind of content."""

    write: Callable[[Target, Any], str]
    """Raises CannotCarryError."""
    read: Callable[[str, Target], tuple[str | None, Content]]
    """The ProviderId, if it is inside, and the content. Raises ValueError or KeyError."""
    needs_host: bool = False


_SETUP_CODE = _Spelling(
    lambda _target, token: token.code, lambda payload, _target: (None, sessiontalk_reading.read_setup_code(payload))
)
_SPELLINGS: dict[tuple[QrFormat, type[LoginPair | Accounts | SetupToken] | None], _Spelling] = {
    (QrFormat.SESSIONTALK, LoginPair): _Spelling(
        sessiontalk.write_login, lambda payload, target: sessiontalk_reading.read_login(payload, target.app)
    ),
    (QrFormat.SESSIONTALK, Accounts): _Spelling(
        sessiontalk.write_accounts, lambda payload, target: sessiontalk_reading.read_accounts(payload, target.app)
    ),
    (QrFormat.SESSIONTALK, SetupToken): _SETUP_CODE,
    (QrFormat.SESSIONTALK_DESKTOP, Accounts): _Spelling(
        sessiontalk.write_desktop_accounts,
        lambda payload, _target: sessiontalk_reading.read_desktop_accounts(payload),
    ),
    (QrFormat.SESSIONTALK_DESKTOP, SetupToken): _SETUP_CODE,
    (QrFormat.SESSIONTALK_WINDOWS, LoginPair): _Spelling(
        sessiontalk.write_windows_login,
        lambda payload, target: sessiontalk_reading.read_windows_login(payload, target.app),
    ),
    (QrFormat.ACROBITS, LoginPair): _Spelling(
        lambda target, login: acrobits.write(target.provider_id, login),
        lambda payload, _target: acrobits.read(payload),
        needs_host=True,
    ),
    (QrFormat.ACROBITS, None): _Spelling(
        lambda target, _nothing: acrobits.write(target.provider_id),
        lambda payload, _target: acrobits.read(payload),
        needs_host=True,
    ),
    (QrFormat.LINPHONE, SetupToken): _Spelling(
        lambda target, token: linphone.write(target.base_url, token),
        lambda payload, _target: (None, linphone.read(payload)),
        needs_host=True,
    ),
}
_SETUP_LINK = " A setup link can carry it."
_HAS_NO_PLACE = {
    QrFormat.SESSIONTALK: "The ProviderId alone has no code in this format: the user types it.",
    QrFormat.SESSIONTALK_DESKTOP: "This format has a place for SIP accounts and setup codes only.",
    QrFormat.SESSIONTALK_WINDOWS: "This format has a place for a login only.",
    QrFormat.ACROBITS: "This format has a place for a login or the ProviderId alone.",
    QrFormat.LINPHONE: "This format has a place for a setup code only.",
}
# Apps that a person may have instead, the nearest first.
_NEAREST = {
    QrFormat.SESSIONTALK: "SESSIONTALK_DESKTOP SESSIONTALK_WINDOWS ACROBITS LINPHONE",
    QrFormat.SESSIONTALK_DESKTOP: "SESSIONTALK_WINDOWS SESSIONTALK ACROBITS LINPHONE",
    QrFormat.SESSIONTALK_WINDOWS: "SESSIONTALK_DESKTOP SESSIONTALK ACROBITS LINPHONE",
    QrFormat.ACROBITS: "LINPHONE SESSIONTALK SESSIONTALK_DESKTOP SESSIONTALK_WINDOWS",
    QrFormat.LINPHONE: "ACROBITS SESSIONTALK SESSIONTALK_DESKTOP SESSIONTALK_WINDOWS",
}


class FormatCannotCarryError(Exception):
    """A format has no way to say this; others may have."""

    def __init__(self, message: str, alternatives: tuple[QrFormat, ...]) -> None:
        super().__init__(message)
        self.message, self.alternatives = message, alternatives


def make_payload(form: QrFormat, target: Target, content: Content) -> str:
    """The payload, read back and found right. Raises FormatCannotCarryError."""
    try:
        return _try(form, target, content)
    except CannotCarryError as error:
        others = (QrFormat[name] for name in _NEAREST[form].split())
        able = tuple(other for other in others if _can(other, target, content))
        way_out = _SETUP_LINK if content is not None and not able else ""
        raise FormatCannotCarryError(f"{error}{way_out}", able) from None


def _can(form: QrFormat, target: Target, content: Content) -> bool:
    try:
        _try(form, target, content)
    except CannotCarryError:
        return False
    return True


def _try(form: QrFormat, target: Target, content: Content) -> str:
    spelling = _SPELLINGS.get((form, None if content is None else type(content)))
    if spelling is None:
        raise CannotCarryError(_HAS_NO_PLACE[form])
    if spelling.needs_host and not target.has_host:  # P8
        raise CannotCarryError("This app must be told its server, and the tenant has no SIP domain.")
    payload = spelling.write(target, content)
    if not _reads_as(spelling, target, content, payload):
        raise CannotCarryError("An app that reads this format would not find in it what was put in.")
    return payload


def _reads_as(spelling: _Spelling, target: Target, content: Content, payload: str) -> bool:
    try:
        provider_id, found = spelling.read(payload, target)
    except (ValueError, KeyError):
        return False
    said = _with_hosts(target, content) if isinstance(content, Accounts) else content
    return provider_id in (None, target.provider_id) and found == said


def _with_hosts(target: Target, accounts: Accounts) -> Accounts:
    """With the tenant's subdomain and SIP domain applied as SessionTalk's formats need them."""
    hosts = [sessiontalk.inline_host(target, one) for one in accounts.sip]
    sip = [
        replace(one, subdomain=None if host is None else Subdomain(host))
        for one, host in zip(accounts.sip, hosts, strict=True)
    ]
    return replace(accounts, sip=tuple(sip))
