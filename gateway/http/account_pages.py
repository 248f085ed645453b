"""What the pages for accounts share: a visit, its answer, and what is answered to what no page takes.

Opening a page changes nothing, since mail scanners and previews follow links; only a form that a page of this gateway
sends does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import quote

import structlog
from starlette.responses import HTMLResponse, RedirectResponse

from gateway.context import Allowance, Cookies
from gateway.http.auth import principal_of_session
from gateway.http.body import BadBodyError
from gateway.http.caller import caller_of, origin_of
from gateway.http.cookies import apply
from gateway.http.forms import parse_path, read_form
from gateway.http.frame import NAME, NO_ROBOTS, PRIVATE_HEADERS, frame, policy, prefix_of, site
from gateway.http.origins import is_own_origin
from tenants.errors import InvalidInputError, TooManyAttemptsError, UnavailableError, UnreadableSecretError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.http.deadline import Deadline
    from gateway.settings import Settings
    from tenants.access import Principal
    from tenants.keys import KeyRing

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"

# `strict-origin` and not `no-referrer`: with the latter a browser says `Origin: null` of our own forms. It tells the
# origin alone, never a path, which may hold a token.
_HEADERS = {
    **PRIVATE_HEADERS,
    "Referrer-Policy": "strict-origin",
    "Content-Security-Policy": policy(forms="'self'"),
}
# What a preview shows names nobody: it is made on other people's servers.
_HEAD = f"""{NO_ROBOTS}<meta name="format-detection" content="telephone=no">
<meta property="og:title" content="{NAME}">
<meta property="og:description" content="A page for you alone.">
"""
_PLAIN = """<h1>{heading}</h1>
<p class="lead">{text}</p>"""
_FOREIGN = "This form was not sent from a page of this gateway. Open the page here, and send it once more."
_log = structlog.get_logger("gateway.account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request to a page, as far as a page looks at it."""

    principal: Principal
    """By the session cookie alone."""
    token: str = field(repr=False)
    """Of the link, when the page is one's; unchecked."""
    onward: str | None = field(repr=False)
    """Where one wanted to go."""
    prefix: str
    address: str
    device: str
    """Browser and system, in words."""
    cookies: Cookies
    now: datetime

    def href(self, path: str) -> str:
        """A path of this gateway as it stands in HTML."""
        return escape(f"{self.prefix}{path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page to look at."""

    title: str
    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentOn:
    """It is done: see another page of this gateway."""

    path: str


Answer: TypeAlias = Shown | SentOn


class Page(Protocol):
    """One page: looked at, or its form sent."""

    async def show(self, visit: Visit) -> Answer:
        """Without a side effect."""

    async def submit(self, visit: Visit, form: Mapping[str, str]) -> Answer:
        """What the form asks for."""


class AccountEndpoint:
    """GET, HEAD and POST of one page."""

    def __init__(
        self, page: Page, settings: Settings, keys: KeyRing, deadline: Deadline, now: Callable[[], datetime]
    ) -> None:
        self._page, self._settings, self._keys, self._now = page, settings, keys, now
        self._deadline = deadline

    async def __call__(self, request: Request) -> Response:
        """The page, or the way onward; the session cookie set or deleted with it."""
        cookies = Cookies()
        answer = _render(await self._answer(request, cookies), prefix_of(request))
        apply(cookies, answer)
        return answer

    async def _answer(self, request: Request, cookies: Cookies) -> Answer:
        try:
            form = await self._form(request)
            allowance = Allowance(self._settings.deadline_seconds)
            return await self._deadline.run(self._run(request, form, cookies), allowance)
        except BadBodyError as error:
            return plain("This was not taken", error.message, status=error.status)
        except UnreadableSecretError:
            _log.exception("a key that was given does not open what is stored")
        except (UnavailableError, TimeoutError):
            pass
        text = "This page cannot be shown right now. Nothing was lost: load it again in a minute."
        return plain("One moment, please", text, status=503, headers={"Retry-After": "60"})

    async def _form(self, request: Request) -> dict[str, str] | None:
        if request.method != "POST":
            return None
        if not is_own_origin(request, self._settings):
            raise BadBodyError(403, _FOREIGN)
        return await read_form(request, self._settings.body_bytes)

    async def _run(self, request: Request, form: dict[str, str] | None, cookies: Cookies) -> Answer:
        visit = await self._visit(request, form, cookies)
        return await (self._page.show(visit) if form is None else self._page.submit(visit, form))

    async def _visit(self, request: Request, form: dict[str, str] | None, cookies: Cookies) -> Visit:
        caller, now = caller_of(request, self._settings), self._now()
        origin = origin_of(request, caller, self._keys)
        asked = request.query_params.getlist("next") if form is None else [form.get("next", "")]
        return Visit(
            principal=await principal_of_session(request, origin, now, cookies),
            token=request.path_params.get("token", ""),
            onward=parse_path(asked[0]) if len(asked) == 1 else None,
            prefix=prefix_of(request),
            address=caller.address,
            device=caller.device,
            cookies=cookies,
            now=now,
        )


def plain(heading: str, text: str, *, status: int, headers: Mapping[str, str] | None = None) -> Shown:
    """A page with nothing to fill in."""
    body = _PLAIN.format(heading=escape(heading), text=escape(text))
    return Shown(title=heading, body=body, status=status, headers=headers or {})


def sign_in_path(onward: str | None) -> str:
    """The page on which one signs in and is sent on from."""
    return f"{SIGN_IN}?next={quote(onward, safe='')}" if onward else SIGN_IN


def problems_of(error: InvalidInputError) -> dict[str, str]:
    """One sentence or two for each field that has a problem."""
    told = reversed(error.problems)  # of several at one field, the first is told
    return {one.path[-1]: f"{one.message} {one.hint or ''}".rstrip() for one in told}


def too_many(error: TooManyAttemptsError) -> str:
    """How long to wait, rounded up."""
    minutes = -(-error.retry_after_seconds // 60)
    wait = f"{minutes} minutes" if minutes > 1 else "a minute"
    return f"There were too many attempts. Wait {wait}, then try again."


def _render(answer: Answer, prefix: str) -> Response:
    if isinstance(answer, SentOn):
        return RedirectResponse(f"{prefix}{answer.path}", 303, _HEADERS)
    page = frame(f"{answer.title}: {NAME}", site(answer.body, prefix), prefix, head=_HEAD, sheet="account")
    return HTMLResponse(page, answer.status, {**_HEADERS, **answer.headers})
