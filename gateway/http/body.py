"""What a GraphQL request says, read strictly: each departure from the standards is a 4xx, never a 500."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from starlette.requests import ClientDisconnect

from gateway import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MEDIA_TYPE = re.compile(r'application/json[ \t]*(?:;[ \t]*(?:charset[ \t]*=[ \t]*"?utf-8"?)?[ \t]*)?', re.IGNORECASE)
_JSON_PARAMETERS = frozenset({"variables", "extensions"})
_PARAMETERS = _JSON_PARAMETERS | {"query", "operationName"}


class BadBodyError(Exception):
    """The request is no GraphQL request. The message repeats nothing of it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What is to be run. `query` is None only when the client hopes for a persisted query."""

    query: str | None
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None

    @property
    def is_persisted(self) -> bool:
        """Whether the client sent the hash of a document."""
        return self.extensions is not None and self.extensions.get("persistedQuery") is not None


def of_query_string(query_string: bytes) -> GraphQLRequest:
    """A GET, from the query string as it came. Raises BadBodyError."""
    sent: dict[str, Any] = {}
    for name, value in _read_pairs(query_string):
        if name not in _PARAMETERS:
            continue
        if name in sent:
            raise BadBodyError(400, "A parameter stands twice in the query string.")
        sent[name] = parse_json(value.encode()) if name in _JSON_PARAMETERS else value
    return _request(sent)


def _read_pairs(query_string: bytes) -> Iterator[tuple[str, str]]:
    """As forms are encoded, but strictly: libraries put U+FFFD for what is no UTF-8, and run what nobody asked for."""
    for pair in query_string.replace(b"+", b" ").split(b"&"):
        name, _, value = pair.partition(b"=")
        try:
            read = unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise BadBodyError(400, "The query string is not UTF-8.") from None
        if "\0" in read[0] or "\0" in read[1]:
            raise BadBodyError(400, "The query string holds a NUL character.")
        yield read


async def of_body(request: Request, largest: int) -> GraphQLRequest:
    """A POST. Raises BadBodyError."""
    types = request.headers.getlist("content-type")
    _check_type(types[0] if len(types) == 1 else "")
    if any(coding.strip().lower() != "identity" for coding in request.headers.getlist("content-encoding")):
        raise BadBodyError(415, "Send the body without a content encoding.")
    return _of_json(await read_body(request, largest))


def of_bytes(content_type: str, body: bytes) -> GraphQLRequest:
    """A POST that has been received, without a coding and not too large. Raises BadBodyError."""
    _check_type(content_type)
    return _of_json(body)


def _check_type(content_type: str) -> None:
    if not _MEDIA_TYPE.fullmatch(content_type.strip(" \t")):
        raise BadBodyError(415, "Send the request as application/json in UTF-8.")


def _of_json(body: bytes) -> GraphQLRequest:
    sent = parse_json(body)
    if not isinstance(sent, dict):
        raise BadBodyError(400, "The body must be one JSON object; batches are not taken.")
    return _request(sent)


async def read_body(request: Request, largest: int) -> bytes:
    """The whole body, up to `largest` bytes. Raises BadBodyError 413 as soon as it is known to be larger."""
    declared = request.headers.get("content-length", "0")
    too_large = BadBodyError(413, f"The body may have at most {largest:,} bytes.")
    if not declared.isdecimal() or len(declared) > 12 or int(declared) > largest:  # noqa: PLR2004 - a terabyte
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                raise too_large
    except ClientDisconnect:  # nobody reads this answer, but it is counted, and as the client's doing
        raise BadBodyError(400, "The body has no end.") from None
    return bytes(body)


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Strict JSON, and no NUL in it. Raises BadBodyError."""
    try:
        value = strict_json.parse_json(data)
    except strict_json.BadJsonError as error:
        raise BadBodyError(400, f"The request {error.flaw}.") from None
    if _NUL.search(data):
        raise BadBodyError(400, "The request holds a NUL character.")
    return value


def _request(sent: Mapping[str, Any]) -> GraphQLRequest:
    query = _optional(sent, "query", str, "a string")
    name = _optional(sent, "operationName", str, "a string")
    variables = _optional(sent, "variables", dict, "an object")
    extensions = _optional(sent, "extensions", dict, "an object")
    request = GraphQLRequest(query or None, name or None, variables, extensions)
    if request.query is None and not request.is_persisted:
        raise BadBodyError(400, "The request has no `query`.")
    if query is not None and "\0" in query:
        raise BadBodyError(400, "The request holds a NUL character.")
    return request


def _optional(sent: Mapping[str, Any], name: str, kind: type, words: str) -> Any:  # noqa: ANN401 - of that kind
    value = sent.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadBodyError(400, f"`{name}` must be {words}.")
    return value
