"""Fixed headers of the provisioning call (rule G2): names that a call may carry, values that no screen shows again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError, Problem
from tenants.model import NewHeader, ProvisioningHeader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tenants.model import Provisioning
    from tenants.parsing import Collector

MOST_HEADERS = 10
LONGEST_HEADER_NAME = 64
LONGEST_HEADER_VALUE = 512
DOTS = "••••"
_SHOWN = 4
_SHORTEST_SHOWN = 16  # of a shorter value its end would be too much of it

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110
_VALUE = re.compile(r"[\x20-\x7e]+")
OWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
"""What the call itself sets, what says how it travels, and cookies, of which it keeps none."""
OWN_PREFIXES = ("gateway-", "proxy-")


def parse_headers(
    sent: Sequence[Mapping[str, Any]], current: Sequence[ProvisioningHeader], collector: Collector
) -> tuple[ProvisioningHeader, ...]:
    """The whole list anew. One without a value keeps the value that is stored under its name, case ignored."""
    path = ("provisioning", "headers")
    if len(sent) > MOST_HEADERS:
        message = f"At most {MOST_HEADERS} headers can be sent with a call."
        collector.problems.append(Problem(ProblemCode.TOO_MANY, path, message))
    stored = {header.name.lower(): header for header in current}
    parsed: dict[str, ProvisioningHeader] = {}
    for position, header in enumerate(sent):
        place = (*path, str(position))
        name = collector.parse((*place, "name"), parse_header_name, header.get("name") or "")
        if name is not None and name.lower() in parsed:
            collector.problems.append(_repeated((*place, "name")))
        known = None if name is None else stored.get(name.lower())
        value = header.get("value")
        if value is not None:
            value = collector.parse((*place, "value"), parse_header_value, value)
        elif name is not None and known is None:
            collector.problems.append(_missing((*place, "value")))
        if name is not None:
            parsed[name.lower()] = _header(name, value, known)
    return tuple(parsed.values())


def parse_header_name(text: str) -> str:
    """Rule G2. Raises InvalidValueError HEADER_NAME."""
    name = text.strip(" ")
    if not _NAME.fullmatch(name) or len(name) > LONGEST_HEADER_NAME:
        message = f"A header's name has 1 to {LONGEST_HEADER_NAME} letters, digits and hyphens."
        raise InvalidValueError(ProblemCode.HEADER_NAME, message, hint="For example X-Api-Key.")
    if name.lower() in OWN_HEADERS or name.lower().startswith(OWN_PREFIXES):
        message = "The call sets this header itself, or it says how the call travels."
        raise InvalidValueError(ProblemCode.HEADER_NAME, message, hint="Authorization and names with X- are free.")
    return name


def parse_header_value(text: str) -> str:
    """Rule G2: trimmed. Raises InvalidValueError HEADER_VALUE."""
    value = text.strip(" ")
    if not _VALUE.fullmatch(value) or len(value) > LONGEST_HEADER_VALUE:
        message = f"A header's value has 1 to {LONGEST_HEADER_VALUE} visible characters of ASCII, and blanks between."
        raise InvalidValueError(ProblemCode.HEADER_VALUE, message)
    return value


def moved_values(before: Provisioning, after: Provisioning) -> Iterator[Problem]:
    """Rule G2: values go to the server that they were entered for, or whoever edits the address could fetch them."""
    if after.url is None or (before.url is not None and before.url.server == after.url.server):
        return
    for position, header in enumerate(after.headers):
        if not isinstance(header, NewHeader):
            message = "The calls go to another server now, and this value was not entered for it."
            path = ("provisioning", "headers", str(position), "value")
            yield Problem(ProblemCode.HEADER_VALUE, path, message, "Enter the value again, or remove the header.")


def mask(value: str) -> str:
    """Dots and, for a value of 16 characters or more, its last four."""
    return DOTS + (value[-_SHOWN:] if len(value) >= _SHORTEST_SHOWN else "")


def _header(name: str, value: str | None, known: ProvisioningHeader | None) -> ProvisioningHeader:
    """The last case is a header with a problem, which is noted: the whole config is refused with it."""
    if value is not None:
        return NewHeader(name, 0, mask(value), value)
    return ProvisioningHeader(name, known.secret, known.masked) if known else ProvisioningHeader(name, 0, DOTS)


def _missing(path: tuple[str, ...]) -> Problem:
    message = "No value is stored under this name, so one is needed."
    return Problem(ProblemCode.HEADER_VALUE, path, message)


def _repeated(path: tuple[str, ...]) -> Problem:
    message = "A header above has this name; capital and small letters are one."
    return Problem(ProblemCode.HEADER_REPEATED, path, message, "Give each header once.")
