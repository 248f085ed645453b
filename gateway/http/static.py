"""Files of this package, served under /static: exact caching, and nothing compressed at request time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles

if TYPE_CHECKING:
    import os

    from starlette.responses import Response
    from starlette.staticfiles import PathLike
    from starlette.types import Scope

STATIC_FOLDER = Path(__file__).parent.parent / "static"

# Written out: the standard library's guess depends on files of the machine, and browsers are told not to sniff.
_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".html": "text/html",
}

# A folder with a full version in its name never changes; everything else is asked for again, with its ETag.
_VERSIONED_FOLDER = re.compile(r"/[a-z-]+-\d+\.\d+\.\d+/")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


def static_routes() -> list[BaseRoute]:
    """The routes of /static: anonymous, GET and HEAD only, no listing of folders."""
    return [Mount("/static", app=_PackageFiles(directory=STATIC_FOLDER), name="static")]


class _PackageFiles(StaticFiles):
    """Sends the `.gz` that stands beside a file to a client that takes it: an ETag for each of the two."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        request_headers = Headers(scope=scope)
        path = Path(full_path)
        headers = {"Cache-Control": _FOR_EVER if _VERSIONED_FOLDER.search(path.as_posix()) else _ASK_AGAIN}
        compressed = path.with_name(path.name + ".gz")
        sent = path
        if compressed.is_file():
            headers["Vary"] = "Accept-Encoding"
            if _accepts_gzip(request_headers.get("accept-encoding", "")):
                headers["Content-Encoding"] = "gzip"
                sent, stat_result = compressed, compressed.stat()
        media_type = _MEDIA_TYPES.get(path.suffix, "text/plain")
        response = FileResponse(sent, status_code, headers, media_type, stat_result=stat_result)
        if self.is_not_modified(response.headers, request_headers):
            return NotModifiedResponse(response.headers)
        return response


def _accepts_gzip(accept_encoding: str) -> bool:
    """Whether `gzip` is named with a weight above zero; a bare `*` does not count, since the original always serves."""
    for offer in accept_encoding.lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or weight == ""
    return False
