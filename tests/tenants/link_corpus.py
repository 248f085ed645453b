"""The corpora of links and strings, and how four URL parsers read a link."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import ada_url
import httpx2
import yarl

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class HostileLink:
    """A link with the verdict that the rules give it: `accept`, or the name of a ProblemCode."""

    url: str
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one parser makes of a link."""

    scheme: str
    host: str
    port: int
    has_userinfo: bool
    path: str
    parameters: int


def web_platform_urls() -> list[str]:
    """Every input of the web-platform-tests for URLs, each once."""
    cases = json.loads((DATA / "url" / "urltestdata.json").read_text("utf-8"))
    return list(dict.fromkeys(case["input"] for case in cases if isinstance(case, dict)))


def web_platform_hosts() -> list[str]:
    """Every input of the web-platform-tests for international hosts."""
    cases = json.loads((DATA / "url" / "toascii.json").read_text("utf-8"))
    return [case["input"] for case in cases if isinstance(case, dict)]


def hostile_links() -> list[HostileLink]:
    """List the labelled links of this project."""
    return [HostileLink(**entry) for entry in json.loads((DATA / "hostile_links.json").read_text("utf-8"))]


def naughty_strings() -> list[str]:
    """Read the Big List of Naughty Strings."""
    strings: list[str] = json.loads((DATA / "strings" / "blns.json").read_text("utf-8"))
    return strings


def readings(link: str) -> dict[str, Reading]:
    """How urllib, httpx2, yarl and ada read a link; all of them see `https` as 443."""
    return {name: read(link) for name, read in _READERS.items()}


def _read_urllib(link: str) -> Reading:
    parts = urlsplit(link)
    return Reading(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or 443,
        has_userinfo="@" in parts.netloc,
        path=parts.path,
        parameters=len(parse_qsl(parts.query, keep_blank_values=True)),
    )


def _read_httpx2(link: str) -> Reading:
    url = httpx2.URL(link)
    return Reading(
        scheme=url.scheme,
        host=url.raw_host.decode("ascii"),
        port=url.port or 443,
        has_userinfo=bool(url.userinfo),
        path=url.raw_path.decode("ascii").partition("?")[0],
        parameters=len(url.params.multi_items()),
    )


def _read_yarl(link: str) -> Reading:
    url = yarl.URL(link)
    return Reading(
        scheme=url.scheme,
        host=url.raw_host or "",
        port=url.port or 443,
        has_userinfo=url.raw_user is not None or url.raw_password is not None,
        path=url.raw_path,
        parameters=len(url.query),
    )


def _read_ada(link: str) -> Reading:
    url = ada_url.URL(link)
    return Reading(
        scheme=url.protocol.removesuffix(":"),
        host=url.hostname,
        port=int(url.port or 443),
        has_userinfo=bool(url.username or url.password),
        path=url.pathname,
        parameters=ada_url.URLSearchParams(url.search).size,
    )


_READERS: dict[str, Callable[[str], Reading]] = {
    "urllib": _read_urllib,
    "httpx2": _read_httpx2,
    "yarl": _read_yarl,
    "ada": _read_ada,
}
