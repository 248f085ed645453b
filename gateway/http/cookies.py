"""The session cookie: what a request carries, and what an answer does to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.context import Cookies

NAME = "__Host-gateway"
_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")


def carries_session(request: Request) -> bool:
    """Whether the request has a session cookie, whatever it holds."""
    return bool(_values(request))


def find_session(request: Request) -> str | None:
    """What the one session cookie holds; None when there is none, or another one beside it."""
    values = _values(request)
    return values[0] if len(values) == 1 and _TEXT.fullmatch(values[0]) else None


def apply(cookies: Cookies, response: Response) -> None:
    """Set or delete the cookie, as somebody decided while the answer was made."""
    if cookies.session:
        response.set_cookie(NAME, cookies.session, path="/", secure=True, httponly=True, samesite="lax")
    elif cookies.session is not None:
        response.delete_cookie(NAME, path="/", secure=True, httponly=True, samesite="lax")


def _values(request: Request) -> list[str]:
    # Not by a library: those also strip what Unicode takes for blanks and undo quotes, by which a neighbouring domain
    # can plant a cookie that a browser does not see as `__Host-`.
    pairs = (part.strip(" \t") for header in request.headers.getlist("cookie") for part in header.split(";"))
    return [pair.removeprefix(f"{NAME}=") for pair in pairs if pair.startswith(f"{NAME}=")]
