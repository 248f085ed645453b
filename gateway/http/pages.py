"""The front page, which says who is signed in, and the reference of the rules. No script in either."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from gateway.context import Cookies
from gateway.http.auth import principal_of_session
from gateway.http.caller import caller_of, origin_of
from gateway.http.cookies import apply, carries_session
from gateway.http.frame import NAME, PRIVATE_HEADERS, frame, policy, prefix_of, site
from gateway.http.rules_page import rules_body
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from gateway.settings import Settings
    from tenants.keys import KeyRing

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
_WHO = '<a class="who" href="{prefix}/sign-in">{who}</a>'
_INDEX = """<h1>Softphone Gateway</h1>
<p>A VoIP provider describes once how its softphone looks, how its users sign in and what its Help menu offers. Every
softphone of that provider fetches the published description from here, over GraphQL.</p>
<ul class="doors">
<li><a href="{prefix}/graphql">GraphiQL</a><br>Explore the API in the browser, with examples ready to run. In production
for platform admins who are signed in.</li>
<li><a href="{prefix}/docs/rules">Rules and their codes</a><br>What each setting may hold, and what every problem and
warning means.</li>
</ul>
<h2>What a softphone asks</h2>
<p>Anonymous, by GET, the same for every user. <code>AcmeInc</code> is one of the demo tenants; put your own
ProviderId in its place.</p>
<pre>curl --get {url} \\
  --header 'Accept: application/graphql-response+json' \\
  --data-urlencode 'query={query}'</pre>"""


class IndexPage:
    """GET /: what this is, where to go from here, and who is signed in."""

    def __init__(self, settings: Settings, keys: KeyRing, now: Callable[[], datetime]) -> None:
        self._settings, self._keys, self._now = settings, keys, now

    async def __call__(self, request: Request) -> Response:
        """The same for everybody who is not signed in."""
        cookies = Cookies()
        name = await self._find_name(request, cookies)
        if name is None:
            answer = _answer(request, _index_page(prefix_of(request), _address(request)))
        else:
            page = _draw_index(prefix_of(request), _address(request), f"Signed in as {name}")
            answer = HTMLResponse(page, headers={**PRIVATE_HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY})
        answer.headers["Vary"] = "Cookie"
        apply(cookies, answer)
        return answer

    async def _find_name(self, request: Request, cookies: Cookies) -> str | None:
        """Fails open: without its database the gateway shows what it shows to strangers."""
        if not carries_session(request):
            return None
        origin = origin_of(request, caller_of(request, self._settings), self._keys)
        try:
            principal = await principal_of_session(request, origin, self._now(), cookies)
        except UnavailableError:
            return None
        return principal.actor.name if principal.actor else None


async def rules(request: Request) -> Response:
    """GET /docs/rules: the reference. Built when it is asked for first, beside the loop, and kept: it takes 20 MB."""
    return _answer(request, await run_in_threadpool(_rules_page, prefix_of(request)))


@lru_cache(maxsize=8)
def _index_page(prefix: str, address: str) -> bytes:
    return _draw_index(prefix, address, "Sign in")


def _draw_index(prefix: str, address: str, who: str) -> bytes:
    body = _INDEX.format(prefix=escape(prefix), url=escape(f"{address}graphql"), query=escape(EXAMPLE_QUERY))
    return _page(NAME, body, prefix, _WHO.format(prefix=escape(prefix), who=escape(who)))


@lru_cache(maxsize=8)
def _rules_page(prefix: str) -> bytes:
    return _page(f"Rules and their codes: {NAME}", _rules(), prefix)


@lru_cache(maxsize=1)
def _rules() -> str:
    return rules_body()


def _page(title: str, body: str, prefix: str, more: str = "") -> bytes:
    return frame(title, site(body, prefix, more), prefix).encode()


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
