"""The pages of one-time links: an invitation, the sign-up of a platform admin, a new password.

Whoever has no link that works is told nothing. Whoever has one knows the address that it is for.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from gateway.http.account_forms import Field, Typed, draw_form, draw_hidden
from gateway.http.account_pages import SIGN_OUT, SentOn, Shown, plain, problems_of, sign_in_path, too_many
from gateway.http.frame import moment
from tenants.access import CREDENTIALS, Role
from tenants.actions.acceptance import Browser, SignUp, accept_invitation, check_sign_up
from tenants.actions.password_reset import check_new_password, set_password
from tenants.errors import InvalidInputError, OneTimeLinkUnusableError, TooManyAttemptsError
from tenants.one_time_links import UNUSABLE, LinkKind, OneTimeToken
from tenants.store.one_time_links import find_open_link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.http.account_pages import Answer, Visit
    from tenants.actions.acceptance import Entered
    from tenants.one_time_links import OpenLink

_HOME = "/"
_NO_WAY = "This link cannot be used"
_WELCOME = "Your invitation"
_PASSWORD = "Set a new password"  # noqa: S105 - a title
_HINT = "At least 12 characters. A few words that have nothing to do with each other are long and easy to keep."
_DIFFERS = "The two passwords are not the same."
_NOT_WITH_THIS = (
    "No account could be made by this address. Do you have one already? Then sign in first and open this link again."
)
_EMAIL = Field(name="email", label="E-mail address", kind="email", autocomplete="email", hint="You sign in with it.")
_SAME_EMAIL = Field(name="email", label="E-mail address", kind="email", autocomplete="username", is_fixed=True)
_NAME = Field(name="name", label="Your name", autocomplete="name", hint="For others here to see.")
_NEW = Field(name="password", label="New password", kind="password", autocomplete="new-password", hint=_HINT)
_AGAIN = Field(name="again", label="The same password again", kind="password", autocomplete="new-password")
_ROLES = {
    Role.VIEWER: "a viewer, who reads everything and changes nothing",
    Role.EDITOR: "an editor, who prepares what the softphone shows",
    Role.PUBLISHER: "a publisher, who prepares what the softphone shows and makes it live",
    Role.OWNER: "an owner, who may do everything there",
}
_JOIN_AS = '<p class="lead">You are invited to work on <b>{tenant}</b> as {role}.</p>'
_JOIN_ADMINS = '<p class="lead">By this link you become a platform admin: you run the gateway for all providers.</p>'
_HEADED = "<h1>{heading}</h1>\n{lead}\n{rest}"
_ENDS = '<p class="aside">This link works once, until {end}.</p>'
_HAS_ACCOUNT = '<p>Do you have an account already? <a href="{sign_in}">Sign in first</a>.</p>\n'
_SIGN_IN_FIRST = """<p>The invitation is for <b>{email}</b>, who has an account here. Sign in first as {email}, and
you come back to this page.</p>
<p><a class="button" href="{sign_in}">Sign in</a></p>"""
_SOMEBODY_ELSE = """<p>You are signed in as <b>{me}</b>, and the invitation is for <b>{email}</b>. Sign out first.</p>
{form}"""
_SIGNED_IN_AS = "<p>You are signed in as <b>{me}</b>.</p>\n{form}"
_RESET = """<h1>Set a new password</h1>
<p class="lead">You are signed in with it at once, and signed out everywhere else.</p>
{form}
{ends}"""


class WelcomePage:
    """/welcome/{token}: accept an invitation, or sign up as a platform admin."""

    def __init__(self, admitted: frozenset[str]) -> None:
        self._admitted = admitted

    async def show(self, visit: Visit) -> Answer:
        """What the link is for, and what whoever holds it has to do."""
        link = await find_open_link(CREDENTIALS, OneTimeToken.of_text(visit.token), visit.now)
        return self._draw(visit, link, Typed())

    async def submit(self, visit: Visit, form: Mapping[str, str]) -> Answer:
        """Use the link up, unless the two passwords differ."""
        token = OneTimeToken.of_text(visit.token)
        link = await find_open_link(CREDENTIALS, token, visit.now)
        sign_up = SignUp(name=form.get("name", ""), password=form.get("password", ""), email=form.get("email", ""))
        try:
            if link is not None and _differ(form):
                check_sign_up(sign_up, link, self._admitted)
                return self._draw(visit, link, _again(form, {}), 422)
            entered = await accept_invitation(
                visit.principal, token, sign_up, _browser(visit), now=visit.now, admitted=self._admitted
            )
        except InvalidInputError as error:
            return self._draw(visit, link, _again(form, problems_of(error)), 422)
        except TooManyAttemptsError as error:
            return _wait(error)
        except OneTimeLinkUnusableError:
            link = await find_open_link(CREDENTIALS, token, visit.now)
            return self._draw(visit, link, Typed(values=form, said=_NOT_WITH_THIS), 403)
        return _enter(visit, entered)

    def _draw(self, visit: Visit, link: OpenLink | None, typed: Typed, status: int = 200) -> Answer:
        if link is None or link.kind is LinkKind.RESET:
            return _unusable()
        return Shown(title=_WELCOME, body=_welcome(visit, link, typed), status=status)


class PasswordPage:
    """/password/{token}: a new password for the person whom the link is for."""

    async def show(self, visit: Visit) -> Answer:
        """Whose password it is, and a form for the new one."""
        return self._draw(await find_open_link(CREDENTIALS, OneTimeToken.of_text(visit.token), visit.now), Typed())

    async def submit(self, visit: Visit, form: Mapping[str, str]) -> Answer:
        """Use the link up, unless the two passwords differ."""
        token, new = OneTimeToken.of_text(visit.token), form.get("password", "")
        link = await find_open_link(CREDENTIALS, token, visit.now)
        try:
            if link is not None and _differ(form):
                check_new_password(new, link)
                return self._draw(link, _again(form, {}), 422)
            entered = await set_password(visit.principal, token, new, _browser(visit), now=visit.now)
        except InvalidInputError as error:
            problems = {"password": " ".join(problems_of(error).values())}
            return self._draw(link, _again(form, problems), 422)
        except TooManyAttemptsError as error:
            return _wait(error)
        except OneTimeLinkUnusableError:
            return _unusable()
        return _enter(visit, entered)

    def _draw(self, link: OpenLink | None, typed: Typed, status: int = 200) -> Answer:
        if link is None or link.kind is not LinkKind.RESET:
            return _unusable()
        form = draw_form((_SAME_EMAIL, _NEW, _AGAIN), _with_email(typed, link), button="Set password")
        return Shown(title=_PASSWORD, body=_RESET.format(form=form, ends=_ends(link)), status=status)


def _welcome(visit: Visit, link: OpenLink, typed: Typed) -> str:
    """By what the caller has to do with the link's account."""
    lead = _JOIN_ADMINS
    if link.role is not None:
        lead = _JOIN_AS.format(tenant=escape(link.tenant_name or ""), role=_ROLES[link.role])
    if visit.principal.person is not None:
        rest = _for_account(visit, link) if link.is_for(visit.principal) else _for_somebody_else(visit, link)
    elif link.email is not None and link.person is not None:
        onward = visit.href(sign_in_path(_path_of(visit)))
        rest = _SIGN_IN_FIRST.format(email=escape(link.email.text), sign_in=onward)
    else:
        rest = _for_new_person(visit, link, typed)
    heading = f"Welcome to {link.tenant_name}" if link.tenant_name else "Welcome"
    return _HEADED.format(heading=escape(heading), lead=lead, rest=f"{rest}\n{_ends(link)}")


def _for_account(visit: Visit, link: OpenLink) -> str:
    form = draw_form((), Typed(), button=_join(link))
    return _SIGNED_IN_AS.format(me=escape(visit.principal.email or ""), form=form)


def _for_somebody_else(visit: Visit, link: OpenLink) -> str:
    """Back to this page when the link's person is new, else by the sign-in."""
    onward = _path_of(visit) if link.person is None else sign_in_path(_path_of(visit))
    hidden, action = draw_hidden("next", onward), f"{visit.prefix}{SIGN_OUT}"
    form = draw_form((), Typed(), button="Sign out", action=action, hidden=hidden)
    email = link.email.text if link.email else ""
    return _SOMEBODY_ELSE.format(me=escape(visit.principal.email or ""), email=escape(email), form=form)


def _for_new_person(visit: Visit, link: OpenLink, typed: Typed) -> str:
    """An invitation names its address; a platform admin brings one, or an account."""
    if link.email is not None:
        return draw_form((_SAME_EMAIL, _NAME, _NEW, _AGAIN), _with_email(typed, link), button=_join(link))
    has_account = _HAS_ACCOUNT.format(sign_in=visit.href(sign_in_path(_path_of(visit))))
    return has_account + draw_form((_EMAIL, _NAME, _NEW, _AGAIN), typed, button=_join(link))


def _join(link: OpenLink) -> str:
    return f"Join {link.tenant_name}" if link.tenant_name else "Become a platform admin"


def _path_of(visit: Visit) -> str:
    return f"/welcome/{OneTimeToken.of_text(visit.token).text}"


def _ends(link: OpenLink) -> str:
    return _ENDS.format(end=moment(link.expires_at))


def _with_email(typed: Typed, link: OpenLink) -> Typed:
    """The link's address, whatever was sent."""
    return replace(typed, values={**typed.values, "email": link.email.text if link.email else ""})


def _differ(form: Mapping[str, str]) -> bool:
    return form.get("password", "") != form.get("again", "")


def _again(form: Mapping[str, str], problems: Mapping[str, str]) -> Typed:
    differs = {"again": _DIFFERS} if _differ(form) else {}
    return Typed(values=form, problems={**problems, **differs})


def _browser(visit: Visit) -> Browser:
    return Browser(visit.address, visit.device)


def _enter(visit: Visit, entered: Entered) -> Answer:
    if entered.session is not None:
        visit.cookies.set_session(entered.session.text)
    return SentOn(_HOME)


def _unusable() -> Answer:
    """One text for unknown, used, withdrawn and expired."""
    return plain(_NO_WAY, UNUSABLE, status=404)


def _wait(error: TooManyAttemptsError) -> Answer:
    headers = {"Retry-After": str(error.retry_after_seconds)}
    return plain(_NO_WAY, too_many(error), status=429, headers=headers)
