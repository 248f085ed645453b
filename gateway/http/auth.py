"""Who is asking. Fails closed: a token that does not work is refused, never taken for none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.http.cookies import carries_session, find_session
from tenants.access import CREDENTIALS, Origin, Principal
from tenants.store.sessions import find_principal_of_session
from tenants.store.tokens import find_principal

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from gateway.context import Cookies
    from gateway.stamps import Stamps

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,256})", re.IGNORECASE)


class BadCredentialError(Exception):
    """The `Authorization` header holds nothing that works."""


async def principal_of(request: Request, origin: Origin, stamps: Stamps, now: datetime) -> Principal:
    """The caller by `Authorization`, whatever cookies there are. Raises BadCredentialError, UnavailableError."""
    if "authorization" not in request.headers:
        return Principal(origin)
    token = find_token(request)
    principal = await find_principal(CREDENTIALS, token, origin, now) if token else None
    if principal is None or principal.actor is None:
        raise BadCredentialError
    stamps.note(principal.use, now)
    return principal


async def principal_of_browser(
    request: Request, origin: Origin, stamps: Stamps, now: datetime, cookies: Cookies
) -> Principal:
    """The caller by `Authorization`, else by the session cookie. Raises BadCredentialError, UnavailableError."""
    if "authorization" in request.headers:
        return await principal_of(request, origin, stamps, now)
    principal = await principal_of_session(request, origin, now, cookies)
    stamps.note(principal.use, now)
    return principal


async def principal_of_session(request: Request, origin: Origin, now: datetime, cookies: Cookies) -> Principal:
    """The caller by the session cookie alone. Raises UnavailableError.

    A session that is over is no error: the caller is anonymous, and the answer deletes the cookie.
    """
    if not carries_session(request):
        return Principal(origin)
    text = find_session(request)
    principal = await find_principal_of_session(CREDENTIALS, text, origin, now) if text else Principal(origin)
    if principal.actor is None:
        cookies.clear_session()
    return principal


def find_token(request: Request) -> str | None:
    """The one bearer token that the request carries."""
    headers = request.headers.getlist("authorization")
    match = _BEARER.fullmatch(headers[0].strip(" \t")) if len(headers) == 1 else None
    return match[1] if match else None
