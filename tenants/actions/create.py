"""Creating a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from tenants.access import Role
from tenants.actions.invitations import write_invitation
from tenants.audit import AuditAction
from tenants.changes import Change
from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.errors import InvalidInputError, Problem
from tenants.identity import ProviderId, parse_name
from tenants.model import AppKind, Config, Tenant
from tenants.parsing import Collector
from tenants.store import drafts, tenants
from tenants.store.audit import record

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import PlatformScope, TenantScope
    from tenants.actions.invitations import Invited

TAKEN = Problem(
    ProblemCode.PROVIDER_ID_TAKEN,
    ("providerId",),
    "Another tenant has this ProviderId, or had it when it was published.",
    "Choose another one.",
)


@dataclass(frozen=True, slots=True)
class Created:
    """A tenant that was just made, and its first owner's invitation if there is one."""

    tenant: Tenant
    owner: Invited | None


async def create_tenant(
    scope: PlatformScope, *, provider_id: str, name: str | None, app: AppKind, now: datetime
) -> Tenant:
    """A tenant with default settings, nothing published and no members. Raises as `create_owned_tenant`."""
    created = await create_owned_tenant(scope, provider_id=provider_id, name=name, app=app, owner_email=None, now=now)
    return created.tenant


async def create_owned_tenant(
    scope: PlatformScope,
    *,
    provider_id: str,
    name: str | None,
    app: AppKind,
    owner_email: str | None,
    now: datetime,
    admitted: frozenset[str] = frozenset(),
) -> Created:
    """A tenant with default settings and nothing published, and an invitation for whoever shall own it.

    Raises InvalidInputError (I1, I2, I3, I7, H1).
    """
    collector = Collector()
    parsed_id = collector.parse(("providerId",), ProviderId.parse, provider_id)
    parsed_name = collector.parse(("name",), parse_name, name) if name is not None else None
    if parsed_id is not None and await tenants.is_provider_id_taken(scope, parsed_id):
        collector.problems.append(TAKEN)
    owner = None
    if owner_email is not None:
        owner = collector.parse(("ownerEmail",), lambda text: EmailAddress.parse(text, admitted=admitted), owner_email)
    if collector.problems or parsed_id is None:
        raise InvalidInputError(tuple(collector.problems))
    try:
        async with transaction():
            own = await insert(scope, parsed_id, parsed_name, app, now)
            await drafts.insert_draft(own, parsed_name, Config(app=app), now)
            await tell(own, parsed_id, parsed_name, app, now)
            invited = await write_invitation(own, owner, Role.OWNER, now) if owner else None
            return Created(await tenants.get_tenant(own), invited)
    except IntegrityError as error:  # somebody took the name between the look and the insert
        raise InvalidInputError((TAKEN,)) from error


async def insert(
    scope: PlatformScope, provider_id: ProviderId, name: str | None, app: AppKind, now: datetime
) -> TenantScope:
    """Inside a transaction: the tenant, which is still to be given its first draft."""
    tenant = await tenants.insert_tenant(scope, provider_id, app, name or provider_id.text, now)
    return scope.created(tenant)


async def tell(scope: TenantScope, provider_id: ProviderId, name: str | None, app: AppKind, now: datetime) -> None:
    """In the same transaction: the first entry of the tenant's log."""
    told = [Change(path=("app",), label="Kind of app", before=None, after=app.value)]
    if name is not None:
        told.insert(0, Change(path=("name",), label="Name", before=None, after=name))
    await record(scope.trail, AuditAction.TENANT_CREATED, f"tenant {provider_id.text}", told, now=now)
