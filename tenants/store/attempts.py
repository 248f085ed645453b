"""Refused attempts of late: told by keyed digests only, counted over a window that slides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tenants.rows import RefusedAttemptRow

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope

CODE_WINDOW = timedelta(minutes=1)
MOST_CODES = 20
"""Setup codes that an address may be refused within the window."""


async def find_end_of_wait(_scope: CredentialScope, address: bytes, now: datetime) -> datetime | None:
    """From when on an address may be refused another setup code; None: at once."""
    rows = RefusedAttemptRow.filter(tenant_id=None, address_mac=address, at__gt=now - CODE_WINDOW)
    latest = await rows.order_by("-at").limit(MOST_CODES)
    return latest[-1].at + CODE_WINDOW if len(latest) == MOST_CODES else None


async def insert_refused_code(_scope: CredentialScope, address: bytes, now: datetime) -> None:
    """Note that an address sent a setup code that did not work; what left the window is forgotten."""
    await RefusedAttemptRow.filter(tenant_id=None, at__lte=now - CODE_WINDOW).delete()
    await RefusedAttemptRow.create(tenant_id=None, address_mac=address, at=now)
