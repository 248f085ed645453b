"""Values at rest through a real database: they open for their own tenant, where they were put, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tenants.access import PUBLIC, Permission, TenantScope
from tenants.actions.create import create_tenant
from tenants.database import transaction
from tenants.errors import UnreadableSecretError
from tenants.keys import KeyRing
from tenants.model import AppKind, ProvisioningHeader
from tenants.rows import SecretRow
from tenants.store import secrets
from tests import make

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ADMIN = make.ADMIN
KEYS = KeyRing("SECRET-key-one-0123456789-abcdefg")
OTHER_KEYS = KeyRing("SECRET-key-two-0123456789-abcdefg")


@dataclass(frozen=True, slots=True)
class Stored:
    """Two tenants, each with a header of the same name."""

    a: TenantScope
    n: TenantScope
    a_header: ProvisioningHeader
    n_header: ProvisioningHeader


async def make_tenant(provider_id: str) -> TenantScope:
    made = await create_tenant(
        ADMIN.authorize_platform(), provider_id=provider_id, name=None, app=AppKind.GENERIC, now=NOW
    )
    return ADMIN.authorize(made.id, Permission.EDIT_DRAFT)


@pytest.fixture
async def stored(connected: str) -> Stored:
    a, n = await make_tenant("AcmeInc"), await make_tenant("NeighbourTel")
    async with transaction():
        a_row = await secrets.insert_header(a, KEYS, "SECRET-A", NOW)
        n_row = await secrets.insert_header(n, KEYS, "SECRET-N", NOW)
    return Stored(a, n, ProvisioningHeader("X-Key", a_row, "••••"), ProvisioningHeader("X-Key", n_row, "••••"))


async def test_a_config_s_values_are_opened_in_its_order(stored: Stored) -> None:
    async with transaction():
        row = await secrets.insert_header(stored.a, KEYS, "SECRET-B", NOW)
    headers = [ProvisioningHeader("X-Other", row, "••••"), stored.a_header]

    assert await secrets.open_headers(stored.a, KEYS, headers) == [("X-Other", "SECRET-B"), ("X-Key", "SECRET-A")]
    assert await secrets.open_headers(PUBLIC.signing_in(stored.a.tenant), KEYS, [stored.a_header]) == [
        ("X-Key", "SECRET-A")
    ]
    assert await secrets.open_headers(stored.a, KEYS, []) == []


async def test_a_scope_never_opens_the_neighbour_s_value(stored: Stored) -> None:
    for scope in (stored.a, PUBLIC.signing_in(stored.a.tenant)):
        with pytest.raises(UnreadableSecretError):
            await secrets.open_headers(scope, KEYS, [stored.a_header, stored.n_header])


async def test_a_value_is_opened_with_its_key_only(stored: Stored) -> None:
    with pytest.raises(UnreadableSecretError):
        await secrets.open_headers(stored.a, OTHER_KEYS, [stored.a_header])


async def test_a_value_lies_in_the_database_encrypted(stored: Stored) -> None:
    row = await SecretRow.get(id=stored.a_header.secret)

    assert b"SECRET" not in bytes(row.sealed)
    assert row.key_id == KEYS.current_id


async def test_before_anybody_was_shown_a_secret_each_tenant_signs_with_one_of_its_own(stored: Stored) -> None:
    a, n = [await secrets.list_signing_secrets(scope, KEYS, NOW) for scope in (stored.a, stored.n)]

    assert len(a) == len(n) == 1
    assert a != n
    assert a == await secrets.list_signing_secrets(PUBLIC.signing_in(stored.a.tenant), KEYS, NOW + DAY)
    assert a != await secrets.list_signing_secrets(stored.a, OTHER_KEYS, NOW)
    assert a[0].startswith("gws_")
    assert len(a[0]) == len("gws_") + 43
