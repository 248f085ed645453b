"""Which pages a request may come from: our own, and those of the origins that the operator admits."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.http.cookies import carries_session

if TYPE_CHECKING:
    from starlette.requests import Request

    from gateway.settings import Settings

HEADER = "GraphQL-Require-Preflight"
"""A page of another origin can send it only after the browser has asked whether it may."""


def is_own_origin(request: Request, settings: Settings) -> bool:
    """Whether a browser says that a page of this gateway sends this; False also when nothing tells.

    The gateway's own is the origin of its public URL, and the host that the request was sent to. A page with
    `Referrer-Policy: no-referrer` posts its form with `Origin: null`: then `Sec-Fetch-Site` decides, which no page can
    forge.
    """
    origins, sites = request.headers.getlist("origin"), request.headers.getlist("sec-fetch-site")
    if sites not in ([], ["same-origin"]):
        return False
    if origins in ([], ["null"]):
        return sites == ["same-origin"]
    return len(origins) == 1 and origins[0].lower() in _own_origins(request, settings)


def why_refused(request: Request, settings: Settings) -> str | None:
    """Why a request with a session cookie is not run, told from its headers alone; None: it is.

    With `Authorization` the cookie is not looked at.
    """
    if "authorization" in request.headers or not carries_session(request):
        return None
    if not request.headers.get(HEADER, "").strip():
        return f"With a session cookie, send the header {HEADER}: 1."
    if _comes_from_elsewhere(request, settings):
        return "Pages of this origin may not use a session here; GATEWAY_CORS_ORIGINS lists those that may."
    return None


def _comes_from_elsewhere(request: Request, settings: Settings) -> bool:
    """Whether a browser says so. What is no browser says nothing, and sends no cookie that it was not told to."""
    origins = request.headers.getlist("origin")
    if len(origins) == 1 and origins[0] in settings.cors_origins:
        return False
    if origins == ["null"]:  # no form can send the header, and a script of ours names its origin
        return True
    said = origins or request.headers.getlist("sec-fetch-site")
    return bool(said) and not is_own_origin(request, settings)


def _own_origins(request: Request, settings: Settings) -> set[str]:
    host = request.headers.get("host", "").lower()
    # Behind a proxy that ends TLS the request arrives without; a page that came by TLS is no worse for that.
    own = {_origin(request.url.scheme, host), _origin("https", host)} if host else set()
    if settings.public_url:
        url = urlsplit(settings.public_url.lower())
        public = _origin(url.scheme, url.netloc)
        if url.scheme == "https":  # what comes without TLS from this host was written by somebody on the way
            own.discard(_origin("http", public.removeprefix("https://")))
        own.add(public)
    return own


def _origin(scheme: str, host: str) -> str:
    """As browsers write it: without the default port, which a proxy may put into `Host` all the same."""
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"
