"""Is the process alive, can it do its work? Both answer anonymously and say nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from tenants.database import ping
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_NO_STORE = {"Cache-Control": "no-store"}


async def livez(_request: Request) -> Response:
    """200 as long as the process answers at all: restart it when it does not."""
    return PlainTextResponse("alive\n", headers=_NO_STORE)


async def readyz(_request: Request) -> Response:
    """200 when the database answers too: send no traffic when it does not."""
    try:
        await ping()
    except UnavailableError:
        return PlainTextResponse("the database does not answer\n", 503, {**_NO_STORE, "Retry-After": "1"})
    return PlainTextResponse("ready\n", headers=_NO_STORE)
