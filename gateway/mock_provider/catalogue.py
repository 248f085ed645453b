"""Every mode and every door, in groups, and how a username names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.mock_provider import broken, floods, good, hostile, plugins, redirects, slow
from gateway.mock_provider.doors import DOORS
from gateway.mock_provider.modes import Mode, says

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUPS: dict[str, tuple[Mode, ...]] = {
    "Good": good.MODES,
    "Plug-ins as they are": plugins.MODES,
    "Slow": slow.MODES,
    "Broken": broken.MODES,
    "Hostile": (*redirects.HOSTILE_MODES, *floods.MODES, *hostile.MODES),
}
MODES = {mode.name: mode for group in GROUPS.values() for mode in group}
HOW_TO_CHOOSE = (
    "The username chooses a mode: `keep`. What follows a plus sign tells users apart: `keep+1001`. With a slash the "
    "first mode answers the first set-up and the second one everything later: `accounts/hang`. Any password will do."
)
HOW_TO_KNOCK = (
    "What goes wrong before the call is chosen by a host name below the provider's own, in the provisioning URL: "
    "`https://expired.mock.localhost:8443/provisioning`."
)
_UNKNOWN = Mode(
    "unknown",
    "403: the username names no mode.",
    says({"errmsg": "This username names no mode of the mock provider."}, status=403),
)


def find_mode(username: str, *, reprovision: bool) -> Mode:
    """The mode that a username names for this call."""
    first, _, later = username.partition("/")
    chosen = (later or first) if reprovision else first
    return MODES.get(chosen.partition("+")[0], _UNKNOWN)


def print_table() -> str:
    """All of them as Markdown, which is also how the documentation has them."""
    parts = [HOW_TO_CHOOSE]
    for title, group in GROUPS.items():
        parts += [f"## {title}", _rows("username", ((mode.name, mode.words) for mode in group))]
    parts += ["## Before the call", HOW_TO_KNOCK, _rows("host name", ((door.name, door.words) for door in DOORS))]
    return "\n\n".join(parts)


def _rows(title: str, lines: Iterable[tuple[str, str]]) -> str:
    rows = [f"| `{name}` | {words} |" for name, words in lines]
    return "\n".join([f"| {title} | what it does |", "|---|---|", *rows])
