"""Which addresses may be called, against a reading of the registries by hand."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from gateway.upstream import addresses

# For every block: the address before it, its first, its last, the one after it. y: may be called, n: may not,
# -: there is none.
EDGES = {
    "0.0.0.0/8": "-nny",
    "0.0.0.0/32": "-nnn",
    "10.0.0.0/8": "ynny",
    "100.64.0.0/10": "ynny",
    "127.0.0.0/8": "ynny",
    "169.254.0.0/16": "ynny",
    "172.16.0.0/12": "ynny",
    "192.0.0.0/24": "ynny",
    "192.0.0.0/29": "ynnn",
    "192.0.0.8/32": "nnny",
    "192.0.0.9/32": "nyyy",
    "192.0.0.10/32": "yyyn",
    "192.0.0.170/32": "nnnn",
    "192.0.0.171/32": "nnnn",
    "192.0.2.0/24": "ynny",
    "192.31.196.0/24": "yyyy",
    "192.52.193.0/24": "yyyy",
    "192.88.99.0/24": "ynny",
    "192.88.99.2/32": "nnnn",
    "192.168.0.0/16": "ynny",
    "192.175.48.0/24": "yyyy",
    "198.18.0.0/15": "ynny",
    "198.51.100.0/24": "ynny",
    "203.0.113.0/24": "ynny",
    "240.0.0.0/4": "nnn-",
    "255.255.255.255/32": "nnn-",
    "::1/128": "nnnn",
    "::/128": "-nnn",
    "::ffff:0:0/96": "nnnn",
    "64:ff9b::/96": "nnnn",
    "64:ff9b:1::/48": "nnnn",
    "100::/64": "nnnn",
    "100:0:0:1::/64": "nnnn",
    "2001::/23": "ynny",
    "2001::/32": "ynnn",
    "2001:1::1/128": "nyyy",
    "2001:1::2/128": "yyyy",
    "2001:1::3/128": "yyyn",
    "2001:2::/48": "nnnn",
    "2001:3::/32": "nyyn",
    "2001:4:112::/48": "nyyn",
    "2001:10::/28": "nnny",
    "2001:20::/28": "nyyy",
    "2001:30::/28": "yyyn",
    "2001:db8::/32": "ynny",
    "2002::/16": "ynny",
    "2620:4f:8000::/48": "yyyy",
    "3fff::/20": "ynny",
    "5f00::/16": "nnnn",
    "fc00::/7": "nnnn",
    "fe80::/10": "nnnn",
}
# In no registry of special purposes, and no address of a server either.
BESIDE_THE_REGISTRIES = {"224.0.0.0/4": "ynnn", "2000::/3": "nyyn", "ff00::/8": "nnn-", "fec0::/10": "nnnn"}
TRAPS = """
    127.0.0.1 127.1.2.3 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
    169.254.169.254 169.254.170.2 100.100.100.200 100.64.0.1 192.0.0.192 192.0.0.8 192.0.0.170 198.18.0.1
    192.0.2.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.250 232.1.1.1 240.0.0.1 255.255.255.255
    ::1 :: ::127.0.0.1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::808:808 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:808:808::
    2001:0:7f00:1:: 2001::1 2001:db8::1 2001:10::1 3fff::1 5f00::1 100::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1
    ff02::1 ff0e::1 4000::1 1fff::1 0100::
""".split()
GOOD = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.167.255.255
    192.169.0.0 169.253.255.255 169.255.0.0 198.17.255.255 198.20.0.0 223.255.255.255 192.0.0.9 192.0.0.10
    2606:4700:4700::1111 2a00:1450::1 2003::1 2400:cb00::1 2001:200::1 2001:4860:4860::8888 3ffe::1 3fff:1000::
""".split()


def edges_of(block: str) -> list[str | None]:
    """The four addresses of a line of the table."""
    network = ip_network(block)
    kind, first, last = type(network.network_address), int(network.network_address), int(network[-1])
    before = None if first == 0 else str(kind(first - 1))
    after = None if last == 2**network.max_prefixlen - 1 else str(kind(last + 1))
    return [before, str(kind(first)), str(kind(last)), after]


def told(text: str | None) -> str:
    """What the module makes of an address, as a letter."""
    if text is None:
        return "-"
    return "y" if addresses.find_objection(ip_address(text)) is None else "n"


@pytest.mark.parametrize("block", EDGES | BESIDE_THE_REGISTRIES)
def test_the_edges_of_every_block_are_told_apart(block: str) -> None:
    assert "".join(map(told, edges_of(block))) == (EDGES | BESIDE_THE_REGISTRIES)[block]


def test_every_block_of_the_registries_is_in_the_table() -> None:
    assert {str(block.network) for block in addresses.blocks()} == set(EDGES)


@pytest.mark.parametrize("text", TRAPS)
def test_a_trap_is_refused(text: str) -> None:
    assert addresses.find_objection(ip_address(text))


@pytest.mark.parametrize("text", GOOD)
def test_a_public_address_is_good(text: str) -> None:
    assert addresses.find_objection(ip_address(text)) is None


def test_an_objection_names_the_block() -> None:
    assert addresses.find_objection(ip_address("10.1.2.3")) == "Private-Use, 10.0.0.0/8"


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "fe80::1%eth0", "2a00::1%1", "1.1.1.1 "],
)
def test_what_is_no_plain_address_is_none(text: str) -> None:
    assert addresses.parse(text) is None


def test_the_loopback_is_127_and_1_and_nothing_mapped() -> None:
    told = {text: addresses.is_loopback(ip_address(text)) for text in ("127.0.0.1", "127.9.9.9", "::1", "126.0.0.1")}

    assert told == {"127.0.0.1": True, "127.9.9.9": True, "::1": True, "126.0.0.1": False}
    assert not addresses.is_loopback(ip_address("::ffff:127.0.0.1"))
    assert not addresses.is_loopback(ip_address("::2"))
