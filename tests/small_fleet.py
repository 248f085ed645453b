"""`python -m tests.small_fleet NAME`: two workers of ours with an application that misbehaves, soon out of patience."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.http.fast_lane import FastLaneProtocol
from gateway.logs import configure_logging
from gateway.workers import Patience, Supervisor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

BROKEN = Path("broken")
"""While this file is in the working folder no worker comes to serve."""
PATIENCE = Patience(start_seconds=40, hung_seconds=3, leave_seconds=4)


async def stick(_request: Request) -> PlainTextResponse:
    """Keeps the event loop, as a bug would."""
    time.sleep(3600)  # noqa: ASYNC251 - the bug
    return PlainTextResponse("never\n")


async def pid(_request: Request) -> PlainTextResponse:
    """Who answers."""
    return PlainTextResponse(f"{os.getpid()}")


def create() -> ASGIApp:
    """The application of a worker."""
    configure_logging("info")
    if BROKEN.exists():
        raise RuntimeError("SECRET-of-the-application")
    return Starlette(routes=[Route("/stick", stick), Route("/pid", pid)])


def main() -> int:
    """Until it is stopped."""
    configure_logging("info")
    listening = socket.create_server(("127.0.0.1", 0))
    listening.set_inheritable(True)
    config = uvicorn.Config(
        "tests.small_fleet:create", factory=True, http=FastLaneProtocol, ws="none", log_config=None, workers=2
    )
    supervisor = Supervisor(
        config,
        [listening],
        on_ready=lambda: print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True),  # noqa: T201 - as serve
        on_end=lambda _pid: None,
        patience=PATIENCE,
    )
    supervisor.run()
    return supervisor.exit_code


if __name__ == "__main__":
    sys.exit(main())
