"""Modes of a provider that means well and fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from gateway.mock_provider.good import sip, xmpp
from gateway.mock_provider.modes import Mode, says, sends, writes
from gateway.mock_provider.wire import JSON, head

if TYPE_CHECKING:
    from gateway.mock_provider.call import Call
    from gateway.mock_provider.wire import Wire

_ANSWER = {"update": True, "sipaccounts": [sip()]}
_BYTES = orjson.dumps(_ANSWER)
_LENGTH = f"Content-Length: {len(_BYTES)}"
_NUMBERS = {"sipusername": 1000, "sippassword": 1234, "transport": "UDP"}
_SWITCHING = head(101, ["Upgrade: websocket", "Connection: Upgrade"]) + b"\x00\xff"
_HTML = ("Content-Type: text/html",)
_PAGE = "<!doctype html><title>Sign in</title><h1>It works!</h1>"
_CHUNKED = "Transfer-Encoding: chunked"


def _head(*headers: str) -> bytes:
    return head(200, [*JSON, *headers])


async def _closes_early(wire: Wire, _call: Call) -> None:
    await wire.close()


async def _cuts_the_line(wire: Wire, _call: Call) -> None:
    await wire.send(_head(_LENGTH) + _BYTES[:20])
    wire.abort()


MODES = (
    Mode("html", "An HTML page with 200.", writes(_PAGE, headers=_HTML)),
    Mode("html-500", "An HTML page with 500.", writes(_PAGE, status=500, headers=_HTML)),
    Mode("500", "500 with a message and no list.", says({"errmsg": "Out of order."}, status=500)),
    Mode("500-log-out", "500 with what would be a log-out.", says({"update": True, "sipaccounts": []}, status=500)),
    Mode("500-accounts", "500 with good accounts.", says(_ANSWER, status=500)),
    Mode("400", "400 with a message.", says({"errmsg": "Bad Request"}, status=400)),
    Mode("402", "402 with what would be a log-out.", says({"update": True, "sipaccounts": []}, status=402)),
    Mode("410", "410.", says({"errmsg": "Gone."}, status=410)),
    Mode("429", "429 with `Retry-After: 20`.", says({}, status=429, headers=(*JSON, "Retry-After: 20"))),
    Mode("502", "502 of a proxy in front.", writes(_PAGE, status=502, headers=_HTML)),
    Mode("503", "503 with `Retry-After: 120`.", says({}, status=503, headers=(*JSON, "Retry-After: 120"))),
    Mode(
        "503-for-ever",
        "503 with a `Retry-After` of three thousand years.",
        says({}, status=503, headers=(*JSON, "Retry-After: 99999999999")),
    ),
    Mode(
        "503-no-date",
        "503 with a `Retry-After` in a year of twenty digits.",
        says({}, status=503, headers=(*JSON, f"Retry-After: Mon, 01 Jan {'9' * 20} 00:00:00 GMT")),
    ),
    Mode("204", "204, nothing.", sends(head(204))),
    Mode("304", "304, nothing.", sends(head(304))),
    Mode("empty", "200 with an empty body.", writes("")),
    Mode("truncated", "JSON that was cut off, with a length that fits.", writes(_BYTES[:-3])),
    Mode("php-notice", "A warning of PHP before the JSON.", writes(b"<b>Notice</b>: Undefined index\n" + _BYTES)),
    Mode("array", "A JSON array.", says([_ANSWER])),
    Mode("null", "JSON `null`.", says(None)),
    Mode("two-documents", "Two JSON documents.", writes(_BYTES + _BYTES)),
    Mode("no-list", "`update: true` and nothing else: neither a list nor a message.", says({"update": True})),
    Mode("null-list", "`sipaccounts: null` and no message.", says({"update": True, "sipaccounts": None})),
    Mode("object-list", "`sipaccounts` is an object.", says({"update": True, "sipaccounts": {"0": sip()}})),
    Mode("string-list", "`sipaccounts` is an empty text.", says({"update": True, "sipaccounts": ""})),
    Mode(
        "one-invalid",
        "Two good accounts and one without a password.",
        says({"update": True, "sipaccounts": [sip(), sip("1001"), {"sipusername": "1002", "transport": "UDP"}]}),
    ),
    Mode(
        "one-invalid-xmpp",
        "A good SIP account and a chat account without a domain.",
        says({"update": True, "sipaccounts": [sip()], "xmppaccounts": [xmpp(domain="")]}),
    ),
    Mode("null-account", "A good account and `null`.", says({"update": True, "sipaccounts": [sip(), None]})),
    Mode(
        "bad-transport",
        "A transport that there is not.",
        says({"update": True, "sipaccounts": [sip(transport="SCTP")]}),
    ),
    Mode(
        "bad-switch",
        "A switch that is neither Enabled nor Disabled.",
        says({"update": True, "sipaccounts": [sip(srtp="perhaps")]}),
    ),
    Mode(
        "bad-subdomain",
        "A subdomain that is no name.",
        says({"update": True, "sipaccounts": [sip(subdomain="p b x/..")]}),
    ),
    Mode("numbers", "Username and password as numbers.", says({"update": True, "sipaccounts": [_NUMBERS]})),
    Mode("update-number", "`update: 1` and `[]`.", says({"update": 1, "sipaccounts": []})),
    Mode("update-yes", '`update: "yes"` and `[]`.', says({"update": "yes", "sipaccounts": []})),
    Mode("update-null", "`update: null` and `[]`.", says({"update": None, "sipaccounts": []})),
    Mode("update-missing", "`[]` without `update`.", says({"sipaccounts": []})),
    Mode("update-nonsense", "An account with `update: 7`.", says({"update": 7, "sipaccounts": [sip()]})),
    Mode("duplicate-keys", "`sipaccounts` twice, the second empty.", writes(_BYTES[:-1] + b',"sipaccounts":[]}')),
    Mode("duplicate-update", "`update` twice.", writes(b'{"update":false,"update":true,"sipaccounts":[]}')),
    Mode("nan", "NaN in the JSON.", writes(_BYTES[:-1] + b',"version":NaN}')),
    Mode("not-utf-8", "Latin-1 in the JSON.", writes(orjson.dumps({**_ANSWER, "errmsg": "#"}).replace(b"#", b"\xfc"))),
    Mode("utf-16", "UTF-16.", writes(_BYTES.decode().encode("utf-16"))),
    Mode("surrogate", "Half a surrogate pair in a password.", writes(_BYTES.replace(b"29de", b"\\ud800"))),
    Mode("closes-early", "Closes without an answer.", _closes_early),
    Mode("cuts-the-line", "Breaks off within the body.", _cuts_the_line),
    Mode(
        "too-long-length",
        "A Content-Length that the body never reaches.",
        sends(_head("Content-Length: 5000") + _BYTES),
    ),
    Mode("too-short-length", "A Content-Length that cuts the JSON off.", sends(_head("Content-Length: 20") + _BYTES)),
    Mode("no-length-number", "A Content-Length that is no number.", sends(_head("Content-Length: all") + _BYTES)),
    Mode("two-lengths", "Two Content-Lengths that differ.", sends(_head(_LENGTH, "Content-Length: 20") + _BYTES)),
    Mode(
        "length-and-chunks", "A Content-Length and chunks.", sends(_head("Content-Length: 5", _CHUNKED) + b"0\r\n\r\n")
    ),
    Mode("bad-chunk", "A chunk whose size is no number.", sends(_head(_CHUNKED) + b"zz\r\n" + _BYTES)),
    Mode("not-http", "Something that is no HTTP.", sends(b"220 mail.acme.example ESMTP\r\n")),
    Mode("no-headers", "The JSON alone, without a status line.", sends(_BYTES)),
    Mode("status-999", "A status that there is not.", sends(head(999, JSON) + _BYTES)),
    Mode("switching", "101 Switching Protocols.", sends(_SWITCHING)),
)
