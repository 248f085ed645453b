"""What pages of admitted origins may do: call /graphql with a session. Without such origins nothing is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from gateway.http.origins import HEADER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.settings import Settings

_METHODS = ["GET", "POST"]
_READABLE = ["X-Request-Id", "Retry-After"]


def graphql_routes(endpoint: Callable[[Request], Awaitable[Response]], settings: Settings) -> list[Route]:
    """/graphql, for which browsers are told what pages of the admitted origins may send and read."""
    if not settings.cors_origins:
        return [Route("/graphql", endpoint, methods=_METHODS)]
    admitted = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=_METHODS,
        allow_headers=[HEADER],
        allow_credentials=True,
        expose_headers=_READABLE,
    )
    return [
        Route("/graphql", endpoint, methods=_METHODS, middleware=[admitted]),
        Route("/graphql", _not_allowed, methods=["OPTIONS"], middleware=[admitted]),
    ]


async def _not_allowed(_request: Request) -> Response:
    """OPTIONS that is no preflight: answered as it is without any of this."""
    raise HTTPException(405, headers={"Allow": "GET, HEAD, POST"})
