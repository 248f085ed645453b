"""A mock provider in a thread of its own, and callers that speak to it without the gateway."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gateway.mock_provider.beside import run_in_thread
from gateway.mock_provider.server import MockProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def mock_provider(folder: Path, **options: Any) -> Iterator[MockProvider]:
    """Listens on a free port of the loopback while the context is open."""
    provider = MockProvider(folder, **options)
    with run_in_thread(provider):
        yield provider


async def knock(provider: MockProvider, request: bytes, *, door: str | None = None) -> bytes:
    """Everything that the provider says to these bytes, until it closes."""
    context = ssl.create_default_context(cafile=provider.authority)
    name = f"{door}.{provider.host}" if door else provider.host
    reader, writer = await asyncio.open_connection("127.0.0.1", provider.port, ssl=context, server_hostname=name)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.transport.abort()
