"""When a credential was used last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.access_rows import AccessTokenRow, AppKeyRow, SessionRow
from tenants.credentials import Credential
from tenants.scoping import scoped

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope
    from tenants.credentials import Use

_ROWS = {Credential.TOKEN: AccessTokenRow, Credential.SESSION: SessionRow, Credential.APP_KEY: AppKeyRow}


@scoped
async def stamp(_scope: CredentialScope, use: Use, at: datetime) -> None:
    """Write it down, unless the row is gone or has the same or a later time already."""
    is_older = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at)
    where_from = {} if use.credential is not Credential.SESSION else {"address": use.address or ""}
    await _ROWS[use.credential].filter(is_older, id=use.row).update(last_used_at=at, **where_from)
