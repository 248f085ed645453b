"""A phone exchanges a setup code for what it carries: one phone wins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tenants.access import CREDENTIALS
from tenants.app_keys import NO_APP_KEY
from tenants.attempts import sender_of_code
from tenants.audit import AuditAction
from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.errors import InvalidValueError, SetupLinkUnusableError, TooManyAttemptsError
from tenants.model import AppKind
from tenants.parsing import Collector
from tenants.setup_links import Asker, SetupToken
from tenants.store import attempts, setup_codes
from tenants.store.audit import record
from tenants.text import parse_opaque

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tenants.access import Origin
    from tenants.app_keys import SentAppKey
    from tenants.setup_links import Redeemed


def read_request(sent: Mapping[str, Any], app_key: SentAppKey = NO_APP_KEY) -> tuple[SetupToken, Asker]:
    """From `setupCode`, `deviceId`, `app` and `providerId`, which only a whitelabel app has. Raises InvalidInputError.

    A code that is none at all is no problem of the form: it is answered like any other that does not work.
    """
    app: AppKind = sent["app"]
    is_whitelabel = app is AppKind.WHITELABEL
    collector = Collector()
    code = collector.parse(("setupCode",), _required, sent["setupCode"])
    device = collector.parse(("deviceId",), parse_opaque, sent["deviceId"])
    provider_id = collector.parse(("providerId",), _required, sent["providerId"] or "") if is_whitelabel else None
    collector.finish()
    return SetupToken.of_code(code or ""), Asker(device or "", app, provider_id, app_key)


async def redeem(origin: Origin, token: SetupToken, asker: Asker, *, now: datetime) -> Redeemed:
    """Use the code up, or repeat the answer to the phone that did.

    A code that works is always taken, however often its address was refused: 256 bits are not guessed, and a phone
    that keeps sending a dead code must not hold up the others behind the same address.
    Raises SetupLinkUnusableError and TooManyAttemptsError.
    """
    gives, is_repeat = await _find(origin, token, asker, now)
    return gives if is_repeat else await _win(origin, token, asker, now)


async def peek(origin: Origin, token: SetupToken, asker: Asker, *, now: datetime) -> Redeemed:
    """What `redeem` would answer now; the code stays as it is. Raises as `redeem`."""
    gives, _ = await _find(origin, token, asker, now)
    return gives


async def _find(origin: Origin, token: SetupToken, asker: Asker, now: datetime) -> tuple[Redeemed, bool]:
    """What the phone gets, and whether it got that already."""
    found = await setup_codes.find_for_phone(CREDENTIALS, origin.keys, token, asker, now)
    if found is None:
        raise await _refuse(origin, now)
    if found.gives is None:
        raise SetupLinkUnusableError  # not counted: coming second is no guessing
    return found.gives, found.is_repeat


async def _win(origin: Origin, token: SetupToken, asker: Asker, now: datetime) -> Redeemed:
    """Look again while nobody else can redeem it. Raises SetupLinkUnusableError when another phone was faster."""
    async with transaction():
        await setup_codes.claim(CREDENTIALS, token)
        found = await setup_codes.find_for_phone(CREDENTIALS, origin.keys, token, asker, now)
        if found is None or found.gives is None:
            raise SetupLinkUnusableError
        if not found.is_repeat:
            await setup_codes.mark_redeemed(CREDENTIALS, token, asker, found, now)
            trail = CREDENTIALS.softphone(found.tenant, origin)
            await record(trail, AuditAction.SETUP_LINK_REDEEMED, found.words, now=now)
    return found.gives


async def _refuse(origin: Origin, now: datetime) -> SetupLinkUnusableError | TooManyAttemptsError:
    """Note it, or say how long to wait."""
    sender = sender_of_code(origin.keys, origin.address or "")
    until = await attempts.find_end_of_wait(CREDENTIALS, sender, now)
    if until is not None:
        return TooManyAttemptsError(max(1, math.ceil((until - now).total_seconds())))
    async with transaction():
        await attempts.insert_refused_code(CREDENTIALS, sender, now)
    return SetupLinkUnusableError()


def _required(text: str) -> str:
    if not text.strip():
        raise InvalidValueError(ProblemCode.REQUIRED, "Something must stand here.")
    return text
