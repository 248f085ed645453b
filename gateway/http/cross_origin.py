"""What pages of admitted origins may do: call /graphql with a session. Without such origins nothing is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from gateway.http.origins import HEADER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message, Send

    from gateway.settings import Settings

_METHODS = ["GET", "POST"]
_LAST = ", Origin"
_READABLE = ["X-Request-Id", "Retry-After"]


def graphql_routes(endpoint: Callable[[Request], Awaitable[Response]], settings: Settings) -> list[Route]:
    """/graphql, for which browsers are told what pages of the admitted origins may send and read."""
    if not settings.cors_origins:
        return [Route("/graphql", endpoint, methods=_METHODS)]
    admitted = Middleware(
        _NamingOriginOnce,
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


class _NamingOriginOnce(CORSMiddleware):
    """Adds nothing to Vary where it names Origin already, as all does that may be answered without this."""

    async def send(self, message: Message, send: Send, request_headers: Headers) -> None:
        """As the library does, which adds it at the end."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            vary = headers.get("vary", "")
            if vary.endswith(_LAST):
                headers["vary"] = vary.removesuffix(_LAST)
        await super().send(message, send, request_headers)


async def _not_allowed(_request: Request) -> Response:
    """OPTIONS that is no preflight: answered as it is without any of this."""
    raise HTTPException(405, headers={"Allow": "GET, HEAD, POST"})
