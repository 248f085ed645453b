"""Modes of a provider that has been taken over: what it sends without end."""

from __future__ import annotations

from gateway.mock_provider.modes import Mode, floods
from gateway.mock_provider.wire import JSON, head

_CHUNKS = head(200, [*JSON, "Transfer-Encoding: chunked"])
_TEN_GIGABYTES = head(200, [*JSON, f"Content-Length: {10 * 2**30}"])
_STATUS = b"HTTP/1.1 200 OK\r\n"
_HINT = head(103, ["Link: </x>; rel=preload"])

MODES = (
    Mode("ten-gigabytes", "Announces ten gigabytes, and sends them.", floods(_TEN_GIGABYTES, b" ")),
    Mode("endless-body", "A body without length and end.", floods(head(200, JSON), b" ")),
    Mode("endless-chunks", "Chunks without end.", floods(_CHUNKS, b"1000\r\n" + b" " * 4096 + b"\r\n")),
    Mode("tiny-chunks", "Chunks of one byte without end.", floods(_CHUNKS, b"1\r\n \r\n")),
    Mode("endless-chunk-line", "A chunk's size line without end.", floods(_CHUNKS + b"1;", b"x")),
    Mode("endless-trailers", "Trailers without end.", floods(_CHUNKS + b"0\r\n", b"X-T: 1\r\n")),
    Mode("endless-headers", "Headers without end.", floods(_STATUS, b"X-More: 1\r\n")),
    Mode("endless-header", "One header without end.", floods(_STATUS + b"X-Long: ", b"x")),
    Mode("endless-status", "A status line without end.", floods(b"HTTP/1.1 200 ", b"O")),
    Mode("endless-noise", "Bytes that are nothing, without end.", floods(b"\x00\xff", b"\x80\x01\x00\r\n")),
    Mode("continue-flood", "`100 Continue` without end.", floods(b"", head(100))),
    Mode("hints-flood", "`103 Early Hints` without end.", floods(b"", _HINT)),
)
