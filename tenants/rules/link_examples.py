"""Examples of the rules about links (L): the address of a help link, right and wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenants.codes import ProblemCode, WarningCode
from tenants.model import CredentialsSource
from tenants.rules.examples import FormExample

if TYPE_CHECKING:
    from tenants.rules.examples import Settings

_PAGE = "https://acme.example/help"
_USER_PAGE = "https://acme.example/help?user=%user%"
_LONGEST = 2048


def _link(
    code: ProblemCode | WarningCode, refused: str, accepted: str = _PAGE, remark: str | None = None
) -> FormExample:
    return FormExample(
        code=code,
        path=("help", "links", "0", "url"),
        accepted=_menu(accepted),
        refused=_menu(refused),
        remark=remark,
    )


def _menu(url: str) -> Settings:
    """A Help menu with this one link; what fills it is named where it has a placeholder (H5)."""
    menu: dict[str, Any] = {"links": [{"title": "Help", "url": url}]}
    if "%user%" in url or "%pwd%" in url:
        menu = {"credentialsSource": CredentialsSource.SIP_ACCOUNT.value, **menu}
    return {"help": menu}


def _of_length(length: int) -> str:
    return _PAGE + "?" + "a" * (length - len(_PAGE) - 1)


LINK_EXAMPLES: tuple[FormExample, ...] = (
    _link(ProblemCode.LINK_HTTP, "http://acme.example/help"),
    _link(ProblemCode.LINK_SCHEME, "acme.example/help"),
    _link(ProblemCode.LINK_SCHEME, "tel:+4930123456"),
    _link(ProblemCode.LINK_SYNTAX, "https:acme.example/help"),
    _link(ProblemCode.LINK_CHARACTERS, "https://acme.example/opening hours", "https://acme.example/opening%20hours"),
    _link(ProblemCode.LINK_CHARACTERS, "https://acme.example\\help"),
    _link(ProblemCode.LINK_USERINFO, "https://acme.example@evil.example/help"),
    _link(
        ProblemCode.LINK_TOO_LONG,
        _of_length(_LONGEST + 1),
        _of_length(_LONGEST),
    ),
    _link(
        ProblemCode.LINK_TOO_LONG,
        _of_length(_LONGEST - 100) + "&user=%user%",
        _of_length(_LONGEST - 134) + "&user=%user%",
        "A placeholder counts as 128 characters, since that much may be filled in.",
    ),
    _link(ProblemCode.LINK_HOST_IS_ADDRESS, "https://192.0.2.7/help"),
    _link(ProblemCode.LINK_HOST_IS_ADDRESS, "https://0x7f.1/help", remark="Another spelling of 127.0.0.1."),
    _link(ProblemCode.LINK_HOST_SYNTAX, "https://help_desk.acme.example/", "https://help-desk.acme.example/"),
    _link(ProblemCode.LINK_HOST_NOT_PUBLIC, "https://pbx.acme.lan/help"),
    _link(ProblemCode.LINK_HOST_ENCODED, "https://ac%6de.example/help"),
    _link(ProblemCode.LINK_PORT, "https://acme.example:80/help", "https://acme.example:443/help"),
    _link(ProblemCode.LINK_PORT, "https://acme.example:6000/help", remark="Browsers refuse to open this port."),
    _link(WarningCode.LINK_PORT_UNUSUAL, "https://acme.example:8443/help"),
    _link(
        ProblemCode.LINK_HOST_IDNA,
        "https://ac\u00adme.example/help",
        remark="The refused host holds a soft hyphen, which the real name would lose without a word.",
    ),
    _link(
        ProblemCode.LINK_HOST_MIXED_SCRIPTS,
        "https://\u0430cme.example/help",
        remark="The refused host begins with the Cyrillic letter U+0430, which looks like an a.",
    ),
    _link(WarningCode.LINK_HOST_NOT_ASCII, "https://b\u00fccher.example/help", "https://buecher.example/help"),
    _link(ProblemCode.LINK_PERCENT, "https://acme.example/?rate=5%", "https://acme.example/?rate=5%25"),
    _link(ProblemCode.LINK_PLACEHOLDER_UNKNOWN, "https://acme.example/help?user=%username%", _USER_PAGE),
    _link(ProblemCode.LINK_PLACEHOLDER_UNKNOWN, "https://acme.example/help?user={LOGIN}", _USER_PAGE),
    _link(ProblemCode.LINK_PLACEHOLDER_ENCODED, "https://acme.example/help?user=%25user%25", _USER_PAGE),
    _link(ProblemCode.LINK_PLACEHOLDER_POSITION, "https://acme.example/help/%user%", _USER_PAGE),
    _link(
        ProblemCode.LINK_PLACEHOLDER_POSITION,
        "https://%user%.acme.example/",
        "https://acme.example/#%user%",
        "In a host the value would go to name servers; behind a # it never leaves the phone.",
    ),
    _link(WarningCode.LINK_SENDS_PASSWORD, "https://acme.example/help?pin=%pwd%", _USER_PAGE),
)
