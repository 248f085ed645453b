"""Rules about the Help menu that a single field cannot keep: H2 to H5, and the warnings of L."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.codes import ProblemCode, WarningCode
from tenants.errors import Problem, RuleWarning
from tenants.links import link_warnings
from tenants.model import CredentialsSource
from tenants.text import count_characters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.model import Config, HelpLink

MOST_LINKS = 5
_MENU_TITLE_CUT = 12
_LINK_TITLE_CUT = 24


def problems(config: Config) -> Iterator[Problem]:
    """Rules H3 and H5."""
    menu = config.help
    if len(menu.links) > MOST_LINKS:
        yield too_many_links()
    if menu.credentials_source is None and any(link.url.placeholders for link in menu.links):
        yield Problem(
            ProblemCode.CREDENTIALS_SOURCE_REQUIRED,
            ("help", "credentialsSource"),
            "A link has a placeholder, so it must be said whose credentials fill it.",
            "Choose the SIP account's or those of the provisioning form.",
        )


def too_many_links() -> Problem:
    """Rule H3."""
    return Problem(ProblemCode.TOO_MANY, ("help", "links"), f"A Help menu has at most {MOST_LINKS} links.")


def warnings(config: Config) -> Iterator[RuleWarning]:
    """Rules H1, H2, H4, H5, L3, L5 and L9."""
    menu = config.help
    if count_characters(menu.menu_title) > _MENU_TITLE_CUT:
        message = f"Tab bars cut a title after about {_MENU_TITLE_CUT} characters."
        yield RuleWarning(WarningCode.MENU_TITLE_LONG, ("help", "menuTitle"), message)
    if menu.contact_email is not None and menu.contact_email.has_non_ascii_domain:
        message = "The domain has letters beyond ASCII, which people cannot tell from look-alikes."
        yield RuleWarning(WarningCode.LINK_HOST_NOT_ASCII, ("help", "contactEmail"), message)
    if menu.credentials_source is CredentialsSource.PROVISIONING and not config.provisioning.is_enabled:
        message = "External provisioning is off, so there is no form whose credentials could fill the links."
        suggestion = CredentialsSource.SIP_ACCOUNT.value
        yield RuleWarning(WarningCode.CREDENTIALS_SOURCE_OFF, ("help", "credentialsSource"), message, suggestion)
    for position, link in enumerate(menu.links):
        yield from _link_warnings(link, menu.links[:position], ("help", "links", str(position)))


def _link_warnings(link: HelpLink, before: tuple[HelpLink, ...], path: tuple[str, ...]) -> Iterator[RuleWarning]:
    if count_characters(link.title) > _LINK_TITLE_CUT:
        message = f"Small phones cut a title after about {_LINK_TITLE_CUT} characters."
        yield RuleWarning(WarningCode.LINK_TITLE_LONG, (*path, "title"), message)
    if any(link.title == other.title for other in before):
        yield RuleWarning(WarningCode.LINK_TITLE_REPEATED, (*path, "title"), "A link above has the same title.")
    if any(link.url.text == other.url.text for other in before):
        yield RuleWarning(WarningCode.LINK_URL_REPEATED, (*path, "url"), "A link above leads to the same address.")
    yield from link_warnings(link.url, (*path, "url"))
