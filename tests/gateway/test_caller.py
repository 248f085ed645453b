"""Whose address a request is said to come from."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from starlette.requests import Request

from gateway.http.caller import caller_of
from gateway.settings import Settings

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def ask(peer: str | None, *forwarded: str, trusted: Any = PROXIES, **more: str) -> Any:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/graphql",
        "query_string": b"",
        "scheme": "http",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": None if peer is None else (peer, 1),
    }
    return caller_of(Request(scope), Settings(trusted_proxies=trusted))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),  # whoever is no proxy is not believed
        ("10.1.1.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.1.1.1", ("6.6.6.6, 198.51.100.1",), "198.51.100.1"),  # what stands before was the client's own word
        ("10.1.1.1", ("6.6.6.6, 198.51.100.1, 10.2.2.2",), "198.51.100.1"),
        ("10.1.1.1", ("6.6.6.6", "198.51.100.1"), "198.51.100.1"),  # two headers are one list
        ("10.1.1.1", ("198.51.100.1, nonsense",), "10.1.1.1"),
        ("10.1.1.1", ("6.6.6.6:1, 198.51.100.1:4711",), "198.51.100.1"),  # some proxies add the port
        ("10.1.1.1", ("[2001:db8::1]:4711",), "2001:db8::1"),
        ("10.1.1.1", ("[2001:db8::1]",), "2001:db8::1"),
        ("10.1.1.1", ("198.51.100.1:",), "10.1.1.1"),
        ("10.1.1.1", ("[198.51.100.1:4711",), "10.1.1.1"),
        ("10.1.1.1", ("",), "10.1.1.1"),
        ("10.1.1.1", ("10.3.3.3",), "10.3.3.3"),
        ("fd00::1", ("2001:DB8:0::1",), "2001:db8::1"),
        ("::ffff:10.1.1.1", ("198.51.100.1",), "198.51.100.1"),
        (None, ("198.51.100.1",), "0.0.0.0"),  # noqa: S104 - nobody's
    ],
)
def test_the_address_is_the_furthest_that_trusted_proxies_vouch_for(
    peer: str | None, forwarded: tuple[str, ...], address: str
) -> None:
    assert ask(peer, *forwarded).address == address


def test_without_trusted_proxies_no_header_is_believed() -> None:
    assert ask("10.1.1.1", "198.51.100.1", trusted=()).address == "10.1.1.1"


def test_the_base_url_is_how_the_gateway_was_reached() -> None:
    assert ask("203.0.113.7", host="gateway.example").base_url == "http://gateway.example"
    assert ask("10.1.1.1", host="gateway.example", x_forwarded_proto="https").base_url == "https://gateway.example"
    assert ask("203.0.113.7", host="gateway.example", x_forwarded_proto="https").base_url == "http://gateway.example"


def test_a_host_that_does_not_look_like_one_is_not_repeated() -> None:
    assert ask("203.0.113.7", host='x"><script>').base_url == "http://127.0.0.1:8000"
