"""Whatever is accepted is read alike by four URL parsers, also once it is filled in."""

from __future__ import annotations

import pytest

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.links import LinkTemplate, fill
from tests.tenants.link_corpus import (
    HostileLink,
    hostile_links,
    naughty_strings,
    readings,
    web_platform_hosts,
    web_platform_urls,
)

CANARY = "s3cretcanary"
TEMPLATES = (
    "https://portal.acme.example/topup/?user=%user%&pin=%pwd%&lang=en",
    "https://portal.acme.example:8443/a/../b?u=%user%%pwd%",
    "https://xn--bcher-kva.example/?u=x%20%user%#/login?p=%pwd%",
    "https://portal.acme.example/#%user%",
)


def verdict(url: str) -> str:
    """`accept`, or the code of the refusal."""
    try:
        LinkTemplate.parse(url)
    except InvalidValueError as error:
        return error.code.name
    return "accept"


def accepted(urls: list[str]) -> list[LinkTemplate]:
    """Keep the links that the rules let through."""
    return [LinkTemplate.parse(url) for url in urls if verdict(url) == "accept"]


def all_urls() -> list[str]:
    """Every link of every corpus, those of http as https too: most of them would fail for their scheme alone."""
    urls = web_platform_urls() + [link.url for link in hostile_links()]
    urls += [url.replace("http:", "https:", 1) for url in urls if url.startswith("http:")]
    return urls + [f"https://{host}{end}/" for host in web_platform_hosts() for end in ("", ".example")]


def with_canary() -> list[str]:
    """Refused links with a secret word in host, path or value."""
    urls = [link.url.replace("portal", CANARY).replace("acme", CANARY) + CANARY for link in hostile_links()]
    return [url for url in urls if verdict(url) != "accept"]


@pytest.mark.parametrize("link", hostile_links(), ids=lambda link: ascii(link.url)[:60])
def test_a_hostile_link_gets_its_verdict(link: HostileLink) -> None:
    assert verdict(link.url) == link.verdict, link.why


def test_the_corpus_breaks_every_rule_of_links_and_keeps_each_beside_an_accepted_neighbour() -> None:
    links = hostile_links()

    refused = {link.verdict for link in links} - {"accept"}

    assert refused == {code.name for code in ProblemCode if code.name.startswith("LINK_")}
    assert len(links) >= 150
    assert sum(link.verdict == "accept" for link in links) >= 40


def test_every_corpus_has_links_that_are_accepted() -> None:
    assert len(accepted(web_platform_urls())) >= 2
    assert len(accepted(all_urls())) >= 90


@pytest.mark.parametrize("link", accepted(all_urls()), ids=lambda link: link.text[:60])
def test_an_accepted_link_is_read_alike_by_four_parsers(link: LinkTemplate) -> None:
    sample = fill(link.text, user="u", password="p")

    read = readings(sample)

    expected = ("https", link.host, link.port or 443, False)
    assert {name: (r.scheme, r.host, r.port, r.has_userinfo) for name, r in read.items()} == dict.fromkeys(
        read, expected
    )


@pytest.mark.parametrize("link", accepted(all_urls()), ids=lambda link: link.text[:60])
def test_parsing_an_accepted_link_again_changes_nothing(link: LinkTemplate) -> None:
    assert LinkTemplate.parse(link.text) == link == LinkTemplate.from_stored(link.text)


@pytest.mark.parametrize("url", with_canary(), ids=lambda url: ascii(url)[:60])
def test_a_refusal_never_repeats_the_link(url: str) -> None:
    with pytest.raises(InvalidValueError) as refusal:
        LinkTemplate.parse(url)

    assert CANARY not in f"{refusal.value} {refusal.value.message} {refusal.value.hint}".lower()


@pytest.mark.parametrize("template", TEMPLATES)
def test_filling_in_any_string_leaves_host_path_and_parameter_count_alone(template: str) -> None:
    plain = readings(fill(template, user="u", password="p"))
    strings = [*naughty_strings(), "..", "/../", "%2e%2e", "&a=b", "#", "%user%", "%pwd%", "\ud800", "\x00", "\r\n"]

    filled = [readings(fill(template, user=text, password=text)) for text in strings]

    assert [(text, read) for text, read in zip(strings, filled, strict=True) if read != plain] == []
