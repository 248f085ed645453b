"""A stored answer: as the application sends it, and as it goes over the wire, which is how it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.edge.validators import matches
from gateway.segments import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.edge.cells import Cell, Standing
    from tenants.credentials import Use

Headers = list[tuple[bytes, bytes]]
Lines = tuple[tuple[bytes, bytes], ...]

NOT_MODIFIED = 304
_LENGTH = b"content-length"
_SHARED_CONTENT = frozenset({b"content-type", b"content-encoding"})
_ABOUT_CONTENT = _SHARED_CONTENT | {_LENGTH}
_OWN = frozenset({b"etag", b"surrogate-key"})
_ETAG = b"etag: "
_END = b"\r\n"
_ENTRY_BYTES = 890
"""What an entry, its cell and its places in maps take beside the body: measured, see the test."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as the application sends it: all headers but Date, and the body."""

    status: int
    headers: Headers
    body: bytes
    etag: bytes | None = None
    """Only of what may be asked for again by it."""

    def is_known_by(self, condition: bytes) -> bool:
        """Whether who sends this If-None-Match, empty for none, has it already."""
        return bool(condition) and self.etag is not None and matches(condition, self.etag)

    def not_modified(self) -> Answer:
        """What is said in its place to who has it (RFC 9110 15.4.5)."""
        return Answer(NOT_MODIFIED, [header for header in self.headers if header[0] not in _ABOUT_CONTENT], b"")


class Entry(Item):
    """A stored answer, and what it hangs on. It takes few objects, since there is one for each tenant."""

    __slots__ = (
        "_latest",
        "_own_length",
        "_shared",
        "_status",
        "answered",
        "cell",
        "own",
        "question",
        "received",
        "standing",
        "until",
        "use",
    )

    def __init__(
        self, question: bytes, answer: Answer, cell: Cell, standing: Standing, until: float | None, use: Use | None
    ) -> None:
        super().__init__(_ENTRY_BYTES + len(answer.body))
        self.question, self._status = question, answer.status
        kinds: tuple[Headers, Headers, Headers, Headers] = ([], [], [], [])
        for header in answer.headers:
            kinds[kind(header)].append(header)
        self._shared = _lines(tuple(kinds[0]), tuple(kinds[1]))
        """Without what is about the content, and with it."""
        own = _render(kinds[2])
        self.own, self._own_length = b"%b%b%b%b" % (own, _render(kinds[3]), _END, answer.body), len(own)
        """The rest in one piece, and what of it a 304 says."""
        self.cell: Cell | None = cell
        """Held, so that changes reach it."""
        self.standing: Standing | None = standing
        self.until = until
        """When it ends in any case, on the monotonic clock; None: it does not."""
        self.use = use
        """That an app's own key was sent, to be noted at each answer."""
        self.received: bytes | None = None
        """A request that is answered by it whenever it comes in the same bytes."""
        self.answered = _answered("GET", answer.status)
        """How that one is."""
        self._latest = 0
        """The hash of the bytes that asked for it last."""

    def drop(self) -> None:
        """Free what it holds: spellings may still lead here."""
        self.own, self._own_length = b"", 0
        self.cell = self.standing = self.use = self.received = None

    def know(self, received: bytes, method: str, status: int) -> None:
        """Whenever a request comes in these bytes, it is answered by this with that status."""
        self.received, self.answered = received, _answered(method, status)

    def is_asked_again(self, received: bytes) -> bool:
        """Whether these bytes ask for it twice with no others in between: behind a proxy no two may be alike."""
        latest, asked = self._latest, hash(received)
        self._latest = 0 if asked == latest else asked  # who is known is not asked again
        return asked == latest

    @property
    def answer(self) -> Answer:
        """It, as the application sends it."""
        head, _, body = b"".join(self.wire(self._status)).partition(_END * 2)
        lines = (line.partition(b": ") for line in head.split(_END))
        return Answer(self._status, [(name, value) for name, _, value in lines], body, self._etag)

    def status_for(self, condition: bytes) -> int:
        """Its own, or 304 for who sends this If-None-Match, empty for none."""
        etag = self._etag if condition else None
        return NOT_MODIFIED if etag is not None and matches(condition, etag) else self._status

    def wire(self, status: int) -> tuple[bytes, bytes] | tuple[bytes, bytes, bytes]:
        """All that follows the lines of status and date, for one of its two statuses."""
        if status == NOT_MODIFIED:
            return self._shared[0], self.own[: self._own_length], _END
        return self._shared[1], self.own

    @property
    def _etag(self) -> bytes | None:
        return self.own[len(_ETAG) : self.own.index(_END)] if self.own.startswith(_ETAG) else None


def kind(header: tuple[bytes, bytes]) -> int:
    """First comes what many answers share, at the end of it what a 304 does not say; then what is a tenant's own."""
    name = header[0]
    if name == _LENGTH:
        return 3
    return 2 if name in _OWN else int(name in _SHARED_CONTENT)


def _render(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


@lru_cache(maxsize=64)
def _lines(headers: Lines, about_content: Lines) -> tuple[bytes, bytes]:
    """The first, and all: the same object for the many answers that carry the same."""
    first = _render(headers)
    return first, first + _render(about_content)


@lru_cache(maxsize=16)
def _answered(method: str, status: int) -> tuple[str, int]:
    """The same object for the many that are answered alike."""
    return method, status
