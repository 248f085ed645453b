"""Modes of PBX plug-ins that work in the field and are not quite as documented."""

from __future__ import annotations

import orjson

from gateway.mock_provider.good import sip, xmpp
from gateway.mock_provider.modes import Mode, says, sends, writes
from gateway.mock_provider.redirects import PLUGIN_MODES
from gateway.mock_provider.wire import JSON, answer, head

_ANSWER = {"update": True, "sipaccounts": [sip()]}
_BYTES = orjson.dumps(_ANSWER)
_CHUNKED = head(200, [*JSON, "Transfer-Encoding: chunked"]) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(_BYTES), _BYTES)

MODES = (
    Mode(
        "always-string-false",
        'An account, and always `"update": "false"`, a string.',
        says({"update": "false", "sipaccounts": [sip()]}),
    ),
    Mode("string-true", '`"update": "true"`, a string.', says({"update": "true", "sipaccounts": [sip()]})),
    Mode("string-false-empty", 'Nothing new, with `"update": "false"`.', says({"update": "false", "sipaccounts": []})),
    Mode("string-true-empty", 'A log-out, with `"update": "true"`.', says({"update": "true", "sipaccounts": []})),
    Mode(
        "no-lines",
        "200, `update: true`, a message and no list: how several plug-ins report every error.",
        says({"update": True, "errmsg": "No Lines Enabled"}),
    ),
    Mode(
        "no-lines-false",
        "The same with `update: false`.",
        says({"update": False, "errmsg": "No Lines Enabled"}),
    ),
    Mode("only-a-message", "200 with a message and nothing else.", says({"errmsg": "Bad Request"})),
    Mode("contact-support", "An account with `errmsg`.", says({**_ANSWER, "errmsg": "Contact Support"})),
    Mode("empty-message", "An account with an empty `errmsg`.", says({**_ANSWER, "errmsg": ""})),
    Mode("null-message", "An account with `errmsg: null`.", says({**_ANSWER, "errmsg": None})),
    Mode("null-xmpp", "An account with `xmppaccounts: null`.", says({**_ANSWER, "xmppaccounts": None})),
    Mode(
        "empty-texts",
        "Optional fields sent as empty texts.",
        says({"update": True, "sipaccounts": [sip(subdomain="", authusername="")], "xmppaccounts": [xmpp(server="")]}),
    ),
    Mode(
        "lower-case",
        "A transport in lower case.",
        says({"update": True, "sipaccounts": [sip(transport="tls")]}),
    ),
    Mode(
        "unknown-fields",
        "Fields that nobody documented.",
        says({**_ANSWER, "version": 3, "sipaccounts": [sip(codec="opus", push={"on": True})]}),
    ),
    Mode("bom", "A byte order mark before the JSON.", writes(b"\xef\xbb\xbf" + _BYTES)),
    Mode("no-content-type", "JSON without a content type.", says(_ANSWER, headers=())),
    Mode("text-html", "JSON that calls itself HTML.", says(_ANSWER, headers=("Content-Type: text/html",))),
    Mode(
        "wrong-charset",
        "UTF-8 that calls itself Latin-1.",
        says({**_ANSWER, "errmsg": "Grüße"}, headers=("Content-Type: application/json; charset=iso-8859-1",)),
    ),
    Mode("created", "201 in place of 200.", says(_ANSWER, status=201)),
    Mode("until-close", "A body without a length, ended by closing.", sends(head(200, JSON) + _BYTES)),
    Mode("chunked", "A body in chunks.", sends(_CHUNKED)),
    Mode("http-1.0", "An answer in HTTP/1.0.", sends(b"HTTP/1.0 200 OK\r\n\r\n" + _BYTES)),
    Mode("continue", "`100 Continue`, unasked, before the answer.", sends(head(100) + answer(_BYTES))),
    *PLUGIN_MODES,
)
