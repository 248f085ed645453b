"""How the values of settings are read. Each raises ValueError, whose words follow the name of the variable."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tenants import address

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Network, IPv6Network

_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?")
_ORIGIN = re.compile(r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?")
_URL_OF_CACHE = re.compile(r"https?://([A-Za-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]*)*")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|\[::1\]")
OFF = "off"
_LEVELS = ("debug", "info", "warning", "error")


def host(text: str) -> str:
    """An address of this machine, or a name of one."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if _HOST_NAME.fullmatch(text) and not re.search(r"\.\.|[^.]{64}|^[0-9.]+$", text):
            return text
    message = "must be an IP address or a host name to listen on."
    raise ValueError(message)


def certificates(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        message = "names a file that is not there."
        raise ValueError(message)
    if b"-----BEGIN CERTIFICATE-----" not in path.read_bytes():
        message = "names a file that holds no certificate in PEM."
        raise ValueError(message)
    return path


def manifest(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        message = "names a file that is not there."
        raise ValueError(message)
    return path


def snapshot(text: str) -> str:
    """A file that may not be there yet, or that there is to be none."""
    if text != OFF and not Path(text).absolute().parent.is_dir():
        message = "names a file in a folder that is not there."
        raise ValueError(message)
    return text


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in re.split(r"[\s,]+", text) if part)
    except ValueError:
        message = "must be IP addresses or networks such as 10.1.0.0/16, with commas between them."
        raise ValueError(message) from None


def public_url(text: str) -> str:
    if not _PUBLIC_URL.fullmatch(text):
        message = "must be a URL such as https://gateway.acme.example, without query and fragment."
        raise ValueError(message)
    return text.rstrip("/")


def origins(text: str) -> frozenset[str]:
    origins = frozenset(part for part in re.split(r"[\s,]+", text) if part)
    for origin in origins:
        found = _ORIGIN.fullmatch(origin)
        is_default = origin.endswith(":443" if origin.startswith("https:") else ":80")
        if not found or is_default or not (origin.startswith("https:") or _LOOPBACK.fullmatch(found[1])):
            message = (
                "must be origins such as https://portal.acme.example, as browsers write them: in lower case, without "
                "a path, a default port or a slash at the end; http only for loopback."
            )
            raise ValueError(message)
    return origins


def urls_of_caches(text: str) -> tuple[str, ...]:
    """Of the operator's own servers, at whatever addresses. Without user and query, which could hold a secret."""
    urls = tuple(part for part in re.split(r"[\s,]+", text) if part)
    if not all(_URL_OF_CACHE.fullmatch(url) for url in urls) or not all(map(_has_port, urls)):
        message = (
            "must be URLs such as http://10.1.0.7:6081 with commas between them, without user, query and fragment: "
            "what is secret goes to GATEWAY_PURGE_TOKEN."
        )
        raise ValueError(message)
    return urls


def _has_port(url: str) -> bool:
    """A good one, or none."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def role(text: str) -> str:
    """One that needs no quotes, so that what an operator types in psql is what stands here."""
    if not _ROLE.fullmatch(text) or text == "none":
        message = "must be the name of a role of PostgreSQL: lower-case letters, digits and _, at most 63 of them."
        raise ValueError(message)
    return text


def level(text: str) -> str:
    if text not in _LEVELS:
        message = f"must be one of {', '.join(_LEVELS)}."
        raise ValueError(message)
    return text


def host_names(text: str) -> frozenset[str]:
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(_HOST_NAME.fullmatch(name) for name in names):
        message = "must be host names with commas between them."
        raise ValueError(message)
    return names


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not smallest <= int(text) <= largest:
            message = f"must be a whole number from {smallest} to {largest}."
            raise ValueError(message)
        return int(text)

    return parse


def database_address(text: str) -> str:
    """A URL of SQLite or PostgreSQL. The message shows no password that it may hold."""
    try:
        address.parse(text)
    except ValueError as error:
        message = f"cannot be used. {error}"
        raise ValueError(message) from None
    return text
