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

NOT_MODIFIED = 304
_ABOUT_CONTENT = frozenset({b"content-length", b"content-type", b"content-encoding"})
_OWN = frozenset({b"etag", b"surrogate-key"})
_ETAG = b"etag: "
_END = b"\r\n"
_ENTRY_BYTES = 950
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

    __slots__ = ("_content", "_latest", "_own", "_shared", "_status", "cell", "question", "standing", "until", "use")

    def __init__(
        self, question: bytes, answer: Answer, cell: Cell, standing: Standing, until: float | None, use: Use | None
    ) -> None:
        super().__init__(_ENTRY_BYTES + len(answer.body))
        self.question, self._status = question, answer.status
        kinds: tuple[Headers, Headers, Headers] = ([], [], [])
        for header in answer.headers:
            kinds[kind(header)].append(header)
        self._shared, self._own = _lines(tuple(kinds[0])), _render(kinds[1])
        self._content = _render(kinds[2]) + _END + answer.body
        self.cell: Cell | None = cell
        """Held, so that changes reach it."""
        self.standing: Standing | None = standing
        self.until = until
        """When it ends in any case, on the monotonic clock; None: it does not."""
        self.use = use
        """That an app's own key was sent, to be noted at each answer."""
        self._latest = 0
        """The hash of the bytes that asked for it last."""

    def drop(self) -> None:
        """Free what it holds: spellings may still lead here."""
        self._shared = self._own = self._content = b""
        self.cell = self.standing = self.use = None

    def is_asked_again(self, received: bytes) -> bool:
        """Whether these bytes ask for it twice with no others in between: behind a proxy no two may be alike."""
        latest, self._latest = self._latest, hash(received)
        return latest == self._latest

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

    def wire(self, status: int) -> tuple[bytes, bytes, bytes]:
        """All that follows the lines of status and date, for one of its two statuses."""
        return self._shared, self._own, _END if status == NOT_MODIFIED else self._content

    @property
    def _etag(self) -> bytes | None:
        return self._own[len(_ETAG) : self._own.index(_END)] if self._own.startswith(_ETAG) else None


def kind(header: tuple[bytes, bytes]) -> int:
    """What many answers share comes first, then what is a tenant's own, then what a 304 does not say."""
    return 2 if header[0] in _ABOUT_CONTENT else int(header[0] in _OWN)


def _render(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


@lru_cache(maxsize=64)
def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The same object for the many answers that carry the same."""
    return _render(headers)
