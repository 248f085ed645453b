"""The page of a setup link, for people: which app to open, the code to scan, tap or paste. Opening it changes nothing.

Mail scanners, chat previews and curious people follow links: only a phone's own request uses a code up.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from gateway.context import Allowance
from gateway.formats.qr import draw
from gateway.http.frame import NO_ROBOTS, PRIVATE_HEADERS, frame, moment, policy, prefix_of
from tenants.access import CREDENTIALS
from tenants.colors import DARK, TEXT_CONTRAST, WHITE, contrast, readable_shade
from tenants.errors import UnavailableError
from tenants.model import AppKind
from tenants.setup_links import UNUSABLE, SetupToken
from tenants.store.setup_codes import find_invitation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.http.deadline import Deadline
    from tenants.colors import ThemeColor
    from tenants.model import Branding
    from tenants.setup_links import Invitation

_SECONDS = 5
_HEADERS = {**PRIVATE_HEADERS, "Referrer-Policy": "no-referrer"}
_BLACK = "#000000"
_TITLE = "Set up your phone"
# What a preview shows names nobody and holds no code: it is made on other people's servers.
_HEAD = f"""{NO_ROBOTS}<meta name="format-detection" content="telephone=no">
<meta property="og:title" content="Set up your phone">
"""
_WORKS = """<header class="brand">{name}</header>
<main>
<h1>Set up your phone</h1>
<p class="lead">{which_app}</p>
<div class="ways">
<section class="here" aria-labelledby="here">
<h2 id="here">On the phone itself</h2>
<p><a class="button" href="{code}">Set up the app</a></p>
<p>Or paste this setup code into the app:</p>
<p class="paste"><code>{code}</code></p>
</section>
<section class="there" aria-labelledby="there">
<h2 id="there">From a screen or paper</h2>
<p>Scan this with the app on your phone.</p>
<figure class="qr">{svg}</figure>
</section>
</div>
<p class="end">It works once, until {end}<span class="wait">, {wait}</span>.</p>
<section aria-labelledby="trouble">
<h2 id="trouble">When it does not work</h2>
<ul>
<li>Install the app first, and open it once. Then come back to this page.</li>
<li>Does the app say that the code does not work any more? It was used already, its time is over, or your provider took
it back. Ask for a new one.</li>
<li>Keep this page to yourself: whoever uses the code first gets your account.</li>
{contact}</ul>
</section>
</main>"""
_GENERIC_APP = (
    "Open the softphone app. {name} uses the shared one, in which users sign in with a name such as "
    "<b>1000:{provider_id}</b>."
)
_OWN_APP = "Open the softphone app of <b>{name}</b> on your phone. No other app can use this code."
_CONTACT = '<li>Still stuck? Write to <a href="mailto:{email}">{email}</a>.</li>\n'
_UNUSABLE = """<main>
<h1>This setup link does not work</h1>
<p class="lead">{unusable}</p>
<p>A setup code works for one phone and for a limited time. Was it copied by hand? Then open the link from your
provider's message once more.</p>
</main>"""
_AWAY = """<main>
<h1>One moment, please</h1>
<p class="lead">This page cannot be shown right now. Nothing was lost: load it again in a minute.</p>
</main>"""


class SetupPage:
    """GET and HEAD /setup/{token}."""

    def __init__(self, deadline: Deadline, now: Callable[[], datetime]) -> None:
        self._deadline, self._now = deadline, now

    async def __call__(self, request: Request) -> Response:
        """One text and one status for everything that cannot be redeemed."""
        token, now = SetupToken.of_code(request.path_params["token"]), self._now()
        prefix = prefix_of(request)
        try:
            invitation = await self._deadline.run(find_invitation(CREDENTIALS, token, now), Allowance(_SECONDS))
        except (UnavailableError, TimeoutError):
            return _answer(503, "One moment, please", _AWAY, "", prefix, {"Retry-After": "60"})
        if invitation is None:
            return _answer(404, "This setup link does not work", _UNUSABLE.format(unusable=UNUSABLE), "", prefix)
        title = f"{_TITLE}: {invitation.name}"
        return _answer(200, title, _body(invitation, token, now), _colours(invitation.branding), prefix)


def _answer(
    status: int, title: str, body: str, colours: str, prefix: str, more: dict[str, str] | None = None
) -> Response:
    page = frame(title, body, prefix, head=_HEAD, sheet="setup", style=colours)
    headers = {**_HEADERS, "Content-Security-Policy": _policy(colours), **(more or {})}
    return HTMLResponse(page, status, headers)


def _policy(colours: str) -> str:
    """No script, no other host, and of styles written into the page only this one."""
    digest = base64.b64encode(hashlib.sha256(colours.encode()).digest()).decode()
    return policy(styles=f"'self' 'sha256-{digest}'")


def _body(invitation: Invitation, token: SetupToken, now: datetime) -> str:
    name = escape(invitation.name)
    which_app = _GENERIC_APP if invitation.app is AppKind.GENERIC else _OWN_APP
    email = invitation.contact_email
    return _WORKS.format(
        name=name,
        which_app=which_app.format(name=name, provider_id=escape(invitation.provider_id.text)),
        code=escape(token.code),
        svg=draw(token.code).svg,
        end=moment(invitation.expires_at),
        wait=_in_words(invitation.expires_at - now),
        contact=_CONTACT.format(email=escape(email.text)) if email else "",
    )


def _in_words(wait: timedelta) -> str:
    """Rounded down, so that nobody comes too late."""
    minutes = int(wait.total_seconds()) // 60
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        count = minutes // size
        if count >= (2 if unit == "day" else 1):
            return f"{count} {unit}{'' if count == 1 else 's'} from now"
    return "less than a minute from now"


def _colours(branding: Branding) -> str:
    """The tenant's, each with an ink that is readable on it; its text only in shades that are."""
    light = _scheme(branding.theme_color, WHITE)
    dark = _scheme(branding.dark_theme_color, DARK)
    return f"@media screen{{:root{{{light}}}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _scheme(color: ThemeColor, paper: str) -> str:
    ink = max(WHITE, _BLACK, key=lambda candidate: contrast(color, candidate))
    text = readable_shade(color, paper, TEXT_CONTRAST)
    return f"--brand:{color.hex};--on-brand:{ink};--accent:{text.hex}"
