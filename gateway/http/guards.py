"""Around every answer: a request id, the security headers, one line of log, one count."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import MutableHeaders

from gateway.http.metrics import method_label, observe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
_NO_STORE = "private, no-store"
"""Unless an answer says otherwise: caches may keep some that say nothing, 404 and 405 among them (RFC 9110 15.1)."""
_UNROUTED = "(none)"

log = structlog.get_logger("gateway.request")


def security_headers(*, is_production: bool) -> dict[str, str]:
    """What every answer carries."""
    return {**_HEADERS, **(_HSTS if is_production else {})}


class Guards:
    """The outermost layer of what is made here, so that even the answer to a bug carries its headers."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through and watch its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=answer.request_id)
        scope.setdefault("state", {})["request_id"] = answer.request_id
        started = time.perf_counter()
        try:
            await self._app(scope, receive, answer.send)
        finally:
            _account(scope, answer.status, time.perf_counter() - started)


class _Answer:
    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send, self._headers = send, headers
        self.request_id = secrets.token_hex(8)
        self.status = 500

    async def send(self, message: Message) -> None:
        """Add what is missing to the head of the answer; a page may have a policy of its own."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", _NO_STORE)
            headers["X-Request-Id"] = self.request_id
        await self._send(message)


def _account(scope: Scope, status: int, seconds: float) -> None:
    """Name the route's template, never the path: a path can hold a setup code, a query a password."""
    route = getattr(scope.get("route"), "path", _UNROUTED)
    method = method_label(scope["method"])
    observe(route=route, method=method, status=status, seconds=seconds)
    log.info("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))
