"""Calls to what the operator has named: servers of their own, which may have private addresses and speak plain http.

Apart from `Upstream`, whose URLs are of strangers. Nothing that a tenant enters comes here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

_SECONDS = 2.0


class CallFailedError(Exception):
    """It came to nothing; the message is the class of what went wrong, and shows nothing that was sent."""


async def call(method: str, url: str, headers: Mapping[str, str], trust: Callable[[], ssl.SSLContext]) -> int:
    """The status that is answered within two seconds. Raises CallFailedError. `trust` is for https."""
    import httpcore2  # noqa: PLC0415 - it costs time at start, and most gateways have nobody to call

    context = await asyncio.to_thread(trust) if url.startswith("https:") else None
    sent = [*headers.items(), ("Connection", "close")]
    try:
        async with (
            asyncio.timeout(_SECONDS),
            httpcore2.AsyncConnectionPool(ssl_context=context) as pool,
            pool.stream(method, url, headers=sent) as response,
        ):
            return response.status
    except (OSError, httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
        raise CallFailedError(type(error).__name__) from None  # OSError: TimeoutError and errors of TLS too
