"""A gateway that dies as a machine does: `python -m tests.dying_gateway`, after what was asked is done and stored.

A request with the header `X-Die` is worked on to its end; when its answer is to be sent, the process kills itself.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from gateway.app import create_from_env
from gateway.http.fast_lane import FastLaneProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Dying:
    """Around the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and its answer only if nobody asked for death."""
        is_last = scope["type"] == "http" and b"x-die" in dict(scope["headers"])

        async def send_or_die(message: Message) -> None:
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)

        await self._app(scope, receive, send_or_die)


def main() -> None:
    """Serve on a free port of the loopback; the settings come from the environment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(Dying(create_from_env()), http=FastLaneProtocol, ws="none", log_config=None)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - how its parent finds it
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
