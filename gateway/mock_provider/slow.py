"""Modes of a provider that takes its time, or never comes to an end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from gateway.mock_provider.good import sip
from gateway.mock_provider.modes import Mode, sends_and_hangs
from gateway.mock_provider.wire import JSON, answer, head

if TYPE_CHECKING:
    from gateway.mock_provider.call import Call
    from gateway.mock_provider.wire import Wire

_WHOLE = answer(orjson.dumps({"update": True, "sipaccounts": [sip()]}))
_HEAD, _BODY = _WHOLE[: _WHOLE.index(b"{")], _WHOLE[_WHOLE.index(b"{") :]
_CHUNK = head(200, ["Transfer-Encoding: chunked"]) + b"ff\r\n{"
_PIECE = 100


async def _two_seconds(wire: Wire, _call: Call) -> None:
    await asyncio.sleep(2)
    await wire.send(_WHOLE)


async def _in_pieces(wire: Wire, _call: Call) -> None:
    for start in range(0, len(_WHOLE), _PIECE):
        await wire.send(_WHOLE[start : start + _PIECE])
        await asyncio.sleep(0.05)


async def _hang(wire: Wire, _call: Call) -> None:
    await wire.hang()


async def _drip_head(wire: Wire, _call: Call) -> None:
    await wire.drip(_WHOLE)


async def _drip_body(wire: Wire, _call: Call) -> None:
    await wire.send(_HEAD)
    await wire.drip(_BODY)


async def _slow_headers(wire: Wire, _call: Call) -> None:
    await wire.send(head(200, JSON)[:-2])
    for number in range(60):
        await wire.send(f"X-Wait-{number}: a little longer\r\n".encode())
        await asyncio.sleep(0.5)


MODES = (
    Mode("two-seconds", "A good answer after two seconds.", _two_seconds),
    Mode("in-pieces", "A good answer in small pieces, with pauses.", _in_pieces),
    Mode("hang", "Reads the call and says nothing.", _hang),
    Mode("hang-in-status", "Stops within the status line.", sends_and_hangs(b"HTTP/1.1 2")),
    Mode("hang-in-headers", "Stops within the headers.", sends_and_hangs(_HEAD[:40])),
    Mode("hang-after-headers", "Stops after the headers.", sends_and_hangs(_HEAD)),
    Mode("hang-in-body", "Stops within the body.", sends_and_hangs(_HEAD + _BODY[:20])),
    Mode("hang-before-last-byte", "Stops one byte before the end.", sends_and_hangs(_WHOLE[:-1])),
    Mode("hang-in-chunk", "Stops within a chunk.", sends_and_hangs(_CHUNK)),
    Mode("no-end", "A whole answer without a length that is never closed.", sends_and_hangs(head(200, JSON) + _BODY)),
    Mode("drip", "A byte a second from the start.", _drip_head),
    Mode("drip-body", "The headers at once, then a byte a second.", _drip_body),
    Mode("slow-headers", "A header every half second.", _slow_headers),
)
