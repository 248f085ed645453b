"""Host names and ports: of links and e-mail (L3, L5), and where phones register (P6, P8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError

HTTPS_PORT = 443
NOT_PUBLIC = frozenset(
    {
        *("localhost", "local", "internal", "test", "invalid", "onion", "arpa", "lan"),
        *("home", "corp", "localdomain", "intranet", "private", "alt"),
    }
)
"""Names that never reach the public DNS: no phone on the internet can open a link under them (L3)."""
BLOCKED_PORTS = frozenset(
    {
        *(1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000),
        *(6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    }
)
"""What browsers refuse to open (the "bad ports" of the Fetch standard), as far as it lies above 1023 (L3)."""

_MAX_PORT = 65535
_LOWEST_FREE_PORT = 1024
_MAX_HOST = 253
_MAX_TYPED = 1024  # no longer text becomes a host of 253 characters, even where accents are typed separately
_MAX_SIP_DOMAIN = _MAX_HOST - 64  # leaves room for any label and its dot in front
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NOT_LDH = re.compile(r"[\x00-,/:-@\[-`{-\x7f]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Host:
    """A public host name: `ascii` is what is stored and looked up, `display` is what people read."""

    ascii: str
    display: str

    @property
    def has_non_ascii(self) -> bool:
        """Whether people read letters beyond ASCII, which they cannot tell from look-alikes."""
        return self.ascii != self.display


def parse_host(text: str, *, admitted: frozenset[str] = frozenset()) -> Host:
    """Rules L3 and L5. `admitted` are lower-case names accepted, with all below them, though no public DNS has them."""
    if len(text) > _MAX_TYPED:
        raise _syntax("The host is longer than 253 characters.")
    if "%" in text:
        raise InvalidValueError(
            ProblemCode.LINK_HOST_ENCODED, "The host holds percent signs.", hint="Write the host's letters as they are."
        )
    if text.startswith("[") or _is_bare_ipv6(text):
        raise _address()
    if _NOT_LDH.search(text):
        raise _syntax("The host holds a character that no host name has.")
    name = _to_ascii(text).removesuffix(".")
    _check_labels(name)
    _check_reach(name, admitted)
    return Host(name, _to_display(name))


def parse_port(text: str) -> int:
    """Rule L3: the digits after a link's colon; 443, or 1024 to 65535 but for what browsers block."""
    if not (text.isascii() and text.isdigit()):
        raise InvalidValueError(
            ProblemCode.LINK_SYNTAX,
            "After the host's colon belongs a port in digits.",
            hint="Remove the colon, or write a port such as :8443.",
        )
    port = int(text) if _PORT.fullmatch(text) else 0
    if port != HTTPS_PORT and (not _LOWEST_FREE_PORT <= port <= _MAX_PORT or port in BLOCKED_PORTS):
        raise InvalidValueError(
            ProblemCode.LINK_PORT,
            "Links cannot use this port: out of range, reserved, with leading zeros or blocked by browsers.",
            hint="Leave the port out, or use one such as 8443.",
        )
    return port


@lru_cache(maxsize=4096)  # each phone's question shows the same few hosts, and a long one takes 0.5 ms
def display_stored(ascii_host: str) -> str:
    """Give what people read for a stored host; the host itself where today's tables cannot tell."""
    try:
        return _to_display(ascii_host)
    except InvalidValueError:
        return ascii_host


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    from tenants import idna_hosts  # noqa: PLC0415 - only international hosts need it, and it costs time at start

    return idna_hosts.to_ascii(text)


def _to_display(name: str) -> str:
    if "xn--" not in name:
        return name
    from tenants import idna_hosts  # noqa: PLC0415 - only international hosts need it, and it costs time at start

    return idna_hosts.to_display(name)


def _is_bare_ipv6(text: str) -> bool:
    return text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.]+", text) is not None


def _check_labels(name: str) -> None:
    if not name:
        raise _syntax("The host is missing.")
    if len(name) > _MAX_HOST:
        raise _syntax("The host is longer than 253 characters.")
    labels = name.split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        raise _syntax("Between its dots a host has 1 to 63 letters, digits and hyphens, no hyphen at an end.")
    if _NUMBER.fullmatch(labels[-1]):
        raise _address()


def _check_reach(name: str, admitted: frozenset[str]) -> None:
    labels = name.split(".")
    if not admitted.isdisjoint(".".join(labels[start:]) for start in range(len(labels))):
        return
    if labels[-1] in NOT_PUBLIC:
        raise InvalidValueError(
            ProblemCode.LINK_HOST_NOT_PUBLIC,
            "The host is a private name that the public internet does not know.",
            hint="Use the name under which users reach the page from home.",
        )
    if len(labels) == 1:
        raise _syntax("The host has no dot, so it is not a complete name.")


def _syntax(message: str) -> InvalidValueError:
    return InvalidValueError(ProblemCode.LINK_HOST_SYNTAX, message, hint="A host is written like portal.example.com.")


def _address() -> InvalidValueError:
    return InvalidValueError(
        ProblemCode.LINK_HOST_IS_ADDRESS,
        "The host is a number, not a name.",
        hint="Use a host name, such as portal.example.com; certificates and users need one.",
    )


@dataclass(frozen=True, slots=True)
class Subdomain:
    """Where a tenant's users register: a DNS label to be joined to a domain, or, with a dot, a full host (P6)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Rule P6. Lower case is stored; an IPv4 address in its plain spelling is a host too."""
        name = text.strip(" ").lower() if len(text) <= _MAX_TYPED and text.isascii() else ""
        if not _is_register_name(name):
            raise InvalidValueError(
                ProblemCode.SUBDOMAIN_SYNTAX,
                "A subdomain is one DNS label or a full host: letters, digits and hyphens, up to 63 between dots.",
                hint="Examples: pbx, or pbx.acme.example. Write international names in their ASCII form (xn--...).",
            )
        return cls(name)

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """Rebuild what `parse` once gave, without today's rules."""
        return cls(text)

    @property
    def is_full_host(self) -> bool:
        """Whether it stands alone and is never joined to a SIP domain."""
        return "." in self.text


@dataclass(frozen=True, slots=True)
class SipDomain:
    """The domain that subdomains are joined to, with a port where one is needed (P8)."""

    host: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Rule P8. A name, since labels are joined in front of it; international names in their ASCII form."""
        typed = text.strip(" ").lower() if len(text) <= _MAX_TYPED and text.isascii() else ""
        host, colon, digits = typed.partition(":")
        is_host = len(host) <= _MAX_SIP_DOMAIN and _is_register_name(host) and not _ends_in_number(host)
        is_port = not colon or (_PORT.fullmatch(digits) is not None and int(digits) <= _MAX_PORT)
        if not (is_host and is_port):
            raise InvalidValueError(
                ProblemCode.SIP_DOMAIN_SYNTAX,
                "A SIP domain is a host name, with a port from 1 to 65535 after a colon where one is needed.",
                hint="Examples: acme.example, or acme.example:5070. Write international names as xn--... .",
            )
        return cls(host, int(digits) if colon else None)

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """Rebuild what `parse` once gave, without today's rules."""
        host, colon, port = text.partition(":")
        return cls(host, int(port) if colon else None)

    @property
    def text(self) -> str:
        """`host` or `host:port`, as stored."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


def register_host(sip_domain: SipDomain | None, subdomain: Subdomain | None) -> tuple[str | None, str | None]:
    """Rules P6 and P8: the complete host to register at, or None and the label that the app joins to its own domain."""
    if subdomain is not None and subdomain.is_full_host:
        return subdomain.text, None
    if sip_domain is None:
        return None, subdomain.text if subdomain else None
    return (f"{subdomain.text}.{sip_domain.text}" if subdomain else sip_domain.text), None


def _ends_in_number(name: str) -> bool:
    return _NUMBER.fullmatch(name.rpartition(".")[2]) is not None


def _is_register_name(name: str) -> bool:
    """LDH labels; a dotted name that ends in a number must be an IPv4 address that every resolver reads alike."""
    labels = name.split(".")
    if len(name) > _MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        return False
    if len(labels) == 1 or not _ends_in_number(name):
        return True
    return _IPV4.fullmatch(name) is not None
