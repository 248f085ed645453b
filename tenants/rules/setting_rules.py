"""The rules about colours (B), sign-in (P) and the Help menu (H), in plain sentences."""

from __future__ import annotations

from tenants.codes import ProblemCode, WarningCode
from tenants.colors import CONTROL_CONTRAST, DARK, TEXT_CONTRAST, WHITE
from tenants.model import (
    DEFAULT_MENU_TITLE,
    DEFAULT_PASSWORD_PLACEHOLDER,
    DEFAULT_THEME_COLOR,
    DEFAULT_USERNAME_PLACEHOLDER,
)
from tenants.parsing import LONGEST_LINK_TITLE, LONGEST_MENU_TITLE, LONGEST_PLACEHOLDER
from tenants.rules.help_menu import MOST_LINKS
from tenants.rules.rule import Chapter, Rule

_TEXT = (ProblemCode.REQUIRED, ProblemCode.TEXT_TOO_LONG, ProblemCode.TEXT_CHARACTERS)

BRANDING = Chapter(
    "B",
    "Branding",
    (
        Rule(
            "B1",
            "Colours are written in hexadecimal",
            "#rgb or #rrggbb, in capital or small letters; stored as #rrggbb in small ones. No names of colours, "
            f"and nothing transparent. A tenant always has a colour: {DEFAULT_THEME_COLOR.hex} until another is "
            "set.",
            (ProblemCode.REQUIRED, ProblemCode.COLOR_SYNTAX),
        ),
        Rule(
            "B2",
            "Colours can be read",
            f"The theme colour is measured on {WHITE}, the one for dark mode on {DARK}, by the contrast ratio of "
            f"WCAG 2: text needs {TEXT_CONTRAST:g}:1, controls {CONTROL_CONTRAST:g}:1. The warning brings the "
            "nearest shade that passes. Without a colour of its own for dark mode a tenant gets the nearest "
            "readable shade of its theme colour.",
            warns=(WarningCode.COLOR_CONTRAST_TEXT, WarningCode.COLOR_CONTRAST_CONTROL),
        ),
    ),
)
SIGN_IN = Chapter(
    "P",
    "Sign-in and external provisioning",
    (
        Rule(
            "P1",
            "The address of the provisioning API",
            "Needed while external provisioning is on. A link by the rules L, without placeholder and fragment, "
            "and without query parameters that the gateway adds itself, in any spelling: username, password, "
            "reprovision and deviceId. The path is called exactly as written, a slash at its end included.",
            (
                ProblemCode.PROVISIONING_URL_REQUIRED,
                ProblemCode.PROVISIONING_URL_FRAGMENT,
                ProblemCode.PROVISIONING_URL_PLACEHOLDER,
                ProblemCode.PROVISIONING_URL_PARAMETER,
            ),
        ),
        Rule(
            "P2",
            "One sign-in screen at a time",
            "While external provisioning is on, apps show the provisioning form in place of their standard login "
            "screens.",
        ),
        Rule(
            "P3",
            "Placeholders of the provisioning form",
            "Only a whitelabel app has a form of its own, so only its tenant can set the grey texts in the two "
            f"fields. They are {DEFAULT_USERNAME_PLACEHOLDER} and {DEFAULT_PASSWORD_PLACEHOLDER} until then, and "
            "nobody sees them while external provisioning is off.",
            (ProblemCode.PLACEHOLDER_ON_GENERIC,),
            (WarningCode.PLACEHOLDER_UNUSED,),
        ),
        Rule(
            "P4",
            "Signing in to a generic app",
            "The user types username, colon, ProviderId into one field. The last colon divides, so a username "
            "may hold colons and @ signs. Blanks around it and around its two halves are dropped.",
            (ProblemCode.LOGIN_WITHOUT_PROVIDER_ID, ProblemCode.LOGIN_WITHOUT_USERNAME),
        ),
        Rule(
            "P5",
            "Signing in to a whitelabel app",
            "The username is taken whole, whether it holds a colon or not: the app knows its ProviderId.",
        ),
        Rule(
            "P6",
            "The subdomain",
            "A DNS label of up to 63 letters, digits and hyphens, no hyphen at an end, which is put in front of "
            "the SIP domain; with a dot in it, a complete host by itself.",
            (ProblemCode.SUBDOMAIN_SYNTAX,),
        ),
        Rule(
            "P7",
            "Texts on a screen",
            f"A placeholder of the form has 1 to {LONGEST_PLACEHOLDER} characters as people count them: a family "
            "emoji is one. Blanks around it are dropped. Nothing invisible may be in it; a joiner may stand "
            "between two characters, where Persian words and emoji need it.",
            _TEXT,
        ),
        Rule(
            "P8",
            "The SIP domain",
            "A host, with a colon and a port from 1 to 65535 behind it where one is needed. Neither sip: nor slashes.",
            (ProblemCode.SIP_DOMAIN_SYNTAX,),
        ),
        Rule(
            "P9",
            "Usernames, passwords and device ids",
            "1 to 256 characters, none of them a control character such as a tab. Everything else is passed on "
            "as it is.",
            _TEXT,
        ),
    ),
)
HELP = Chapter(
    "H",
    "Help",
    (
        Rule(
            "H1",
            "The address for support",
            "One e-mail address without a name around it, 254 characters in all and 64 before the @, which are "
            "ASCII and keep their case. The domain is one that a link could have (L3, L5). Nobody tries whether "
            "mail arrives.",
            (ProblemCode.EMAIL_SYNTAX,),
        ),
        Rule(
            "H2",
            "The title of the Help menu",
            f"1 to {LONGEST_MENU_TITLE} characters, written as rule P7 says; {DEFAULT_MENU_TITLE} until another "
            "is set. Tab bars have room for about 12.",
            _TEXT,
            (WarningCode.MENU_TITLE_LONG,),
        ),
        Rule(
            "H3",
            "The links of the Help menu",
            f"Up to {MOST_LINKS}, shown in their order. Each is a title with an address, never one of the two alone.",
            (ProblemCode.REQUIRED, ProblemCode.TOO_MANY),
        ),
        Rule(
            "H4",
            "The title of a link",
            f"1 to {LONGEST_LINK_TITLE} characters, written as rule P7 says. Small phones have room for about 24. "
            "Two links with one title, or with one address, are probably a slip.",
            _TEXT,
            (WarningCode.LINK_TITLE_LONG, WarningCode.LINK_TITLE_REPEATED, WarningCode.LINK_URL_REPEATED),
        ),
        Rule(
            "H5",
            "Whose credentials fill the links",
            "As soon as a link has a placeholder it must be said: those of the SIP account in use, or those "
            "typed into the provisioning form. There is no such form while external provisioning is off.",
            (ProblemCode.CREDENTIALS_SOURCE_REQUIRED,),
            (WarningCode.CREDENTIALS_SOURCE_OFF,),
        ),
    ),
)
