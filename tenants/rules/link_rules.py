"""The rules about links (L), in plain sentences."""

from __future__ import annotations

from tenants.codes import ProblemCode, WarningCode
from tenants.hosts import NOT_PUBLIC
from tenants.rules.rule import Chapter, Rule

LINKS = Chapter(
    "L",
    "Links",
    (
        Rule(
            "L1",
            "Secure links only",
            "A link begins with https://, in capital or small letters.",
            (ProblemCode.LINK_HTTP, ProblemCode.LINK_SCHEME),
        ),
        Rule(
            "L2",
            "A link that every program reads alike",
            "Blanks at its ends are dropped; nothing else is repaired. It has two slashes behind https:, no user "
            "name or password before the host, only characters that RFC 3986 allows, and at most 2,048 of them, "
            "each placeholder counted as 128.",
            (
                ProblemCode.LINK_SYNTAX,
                ProblemCode.LINK_CHARACTERS,
                ProblemCode.LINK_USERINFO,
                ProblemCode.LINK_TOO_LONG,
            ),
        ),
        Rule(
            "L3",
            "A host on the public internet",
            "A name with a dot in it, made of letters, digits and hyphens: no number in any spelling, nothing "
            f"percent-encoded, no name that ends in {', '.join(sorted(NOT_PUBLIC))}. A dot at the end is dropped. "
            "The port is 443, or from 1024 to 65535 where browsers do not block it.",
            (
                ProblemCode.LINK_HOST_IS_ADDRESS,
                ProblemCode.LINK_HOST_SYNTAX,
                ProblemCode.LINK_HOST_NOT_PUBLIC,
                ProblemCode.LINK_HOST_ENCODED,
                ProblemCode.LINK_PORT,
            ),
            (WarningCode.LINK_PORT_UNUSUAL,),
        ),
        Rule(
            "L4",
            "How a link is stored",
            "Scheme and host in small letters, an international host in its xn-- form, port 443 left out, an "
            "empty path as a slash; all else as written. Saving what is stored changes nothing.",
        ),
        Rule(
            "L5",
            "Hosts with letters beyond ASCII",
            "Converted by IDNA 2008 and shown in both forms. Refused where the conversion would drop a character "
            "or make it several, and where one label mixes Latin letters with Cyrillic, Greek, Armenian or "
            "Cherokee ones.",
            (ProblemCode.LINK_HOST_IDNA, ProblemCode.LINK_HOST_MIXED_SCRIPTS),
            (WarningCode.LINK_HOST_NOT_ASCII,),
        ),
        Rule(
            "L6",
            "Two placeholders",
            "%user% and %pwd%, in exactly this spelling. Any other percent sign begins an encoded character: % and two "
            "hexadecimal digits.",
            (ProblemCode.LINK_PERCENT, ProblemCode.LINK_PLACEHOLDER_UNKNOWN, ProblemCode.LINK_PLACEHOLDER_ENCODED),
        ),
        Rule(
            "L7",
            "Where a placeholder may stand",
            "In the value of a query parameter, or in the fragment behind the #. In a host it would be told to "
            "name servers; in a path a user named .. would open another page.",
            (ProblemCode.LINK_PLACEHOLDER_POSITION,),
        ),
        Rule(
            "L8",
            "Filling in",
            "The phone does it, at the moment of the tap. Of a value all but letters, digits and - . _ ~ is "
            "percent-encoded as UTF-8, and once: 29de?8&a=1#x+% becomes 29de%3F8%26a%3D1%23x%2B%25, and a "
            "password that reads %user% stays what it is.",
        ),
        Rule(
            "L9",
            "Passwords in links",
            "Allowed, with a warning: what a link sends stays in the browser's history, in logs and with the "
            "next website.",
            warns=(WarningCode.LINK_SENDS_PASSWORD,),
        ),
    ),
)
