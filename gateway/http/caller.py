"""Who calls from where. A header's word is taken only from the proxies that the operator trusts."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from gateway.context import Caller
from gateway.http.devices import device_of
from tenants.access import Origin

if TYPE_CHECKING:
    from collections.abc import Collection
    from ipaddress import IPv4Network, IPv6Network

    from starlette.requests import Request
    from starlette.types import Scope

    from gateway.settings import Settings
    from tenants.keys import KeyRing

_BASE_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]{1,255}(?:/[A-Za-z0-9._~/-]*)?")
_PORT = re.compile(r"\A(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?\Z")
"""Some proxies add the port from which they were called."""
_STATE = "caller"
_NO_BASE_URL = "http://127.0.0.1:8000"
_NOBODY = "0.0.0.0"  # noqa: S104 - stands for a peer without an address, such as one on a Unix socket


def caller_of(request: Request, settings: Settings) -> Caller:
    """The caller's address, and where they reached the gateway. Found out once a request, and asked for more often."""
    caller: Caller | None = getattr(request.state, _STATE, None)
    if caller is None:
        caller = _find_caller(request, settings)
        setattr(request.state, _STATE, caller)
    return caller


def address_of(scope: Scope, settings: Settings) -> str:
    """The caller's address alone, in its canonical spelling."""
    peer, trusted = _peer_of(scope), settings.trusted_proxies
    if peer is None or not _is_in(peer, trusted):
        return _NOBODY if peer is None else str(peer)
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    return _furthest_believed(peer, forwarded.decode("latin-1"), trusted)


def _find_caller(request: Request, settings: Settings) -> Caller:
    peer = _peer_of(request.scope)
    is_proxied = peer is not None and _is_in(peer, settings.trusted_proxies)
    device = device_of(request.headers.get("user-agent", ""))
    base_url = settings.public_url or _base_url(request, is_proxied=is_proxied)
    return Caller(address_of(request.scope, settings), base_url, device)


def _peer_of(scope: Scope) -> IPv4Address | IPv6Address | None:
    client = scope.get("client")
    return _parse(client[0]) if client else None


def origin_of(request: Request, caller: Caller, keys: KeyRing) -> Origin:
    """What the audit log says of where a change came from."""
    return Origin(keys, caller.address, request.state.request_id)


def _furthest_believed(
    peer: IPv4Address | IPv6Address, forwarded: str, trusted: Collection[IPv4Network | IPv6Network]
) -> str:
    """Each proxy adds whom it heard from at the end: read backwards as long as that is a trusted proxy again."""
    believed = peer
    for text in reversed(forwarded.split(",")):
        address = _parse(_PORT.sub(r"\1\2", text.strip()))
        if address is None or not _is_in(believed, trusted):
            break
        believed = address
    return str(believed)


def _base_url(request: Request, *, is_proxied: bool) -> str:
    """From the Host header, unless that does not look like one; the scheme also from a trusted proxy."""
    url = request.base_url
    if is_proxied and request.headers.get("x-forwarded-proto") == "https":
        url = url.replace(scheme="https")
    text = str(url).rstrip("/")
    return text if _BASE_URL.fullmatch(text) else _NO_BASE_URL


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: IPv4Address | IPv6Address, networks: Collection[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
