"""Modes of a provider that has been taken over, and wants more than a password: what it answers."""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING

import orjson

from gateway.mock_provider.good import sip
from gateway.mock_provider.modes import Mode, says, sends, writes
from gateway.mock_provider.wire import JSON, answer, head

if TYPE_CHECKING:
    from gateway.mock_provider.call import Call
    from gateway.mock_provider.wire import Wire

_ANSWER = {"update": True, "sipaccounts": [sip()]}
_BYTES = orjson.dumps(_ANSWER)
_LOG_OUT = b'{"update":true,"sipaccounts":[]}'
_LIMIT = 64 * 1024
_GZIP = (*JSON, "Content-Encoding: gzip")
_GZIP_CHUNKS = head(200, [*JSON, "Transfer-Encoding: gzip, chunked"])
_BACKWARDS = "Pay \u202eevil\u202c\u2066\u0007\x1b[31m now\r\n\x00!"
_MARKUP = "<script>alert(1)</script><b>Hello</b>"
_DEEP = _LOG_OUT[:-1] + b',"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
_MANY_KEYS = _LOG_OUT[:-1] + b"".join(b',"k%04d":1' % number for number in range(6000)) + b"}"
_HUGE_NUMBER = b'{"update":' + b"9" * 60_000 + b',"sipaccounts":[]}'


def _padded(size: int) -> bytes:
    """A good answer of exactly this size."""
    start = _BYTES[:-1] + b',"padding":"'
    return start + b"x" * (size - len(start) - 2) + b'"}'


async def _gzip_bomb(wire: Wire, _call: Call) -> None:
    await wire.send(answer(_make_bomb(), headers=_GZIP))


@cache
def _make_bomb() -> bytes:
    return gzip.compress(bytes(48 * 1024 * 1024), mtime=0)


MODES = (
    Mode("limit", "A good answer of exactly 64 KiB.", writes(_padded(_LIMIT))),
    Mode("over-limit", "A good answer of one byte more than 64 KiB.", writes(_padded(_LIMIT + 1))),
    Mode("gzip-bomb", "Less than 64 KiB of gzip that become 48 MiB.", _gzip_bomb),
    Mode("gzip", "A good answer in gzip, which nobody asked for.", writes(gzip.compress(_BYTES), headers=_GZIP)),
    Mode("chunked-gzip", "A transfer coding of gzip.", sends(_GZIP_CHUNKS + b"0\r\n\r\n")),
    Mode(
        "pipelined",
        "A good answer, and a log-out and garbage behind it.",
        sends(answer(_BYTES) + answer(_LOG_OUT) + bytes(50_000)),
    ),
    Mode("smuggled", "An empty answer, and a log-out behind it.", sends(answer(b"") + answer(_LOG_OUT))),
    Mode("deep", "A log-out with JSON of thirty thousand levels beside it.", writes(_DEEP)),
    Mode("deep-open", "Sixty thousand open brackets.", writes(b"[" * 60_000)),
    Mode("huge-number", "A number of sixty thousand digits as `update`, and `[]`.", writes(_HUGE_NUMBER)),
    Mode("huge-exponent", "`update: 1e999999` and `[]`.", writes(b'{"update":1e999999,"sipaccounts":[]}')),
    Mode("many-keys", "A log-out among six thousand keys that nobody knows.", writes(_MANY_KEYS)),
    Mode("many-accounts", "Two thousand empty accounts.", says({"update": True, "sipaccounts": [{}] * 2000})),
    Mode("huge-message", "A message of sixty thousand characters.", says({**_ANSWER, "errmsg": "Pay now! " * 6666})),
    Mode(
        "bidi-message",
        "A message that reads backwards and holds control characters.",
        says({**_ANSWER, "errmsg": _BACKWARDS}),
    ),
    Mode("markup-message", "A message with HTML and a script.", says({**_ANSWER, "errmsg": _MARKUP})),
    Mode(
        "object-message",
        "A message that is an object, and no list.",
        says({"update": True, "errmsg": {"text": "Hello"}}),
    ),
    Mode(
        "control-in-account",
        "A line break in a username.",
        says({"update": True, "sipaccounts": [sip("1000\r\nVia: evil")]}),
    ),
    Mode(
        "huge-password",
        "A password of fifty thousand characters.",
        says({"update": True, "sipaccounts": [sip(sippassword="x" * 50_000)]}),
    ),
    Mode("nul-header", "NUL in a header.", sends(b"HTTP/1.1 200 OK\r\nX-Nul: a\x00b\r\n\r\n" + _BYTES)),
    Mode("folded-header", "A header over two lines.", sends(b"HTTP/1.1 200 OK\r\nX-Fold: a\r\n b\r\n\r\n" + _BYTES)),
    Mode("cookie", "A cookie beside a good answer.", says(_ANSWER, headers=(*JSON, "Set-Cookie: sign=out; Path=/"))),
)
