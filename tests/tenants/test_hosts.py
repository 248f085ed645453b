"""Hosts, ports and where phones register: rules L3, L5, P6 and P8."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.hosts import (
    BLOCKED_PORTS,
    NOT_PUBLIC,
    SipDomain,
    Subdomain,
    display_stored,
    parse_host,
    parse_port,
    register_host,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
HOST_LIKE = st.text(
    st.sampled_from("aA0-._x:%\u00fc\u00df\u0430\u03b1\u0561\u0301\u200d\u3002\uff41\u05d0\ud800 "), max_size=20
)
INTERNATIONAL = st.text(st.characters(categories=("L", "M", "N")), min_size=1, max_size=8)
LONGEST_HOST = ".".join(["a" * 49] * 5) + ".ab"
LONGEST_SIP_DOMAIN = ".".join(["a" * 46] * 4) + ".a"


def host_code(text: str) -> ProblemCode:
    """Give the code of the refusal."""
    with pytest.raises(InvalidValueError) as caught:
        parse_host(text)
    return caught.value.code


def test_a_host_has_a_form_for_machines_and_one_for_people() -> None:
    host = parse_host("B\u00dcCHER.Example.")

    assert (host.ascii, host.display, host.has_non_ascii) == ("xn--bcher-kva.example", "b\u00fccher.example", True)


def test_an_ascii_host_is_the_same_for_machines_and_people() -> None:
    host = parse_host("Portal.Acme.Example")

    assert (host.ascii, host.display, host.has_non_ascii) == ("portal.acme.example", "portal.acme.example", False)


@pytest.mark.parametrize("name", sorted(NOT_PUBLIC))
def test_a_private_name_is_refused_in_every_place_but_in_front(name: str) -> None:
    assert host_code(name) is ProblemCode.LINK_HOST_NOT_PUBLIC
    assert host_code(f"pbx.{name.upper()}.") is ProblemCode.LINK_HOST_NOT_PUBLIC
    assert parse_host(f"{name}.example").ascii == f"{name}.example"


def test_a_host_has_at_most_253_characters() -> None:
    longest = LONGEST_HOST[:-2] + "abc"

    assert len(parse_host(longest).ascii) == 253
    assert parse_host(longest + ".").ascii == longest
    assert host_code(longest + "d") is ProblemCode.LINK_HOST_SYNTAX


@given(ANY_TEXT | HOST_LIKE | INTERNATIONAL.map(lambda label: f"{label}.example"))
@example("xn--.example")
@example("\u0378.example")
@example("xn--" + "a" * 59 + ".example")
def test_any_text_is_a_stable_host_or_a_problem(text: str) -> None:
    try:
        host = parse_host(text)
    except InvalidValueError as error:
        assert error.code.name.startswith("LINK_HOST_")
    else:
        assert host == parse_host(host.ascii) == parse_host(host.display)
        assert display_stored(host.ascii) == host.display


def test_a_stored_host_that_todays_tables_do_not_know_is_shown_as_it_is() -> None:
    assert display_stored("xn--zzzzzz99999.example") == "xn--zzzzzz99999.example"


@pytest.mark.parametrize(("text", "port"), [("443", 443), ("1024", 1024), ("8443", 8443), ("65535", 65535)])
def test_a_link_may_use_443_and_the_free_ports(text: str, port: int) -> None:
    assert parse_port(text) == port


@pytest.mark.parametrize("text", ["0", "00", "1", "80", "442", "444", "1023", "65536", "08443", "9" * 5000])
def test_a_reserved_or_impossible_port_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_port(text)

    assert caught.value.code is ProblemCode.LINK_PORT


@pytest.mark.parametrize("port", sorted(BLOCKED_PORTS))
def test_a_port_that_browsers_block_is_refused(port: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_port(str(port))

    assert caught.value.code is ProblemCode.LINK_PORT


@pytest.mark.parametrize("text", ["", " ", "https", "+443", "-1", "4_43", "\u0664\u0664\u0663", "\u00b2", "443\n"])
def test_a_port_is_written_in_digits(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_port(text)

    assert caught.value.code is ProblemCode.LINK_SYNTAX


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("pbx", "pbx"),
        (" PBX ", "pbx"),
        ("7", "7"),
        ("a" * 63, "a" * 63),
        ("pbx.Acme.Example", "pbx.acme.example"),
        ("xn--bcher-kva", "xn--bcher-kva"),
        ("10.0.0.5", "10.0.0.5"),
        (LONGEST_HOST, LONGEST_HOST),
    ],
)
def test_a_subdomain_is_a_label_or_a_full_host(text: str, stored: str) -> None:
    subdomain = Subdomain.parse(text)

    assert subdomain.text == stored
    assert Subdomain.parse(stored) == subdomain == Subdomain.from_stored(stored)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "-pbx",
        "pbx-",
        "p_bx",
        "p bx",
        "pbx.",
        ".pbx",
        "a..b",
        "a" * 64,
        "pbx:5060",
        "b\u00fccher",
        "pbx\n",
        "https://pbx.example",
        "pbx/",
        "10.0.0",
        "127.1",
        "0x7f.0.0.1",
        "010.0.0.1",
        "256.0.0.1",
        "1.2.3.4.5",
        "[::1]",
        "a" * 1_000_000,
        "\ud800",
        "\x00",
        LONGEST_HOST + "cd",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_no_label_and_no_host_is_no_subdomain(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Subdomain.parse(text)

    assert caught.value.code is ProblemCode.SUBDOMAIN_SYNTAX


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("acme.example", "acme.example", None),
        (" ACME.Example:5070 ", "acme.example", 5070),
        ("acme.example:5060", "acme.example", 5060),
        ("acme.example:5061", "acme.example", 5061),
        ("acme.example:1", "acme.example", 1),
        ("acme.example:65535", "acme.example", 65535),
        ("pbx", "pbx", None),
        (LONGEST_SIP_DOMAIN, LONGEST_SIP_DOMAIN, None),
    ],
)
def test_a_sip_domain_is_a_host_with_or_without_a_port(text: str, host: str, port: int | None) -> None:
    domain = SipDomain.parse(text)

    assert (domain.host, domain.port) == (host, port)
    assert SipDomain.parse(domain.text) == domain == SipDomain.from_stored(domain.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":5060",
        "acme.example:",
        "acme.example:0",
        "acme.example:05060",
        "acme.example:65536",
        "acme.example:sip",
        "acme.example:5060:1",
        "acme.example.",
        "a..b",
        "-a.example",
        "a_b.example",
        "sip:acme.example",
        "u@acme.example",
        "10.0.0.1",
        "[::1]:5060",
        "b\u00fccher.example",
        "acme.example;transport=tcp",
        "acme.example\n",
        "\ud800",
        "acme.example:" + "9" * 5000,
        "a" * 1_000_000,
        LONGEST_SIP_DOMAIN + "bc",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_no_host_with_a_port_is_no_sip_domain(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        SipDomain.parse(text)

    assert caught.value.code is ProblemCode.SIP_DOMAIN_SYNTAX


@given(ANY_TEXT | HOST_LIKE)
def test_any_text_is_a_stable_subdomain_or_a_problem(text: str) -> None:
    try:
        subdomain = Subdomain.parse(text)
    except InvalidValueError as error:
        assert error.code is ProblemCode.SUBDOMAIN_SYNTAX
    else:
        assert Subdomain.parse(subdomain.text) == subdomain


@given(ANY_TEXT | HOST_LIKE | st.builds("{}:{}".format, st.just("acme.example"), st.integers(-5, 70_000)))
def test_any_text_is_a_stable_sip_domain_or_a_problem(text: str) -> None:
    try:
        domain = SipDomain.parse(text)
    except InvalidValueError as error:
        assert error.code is ProblemCode.SIP_DOMAIN_SYNTAX
    else:
        assert SipDomain.parse(domain.text) == domain


@pytest.mark.parametrize(
    ("sip_domain", "subdomain", "joined"),
    [
        (None, None, (None, None)),
        (None, "pbx", (None, "pbx")),
        (None, "pbx.acme.example", ("pbx.acme.example", None)),
        ("acme.example", None, ("acme.example", None)),
        ("acme.example:5070", None, ("acme.example:5070", None)),
        ("acme.example", "pbx", ("pbx.acme.example", None)),
        ("acme.example:5070", "pbx", ("pbx.acme.example:5070", None)),
        ("acme.example:5070", "sip.other.example", ("sip.other.example", None)),
    ],
)
def test_phones_register_at_a_complete_host_where_there_is_one(
    sip_domain: str | None, subdomain: str | None, joined: tuple[str | None, str | None]
) -> None:
    domain = None if sip_domain is None else SipDomain.parse(sip_domain)
    label = None if subdomain is None else Subdomain.parse(subdomain)

    assert register_host(domain, label) == joined


def test_the_longest_label_fits_in_front_of_the_longest_sip_domain() -> None:
    host, _ = register_host(SipDomain.parse(LONGEST_SIP_DOMAIN), Subdomain.parse("a" * 63))

    assert host is not None
    assert len(host) == 253
    assert Subdomain.parse(host).text == host
