"""Creating a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.errors import InvalidInputError, Problem
from tenants.identity import ProviderId, parse_name
from tenants.model import AppKind, Config, Tenant
from tenants.parsing import Collector
from tenants.store import drafts, tenants

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PlatformScope, TenantScope

TAKEN = Problem(
    ProblemCode.PROVIDER_ID_TAKEN,
    ("providerId",),
    "Another tenant has this ProviderId, or had it when it was published.",
    "Choose another one.",
)


async def create_tenant(
    scope: PlatformScope, *, provider_id: str, name: str | None, app: AppKind, now: datetime
) -> Tenant:
    """A tenant with default settings and nothing published. Raises InvalidInputError (I1, I2, I3, I7)."""
    collector = Collector()
    parsed_id = collector.parse(("providerId",), ProviderId.parse, provider_id)
    parsed_name = collector.parse(("name",), parse_name, name) if name is not None else None
    if parsed_id is not None and await tenants.is_provider_id_taken(scope, parsed_id):
        collector.problems.append(TAKEN)
    if collector.problems or parsed_id is None:
        raise InvalidInputError(tuple(collector.problems))
    try:
        async with transaction():
            own = await insert(scope, parsed_id, parsed_name, app, now)
            await drafts.insert_draft(own, parsed_name, Config(app=app), now)
            return await tenants.get_tenant(own)
    except IntegrityError as error:  # somebody took the name between the look and the insert
        raise InvalidInputError((TAKEN,)) from error


async def insert(
    scope: PlatformScope, provider_id: ProviderId, name: str | None, app: AppKind, now: datetime
) -> TenantScope:
    """Inside a transaction: the tenant, which is still to be given its first draft."""
    tenant = await tenants.insert_tenant(scope, provider_id, app, name or provider_id.text, now)
    return scope.created(tenant)
