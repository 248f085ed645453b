"""What a mode is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from gateway.mock_provider import wire as on_the_wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gateway.mock_provider.call import Call
    from gateway.mock_provider.wire import Wire


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to answer, chosen by the username of the call."""

    name: str
    words: str
    act: Callable[[Wire, Call], Awaitable[None]]


def says(
    document: Any,  # noqa: ANN401 - any JSON
    *,
    status: int = 200,
    headers: Iterable[str] = on_the_wire.JSON,
) -> Callable[[Wire, Call], Awaitable[None]]:
    """Answer with JSON."""
    return sends(on_the_wire.answer(orjson.dumps(document), status, headers))


def writes(
    body: str | bytes, *, status: int = 200, headers: Iterable[str] = on_the_wire.JSON
) -> Callable[[Wire, Call], Awaitable[None]]:
    """Answer with a body as it stands."""
    data = body.encode() if isinstance(body, str) else body
    return sends(on_the_wire.answer(data, status, headers))


def sends(data: bytes) -> Callable[[Wire, Call], Awaitable[None]]:
    """Send these bytes, whatever they are, and end the connection."""

    async def act(wire: Wire, _call: Call) -> None:
        await wire.send(data)

    return act


def sends_and_hangs(data: bytes) -> Callable[[Wire, Call], Awaitable[None]]:
    """Send these bytes, and then nothing more."""

    async def act(wire: Wire, _call: Call) -> None:
        await wire.send(data)
        await wire.hang()

    return act


def floods(start: bytes, part: bytes) -> Callable[[Wire, Call], Awaitable[None]]:
    """Send the start, and then the part without end."""

    async def act(wire: Wire, _call: Call) -> None:
        await wire.send(start)
        await wire.flood(part)

    return act
