"""The key that a whitelabel app proves itself with. Only its digest goes further than this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.app_keys import SentAppKey

if TYPE_CHECKING:
    from starlette.requests import Request

_HEADER = "x-app-key"


def app_key_of(request: Request) -> SentAppKey:
    """What was sent; a missing, malformed or repeated header is a key that nobody has."""
    return SentAppKey.of(request.headers.getlist(_HEADER))
