"""Links as values: https only, read alike by every parser, with placeholders for the user's own credentials (L)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from tenants import link_grammar
from tenants.codes import ProblemCode, WarningCode
from tenants.errors import InvalidValueError, RuleWarning
from tenants.hosts import HTTPS_PORT, display_stored, parse_host, parse_port

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LENGTH = 2048
_FILLED_LENGTH = 128
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODED_BYTE = re.compile(rb"%([0-9A-Fa-f]{2})")
_NAME_END = re.compile(r"[\[\0]")
_SENT_BY_GATEWAY = frozenset({"username", "password", "reprovision", "deviceid"})


class Placeholder(Enum):
    """What a link can be filled with, on the phone, at the moment of the tap (L6)."""

    USER = "%user%"
    PASSWORD = "%pwd%"  # noqa: S105  (a token of the syntax, no secret)


_PLACEHOLDER = re.compile("|".join(token.value for token in Placeholder))
_BY_TOKEN = {token.value: token for token in Placeholder}
_STORED = re.compile(r"https?://([^:/?#]*)(?::([^/?#]*))?(?P<path>[^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """A help link. `text` is what is stored and sent (L4); `port` is None for 443."""

    text: str
    host: str
    display_host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None
    placeholders: tuple[Placeholder, ...]

    @classmethod
    def parse(cls, text: str, *, admitted: frozenset[str] = frozenset()) -> Self:
        """Rules L1 to L7; `admitted` is handed to the rule of hosts (L3)."""
        trimmed = text.strip(" ")
        _check_length(len(trimmed))
        parts = link_grammar.split(trimmed)
        host_text, port_text = link_grammar.check_authority(parts.authority)
        host = parse_host(host_text, admitted=admitted)
        port = None if port_text is None else parse_port(port_text)
        link_grammar.check_path(parts.path)
        tokens = link_grammar.check_query(parts.query or "") + link_grammar.check_fragment(parts.fragment or "")
        authority = host.ascii if port in (None, HTTPS_PORT) else f"{host.ascii}:{port}"
        link = cls._of(link_grammar.Parts(authority, parts.path or "/", parts.query, parts.fragment), host.display)
        _check_length(len(link.text) + sum(_FILLED_LENGTH - len(token) for token in tokens))
        return link

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """Rebuild what `parse` once gave. Published is published: no rule of today is applied.

        What `_of` would come to, in a third of the time: a config has half a dozen, and is read for each answer that is
        not stored. Raises ValueError for what has never been a link.
        """
        match = _STORED.fullmatch(text)
        if match is None:
            message = "A stored link has no scheme that links ever had."
            raise ValueError(message)
        host, port, path, query, fragment = match.groups()
        return cls(
            text,
            host,
            display_stored(host) if "xn--" in host else host,
            int(port) if port and _PORT.fullmatch(port) else None,
            path,
            query,
            fragment,
            _placeholders(text, match.end("path")),
        )

    @classmethod
    def _of(cls, parts: link_grammar.Parts, display_host: str) -> Self:
        """From parts in the form of L4."""
        host, _, port = parts.authority.partition(":")
        query = "" if parts.query is None else f"?{parts.query}"
        fragment = "" if parts.fragment is None else f"#{parts.fragment}"
        start = f"https://{parts.authority}{parts.path}"
        text = f"{start}{query}{fragment}"
        return cls(
            text=text,
            host=host,
            display_host=display_host,
            port=int(port) if _PORT.fullmatch(port) else None,
            path=parts.path,
            query=parts.query,
            fragment=parts.fragment,
            placeholders=_placeholders(text, len(start)),
        )


@dataclass(frozen=True, slots=True)
class HttpsUrl:
    """An address that the gateway itself calls: a link without placeholders and fragment (P1)."""

    link: LinkTemplate

    @classmethod
    def parse(cls, text: str, *, admitted: frozenset[str] = frozenset()) -> Self:
        """Rules L1 to L6 and P1: no fragment, no placeholder, no parameter that the gateway sends itself."""
        try:
            link = LinkTemplate.parse(text, admitted=admitted)
        except InvalidValueError as error:
            raise _without_placeholders(error) from None
        if link.placeholders:
            raise _placeholder_refusal(ProblemCode.PROVISIONING_URL_PLACEHOLDER)
        if link.fragment is not None:
            raise InvalidValueError(
                ProblemCode.PROVISIONING_URL_FRAGMENT,
                "A provisioning URL has no fragment: what follows a # is never sent.",
                hint="Remove the # and everything after it.",
            )
        _check_parameters(link.query or "")
        return cls(link)

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """Rebuild what `parse` once gave, without today's rules."""
        return cls(LinkTemplate.from_stored(text))

    @property
    def text(self) -> str:
        """The URL as stored and called (L4), its path exactly as typed."""
        return self.link.text

    @property
    def display_host(self) -> str:
        """The host as people read it (L5)."""
        return self.link.display_host

    @property
    def server(self) -> str:
        """Whom a call reaches: host, and port where it is another than 443."""
        return urlsplit(self.text).netloc


def link_warnings(link: LinkTemplate | HttpsUrl, path: tuple[str, ...]) -> tuple[RuleWarning, ...]:
    """List the warnings of L3, L5 and L9, each at `path`."""
    template = link.link if isinstance(link, HttpsUrl) else link
    return tuple(RuleWarning(code, path, message) for code, message in _warnings(template))


def _warnings(link: LinkTemplate) -> Iterable[tuple[WarningCode, str]]:
    if link.port is not None:
        yield WarningCode.LINK_PORT_UNUSUAL, "The link uses a port other than 443, which many networks block."
    if link.host != link.display_host:
        yield (
            WarningCode.LINK_HOST_NOT_ASCII,
            "The host has letters beyond ASCII, which people cannot tell from look-alikes.",
        )
    if Placeholder.PASSWORD in link.placeholders:
        yield (
            WarningCode.LINK_SENDS_PASSWORD,
            "The link sends the user's password, which ends in browser history, server logs and referrers.",
        )


def fill(template: str, *, user: str, password: str) -> str:
    """Rule L8: all but RFC 3986 unreserved is percent-encoded as UTF-8, once, so a value never adds a placeholder."""
    values = {Placeholder.USER.value: user, Placeholder.PASSWORD.value: password}
    return _PLACEHOLDER.sub(lambda token: _percent_encode(values[token[0]]), template)


def _percent_encode(value: str) -> str:
    """Half a surrogate pair has no UTF-8: it becomes U+FFFD, as browsers do."""
    encoded = _SURROGATE.sub("\ufffd", value).encode()
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in encoded)


def _placeholders(text: str, path_end: int) -> tuple[Placeholder, ...]:
    """Those of query and fragment, in their order, each once."""
    if "%" not in text:
        return ()
    tokens = _PLACEHOLDER.findall(text, path_end)
    return tuple([_BY_TOKEN[token] for token in (tokens if len(tokens) == 1 else dict.fromkeys(tokens))])


def _check_length(length: int) -> None:
    if length > _MAX_LENGTH:
        raise InvalidValueError(
            ProblemCode.LINK_TOO_LONG,
            "A link has at most 2,048 characters, each of its placeholders counted as 128.",
            hint="Shorten the link, for example with a redirect on your own server.",
        )


def _check_parameters(query: str) -> None:
    """Rule P1. Servers differ in what names they take for one, so the widest reading is refused."""
    if any(_parameter_name(pair) in _SENT_BY_GATEWAY for pair in re.split("[&;]", query)):
        raise InvalidValueError(
            ProblemCode.PROVISIONING_URL_PARAMETER,
            "The gateway adds the parameters username, password, reprovision and deviceId itself.",
            hint="Remove these names from the URL, in whatever case they are written.",
        )


def _parameter_name(pair: str) -> str:
    """As the most forgiving server reads it: decoded, blanks trimmed, `name[]` and NUL cut (PHP), no case (ASP.NET)."""
    raw = pair.partition("=")[0].replace("+", " ").encode("ascii")
    decoded = _ENCODED_BYTE.sub(lambda byte: bytes.fromhex(byte[1].decode()), raw).decode("utf-8", "replace")
    return _NAME_END.split(decoded, maxsplit=1)[0].strip().lower()


def _without_placeholders(error: InvalidValueError) -> InvalidValueError:
    """Replace a hint on where to put a placeholder: here it belongs nowhere."""
    if error.code is ProblemCode.LINK_PLACEHOLDER_POSITION:
        return _placeholder_refusal(ProblemCode.PROVISIONING_URL_PLACEHOLDER)
    if error.code in (ProblemCode.LINK_PLACEHOLDER_UNKNOWN, ProblemCode.LINK_PLACEHOLDER_ENCODED):
        return _placeholder_refusal(error.code)
    return error


def _placeholder_refusal(code: ProblemCode) -> InvalidValueError:
    return InvalidValueError(
        code,
        "A provisioning URL has no placeholders: the gateway sends the user name and password itself.",
        hint="Remove the placeholder from the URL.",
    )
