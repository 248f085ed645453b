"""Who is asking. Fails closed: a credential that does not work is refused, never taken for none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tenants.access import ANONYMOUS, Principal, SystemScope
from tenants.store.tokens import find_principal

if TYPE_CHECKING:
    from starlette.requests import Request

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,256})", re.IGNORECASE)
_SCOPE = SystemScope("find out whose token it is")


class BadCredentialError(Exception):
    """The `Authorization` header holds nothing that works."""


async def principal_of(request: Request) -> Principal:
    """The caller. Raises BadCredentialError, UnavailableError."""
    headers = request.headers.getlist("authorization")
    if not headers:
        return ANONYMOUS
    match = _BEARER.fullmatch(headers[0].strip()) if len(headers) == 1 else None
    principal = await find_principal(_SCOPE, match[1]) if match else ANONYMOUS
    if principal.actor is None:
        raise BadCredentialError
    return principal
