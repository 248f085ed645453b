"""Where a request goes: an https URL by the strict grammar of links, and what a redirect makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin

from gateway.upstream.client import Fault, OutboundError
from tenants import link_grammar
from tenants.errors import InvalidValueError
from tenants.hosts import HTTPS_PORT, parse_host, parse_port

_REQUEST_TARGET = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Target:
    """A host, a port, and what the request line asks for."""

    host: str
    port: int
    request_target: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, admitted: frozenset[str]) -> Self:
        """Rules L1 to L3, without those of placeholders. Raises OutboundError, URL; it repeats nothing of the URL."""
        try:
            parts = link_grammar.split(text)
            host, port = link_grammar.check_authority(parts.authority)
            name = parse_host(host, admitted=admitted).ascii
            number = HTTPS_PORT if port is None else parse_port(port)
        except InvalidValueError as error:
            raise OutboundError(Fault.URL, error.message, error.hint or "") from None
        query = "" if parts.query is None else f"?{parts.query}"
        request_target = (parts.path or "/") + query
        if not _REQUEST_TARGET.fullmatch(request_target):
            message = "The URL holds a character that a URL may not hold."
            raise OutboundError(Fault.URL, message, "Percent-encode it.")
        return cls(name, number, request_target)

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL. It may hold a password."""
        return f"https://{self.authority}{self.request_target}"

    def follow(self, location: str, admitted: frozenset[str]) -> Self:
        """Where a redirect leads: on the same host and port, and exactly there. Raises OutboundError, REDIRECT."""
        if not _REFERENCE.fullmatch(location):
            raise _refusal("The redirect's Location is empty or no URL.")
        if location.lower().startswith("http:"):
            raise _refusal("The redirect leads to http, where everybody on the way could read the password.")
        absolute = self._absolute(location)
        try:
            target = type(self).parse(absolute.partition("#")[0], admitted)
        except OutboundError as error:
            raise _refusal(f"The redirect's Location cannot be followed. {error.message}") from None
        if (target.host, target.port) != (self.host, self.port):
            raise _refusal("The redirect leads to another host or port, which would be handed the password.")
        return target

    def _absolute(self, location: str) -> str:
        if location.startswith("//"):
            return f"https:{location}"
        return location if _SCHEME.match(location) else urljoin(self.url, location)


def _refusal(message: str) -> OutboundError:
    return OutboundError(Fault.REDIRECT, message, "Enter the URL at which your server answers without a redirect.")
