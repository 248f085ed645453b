"""Answers as JSON: what an operation came to, and why a request was not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from gateway.http.negotiation import JSON
from gateway.refusals import ErrorCode, RefusedError, request_error

if TYPE_CHECKING:
    from strawberry.types import ExecutionResult

    from tenants.errors import UnavailableError

_NO_STORE = {"Cache-Control": "private, no-store"}
_RETRY = {"Retry-After": "1"}


def refuse(
    status: int,
    message: str,
    media_type: str = JSON,
    code: ErrorCode = ErrorCode.BAD_REQUEST,
    headers: dict[str, str] | None = None,
) -> Response:
    """An answer to what is no GraphQL request."""
    return to_json(request_error(message, code), status, media_type, headers)


def refuse_operation(media_type: str, *, is_get: bool) -> Response:
    """To a kind of operation that is not run, or not by GET."""
    if is_get:
        return refuse(405, "GET runs queries only; send this by POST.", media_type, headers={"Allow": "POST"})
    return refuse(_request_error_status(media_type), "This operation is neither a query nor a mutation.", media_type)


def refuse_document(error: RefusedError, media_type: str) -> Response:
    """A hash that is not known is told in the older form whatever was accepted: clients go by it and send the query."""
    if error.code is ErrorCode.PERSISTED_QUERY_NOT_FOUND:
        media_type = JSON
    return to_json(request_error(error.message, error.code), _request_error_status(media_type), media_type)


def _request_error_status(media_type: str) -> int:
    """The operation never ran. The older media type has 200 for it, the newer one 400."""
    return 200 if media_type == JSON else 400


def render(result: ExecutionResult, media_type: str, seconds_to_wait: int | None) -> Response:
    """What an operation came to; `seconds_to_wait` is for who asked too often."""
    errors = [error.formatted for error in result.errors or ()]
    if result.data is None and _has(ErrorCode.UNAVAILABLE, result):
        return to_json({"errors": errors, "data": None}, 503, media_type, _RETRY)
    if result.data is None and _has(ErrorCode.RATE_LIMITED, result):
        return to_json({"errors": errors, "data": None}, 429, media_type, {"Retry-After": str(seconds_to_wait)})
    if result.data is None and not any(error.path for error in result.errors or ()):
        return to_json({"errors": errors}, _request_error_status(media_type), media_type)
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body = {"errors": errors, "data": result.data}
    return to_json(body, 200, media_type)


def _has(code: ErrorCode, result: ExecutionResult) -> bool:
    return any((error.extensions or {}).get("code") == code.value for error in result.errors or ())


def unavailable(media_type: str, error: UnavailableError | TimeoutError) -> Response:
    """To who is told to try again."""
    message = "The gateway cannot reach its database right now. Try again."
    if isinstance(error, TimeoutError):
        message = "This took too long and was stopped. Try again."
    return to_json(request_error(message, ErrorCode.UNAVAILABLE), 503, media_type, _RETRY)


def to_json(body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None) -> Response:
    """With what nobody is to keep, unless the cache says otherwise later."""
    content_type = {"Content-Type": f"{media_type}; charset=utf-8"}
    return Response(orjson.dumps(body), status, {**_NO_STORE, **content_type, **(headers or {})})
