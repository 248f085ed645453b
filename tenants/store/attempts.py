"""Refused attempts of late, and devices that signed in: told by keyed digests only, counted over windows that slide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.attempts import ADDRESS, CODES, NAME, TENANT, Refusals
from tenants.rows import ProvenDeviceRow, RefusedAttemptRow
from tenants.scoping import scoped

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope, SignInScope
    from tenants.attempts import Attempt, Limit, StaffAttempt

PROOF_LASTS = timedelta(days=365)
"""A device that is still in use proves itself again at its next success."""


@scoped
async def find_end_of_wait(_scope: CredentialScope, address: bytes, now: datetime) -> datetime | None:
    """From when on an address may be refused another setup code; None: at once."""
    rows = RefusedAttemptRow.filter(_lately(CODES, now), tenant_id=None, address_mac=address)
    latest = await rows.order_by("-at").limit(CODES.refusals)
    return latest[-1].at + CODES.window if len(latest) == CODES.refusals else None


@scoped
async def insert_refused_code(_scope: CredentialScope, address: bytes, now: datetime) -> None:
    """Note that an address sent a setup code that did not work; what is not in the window is forgotten."""
    await RefusedAttemptRow.filter(_not_lately(None, CODES, now), name_mac__isnull=True).delete()
    await RefusedAttemptRow.create(tenant_id=None, address_mac=address, at=now)


@scoped
async def list_refusals(scope: SignInScope, attempt: Attempt, now: datetime) -> Refusals:
    """Those of the attempt's name and address, and of anybody at the tenant, each within its window; one query."""
    # The tenant stands in each branch, or SQLite reads all rows of a tenant that is under attack.
    of_name = Q(_lately(NAME, now), tenant_id=scope.tenant, name_mac=attempt.name)
    of_address = Q(_lately(ADDRESS, now), tenant_id=scope.tenant, address_mac=attempt.address)
    of_tenant = Q(_lately(TENANT, now), tenant_id=scope.tenant)
    found = RefusedAttemptRow.filter(of_name | of_address | of_tenant).order_by("-at")
    rows = await found.values_list("name_mac", "address_mac", "at")
    return Refusals(
        [at for name, _, at in rows if bytes(name or b"") == attempt.name and NAME.counts(at, now)],
        [at for _, address, at in rows if bytes(address) == attempt.address and ADDRESS.counts(at, now)],
        [at for _, _, at in rows if TENANT.counts(at, now)],
    )


@scoped
async def insert_refusal(scope: SignInScope, attempt: Attempt, now: datetime) -> None:
    """Note that the provider said no; what is not in the longest window is forgotten."""
    await RefusedAttemptRow.filter(_not_lately(scope.tenant, NAME, now)).delete()
    await RefusedAttemptRow.create(tenant_id=scope.tenant, name_mac=attempt.name, address_mac=attempt.address, at=now)


@scoped
async def list_staff_refusals(_scope: CredentialScope, attempt: StaffAttempt, now: datetime) -> Refusals:
    """Those of the attempt's name and of its address. Staff belong to no tenant, and always have a name here."""
    of_name = Q(_lately(NAME, now), tenant_id=None, name_mac=attempt.name)
    of_address = Q(_lately(ADDRESS, now), tenant_id=None, address_mac=attempt.address)
    found = RefusedAttemptRow.filter(of_name | of_address).order_by("-at")
    rows = await found.values_list("name_mac", "address_mac", "at")
    return Refusals(
        [at for name, _, at in rows if bytes(name) == attempt.name],
        [at for _, address, at in rows if bytes(address) == attempt.address and ADDRESS.counts(at, now)],
    )


@scoped
async def insert_staff_refusal(_scope: CredentialScope, attempt: StaffAttempt, now: datetime) -> None:
    """Note that address and password did not belong together; what is not in the longest window is forgotten."""
    await RefusedAttemptRow.filter(_not_lately(None, NAME, now), name_mac__isnull=False).delete()
    await RefusedAttemptRow.create(tenant_id=None, name_mac=attempt.name, address_mac=attempt.address, at=now)


@scoped
async def is_proven(scope: SignInScope, attempt: Attempt) -> bool:
    """Whether this installation signed this user in before."""
    return await ProvenDeviceRow.exists(tenant_id=scope.tenant, mac=attempt.device)


@scoped
async def insert_proof(scope: SignInScope, attempt: Attempt, now: datetime) -> None:
    """The installation signed its user in. Raises tortoise's IntegrityError when that was noted meanwhile."""
    await ProvenDeviceRow.filter(tenant_id=scope.tenant, proved_at__lte=now - PROOF_LASTS).delete()
    await ProvenDeviceRow.create(tenant_id=scope.tenant, mac=attempt.device, proved_at=now)


def _lately(limit: Limit, now: datetime) -> Q:
    """`Limit.counts` as a condition."""
    return Q(at__gt=now - limit.window, at__lt=now + limit.window)


def _not_lately(tenant: int | None, limit: Limit, now: datetime) -> Q:
    """The opposite, as the index has it."""
    return Q(tenant_id=tenant, at__lte=now - limit.window) | Q(tenant_id=tenant, at__gte=now + limit.window)
