"""The grammar of a link (L1, L2, L6, L7): what may stand where, decided over the character sets of RFC 3986."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_OUTSIDE_ASCII = re.compile(r"[^\x21-\x5b\x5d-\x7e]")
_TOKEN = re.compile(r"%user%|%pwd%")
_VALID = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}|%user%|%pwd%)*")
_ENCODED_TOKEN = re.compile(r"%25(?:user|pwd)%25", re.IGNORECASE)
_VENDOR_TOKEN = re.compile(
    r"%[A-Za-z][A-Za-z0-9_.\[\]-]*%|\{{1,2}[A-Za-z][A-Za-z0-9_.-]*\}{1,2}|%(?:user|pwd|pass)", re.IGNORECASE
)
_PASSWORD_WORD = re.compile(r"pass|pwd|pin|secret", re.IGNORECASE)
_USER_WORD = re.compile(r"user|login|account|name|ext", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parts:
    """A link cut at its first `/`, `?` and `#`; nothing in it is checked yet."""

    authority: str
    path: str
    query: str | None
    fragment: str | None


def cut(text: str) -> Parts:
    """Cut whatever follows `https://`; every text can be cut."""
    authority, path, query, fragment = _PARTS.fullmatch(text).groups()  # type: ignore[union-attr]
    return Parts(authority, path, query, fragment)


def split(text: str) -> Parts:
    """Rules L1 and L2: `https`, `//`, and no character anywhere that readers drop, turn round or stop at."""
    rest = text[_end_of_scheme(text) :]
    if not rest.startswith(("//", "\\", "/\\")):
        raise InvalidValueError(
            ProblemCode.LINK_SYNTAX, "After https: belong two slashes.", hint="Begin the link with https://."
        )
    forbidden = _FORBIDDEN.search(rest)
    if forbidden:
        is_in_host = not re.search(r"[/?#]", rest[2 : forbidden.start()])
        raise characters_refusal(forbidden[0], in_host=is_in_host)
    return cut(rest[2:])


def _end_of_scheme(text: str) -> int:
    """Rule L1. `example.com:8080` is a scheme too, by its grammar."""
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if match and scheme == "https":
        return match.end()
    if scheme == "http":
        raise InvalidValueError(
            ProblemCode.LINK_HTTP,
            "Secure links only: a link begins with https://, not http://.",
            hint="Change http:// to https:// and check that the page opens.",
        )
    odd = _OUTSIDE_ASCII.search(text)
    if odd and _OUTSIDE_ASCII.sub("", text).lower().startswith("https:"):
        raise characters_refusal(odd[0], in_host=True)
    raise InvalidValueError(ProblemCode.LINK_SCHEME, "A link begins with https://.", hint="Put https:// in front.")


def check_authority(authority: str) -> tuple[str, str | None]:
    """Rules L2 and L7: the host and, after a colon, the port; neither is checked yet."""
    if "@" in authority:
        raise InvalidValueError(
            ProblemCode.LINK_USERINFO,
            "A link may not hold a user name or password before its host (the part before an @).",
            hint="Leave it out; a help link can send the user name as ?user=%user%.",
        )
    if _TOKEN.search(authority):
        raise _position("A placeholder in the host would send the secret to DNS servers.", "?user=%user%")
    if authority.startswith("["):
        return authority, None
    host, colon, port = authority.rpartition(":")
    return (host, port) if colon and ":" not in host else (authority, None)


def check_path(path: str) -> None:
    """Rules L2, L6, L7: no placeholder, since a user named `..` would change the page."""
    if _tokens(path):
        raise _position("A placeholder in the path could change the page that is opened.", "?user=%user%")


def check_query(query: str) -> tuple[str, ...]:
    """Rules L2, L6, L7: the placeholders, which may stand in values only."""
    tokens = _tokens(query)
    for pair in query.split("&"):
        name, equals, _ = pair.partition("=")
        if _TOKEN.search(name if equals else pair):
            raise _position("A placeholder in the query stands for a value, so it needs a name.", "user=%user%")
    return tokens


def check_fragment(fragment: str) -> tuple[str, ...]:
    """Rules L2, L6: the placeholders."""
    return _tokens(fragment)


def _tokens(part: str) -> tuple[str, ...]:
    """Rule L6: every percent sign begins a placeholder or an encoded byte, every other character is RFC 3986's."""
    end = _VALID.match(part).end()  # type: ignore[union-attr]
    if end < len(part):
        raise _first_fault(part, end)
    if _ENCODED_TOKEN.search(part):
        raise InvalidValueError(
            ProblemCode.LINK_PLACEHOLDER_ENCODED,
            "A placeholder's percent signs are encoded (%25), so it would not be filled in.",
            hint="Write %user% or %pwd% with plain percent signs.",
        )
    return tuple(_TOKEN.findall(part))


def _first_fault(part: str, at: int) -> InvalidValueError:
    for token in _VENDOR_TOKEN.finditer(part):
        if token.start() <= at < token.end():
            return _unknown_placeholder(token[0])
    if part[at] == "%":
        return InvalidValueError(
            ProblemCode.LINK_PERCENT,
            "A percent sign begins neither a placeholder nor an encoded character such as %20.",
            hint="Write %25 for the percent sign itself.",
        )
    return characters_refusal(part[at], in_host=False)


def _unknown_placeholder(token: str) -> InvalidValueError:
    if _PASSWORD_WORD.search(token):
        hint = "Did you mean %pwd%?"
    elif _USER_WORD.search(token):
        hint = "Did you mean %user%?"
    else:
        hint = "Write %7B and %7D for braces and %25 for a percent sign that are no placeholder."
    return InvalidValueError(
        ProblemCode.LINK_PLACEHOLDER_UNKNOWN, "The only placeholders are %user% and %pwd%.", hint=hint
    )


def _position(message: str, example: str) -> InvalidValueError:
    return InvalidValueError(
        ProblemCode.LINK_PLACEHOLDER_POSITION,
        message,
        hint=f"Move it into the value of a query parameter, such as {example}, or behind a #.",
    )


def characters_refusal(char: str, *, in_host: bool) -> InvalidValueError:
    """Rule L2: names the character, never the link; before the path it cannot be encoded, only removed."""
    name = "a blank" if char == " " else f"the character U+{ord(char):04X}"
    is_surrogate = "\ud800" <= char <= "\udfff"
    encoded = "" if in_host or is_surrogate else "".join(f"%{byte:02X}" for byte in char.encode())
    return InvalidValueError(
        ProblemCode.LINK_CHARACTERS,
        f"The link holds {name}, which a link may not hold here.",
        hint=f"Write {encoded} in its place." if encoded else "Remove it.",
    )
