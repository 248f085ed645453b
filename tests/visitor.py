"""A browser without JavaScript, as far as the pages for accounts can tell one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gateway.http.cookies import NAME
from gateway.http.forms import FORM

if TYPE_CHECKING:
    from starlette.testclient import TestClient

ORIGIN = "http://testserver"
IDS = {"x-request-id", "date"}


@dataclass(slots=True)
class Visitor:
    """Keeps the session cookie, and sends forms as a page of the gateway does. Follows no redirect."""

    client: TestClient
    session: str | None = field(default=None, repr=False)

    def open(self, path: str, method: str = "GET", **headers: str) -> Any:
        """A page."""
        return self._ask(method, path, headers)

    def send(self, path: str, origin: str | None = ORIGIN, **fields: str) -> Any:
        """A form."""
        headers = {"Content-Type": FORM, **({"Origin": origin} if origin else {})}
        return self._ask("POST", path, headers, urlencode(fields).encode())

    def who(self) -> str | None:
        """The address of whom they are signed in as, by the page that says so."""
        said = re.search(r'<p class="lead">As .*, (\S+)\.</p>', self.open("/sign-in").text)
        return said[1] if said else None

    def _ask(self, method: str, path: str, headers: dict[str, str], content: bytes = b"") -> Any:
        cookie = {"Cookie": f"{NAME}={self.session}"} if self.session else {}
        sent = {"Accept": "text/html", **cookie, **headers}
        answer = self.client.request(method, path, headers=sent, content=content, follow_redirects=False)
        self.client.cookies.clear()
        kept = re.search(rf"{NAME}=([^;]*);", answer.headers.get("set-cookie", ""))
        if kept:
            self.session = kept[1].strip('"') or None
        return answer


class Inputs(HTMLParser):
    """The inputs of a page, by the name or id of each, and what stands beside them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.texts: dict[str, str] = {}
        self._open: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An input, or a text that has an id."""
        found = dict(attrs)
        if tag == "input":
            self.inputs[found.get("name") or found.get("id") or ""] = found
        elif found.get("id") or found.get("for"):
            self._open = found.get("id") or f"label {found['for']}"

    def handle_data(self, data: str) -> None:
        """The text of what was opened last."""
        if self._open:
            self.texts[self._open] = data
            self._open = None


class _Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        """What stands between the tags."""
        self.pieces.append(data)


def text_of(page: str) -> str:
    """What a person reads, in one line."""
    body = page.partition("<body")[2].partition(">")[2]
    return " ".join("".join(_Text(body).pieces).split())


def head_of(answer: Any) -> dict[str, str]:
    """The headers that are the same each time."""
    return {name: value for name, value in answer.headers.items() if name not in IDS}
