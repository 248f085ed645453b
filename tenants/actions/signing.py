"""The secret that signs a tenant's calls: replaced, and shown this once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.store import drafts, secrets
from tenants.store.audit import record

if TYPE_CHECKING:
    from tenants.access import TenantScope
    from tenants.keys import KeyRing

RETIREMENT = timedelta(hours=24)
"""How long the secret before signs beside the new one, so that a provider's server can change over."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A new secret."""

    secret: str = field(repr=False)
    previous_valid_until: datetime


async def rotate_signing_secret(scope: TenantScope, keys: KeyRing, now: datetime) -> Rotated:
    """A random secret signs from now on, and the one before beside it for a day; any older one no longer.

    The first one before is the derived one, which really signs on: whoever learnt it by other means can change over
    too. One that does not open any more signs nothing and is dropped. Raises NotFoundError.
    """
    async with transaction():
        await drafts.claim_draft(scope)  # two at once queue up, so that one of them is current
        until = now + RETIREMENT if await secrets.retire_signing_secret(scope, keys, now, now + RETIREMENT) else now
        rotated = Rotated(await secrets.insert_signing_secret(scope, keys, now), until)
        await record(scope.trail, AuditAction.SIGNING_SECRET_ROTATED, "signing secret", now=now)
    return rotated
