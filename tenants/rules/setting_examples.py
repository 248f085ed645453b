"""Examples of the rules about colours (B), sign-in settings (P), the Help menu (H) and texts in general."""

from __future__ import annotations

from tenants.codes import ProblemCode, WarningCode
from tenants.model import AppKind
from tenants.rules.examples import FormExample

_CALLED = "https://pbx.acme.example/provisioning/"
_HOURS = {"title": "Opening hours", "url": "https://acme.example/hours"}
_INVOICES = {"title": "Invoices", "url": "https://acme.example/invoices"}
_USER_LINK = {"title": "Invoices", "url": "https://acme.example/invoices?user=%user%"}


def _one(
    code: ProblemCode | WarningCode,
    section: str,
    field: str,
    accepted: str | None,
    refused: str,
    remark: str | None = None,
    *,
    beside: tuple[WarningCode, ...] = (),
) -> FormExample:
    """One field of one section, right and wrong."""
    return FormExample(
        code=code,
        path=(section, field),
        accepted={section: {field: accepted}},
        refused={section: {field: refused}},
        remark=remark,
        beside=beside,
    )


def _called(code: ProblemCode, refused: str, accepted: str = _CALLED) -> FormExample:
    return _one(code, "provisioning", "url", accepted, refused)


def _links(code: ProblemCode | WarningCode, refused: list[dict[str, str]], *place: str) -> FormExample:
    accepted = {"help": {"links": [_HOURS, _INVOICES]}}
    return FormExample(
        code=code, path=("help", "links", *place), accepted=accepted, refused={"help": {"links": refused}}
    )


TEXT_EXAMPLES: tuple[FormExample, ...] = (
    FormExample(
        code=ProblemCode.REQUIRED,
        path=("help", "links", "0", "url"),
        accepted={"help": {"links": [_HOURS]}},
        refused={"help": {"links": [{"title": "Opening hours"}]}},
        remark="A link is a title with an address, never one alone (H3).",
    ),
    _one(ProblemCode.REQUIRED, "help", "menuTitle", None, "   ", remark="Null sets the title back to its default."),
    _one(ProblemCode.TEXT_TOO_LONG, "help", "menuTitle", "Rechnungen", "Rechnungen und Tarife"),
    _one(
        ProblemCode.TEXT_CHARACTERS,
        "help",
        "menuTitle",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "Bil\u200bling",
        remark="A joiner between two letters stays, since Persian needs it; a zero-width space does not.",
    ),
)
BRANDING_EXAMPLES: tuple[FormExample, ...] = (
    _one(ProblemCode.COLOR_SYNTAX, "branding", "themeColor", "#0D47A1", "navy"),
    _one(ProblemCode.COLOR_SYNTAX, "branding", "darkThemeColor", "#8ad", "#88aaddff"),
    _one(WarningCode.COLOR_CONTRAST_TEXT, "branding", "themeColor", "#767676", "#777777"),
    _one(
        WarningCode.COLOR_CONTRAST_CONTROL,
        "branding",
        "themeColor",
        "#0d47a1",
        "#ffeb3b",
        beside=(WarningCode.COLOR_CONTRAST_TEXT,),
        remark="What is too faint for a control is too faint for text as well, so two warnings come.",
    ),
)
PROVISIONING_EXAMPLES: tuple[FormExample, ...] = (
    FormExample(
        code=ProblemCode.PROVISIONING_URL_REQUIRED,
        path=("provisioning", "url"),
        accepted={"provisioning": {"isEnabled": True, "url": _CALLED}},
        refused={"provisioning": {"isEnabled": True}},
    ),
    _called(ProblemCode.PROVISIONING_URL_FRAGMENT, _CALLED + "#users"),
    _called(ProblemCode.PROVISIONING_URL_PLACEHOLDER, _CALLED + "?login=%user%", _CALLED + "?realm=acme"),
    _called(ProblemCode.PROVISIONING_URL_PARAMETER, _CALLED + "?UserName=1000", _CALLED + "?realm=acme"),
    FormExample(
        code=ProblemCode.PLACEHOLDER_ON_GENERIC,
        path=("provisioning", "usernamePlaceholder"),
        accepted={"provisioning": {"isEnabled": True, "url": _CALLED}},
        refused={"provisioning": {"isEnabled": True, "url": _CALLED, "usernamePlaceholder": "Account No"}},
    ),
    FormExample(
        code=WarningCode.PLACEHOLDER_UNUSED,
        path=("provisioning", "passwordPlaceholder"),
        app=AppKind.WHITELABEL,
        accepted={"provisioning": {"isEnabled": True, "url": _CALLED, "passwordPlaceholder": "PIN"}},
        refused={"provisioning": {"isEnabled": False, "passwordPlaceholder": "PIN"}},
    ),
    _one(ProblemCode.SUBDOMAIN_SYNTAX, "provisioning", "subdomain", "pbx-2", "-pbx"),
    _one(ProblemCode.SIP_DOMAIN_SYNTAX, "provisioning", "sipDomain", "acme.example:5070", "sip:acme.example"),
)
HELP_EXAMPLES: tuple[FormExample, ...] = (
    _one(ProblemCode.EMAIL_SYNTAX, "help", "contactEmail", "help@acme.example", "Acme Help <help@acme.example>"),
    _one(WarningCode.MENU_TITLE_LONG, "help", "menuTitle", "Help & Bills", "Help & Billing"),
    _links(ProblemCode.TOO_MANY, [{"title": f"Page {n}", "url": f"https://acme.example/{n}"} for n in range(1, 7)]),
    _links(
        WarningCode.LINK_TITLE_LONG,
        [{"title": "Invoices of the last 12 months", "url": "https://acme.example/invoices"}],
        *("0", "title"),
    ),
    _links(WarningCode.LINK_TITLE_REPEATED, [_HOURS, {**_INVOICES, "title": _HOURS["title"]}], "1", "title"),
    _links(WarningCode.LINK_URL_REPEATED, [_HOURS, {**_INVOICES, "url": _HOURS["url"]}], "1", "url"),
    FormExample(
        code=ProblemCode.CREDENTIALS_SOURCE_REQUIRED,
        path=("help", "credentialsSource"),
        accepted={"help": {"credentialsSource": "SIP_ACCOUNT", "links": [_USER_LINK]}},
        refused={"help": {"links": [_USER_LINK]}},
    ),
    FormExample(
        code=WarningCode.CREDENTIALS_SOURCE_OFF,
        path=("help", "credentialsSource"),
        accepted={
            "provisioning": {"isEnabled": True, "url": _CALLED},
            "help": {"credentialsSource": "PROVISIONING", "links": [_USER_LINK]},
        },
        refused={"help": {"credentialsSource": "PROVISIONING", "links": [_USER_LINK]}},
    ),
)
