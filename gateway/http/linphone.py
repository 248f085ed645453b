"""GET /provisioning/linphone/{code}: a setup code exchanged for the document that Linphone sets itself up from.

The app sends a header of its own; whoever does not send it, be it a browser, a mail scanner or a preview, uses nothing
up. Every status but 200 leaves the app as it is.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import structlog
from starlette.responses import Response

from gateway.context import Allowance
from gateway.formats.content import CannotCarryError
from gateway.formats.linphone_xml import MEDIA_TYPE, write_config
from gateway.http.app_key import app_key_of
from gateway.http.caller import caller_of, origin_of
from gateway.provisioning import outcomes
from gateway.provisioning.provisioner import SignIn
from tenants.accounts import Accounts
from tenants.actions.redeem import peek, redeem
from tenants.errors import SetupLinkUnusableError, TooManyAttemptsError, UnavailableError, UnreadableSecretError
from tenants.setup_links import UNUSABLE, Asker, Redeemed, SetupToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from gateway.http.deadline import Deadline
    from gateway.provisioning.provisioner import Provisioner
    from gateway.settings import Settings
    from gateway.stamps import Stamps
    from tenants.accounts import LoginPair
    from tenants.app_keys import SentAppKey
    from tenants.keys import KeyRing

_log = structlog.get_logger("gateway.linphone")
_SECONDS = 6
"""As `provision` has; the call to the provider has four of them."""
_OWN_SECONDS = 5
"""Of them without the call: while the database is away, whoever waits only for that is told soon."""
_HEADER = "x-linphone-provisioning"
_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}
_FOR_THE_APP = (
    "This address is for Linphone: scan its QR code with the app, or type it in under remote provisioning.\n"
    "Opening it here has used nothing up.\n"
)
_LATER = "This cannot be answered right now. Try again in a minute."
_LONG = 60


class _RefusedError(Exception):
    """An answer that leaves the app as it is."""

    def __init__(self, status: int, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.retry_after_seconds = status, message, retry_after_seconds


_REFUSALS = (
    _RefusedError,
    CannotCarryError,
    SetupLinkUnusableError,
    TooManyAttemptsError,
    UnavailableError,
    TimeoutError,
)


class LinphoneEndpoint:
    """One key ring and one provisioner behind HTTP."""

    def __init__(
        self,
        settings: Settings,
        keys: KeyRing,
        provisioner: Provisioner,
        stamps: Stamps,
        deadline: Deadline,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._keys, self._provisioner, self._now = settings, keys, provisioner, now
        self._stamps = stamps
        self._deadline = deadline

    async def __call__(self, request: Request) -> Response:
        """The document, or a status and a sentence."""
        if request.method != "GET" or _HEADER not in request.headers:
            return _say(404, _FOR_THE_APP)
        try:
            allowance = Allowance(_OWN_SECONDS)
            document = await self._deadline.run(self._exchange(request, allowance), allowance)
            return Response(document, 200, _HEADERS, MEDIA_TYPE)
        except _REFUSALS as error:
            refused = _refusal(error)
            return _say(refused.status, refused.message, refused.retry_after_seconds)
        except UnreadableSecretError:
            _log.exception("content of a setup link does not open")
            return _say(503, _LATER, _LONG)

    async def _exchange(self, request: Request, allowance: Allowance) -> bytes:
        """The document is ready before the code is used up, so that no failure costs the user the code."""
        token, caller = SetupToken.of_code(request.path_params["code"]), caller_of(request, self._settings)
        origin = origin_of(request, caller, self._keys)
        device = _device(caller.address, request.headers.get("user-agent", ""))
        asker = Asker(device, app_key=app_key_of(request))
        found = await peek(origin, token, asker, now=self._now())
        accounts, settings = found.content, found.settings
        if not isinstance(accounts, Accounts):
            device_id = token.device_sha256(asker.device_id).hex()
            provisioned = await self._provision(found, accounts, device_id, asker.app_key, caller.address, allowance)
            accounts, settings = provisioned.accounts, provisioned.settings
        document = write_config(accounts, settings)
        redeemed = await redeem(origin, token, asker, now=self._now())
        self._stamps.note(redeemed.app_key, self._now())
        return document

    async def _provision(
        self,
        found: Redeemed,
        login: LoginPair,
        device_id: str,
        app_key: SentAppKey,
        address: str,
        allowance: Allowance,
    ) -> outcomes.Provisioned:
        """Ask the provider as if the user had typed the login. Raises _RefusedError.

        The token is in the device's id: a device that succeeded passes the limits, and whoever knows the address and
        the app could name one without it.
        """
        sign_in = SignIn(
            provider_id=found.provider_id.text,
            app=found.app,
            username=login.username,
            password=login.password,
            device_id=device_id,
            reprovision=False,
            app_key=app_key,
        )
        match await self._provisioner.provision(
            sign_in, address=address, now=self._now(), on_call=lambda: allowance.extend(_SECONDS)
        ):
            case outcomes.Provisioned() as provisioned:
                return provisioned
            case outcomes.Refused(message=message):
                raise _RefusedError(403, message)
            case outcomes.Unavailable(message=message, retry_after_seconds=seconds):
                raise _RefusedError(503, message, seconds)
            case outcomes.TooMany(retry_after_seconds=seconds):
                raise _RefusedError(429, _LATER, seconds)
            case _:
                raise SetupLinkUnusableError  # suspended, or external provisioning switched off, a moment ago


def _refusal(error: Exception) -> _RefusedError:
    match error:
        case _RefusedError():
            return error
        case CannotCarryError():
            return _RefusedError(422, str(error))
        case TooManyAttemptsError():
            return _RefusedError(429, _LATER, error.retry_after_seconds)
        case UnavailableError() | TimeoutError():
            return _RefusedError(503, _LATER, 1)
    return _RefusedError(404, UNUSABLE)


def _device(address: str, user_agent: str) -> str:
    """The app names no installation: for two minutes, the same app at the same address is taken for the same phone."""
    return f"linphone-{hashlib.sha256(f'{address} {user_agent}'.encode()).hexdigest()[:32]}"


def _say(status: int, message: str, retry_after_seconds: int | None = None) -> Response:
    retry = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    return Response(f"{message.rstrip()}\n", status, {**_HEADERS, **retry}, "text/plain")
