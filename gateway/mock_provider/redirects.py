"""Modes that send the call elsewhere: as plug-ins do by mistake, and as somebody does who wants the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from gateway.mock_provider.call import PATH
from gateway.mock_provider.good import sip
from gateway.mock_provider.modes import Mode
from gateway.mock_provider.wire import answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.mock_provider.call import Call
    from gateway.mock_provider.wire import Wire

_DROPPED = "/dropped"
_HOP = "/hop/"
_SLASH = f"{PATH}/"
_ACCOUNT = answer(orjson.dumps({"update": True, "sipaccounts": [sip()]}))
_BAD_REQUEST = answer(orjson.dumps({"update": True, "errmsg": "Bad Request"}))


def find_landing(target: str) -> bytes | None:
    """What is answered at the places to which the redirects of this provider lead; None at any other place."""
    path = target.partition("?")[0]
    if path == _DROPPED:
        return _BAD_REQUEST
    if path == f"{_HOP}0":
        return _ACCOUNT
    if path.startswith(_HOP):
        return _redirect(307, target.replace(path, f"{_HOP}{int(path.removeprefix(_HOP)) - 1}", 1))
    return None


def _redirect(status: int, location: str) -> bytes:
    return answer(b"", status, [f"Location: {location}"])


def _to(status: int, location: str) -> Callable[[Wire, Call], Awaitable[None]]:
    """To a fixed place; `HOST` in it is the host that was called."""

    async def act(wire: Wire, call: Call) -> None:
        await wire.send(_redirect(status, location.replace("HOST", call.host)))

    return act


def _with_slash(status: int) -> Callable[[Wire, Call], Awaitable[None]]:
    """To the same place with a slash at its end, the parameters kept; there it answers."""

    async def act(wire: Wire, call: Call) -> None:
        if call.target.startswith(_SLASH):
            await wire.send(_ACCOUNT)
        else:
            await wire.send(_redirect(status, call.target.replace(PATH, _SLASH, 1)))

    return act


def _hops(count: int) -> Callable[[Wire, Call], Awaitable[None]]:
    async def act(wire: Wire, call: Call) -> None:
        await wire.send(_redirect(307, call.target.replace(PATH, f"{_HOP}{count - 1}", 1)))

    return act


async def _loop(wire: Wire, call: Call) -> None:
    await wire.send(_redirect(307, call.target))


async def _nowhere(wire: Wire, _call: Call) -> None:
    await wire.send(answer(b"", 302, []))


PLUGIN_MODES = (
    Mode("redirect-drops", "302 to a place without the parameters, which says `Bad Request`.", _to(302, _DROPPED)),
    Mode("redirect-301", "301 that adds a slash and keeps the parameters.", _with_slash(301)),
    Mode("redirect-307", "307 that adds a slash and keeps the parameters.", _with_slash(307)),
    Mode("redirect-308", "308 that adds a slash and keeps the parameters.", _with_slash(308)),
    Mode("three-hops", "Three redirects that keep the parameters, then an account.", _hops(3)),
)
HOSTILE_MODES = (
    Mode("four-hops", "Four redirects, one too many.", _hops(4)),
    Mode("to-itself", "Redirects to itself, without end.", _loop),
    Mode("to-nowhere", "302 without a Location.", _nowhere),
    Mode("to-http", "Redirects to http.", _to(307, "http://HOST/provisioning")),
    Mode("to-another-host", "Redirects to another host.", _to(307, "https://somebody-else.example/provisioning")),
    Mode("to-host-below", "Redirects to a host below its own.", _to(307, "https://below.HOST/provisioning")),
    Mode("to-another-port", "Redirects to another port of its own.", _to(307, "https://HOST0/provisioning")),
    Mode("to-private", "Redirects to a private address.", _to(307, "https://10.0.0.1/")),
    Mode("to-loopback", "Redirects to the gateway's own machine.", _to(307, "https://127.0.0.1:8000/metrics")),
    Mode("to-metadata", "Redirects to a cloud's metadata service.", _to(307, "http://169.254.169.254/latest/")),
    Mode("to-https-metadata", "The same by https.", _to(307, "https://169.254.169.254/latest/")),
    Mode("to-file", "Redirects to a file.", _to(302, "file:///etc/passwd")),
    Mode("to-two-slashes", "Redirects to another host by `//`.", _to(307, "//somebody-else.example/provisioning")),
    Mode("to-backslashes", "Redirects to another host by backslashes.", _to(307, "\\\\somebody-else.example\\x")),
    Mode("to-user-info", "Redirects to what looks like its own host.", _to(307, "https://HOST@somebody-else.example/")),
    Mode("to-long-place", "Redirects to a place of fifty thousand characters.", _to(307, "/" + "x" * 50_000)),
)
