"""The pages on which people sign in, see as whom they are signed in, and sign out."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gateway.http.account_forms import Field, Typed, draw_form, draw_hidden
from gateway.http.account_pages import SIGN_IN, SIGN_OUT, SentOn, Shown, sign_in_path, too_many
from tenants.actions.sessions import sign_out
from tenants.actions.sign_in import SIGN_IN_REFUSED, sign_in
from tenants.errors import SignInRefusedError, TooManyAttemptsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.http.account_pages import Answer, Visit

_HOME = "/"
_TITLE = "Sign in"
_EMAIL = Field(name="email", label="E-mail address", kind="email", autocomplete="username")
_PASSWORD = Field(name="password", label="Password", kind="password", autocomplete="current-password")
_FIELDS = (_EMAIL, _PASSWORD)
_MISSING = {"email": "Type your e-mail address.", "password": "Type your password."}
_BODY = """<h1>Sign in</h1>
{form}
<p class="aside">Forgotten the password? Ask whoever runs this gateway for a link to set a new one. No account yet? An
owner of your provider can invite you.</p>"""
_SIGNED_IN = """<h1>You are signed in</h1>
<p class="lead">As <b>{name}</b>, {email}.</p>
{onward}<form method="post" action="{action}">
{hidden}
<button class="second" type="submit">Sign out</button>
<button class="second" type="submit" name="everywhere" value="yes" aria-describedby="everywhere">Sign out
everywhere</button>
<p class="hint" id="everywhere">Everywhere: in this browser and in all others in which you are signed in.</p>
</form>"""
_ONWARD = '<p><a class="button" href="{href}">Continue</a></p>\n'


class SignInPage:
    """/sign-in: a form, or who is signed in."""

    async def show(self, visit: Visit) -> Answer:
        """Nothing is told of anybody but the caller."""
        if visit.principal.person is not None:
            return Shown(title="You are signed in", body=_signed_in(visit))
        return _draw(visit, Typed())

    async def submit(self, visit: Visit, form: Mapping[str, str]) -> Answer:
        """One answer for an unknown address, a wrong password and whatever cannot be an address at all."""
        missing = {name: text for name, text in _MISSING.items() if not form.get(name, "").strip(" ")}
        if missing:
            return _draw(visit, Typed(values=form, problems=missing), 422)
        try:
            signed_in = await sign_in(
                visit.principal,
                form["email"],
                form["password"],
                address=visit.address,
                device=visit.device,
                now=visit.now,
            )
        except SignInRefusedError:
            return _draw(visit, Typed(values=form, said=SIGN_IN_REFUSED), 403)
        except TooManyAttemptsError as error:
            headers = {"Retry-After": str(error.retry_after_seconds)}
            return _draw(visit, Typed(values=form, said=too_many(error)), 429, headers)
        visit.cookies.set_session(signed_in.session.text)
        return SentOn(visit.onward or _HOME)


class SignOutPage:
    """/sign-out: takes the form of the pages that say who is signed in; there is nothing to see."""

    async def show(self, _visit: Visit) -> Answer:
        """Whoever opens the address by hand sees what can be done."""
        return SentOn(SIGN_IN)

    async def submit(self, visit: Visit, form: Mapping[str, str]) -> Answer:
        """Also done for whoever is not signed in any more."""
        if visit.principal.person is not None:
            await sign_out(visit.principal.own(), everywhere="everywhere" in form, now=visit.now)
        visit.cookies.clear_session()
        return SentOn(visit.onward or SIGN_IN)


def _draw(visit: Visit, typed: Typed, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    hidden = draw_hidden("next", visit.onward) if visit.onward else ""
    form = draw_form(_FIELDS, typed, button=_TITLE, action=f"{visit.prefix}{SIGN_IN}", hidden=hidden)
    return Shown(title=_TITLE, body=_BODY.format(form=form), status=status, headers=headers or {})


def _signed_in(visit: Visit) -> str:
    """Signing out leads back here, and from here on to where one wanted to go."""
    name = visit.principal.actor.name if visit.principal.actor else ""
    return _SIGNED_IN.format(
        name=escape(name),
        email=escape(visit.principal.email or ""),
        onward=_ONWARD.format(href=visit.href(visit.onward)) if visit.onward else "",
        action=visit.href(SIGN_OUT),
        hidden=draw_hidden("next", sign_in_path(visit.onward)),
    )
