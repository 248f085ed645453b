"""Modes of a provider that does what the documentation says."""

from __future__ import annotations

from typing import Any

from gateway.mock_provider.modes import Mode, says


def sip(username: str = "1000", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A SIP account as documented, with the fields that every account has."""
    return {"sipusername": username, "sippassword": "29de?8", "transport": "UDP", **more}


def xmpp(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """A chat account as documented, with the fields that every account has."""
    return {"jid": "user1@chat.acme.example", "password": "29de?9", "domain": "chat.acme.example", **more}


_EVERYTHING = sip(
    transport="TLS",
    subdomain="pbx",
    authusername="629456",
    srtp="Enabled",
    messaging="Enabled",
    video="Disabled",
    callrecording="Disabled",
)
_EVERYTHING_XMPP = xmpp(
    server="xmpp.acme.example",
    port=5223,
    resource="phone",
    usetls=True,
    verifycert=True,
    priority=5,
    displayname="User One",
    accountname="Work XMPP",
)
_MAINTENANCE = "Maintenance tonight at ten."

MODES = (
    Mode("accounts", "One SIP account, `update: false`.", says({"update": False, "sipaccounts": [sip()]})),
    Mode("new-account", "Another SIP account, `update: true`.", says({"update": True, "sipaccounts": [sip("2000")]})),
    Mode(
        "all-fields",
        "A SIP and a chat account with every documented field.",
        says({"update": True, "sipaccounts": [_EVERYTHING], "xmppaccounts": [_EVERYTHING_XMPP]}),
    ),
    Mode(
        "full-host",
        "An account whose `subdomain` is a full host.",
        says({"update": True, "sipaccounts": [sip(subdomain="sip.acme.example")]}),
    ),
    Mode(
        "with-xmpp",
        "A SIP and a chat account.",
        says({"update": True, "sipaccounts": [sip()], "xmppaccounts": [xmpp()]}),
    ),
    Mode(
        "xmpp-only",
        "A chat account and an empty list of SIP accounts.",
        says({"update": True, "sipaccounts": [], "xmppaccounts": [xmpp()]}),
    ),
    Mode(
        "ten-accounts",
        "Ten SIP accounts.",
        says({"update": True, "sipaccounts": [sip(str(1000 + number)) for number in range(10)]}),
    ),
    Mode(
        "message",
        "An account, and a message for the user: it is no failure.",
        says({"update": True, "errmsg": _MAINTENANCE, "sipaccounts": [sip()]}),
    ),
    Mode("keep", "Nothing new: `update: false` and `[]`.", says({"update": False, "sipaccounts": []})),
    Mode(
        "keep-message",
        "Nothing new, with a message for the user.",
        says({"update": False, "errmsg": _MAINTENANCE, "sipaccounts": []}),
    ),
    Mode(
        "log-out", "The phone is to be signed out: `update: true` and `[]`.", says({"update": True, "sipaccounts": []})
    ),
    Mode(
        "log-out-message",
        "As `log-out`, with a message for the user.",
        says({"update": True, "errmsg": "Your contract has ended.", "sipaccounts": [], "xmppaccounts": []}),
    ),
    Mode("wrong-password", "401 without a body.", says(None, status=401)),
    Mode("unauthorized", "401 with a message.", says({"update": False, "errmsg": "Wrong PIN."}, status=401)),
    Mode("forbidden", "403 without a message.", says({}, status=403)),
    Mode("forbidden-message", "403 with a message.", says({"errmsg": "Your line is blocked."}, status=403)),
    Mode("not-found", "404 without a message.", says({}, status=404)),
    Mode("not-found-message", "404 with a message.", says({"errmsg": "No such user."}, status=404)),
)
