"""The few pages for people that are made here: the front page and the reference of the rules. No script in either."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from gateway.http.frame import NAME, frame, policy, prefix_of, site
from gateway.http.rules_page import rules_body

if TYPE_CHECKING:
    from starlette.requests import Request

CONTENT_SECURITY_POLICY = policy()
EXAMPLE_QUERY = """\
{
  softphoneConfig(providerId: "AcmeInc", app: GENERIC) {
    __typename
    ... on SoftphoneConfig { name branding { themeColor } help { menuTitle } }
    ... on Refusal { message }
  }
}"""

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]{1,255}(?:/[A-Za-z0-9._~/-]*)?")
_NO_ADDRESS = "http://127.0.0.1:8000/"
_INDEX = """<h1>Softphone Gateway</h1>
<p>A VoIP provider describes once how its softphone looks, how its users sign in and what its Help menu offers. Every
softphone of that provider fetches the published description from here, over GraphQL.</p>
<ul class="doors">
<li><a href="{prefix}/graphql">GraphiQL</a><br>Explore the API in the browser, with examples ready to run. A production
server keeps it off.</li>
<li><a href="{prefix}/docs/rules">Rules and their codes</a><br>What each setting may hold, and what every problem and
warning means.</li>
</ul>
<h2>What a softphone asks</h2>
<p>Anonymous, by GET, the same for every user. <code>AcmeInc</code> is one of the demo tenants; put your own
ProviderId in its place.</p>
<pre>curl --get {url} \\
  --header 'Accept: application/graphql-response+json' \\
  --data-urlencode 'query={query}'</pre>"""


async def index(request: Request) -> Response:
    """GET /: what this is and where to go from here."""
    return _answer(request, _index_page(prefix_of(request), _address(request)))


async def rules(request: Request) -> Response:
    """GET /docs/rules: the reference. Built once, beside the loop: its examples import the colour library."""
    return _answer(request, await run_in_threadpool(_rules_page, prefix_of(request)))


async def warm_up() -> None:
    """Build the reference before anybody asks: the colour library takes longer to import than a request may take."""
    await run_in_threadpool(_rules)


@lru_cache(maxsize=8)
def _index_page(prefix: str, address: str) -> bytes:
    body = _INDEX.format(prefix=escape(prefix), url=escape(f"{address}graphql"), query=escape(EXAMPLE_QUERY))
    return _page(NAME, body, prefix)


@lru_cache(maxsize=8)
def _rules_page(prefix: str) -> bytes:
    return _page(f"Rules and their codes: {NAME}", _rules(), prefix)


@lru_cache(maxsize=1)
def _rules() -> str:
    return rules_body()


def _page(title: str, body: str, prefix: str) -> bytes:
    return frame(title, site(body, prefix), prefix).encode()


def _answer(request: Request, page: bytes) -> Response:
    """Caches may keep it and must ask each time whether it is still the one."""
    etag = f'"{hashlib.sha256(page).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    known = request.headers.get("if-none-match", "").split(",")
    if etag in [tag.strip().removeprefix("W/") for tag in known]:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(page, headers=headers)


def _address(request: Request) -> str:
    """Where the caller reached this server; a Host that does not look like one is not repeated."""
    address = str(request.base_url)
    return address if _ADDRESS.fullmatch(address) else _NO_ADDRESS
