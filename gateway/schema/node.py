"""Things with an id, and pages of lists."""

from __future__ import annotations

import base64
import binascii
import re

import orjson
import strawberry

from gateway.errors import BadRequestError
from tenants.errors import NotFoundError

_ID = re.compile(r"([A-Z][A-Za-z]{1,30}):([0-9]{1,18})")
LARGEST_PAGE = 100
_NUMBERS = range(2**31)


@strawberry.interface(
    description="Something with an id of its own, so that a client can cache it and ask for it again."
)
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and stable for as long as the thing exists.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="True when another page follows.")
    has_previous_page: bool = strawberry.field(
        description="Always false: lists are read forwards only. Here because Relay asks for it.", default=False
    )
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first entry of this page; null when the page is empty.", default=None
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last entry of this page, to be sent as `after`; null when the page is empty.",
        default=None,
    )

    @classmethod
    def of(cls, cursors: list[str], *, has_next_page: bool) -> PageInfo:
        """The page that holds these cursors."""
        start, end = (cursors[0], cursors[-1]) if cursors else (None, None)
        return cls(has_next_page=has_next_page, start_cursor=start, end_cursor=end)


def node_id(kind: str, number: int) -> strawberry.ID:
    """An opaque id."""
    return strawberry.ID(_encode(f"{kind}:{number}".encode()))


def read_node_id(text: str) -> tuple[str, int]:
    """Kind and number of an id. Raises NotFoundError: an id of no known form is answered like any unknown one."""
    match = _ID.fullmatch((_decode(text) or b"").decode("ascii", "replace"))
    if match is None:
        raise NotFoundError
    return match[1], int(match[2])


def read_id_of(kind: str, text: str) -> int:
    """The number of an id of one kind. Raises NotFoundError."""
    found, number = read_node_id(text)
    if found != kind:
        raise NotFoundError
    return number


def cursor(*place: str | int) -> str:
    """An opaque cursor."""
    return _encode(orjson.dumps(place))


def read_cursor(text: str, *shape: type | range) -> list[str | int]:
    """The place in a cursor that `cursor` made; a range stands for a number in it. Raises BadRequestError."""
    try:
        place = orjson.loads(_decode(text) or b"")
    except orjson.JSONDecodeError:
        place = None
    if not isinstance(place, list) or not _has_shape(place, shape):
        message = "`after` is not a cursor of this list. Send the `endCursor` of the page before."
        raise BadRequestError(message)
    return place


def _has_shape(place: list[object], shape: tuple[type | range, ...]) -> bool:
    """Anybody can write a cursor, so it may hold what no database takes: NUL, or a number beyond its column."""
    return len(place) == len(shape) and all(map(_fits, place, shape))


def _fits(part: object, wanted: type | range) -> bool:
    if wanted is str:
        return isinstance(part, str) and "\0" not in part
    return type(part) is int and part in (wanted if isinstance(wanted, range) else _NUMBERS)


def check_first(first: int) -> int:
    """The size of a page. Raises BadRequestError."""
    if not 1 <= first <= LARGEST_PAGE:
        message = f"`first` must be from 1 to {LARGEST_PAGE}."
        raise BadRequestError(message)
    return first


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    if len(text) > 2000 or not text.isascii():  # noqa: PLR2004 - longer than any id or cursor of ours
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
