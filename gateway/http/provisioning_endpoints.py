"""Other softphones' own protocols of provisioning, answered from the same config by the same core."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from gateway.context import Allowance
from gateway.formats import acrobits_xml
from gateway.http.app_key import app_key_of
from gateway.http.body import BadBodyError, read_body
from gateway.http.caller import caller_of
from gateway.http.forms import FORM, parse_form
from gateway.provisioning.outcomes import Off, Provisioned, Refused, TooMany, Unavailable, Unknown
from gateway.provisioning.provisioner import SignIn
from tenants.errors import InvalidValueError, UnavailableError
from tenants.text import parse_opaque

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from gateway.http.deadline import Deadline
    from gateway.provisioning.outcomes import Outcome
    from gateway.provisioning.provisioner import Provisioner
    from gateway.settings import Settings
    from tenants.keys import KeyRing

_SECONDS = 6
"""As `provision` has; the call to the provider has four of them."""
_OWN_SECONDS = 5
"""Of them without the call: while the database is away, whoever waits only for that is told soon."""
_FORM = re.compile(rf"{FORM}[ \t]*(?:;.*)?", re.IGNORECASE)
_HEADERS = {"Cache-Control": "private, no-store", "Content-Type": "application/xml; charset=utf-8"}
_RETRY = 60


class AcrobitsEndpoint:
    """GET and POST /provisioning/acrobits/{provider_id}.

    Whatever goes wrong is a status that no app takes for accounts: 404 is never one of them, since MicroSIP reads the
    body of that as if it were an account.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeyRing,
        provisioner: Provisioner,
        deadline: Deadline,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._keys, self._provisioner, self._now = settings, keys, provisioner, now
        self._deadline = deadline

    async def __call__(self, request: Request) -> Response:
        """Sign the user in as `provision` does, and answer in XML."""
        try:
            sign_in = self._parse(request, await self._parameters(request))
            allowance = Allowance(_OWN_SECONDS)
            outcome = await self._deadline.run(self._provision(request, sign_in, allowance), allowance)
        except BadBodyError as error:
            return _error(error.status, error.message)
        except InvalidValueError:
            return _error(400, "Type your username and your password.")
        except (UnavailableError, TimeoutError):
            return _error(503, "The gateway cannot answer right now. Your phone stays as it is.", _RETRY)
        return _answer(outcome)

    async def _parameters(self, request: Request) -> dict[str, str]:
        """Of the query or of the form; unknown ones are the app's business. Raises BadBodyError."""
        if request.method != "POST":
            return parse_form(request.scope["query_string"])
        if not _FORM.fullmatch(request.headers.get("content-type", "")):
            raise BadBodyError(415, "Send the parameters as application/x-www-form-urlencoded.")
        return parse_form(await read_body(request, self._settings.body_bytes))

    def _parse(self, request: Request, parameters: dict[str, str]) -> SignIn:
        """The app has split its first field at the last `@` already. Raises InvalidValueError."""
        provider_id = request.path_params["provider_id"]
        username = parse_opaque(parameters.get("username", ""))
        password = parse_opaque(parameters.get("password", ""))
        return SignIn(
            provider_id=provider_id,
            app=None,
            username=username,
            password=password,
            device_id=parse_opaque(parameters.get("device_id") or self._device_of(provider_id, username, password)),
            # Always as if for the first time: the app has no word for "nothing new", and needs the account each time.
            reprovision=False,
            app_key=app_key_of(request),
        )

    def _device_of(self, provider_id: str, username: str, password: str) -> str:
        """For an app that does not say which installation it is.

        The password is in it, so that a login becomes a device that is let past the limits only for whoever knows the
        password: a name that anybody can guess would open the way to guess passwords without end.
        """
        return self._keys.mac("acrobits device", provider_id.lower(), username, password).hex()

    async def _provision(self, request: Request, sign_in: SignIn, allowance: Allowance) -> Outcome:
        address = caller_of(request, self._settings).address
        return await self._provisioner.provision(
            sign_in, address=address, now=self._now(), on_call=lambda: allowance.extend(_SECONDS)
        )


def _answer(outcome: Outcome) -> Response:
    match outcome:
        case Provisioned():
            return _account(outcome)
        case Refused(message=message):
            return _error(403, message)
        case Unavailable(message=message, retry_after_seconds=seconds):
            return _error(503, message, seconds)
        case TooMany(retry_after_seconds=seconds):
            return _error(429, "There were too many attempts. Wait a while, then try again.", seconds)
        case Off():
            return _error(403, "This provider's users sign in with their SIP username and password.")
        case Unknown():
            return _error(403, "No provider is known by this name. Check the spelling.")


def _account(outcome: Provisioned) -> Response:
    """The first SIP account: the app has room for one. It has none for chat, nor for a text beside success."""
    settings = outcome.settings
    for account in outcome.accounts.sip[:1]:
        host, _ = account.register_at(settings.sip_domain, settings.subdomain)
        if host is None:  # P8
            return _error(503, "Your provider has not said which server to call. Your phone stays as it is.", _RETRY)
        try:
            return Response(acrobits_xml.write_account(outcome.name, account, host), 200, _HEADERS)
        except acrobits_xml.NotInXmlError:
            return _error(503, "Your account has a character that this app cannot be told.", _RETRY)
    return _error(403, "Your provider has no telephone account for you.")


def _error(status: int, message: str, retry_after_seconds: int | None = None) -> Response:
    more = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    return Response(acrobits_xml.write_error(message), status, {**_HEADERS, **more})
