"""One-time links as whoever holds one meets them: shown, refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tenants.access import CREDENTIALS
from tenants.attempts import sender_of_link
from tenants.database import transaction
from tenants.errors import OneTimeLinkUnusableError, TooManyAttemptsError
from tenants.store import attempts
from tenants.store.one_time_links import find_open_link

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tenants.access import Principal
    from tenants.keys import KeyRing
    from tenants.one_time_links import LinkKind, OneTimeToken, OpenLink


async def peek_one_time_link(principal: Principal, token: OneTimeToken, now: datetime) -> OpenLink | None:
    """What the page of a link shows to this caller; None where using it would be refused. Changes and counts nothing.

    `OpenLink.person` says that there is an account, which then is the caller's: there is no form to fill in.
    """
    link = await find_open_link(CREDENTIALS, token, now)
    return link if link is not None and link.is_for(principal) else None


async def get_usable_link(
    principal: Principal, token: OneTimeToken, kinds: Collection[LinkKind], *, address: str, now: datetime
) -> OpenLink:
    """A link of one of the kinds that the caller may use up. Raises OneTimeLinkUnusableError, TooManyAttemptsError.

    A link that works is always found, however often its address was refused: 256 bits are not guessed.
    """
    link = await peek_one_time_link(principal, token, now)
    if link is None or link.kind not in kinds:
        raise await refuse_link(principal.origin.keys, address, now)
    return link


async def refuse_link(keys: KeyRing, address: str, now: datetime) -> OneTimeLinkUnusableError | TooManyAttemptsError:
    """Note it, or say how long to wait."""
    sender = sender_of_link(keys, address)
    until = await attempts.find_end_of_wait(CREDENTIALS, sender, now)
    if until is not None:
        return TooManyAttemptsError(max(1, math.ceil((until - now).total_seconds())))
    async with transaction():
        await attempts.insert_refused_code(CREDENTIALS, sender, now)
    return OneTimeLinkUnusableError()
