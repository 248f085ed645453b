"""Noting that a credential was used."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tenants.access import CREDENTIALS
from tenants.credentials import Credential
from tenants.database import transaction
from tenants.store import stamps

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.credentials import Use

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_ROUGHLY = {Credential.TOKEN: _MINUTE, Credential.SESSION: _MINUTE, Credential.APP_KEY: _HOUR}


def rounded(use: Use, now: datetime) -> datetime:
    """The beginning of the minute, of an app key the hour: all that is kept, so that one write a minute is enough."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // _ROUGHLY[use.credential] * _ROUGHLY[use.credential]


async def stamp(use: Use, at: datetime) -> None:
    """One row in a transaction of its own, so that it stands in nobody's way. Raises UnavailableError."""
    async with transaction():
        await stamps.stamp(CREDENTIALS, use, at)
