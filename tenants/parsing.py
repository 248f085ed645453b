"""From what was sent to a config: every field is parsed, every problem is answered at once.

GraphQL inputs and imported files both arrive here as plain mappings with the API's own names, so a problem has one
code, one text and one path in both. An absent field keeps its value, None sets it back to its default, a list is
replaced whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from tenants.codes import ProblemCode
from tenants.colors import ThemeColor
from tenants.email import EmailAddress
from tenants.errors import InvalidInputError, InvalidValueError, Problem
from tenants.headers import moved_values, parse_headers
from tenants.hosts import SipDomain, Subdomain
from tenants.links import HttpsUrl, LinkTemplate
from tenants.model import (
    DEFAULT_MENU_TITLE,
    DEFAULT_THEME_COLOR,
    Branding,
    Config,
    CredentialsSource,
    Help,
    HelpLink,
    Provisioning,
    ProvisioningMethod,
)
from tenants.rules.checks import config_problems
from tenants.rules.help_menu import MOST_LINKS, too_many_links
from tenants.text import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")

FORM = {
    "branding": ("themeColor", "darkThemeColor"),
    "provisioning": (
        "isEnabled",
        "url",
        "method",
        "headers",
        "usernamePlaceholder",
        "passwordPlaceholder",
        "sipDomain",
        "subdomain",
    ),
    "help": ("menuTitle", "contactEmail", "credentialsSource", "links"),
}
"""The settings in the order of the editor."""

LONGEST_PLACEHOLDER = 30
LONGEST_MENU_TITLE = 20
LONGEST_LINK_TITLE = 40


def apply(config: Config, sent: Mapping[str, Mapping[str, Any]], admitted: frozenset[str] = frozenset()) -> Config:
    """The config with the sections that were sent (`branding`, `provisioning`, `help`) changed.

    What fields say together is asked of these sections only, so that a draft that is older than two rules can be
    mended one section at a time; the publish gate sends all. `admitted` names hosts outside the public DNS (L3).
    Raises InvalidInputError with every problem, those of fields first, those of fields together after them.
    """
    collector = Collector()
    changed = replace(
        config,
        branding=_branding(config.branding, Section("branding", sent, collector)),
        provisioning=_provisioning(config.provisioning, Section("provisioning", sent, collector), admitted),
        help=_help(config.help, Section("help", sent, collector), admitted),
    )
    collector.add_unless_noted(problem for problem in config_problems(changed) if problem.path[0] in sent)
    collector.add_unless_noted(moved_values(config.provisioning, changed.provisioning))
    collector.problems.sort(key=_place_in_form)
    collector.finish()
    return changed


class Collector:
    """Gathers problems while fields are parsed, so that a form is told all of them at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def parse(self, path: tuple[str, ...], parse: Callable[[str], T], text: str) -> T | None:
        """Parse one value; None when it was refused, and the problem is noted."""
        try:
            return parse(text)
        except InvalidValueError as error:
            self.problems.append(error.at(*path))
            return None

    def parse_number(self, path: tuple[str, ...], number: int, allowed: range) -> int | None:
        """The number; None when it is out of range, and the problem is noted."""
        return self.parse(path, lambda _text: check_number(number, allowed), "")

    def add_unless_noted(self, problems: Iterable[Problem]) -> None:
        """Note problems of fields together, but not where a field has one of its own: that one comes first."""
        noted = {problem.path for problem in self.problems}
        self.problems.extend(problem for problem in problems if problem.path not in noted)

    def finish(self) -> None:
        """Raise InvalidInputError when there was any problem."""
        if self.problems:
            raise InvalidInputError(tuple(self.problems))


class Section:
    """One section of a form: what was sent, by the API's names."""

    def __init__(self, name: str, sent: Mapping[str, Mapping[str, Any]], collector: Collector) -> None:
        self.name, self.collector, self.is_sent = name, collector, name in sent
        self._sent = sent.get(name) or {}

    def text(self, field: str, current: T, default: T, parse: Callable[[str], T]) -> T:
        """The parsed text; the current value when absent or refused; the default when None."""
        if field not in self._sent:
            return current
        if self._sent[field] is None:
            return default
        parsed = self.collector.parse((self.name, field), parse, self._sent[field])
        return current if parsed is None else parsed

    def choice(self, field: str, current: T, default: T, choose: Callable[[Any], T]) -> T:
        """A value whose type the sender has checked already: a switch, a name of an enum, a list."""
        if field not in self._sent:
            return current
        return default if self._sent[field] is None else choose(self._sent[field])


def _branding(current: Branding, section: Section) -> Branding:
    """Rule B1. A dark colour that is None, or was never set, follows the theme colour.

    Left alone when nothing was sent: a later colour library may derive another shade.
    """
    if not section.is_sent:
        return current
    theme = section.text("themeColor", current.theme_color, DEFAULT_THEME_COLOR, ThemeColor.parse)
    own_dark = None if current.is_dark_theme_color_derived else current.dark_theme_color
    return Branding.of(theme, section.text("darkThemeColor", own_dark, None, ThemeColor.parse))


def _provisioning(current: Provisioning, section: Section, admitted: frozenset[str]) -> Provisioning:
    """Rules P1, P6, P7, P8 and G2."""
    return Provisioning(
        is_enabled=section.choice("isEnabled", current.is_enabled, default=False, choose=bool),
        url=section.text("url", current.url, None, lambda text: HttpsUrl.parse(text, admitted=admitted)),
        method=section.choice("method", current.method, ProvisioningMethod.GET, ProvisioningMethod),
        headers=section.choice(
            "headers", current.headers, (), lambda sent: parse_headers(sent, current.headers, section.collector)
        ),
        username_placeholder=section.text("usernamePlaceholder", current.username_placeholder, None, _placeholder),
        password_placeholder=section.text("passwordPlaceholder", current.password_placeholder, None, _placeholder),
        sip_domain=section.text("sipDomain", current.sip_domain, None, SipDomain.parse),
        subdomain=section.text("subdomain", current.subdomain, None, Subdomain.parse),
    )


def _help(current: Help, section: Section, admitted: frozenset[str]) -> Help:
    """Rules H1 to H4 and L."""
    return Help(
        menu_title=section.text("menuTitle", current.menu_title, DEFAULT_MENU_TITLE, _menu_title),
        contact_email=section.text(
            "contactEmail", current.contact_email, None, lambda text: EmailAddress.parse(text, admitted=admitted)
        ),
        credentials_source=section.choice("credentialsSource", current.credentials_source, None, CredentialsSource),
        links=section.choice("links", current.links, (), lambda sent: _links(sent, section.collector, admitted)),
    )


def _links(sent: Sequence[Mapping[str, Any]], collector: Collector, admitted: frozenset[str]) -> tuple[HelpLink, ...]:
    if len(sent) > MOST_LINKS:  # said here too, since links with a problem of their own do not reach the config
        collector.problems.append(too_many_links())
    links = [_link(link, ("help", "links", str(position)), collector, admitted) for position, link in enumerate(sent)]
    return tuple(link for link in links if link is not None)


def _link(
    sent: Mapping[str, Any], path: tuple[str, ...], collector: Collector, admitted: frozenset[str]
) -> HelpLink | None:
    """Rule H3: a title with a URL, never one alone."""
    title = collector.parse((*path, "title"), _link_title, sent.get("title") or "")
    url = collector.parse((*path, "url"), lambda text: _link_url(text, admitted), sent.get("url") or "")
    # A link with an address is kept even when its title was refused (and the whole config with it), so that a missing
    # credentials source is told in the same answer (H5).
    return None if url is None else HelpLink(title or "", url)


def check_number(number: int, allowed: range) -> int:
    """The number itself. Raises InvalidValueError NUMBER_OUT_OF_RANGE."""
    if number not in allowed:
        message = f"A whole number from {allowed.start:,} to {allowed.stop - 1:,} belongs here."
        raise InvalidValueError(ProblemCode.NUMBER_OUT_OF_RANGE, message)
    return number


def _link_title(text: str) -> str:
    return parse_line(text, LONGEST_LINK_TITLE)


def _place_in_form(problem: Problem) -> tuple[int, int, int]:
    """Sections and fields in the order of the editor, links by their position."""
    section, field, *rest = problem.path
    fields = FORM[section]
    return list(FORM).index(section), fields.index(field), int(rest[0]) if rest else -1


def _placeholder(text: str) -> str:
    return parse_line(text, LONGEST_PLACEHOLDER)


def _menu_title(text: str) -> str:
    return parse_line(text, LONGEST_MENU_TITLE)


def _link_url(text: str, admitted: frozenset[str]) -> LinkTemplate:
    if not text.strip(" "):
        raise InvalidValueError(
            ProblemCode.REQUIRED, "A link needs an address.", hint="For example https://acme.example/help."
        )
    return LinkTemplate.parse(text, admitted=admitted)
