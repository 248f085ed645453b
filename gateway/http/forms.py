"""What a browser's form says, read strictly: each departure is a 4xx, never a 500, and never a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from gateway.http.body import BadBodyError, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"

_MEDIA_TYPE = re.compile(rf'{FORM}[ \t]*(?:;[ \t]*(?:charset[ \t]*=[ \t]*"?utf-8"?)?[ \t]*)?', re.IGNORECASE)
_MOST_FIELDS = 50
_LONGEST_PATH = 1024
# Segments of plain characters, none empty and none beginning with a dot, and a query. A browser, which takes `\` for
# `/`, drops tabs and climbs by dots, finds nothing here that it could read as another host.
_PATH = re.compile(
    r"/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)?(?:\?[A-Za-z0-9._~=&%+-]*)?"
)


async def read_form(request: Request, largest: int) -> dict[str, str]:
    """The fields of a POST of at most `largest` bytes. Raises BadBodyError."""
    types = request.headers.getlist("content-type")
    if len(types) != 1 or not _MEDIA_TYPE.fullmatch(types[0].strip(" \t")):
        raise BadBodyError(415, f"Send the form as {FORM} in UTF-8.")
    if any(coding.strip().lower() != "identity" for coding in request.headers.getlist("content-encoding")):
        raise BadBodyError(415, "Send the form without a content encoding.")
    return parse_form(await read_body(request, largest))


def parse_form(data: bytes) -> dict[str, str]:
    """Raises BadBodyError for what is no form in UTF-8, and for a field that stands there twice."""
    try:
        pairs = parse_qsl(data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadBodyError(400, "The parameters are no form in UTF-8.") from None
    if len(dict(pairs)) != len(pairs):
        raise BadBodyError(400, "A parameter stands twice.")
    if any("\0" in text for pair in pairs for text in pair):
        raise BadBodyError(400, "A parameter holds a NUL character.")
    return dict(pairs)


def parse_path(text: str | None) -> str | None:
    """A path of this gateway that somebody may be sent on to; None for anything else."""
    is_one = text is not None and len(text) <= _LONGEST_PATH and _PATH.fullmatch(text)
    return text if is_one else None
