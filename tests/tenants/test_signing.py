"""The secret that signs calls: replaced one at a time, two signing at most, readable by its own tenant only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tenants.access import PUBLIC, Permission, TenantScope
from tenants.actions import tenant as actions
from tenants.actions.create import create_tenant
from tenants.actions.signing import RETIREMENT, rotate_signing_secret
from tenants.database import transaction
from tenants.errors import NotFoundError
from tenants.keys import KeyRing
from tenants.model import AppKind
from tenants.rows import SecretRow
from tenants.store import secrets
from tests import make
from tests.tenants.writing import elsewhere

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADMIN = make.ADMIN


async def make_tenant(provider_id: str) -> TenantScope:
    made = await create_tenant(
        ADMIN.authorize_platform(), provider_id=provider_id, name=None, app=AppKind.GENERIC, now=NOW
    )
    return ADMIN.authorize(made.id, Permission.MANAGE_WEBHOOK)


async def rotate(scope: TenantScope, now: datetime = NOW) -> str:
    return (await rotate_signing_secret(scope, make.KEYS, now)).secret


async def signing(scope: TenantScope, now: datetime = NOW) -> tuple[str, ...]:
    """What signs a call of the tenant's users."""
    return await secrets.list_signing_secrets(PUBLIC.signing_in(scope.tenant), make.KEYS, now)


@pytest.fixture
async def neighbour(connected: str) -> TenantScope:
    """Has rotated its secret."""
    scope = await make_tenant("NeighbourTel")
    await rotate(scope)
    return scope


@pytest.fixture
async def acme(neighbour: TenantScope) -> TenantScope:
    return await make_tenant("AcmeInc")


async def test_the_first_rotation_shows_a_random_secret_and_the_derived_one_signs_on_for_a_day(
    acme: TenantScope,
) -> None:
    (derived,) = await signing(acme)

    rotated = await rotate_signing_secret(acme, make.KEYS, NOW)

    assert rotated.secret.startswith("gws_")
    assert len(rotated.secret) == len(derived)
    assert rotated.secret != derived
    assert rotated.previous_valid_until == NOW + RETIREMENT
    assert await signing(acme) == (rotated.secret, derived)
    assert await signing(acme, rotated.previous_valid_until - HOUR) == (rotated.secret, derived)
    assert await signing(acme, rotated.previous_valid_until) == (rotated.secret,)


async def test_a_derived_secret_that_retires_signs_on_when_the_master_key_changes(acme: TenantScope) -> None:
    (derived,) = await signing(acme)
    shown = await rotate(acme)
    newer = KeyRing("SECRET-another-key-0123456789-abcd", ["SECRET-key-for-tests-0123456789-ab"])

    assert await secrets.list_signing_secrets(acme, newer, NOW) == (shown, derived)


async def test_of_three_rotations_in_a_day_the_last_and_the_one_before_sign(acme: TenantScope) -> None:
    await rotate(acme)
    second = await rotate(acme, NOW + HOUR)
    third = await rotate(acme, NOW + 2 * HOUR)

    assert await signing(acme, NOW + 2 * HOUR) == (third, second)
    assert await signing(acme, NOW + 25 * HOUR) == (third, second)
    assert await signing(acme, NOW + 26 * HOUR) == (third,)
    assert await SecretRow.filter(tenant_id=acme.tenant).count() == 2


async def test_two_rotations_at_once_leave_one_current_secret(acme: TenantScope) -> None:
    shown = await asyncio.gather(*(elsewhere(rotate(acme)) for _ in range(5)))

    current, previous = await signing(acme)

    assert current != previous
    assert {current, previous} <= set(shown)
    assert await SecretRow.filter(tenant_id=acme.tenant, retires_at__isnull=True).count() == 1


async def test_a_rotation_leaves_the_neighbour_and_the_headers_alone(acme: TenantScope, neighbour: TenantScope) -> None:
    async with transaction():
        await secrets.insert_header(acme, make.KEYS, "SECRET-header", NOW)
    before = await signing(neighbour)

    await rotate(acme)
    await rotate(acme)

    assert await signing(neighbour) == before
    assert await SecretRow.filter(tenant_id=acme.tenant, kind="HEADER").count() == 1
    assert not set(before) & set(await signing(acme))


async def test_when_a_secret_was_shown_is_told_of_each_tenant(acme: TenantScope, neighbour: TenantScope) -> None:
    never = await secrets.list_signing_dates([acme, neighbour])
    await rotate(acme, NOW + HOUR)

    assert never == {neighbour.tenant: NOW}
    assert await secrets.list_signing_dates([acme, neighbour]) == {acme.tenant: NOW + HOUR, neighbour.tenant: NOW}
    assert await secrets.list_signing_dates([acme]) == {acme.tenant: NOW + HOUR}


async def test_a_secret_that_does_not_open_any_more_is_dropped_by_a_rotation(acme: TenantScope) -> None:
    await rotate(acme)
    async with transaction():
        await SecretRow.filter(tenant_id=acme.tenant).update(key_id="00000000")

    rotated = await rotate_signing_secret(acme, make.KEYS, NOW + HOUR)

    assert rotated.previous_valid_until == NOW + HOUR
    assert await signing(acme, NOW + HOUR) == (rotated.secret,)


async def test_the_secret_of_a_tenant_that_is_gone_is_not_replaced(acme: TenantScope) -> None:
    await rotate(acme)
    await actions.delete_tenant(acme, "AcmeInc", now=NOW)

    with pytest.raises(NotFoundError):
        await rotate(acme)

    assert await SecretRow.filter(tenant_id=acme.tenant).count() == 0


async def test_a_new_secret_stands_in_no_repr(acme: TenantScope) -> None:
    rotated = await rotate_signing_secret(acme, make.KEYS, NOW)

    assert rotated.secret not in repr(rotated)
