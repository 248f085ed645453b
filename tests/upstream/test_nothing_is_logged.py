"""However much is logged, nothing of a call is: a process of its own calls, at the level of debugging."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.upstream.raw_server import HOST, RawServer, answering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODE = """
import asyncio, logging, sys
from pathlib import Path
import structlog
from gateway.logs import configure_logging
from gateway.upstream.client import OutboundError, OutboundRequest, Upstream
from tests.fake_resolver import FakeResolver

async def main(urls):
    resolver = FakeResolver({{"{host}": ["127.0.0.1"]}})
    upstream = Upstream(resolver=resolver, admitted=frozenset({{"acme.example"}}), ca_file=Path({ca_file!r}))
    headers = (("X-Key", "SECRET-header"), ("Authorization", "Basic SECRET-auth"))
    for url in urls:
        try:
            await upstream.call(1, OutboundRequest("POST", url + "?password=SECRET-query", headers, b"SECRET-body"))
        except OutboundError:
            structlog.get_logger("test").exception("failed", error=sys.exc_info()[1])
    logging.getLogger("test").info("done")

configure_logging("debug")
asyncio.run(main({urls!r}), debug=True)
"""
ANSWER = b"HTTP/1.1 200 OK\r\nX-Token: SECRET-answer\r\nContent-Length: 12\r\n\r\nSECRET-reply"


def test_a_call_leaves_no_secret_and_no_url_in_the_log(serve: Callable[..., RawServer], ca_file: Path) -> None:
    good = serve(answering(ANSWER))
    broken = serve(answering(b"HTTP/1.1 200 OK\r\nSECRET-line\r\n\r\n"))
    redirecting = serve(answering(b"HTTP/1.1 307 Go\r\nLocation: https://SECRET.example/SECRET-place\r\n\r\n"))
    closed = f"https://{HOST}:9/SECRET-path"
    code = CODE.format(
        host=HOST,
        ca_file=str(ca_file),
        urls=[*(one.url("/SECRET-path") for one in (good, broken, redirecting)), closed],
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=30)

    assert "SECRET" not in done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines if line["logger"] == "test"].count("failed") == 3
    assert [head.startswith(b"POST /SECRET-path?password=SECRET-query") for head in good.heads] == [True]
    assert not [line for line in lines if line["logger"].startswith(("httpcore", "aiodns"))]
