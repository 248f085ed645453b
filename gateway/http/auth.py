"""Who is asking. Fails closed: a credential that does not work is refused, never taken for none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tenants.access import CREDENTIALS, Origin, Principal
from tenants.store.tokens import find_principal

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,256})", re.IGNORECASE)


class BadCredentialError(Exception):
    """The `Authorization` header holds nothing that works."""


async def principal_of(request: Request, origin: Origin, now: datetime) -> Principal:
    """The caller. Raises BadCredentialError, UnavailableError."""
    if "authorization" not in request.headers:
        return Principal(origin)
    token = find_token(request)
    principal = await find_principal(CREDENTIALS, token, origin, now) if token else None
    if principal is None or principal.actor is None:
        raise BadCredentialError
    return principal


def find_token(request: Request) -> str | None:
    """The one bearer token that the request carries."""
    headers = request.headers.getlist("authorization")
    match = _BEARER.fullmatch(headers[0].strip(" \t")) if len(headers) == 1 else None
    return match[1] if match else None
