"""Every hostile link that we know of goes through `saveHelp`: what is accepted is one and the same to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.documents import SAVE_HELP
from tests.tenants.link_corpus import hostile_links, readings, web_platform_urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Ask

LINKS_A_SAVE = 5
SHORTEST_ECHO = len("https://") + 1
"""A shorter input may stand in our own words by chance."""


def rewritten(url: str) -> str:
    """The same, as far as it goes, for https: else most of the suite is refused for its scheme alone."""
    scheme, colon, rest = url.partition(":")
    return f"https:{rest}" if colon and "/" not in scheme else f"https://{url.lstrip('/')}"


def is_sendable(url: str) -> bool:
    """The body reader refuses lone surrogates and NUL before any rule sees them; tests of the front door show that."""
    return "\0" not in url and not any("\ud800" <= character <= "\udfff" for character in url)


def every_link() -> list[str]:
    """The web-platform-tests as they are and rewritten, and the labelled hostile links; each once."""
    suite = web_platform_urls()
    links = [*suite, *map(rewritten, suite), *(link.url for link in hostile_links())]
    return list(dict.fromkeys(link for link in links if is_sendable(link)))


def save(ask: Ask, tenant: str, links: list[str]) -> dict[str, Any]:
    entries = [{"title": f"Title {number}", "url": link} for number, link in enumerate(links)]
    help_menu = {"credentialsSource": "SIP_ACCOUNT", "links": entries}
    sent = {"tenantId": tenant, "expectedVersion": ask.version(tenant), "help": help_menu}
    return dict(ask(SAVE_HELP, {"input": sent}))


def go_through(ask: Ask, links: list[str]) -> tuple[dict[str, str], dict[str, list[dict[str, Any]]]]:
    """What became of each link: the stored text, or the problems; as many in one request as a menu holds."""
    tenant = ask.create("AcmeInc")
    stored: dict[str, str] = {}
    problems: dict[str, list[dict[str, Any]]] = {}
    for start in range(0, len(links), LINKS_A_SAVE):
        batch = links[start : start + LINKS_A_SAVE]
        refused = save(ask, tenant, batch)
        for problem in refused.get("problems", []):
            place, number, field = problem["path"][1], int(problem["path"][2]), problem["path"][3]
            assert (problem["path"][0], place, field) == ("help", "links", "url")
            problems.setdefault(batch[number], []).append(problem)
        kept = [link for link in batch if link not in problems]
        saved = save(ask, tenant, kept)["draft"]["config"]["help"]["links"]
        stored |= zip(kept, (link["url"] for link in saved), strict=True)
    return stored, problems


def check_stored(ask: Ask, stored: dict[str, str]) -> None:
    """Four parsers read it alike, and saving it again changes nothing."""
    for link, text in stored.items():
        seen = readings(text)
        hosts = {reading.host for reading in seen.values()}
        assert len(hosts) == 1, (link, text, seen)
        assert {reading.scheme for reading in seen.values()} == {"https"}, (link, text, seen)
        assert not any(reading.has_userinfo for reading in seen.values()), (link, text, seen)
        assert len({reading.port for reading in seen.values()}) == 1, (link, text, seen)
    tenant = ask.create("Again")
    for batch in _batches(list(dict.fromkeys(stored.values()))):
        saved = save(ask, tenant, batch)
        assert [link["url"] for link in saved["draft"]["config"]["help"]["links"]] == batch


def check_refused(problems: dict[str, list[dict[str, Any]]]) -> None:
    """A code of the rules for links, and words that do not repeat what was sent."""
    for link, found in problems.items():
        for problem in found:
            assert problem["code"].startswith("LINK_") or problem["code"] == "REQUIRED", (link, problem)
            assert problem["message"]
            words = f"{problem['message']} {problem['hint']}"
            assert len(link.strip()) < SHORTEST_ECHO or link.strip() not in words, (link, problem)


def _batches(links: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(links), LINKS_A_SAVE):
        yield links[start : start + LINKS_A_SAVE]


def check(ask: Ask, links: list[str]) -> tuple[int, int]:
    """How many were accepted and refused."""
    stored, problems = go_through(ask, links)
    assert set(stored) | set(problems) == set(links)
    assert not set(stored) & set(problems)
    check_stored(ask, stored)
    check_refused(problems)
    return len(stored), len(problems)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_link_of_the_corpora_is_stored_unmistakable_or_refused_by_a_code(ask: Ask) -> None:
    accepted, refused = check(ask, every_link())

    assert accepted >= 100
    assert refused >= 1000


def test_a_sample_of_links_fares_alike_on_both_databases(ask: Ask) -> None:
    accepted, refused = check(ask, every_link()[::20])

    assert accepted
    assert refused


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_labelled_links_get_their_verdict_through_the_application(ask: Ask) -> None:
    # A blank field is REQUIRED before it is a link.
    labelled = [link for link in hostile_links() if is_sendable(link.url) and link.url.strip()]

    stored, problems = go_through(ask, [link.url for link in labelled])

    verdicts = dict.fromkeys(stored, "accept") | {link: found[0]["code"] for link, found in problems.items()}
    assert verdicts == {link.url: link.verdict for link in labelled}
