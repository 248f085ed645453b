"""A, the unit: a bare ASGI function under uvicorn, uvloop and httptools, that returns bytes from a dict.

`python -m bench.peers.bytes_from_a_dict PORT FOLDER`: each file of the folder is the answer to the path of its name.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping


def main() -> None:
    """Until it is stopped."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    answers = {f"/{path.name}": _prepare(path.read_bytes()) for path in folder.iterdir()}

    async def app(
        scope: MutableMapping[str, Any],
        _receive: Callable[[], Awaitable[Any]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        head, body = answers[scope["path"]]
        await send(head)
        await send(body)

    uvicorn.run(app, port=port, lifespan="off", log_config=None, access_log=False, loop="uvloop", http="httptools")


def _prepare(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    return (
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


if __name__ == "__main__":
    main()
