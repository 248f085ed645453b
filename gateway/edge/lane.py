"""The outermost layer: what is stored goes out from here, around everything else. It is counted and not logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.edge.entries import NOT_MODIFIED
from gateway.edge.keys import CONDITION, LENGTH, read_head

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.edge.cache import EdgeCache
    from gateway.edge.entries import Answer, Entry, Headers
    from gateway.edge.keys import Digests

PATH = "/graphql"
RECEIVED = "received"
"""In the state of a POST: the bytes that it came in, when the connection sent nothing else with it and is kept."""
_METHODS = frozenset({"GET", "HEAD", "POST"})
_LARGEST = 16 * 1024
"""Of the bodies that are looked at here, in bytes: a document of the largest size, with its variables."""


class ShortWay(Protocol):
    """Makes what is not stored, where nothing about the request is out of the ordinary."""

    async def answer(self, scope: Scope, head: list[bytes], spelling: bytes, body: bytes) -> Answer | None:
        """None: the application makes it."""

    def forget(self) -> None:
        """The application has made it."""


class Lane:
    """In front of the application, which is told the spelling of what is not stored."""

    def __init__(
        self,
        app: ASGIApp,
        cache: EdgeCache,
        digests: Digests,
        short_way: ShortWay | None = None,
        *,
        is_fast: bool = False,
    ) -> None:
        """`is_fast`: the server may ask for what is stored without calling it, see `gateway.http.fast_lane`."""
        self._app, self.cache, self._digests, self._short_way = app, cache, digests, short_way
        self.is_fast = is_fast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let it through as it came."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] not in _METHODS:
            await self._app(scope, receive, send)
            return
        received = scope.get("state", {}).pop(RECEIVED, None)
        head = read_head(scope["headers"])
        if head is None or scope.get("root_path"):
            await self._app(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post(scope, head, received, receive, send)
        else:
            spelling = self._digests.spelling(scope["method"], head, scope["query_string"])
            await self._answer(scope, head, spelling, b"", receive, send)

    async def _post(
        self, scope: Scope, head: list[bytes], received: bytes | None, receive: Receive, send: Send
    ) -> None:
        """As the long way does, the body is read before anything is said."""
        length = head[LENGTH]
        if not length.isdigit() or len(length) > len(str(_LARGEST)) or int(length) > _LARGEST:
            await self._app(scope, receive, send)
            return
        messages, body = await _read(receive)
        again = _again(messages, receive)
        if len(body) != int(length):
            await self._app(scope, again, send)
            return
        spelling = self._digests.spelling("POST", head, scope["query_string"], body)
        found = await self._answer(scope, head, spelling, body, again, send)
        if found is not None and received is not None and found[0].is_asked_again(received):
            self.cache.keep_received(received, "POST", *found)

    def find_received(self, received: bytes) -> tuple[Entry, int] | None:
        """What is stored for a request that is all of these bytes, and the status that it is answered with."""
        found = self.cache.find_received(received)
        if found is None:
            return None
        entry, answered = found
        self.cache.count_hit(answered)
        return entry, answered[1]

    def find_get(self, headers: Headers, query_string: bytes) -> tuple[Entry, int] | None:
        """What is stored for a GET of the path that has no body, and the status that it is answered with."""
        head = read_head(headers)
        if head is None or head[LENGTH]:
            return None
        return self._find("GET", head, self._digests.spelling("GET", head, query_string))

    def _find(self, method: str, head: list[bytes], spelling: bytes) -> tuple[Entry, int] | None:
        entry = self.cache.find_spelt(spelling)
        if entry is None:
            return None
        status = entry.status_for(head[CONDITION])
        self.cache.count_hit((method, status))
        return entry, status

    async def _answer(
        self, scope: Scope, head: list[bytes], spelling: bytes, body: bytes, receive: Receive, send: Send
    ) -> tuple[Entry, int] | None:
        found = self._find(scope["method"], head, spelling)
        if found is not None:
            entry, status = found
            await _send(send, entry.answer if status != NOT_MODIFIED else entry.answer.not_modified())
            return found
        scope.setdefault("state", {})["spelling"] = spelling
        if self._short_way is None:
            await self._app(scope, receive, send)
        else:
            await self._make(self._short_way, scope, head, body, receive, send)
        return None

    async def _make(
        self, short_way: ShortWay, scope: Scope, head: list[bytes], body: bytes, receive: Receive, send: Send
    ) -> None:
        answer = await short_way.answer(scope, head, scope["state"]["spelling"], body)
        if answer is not None:
            await _send(send, answer)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            short_way.forget()


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _read(receive: Receive) -> tuple[list[Message], bytes]:
    """The body, and the messages that it came in; what comes after it waits in `receive`."""
    messages, body = [], bytearray()
    has_more = True
    while has_more and len(body) <= _LARGEST:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
    return messages, bytes(body)


def _again(messages: list[Message], receive: Receive) -> Receive:
    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return receive_again
