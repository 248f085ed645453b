"""Encrypting everything with the current key: whatever stands in the way, no value is lost, and none moves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tenants import database
from tenants.access import PUBLIC, Origin, Permission, TenantScope
from tenants.accounts import Accounts
from tenants.actions.create import create_tenant
from tenants.actions.rotation import Rotation, rotate_keys
from tenants.audit_rows import AuditChainRow
from tenants.database import transaction
from tenants.errors import UnreadableSecretError
from tenants.keys import KeyRing, Sealed
from tenants.model import AppKind, ProvisioningHeader
from tenants.rows import SecretRow, SetupLinkRow
from tenants.setup_links import SetupToken
from tenants.store import sealed as store
from tenants.store import secrets
from tenants.store.setup_links import ERASED, NewSetupLink, content_place, insert_link
from tenants.system import SystemScope
from tests import make
from tests.databases import looking_at_rows
from tests.tenants.writing import elsewhere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SYSTEM = SystemScope("the tests' own")
FIRST, SECOND, THIRD = (f"SECRET-key-{word}-0123456789-abcdefgh" for word in ("one", "two", "three"))
OLD, BOTH, NEW = KeyRing(FIRST), KeyRing(SECOND, [FIRST]), KeyRing(SECOND)
ADMIN = replace(make.ADMIN, origin=Origin(OLD))
CONTENT = Accounts((), ())
MANY = 230
"""More than two batches."""
ALL = MANY + 3 + 2 + 2 + 2
"""The headers of both tenants, and of each a signing secret, a setup link and the key of its chain."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Two tenants, each with headers, a signing secret and a setup link, all under the old key."""

    a: TenantScope
    n: TenantScope
    headers: tuple[ProvisioningHeader, ...]
    n_headers: tuple[ProvisioningHeader, ...]
    link: int
    n_link: int


async def make_tenant(provider_id: str) -> TenantScope:
    made = await create_tenant(
        ADMIN.authorize_platform(), provider_id=provider_id, name=None, app=AppKind.GENERIC, now=NOW
    )
    return ADMIN.authorize(made.id, Permission.EDIT_DRAFT)


async def fill(scope: TenantScope, count: int) -> tuple[tuple[ProvisioningHeader, ...], int]:
    async with transaction():
        rows = [await secrets.insert_header(scope, OLD, f"SECRET-{n}", NOW) for n in range(count)]
        await secrets.insert_signing_secret(scope, OLD, NOW)
        new = NewSetupLink(
            content=CONTENT, note=None, can_move=False, created_at=NOW, expires_at=NOW + timedelta(hours=1)
        )
        link = await insert_link(scope, OLD, SetupToken.random(), new)
    return tuple(ProvisioningHeader(f"X-{n}", row, "••••") for n, row in enumerate(rows)), link.id


@pytest.fixture
async def stored(connected: str) -> Stored:
    a, n = await make_tenant("AcmeInc"), await make_tenant("NeighbourTel")
    (headers, link), (n_headers, n_link) = await fill(a, MANY), await fill(n, 3)
    return Stored(a, n, headers, n_headers, link, n_link)


async def open_all(stored: Stored, keys: KeyRing) -> None:
    """Raises UnreadableSecretError when any value of the two tenants does not open."""
    opened = await secrets.open_headers(PUBLIC.signing_in(stored.a.tenant), keys, stored.headers)
    assert opened == [(f"X-{n}", f"SECRET-{n}") for n in range(MANY)]
    assert len(await secrets.open_headers(stored.n, keys, stored.n_headers)) == 3
    for scope in (stored.a, stored.n):
        assert len(await secrets.list_signing_secrets(scope, keys, NOW)) == 1
    for link, scope in ((stored.link, stored.a), (stored.n_link, stored.n)):
        row = await SetupLinkRow.get(id=link)
        keys.open(Sealed(row.key_id, bytes(row.sealed)), content_place(scope.tenant, link))


async def test_after_a_rotation_the_new_key_alone_opens_everything(stored: Stored) -> None:
    done = await rotate_keys(SYSTEM, BOTH)

    assert done == Rotation(resealed=ALL)
    assert await store.count_by_key(SYSTEM) == {
        "secret": {NEW.current_id: MANY + 3 + 2},
        "setup_link": {NEW.current_id: 2},
        "audit_chain": {NEW.current_id: 2},
    }
    await open_all(stored, NEW)


async def test_a_second_rotation_changes_nothing(stored: Stored) -> None:
    await rotate_keys(SYSTEM, BOTH)
    before = await SecretRow.all().order_by("id").values()

    done = await rotate_keys(SYSTEM, BOTH)

    assert done == Rotation()
    assert await SecretRow.all().order_by("id").values() == before


async def test_a_rotation_changes_key_and_ciphertext_and_nothing_else(stored: Stored) -> None:
    before = [await table.all().order_by("id").values() for table in (SecretRow, SetupLinkRow, AuditChainRow)]

    await rotate_keys(SYSTEM, BOTH)

    after = [await table.all().order_by("id").values() for table in (SecretRow, SetupLinkRow, AuditChainRow)]
    for row in (row for rows in (*before, *after) for row in rows):
        del row["key_id"], row["sealed"]
    assert after == before


async def test_a_value_that_does_not_open_is_named_and_left_alone_and_all_others_go_on(stored: Stored) -> None:
    broken, foreign = stored.headers[5].secret, stored.n_link
    async with transaction():
        await SecretRow.filter(id=broken).update(sealed=b"not what was sealed here")
        await SetupLinkRow.filter(id=foreign).update(key_id="00000000")

    done = await rotate_keys(SYSTEM, BOTH)

    assert {(place.table, place.tenant, place.row) for place in done.unreadable} == {
        ("secret", stored.a.tenant, broken),
        ("setup_link", stored.n.tenant, foreign),
    }
    assert (done.resealed, done.remaining) == (ALL - 2, 0)
    assert bytes((await SecretRow.get(id=broken)).sealed) == b"not what was sealed here"
    assert (await SetupLinkRow.get(id=foreign)).key_id == "00000000"


async def test_what_was_erased_is_neither_counted_nor_encrypted_nor_reported(stored: Stored) -> None:
    async with transaction():
        await SetupLinkRow.filter(id=stored.link).update(sealed=ERASED, key_id="00000000")

    done = await rotate_keys(SYSTEM, BOTH)

    assert not done.unreadable
    assert (await store.count_by_key(SYSTEM))["setup_link"] == {NEW.current_id: 1}
    assert bytes((await SetupLinkRow.get(id=stored.link)).sealed) == ERASED


async def test_who_opens_values_all_the_time_never_fails_while_keys_are_rotated(stored: Stored) -> None:
    keys = [KeyRing(key, [FIRST, SECOND, THIRD]) for key in (SECOND, THIRD, FIRST)]
    rotating = [elsewhere(_rotate_one_after_the_other(keys))]

    rounds = 0
    while not rotating[0].done():
        await open_all(stored, keys[0])
        rounds += 1

    assert await rotating[0] == [ALL] * 3
    assert rounds > 1
    await open_all(stored, OLD)


async def _rotate_one_after_the_other(keys: list[KeyRing]) -> list[int]:
    return [(await rotate_keys(SYSTEM, ring)).resealed for ring in keys]


async def test_two_rotations_at_once_end_with_everything_encrypted_once(stored: Stored) -> None:
    one, other = await asyncio.gather(*(elsewhere(rotate_keys(SYSTEM, BOTH)) for _ in range(2)))

    assert one.resealed + other.resealed == ALL
    await open_all(stored, NEW)


async def test_a_row_that_somebody_else_is_changing_is_waited_for_in_the_end(patient_postgres: str) -> None:
    scope = await make_tenant("AcmeInc")
    headers, _ = await fill(scope, 3)
    rival = await asyncpg.connect(patient_postgres, timeout=10)
    change = rival.transaction()
    await change.start()
    await rival.execute("UPDATE secret SET is_published = true WHERE id = $1", headers[1].secret)

    rotating = elsewhere(rotate_keys(SYSTEM, BOTH))
    await _wait_until_somebody_waits(rival)
    others = await rival.fetchval("SELECT count(*) FROM secret WHERE key_id = $1", NEW.current_id)
    await change.commit()
    await rival.close()

    assert others == 3  # two headers and the signing secret went on
    assert (await rotating).resealed == 3 + 2 + 1
    assert (await SecretRow.get(id=headers[1].secret)).is_published


async def test_a_value_written_with_the_old_key_meanwhile_is_told(patient_postgres: str) -> None:
    scope = await make_tenant("AcmeInc")
    _, link = await fill(scope, 3)
    rival = await asyncpg.connect(patient_postgres, timeout=10)
    change = rival.transaction()
    await change.start()
    await rival.execute("UPDATE setup_link SET note = 'held' WHERE id = $1", link)

    rotating = elsewhere(rotate_keys(SYSTEM, BOTH))
    await _wait_until_somebody_waits(rival)  # it has been through the headers by now
    async with transaction():
        await secrets.insert_header(scope, OLD, "SECRET-late", NOW)
    await change.commit()
    await rival.close()

    assert await rotating == Rotation(resealed=3 + 2 + 1, remaining=1)
    assert await rotate_keys(SYSTEM, BOTH) == Rotation(resealed=1)


@pytest.fixture
async def patient_postgres(postgres_url: str) -> AsyncIterator[str]:
    """Connected, and willing to wait for a lock."""
    await database.connect(postgres_url, pool_size=3, timeout_seconds=10)
    with looking_at_rows():
        yield postgres_url
    await database.disconnect()


async def _wait_until_somebody_waits(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.01)


async def move(stored: Stored, from_row: int, to_row: int) -> None:
    row = await SecretRow.get(id=from_row)
    async with transaction():
        await SecretRow.filter(id=to_row).update(sealed=row.sealed, key_id=row.key_id)


async def test_a_ciphertext_moved_to_another_row_of_the_same_tenant_is_refused(stored: Stored) -> None:
    one, other = stored.headers[:2]
    await move(stored, one.secret, other.secret)

    with pytest.raises(UnreadableSecretError):
        await secrets.open_headers(stored.a, OLD, [other])
    assert await secrets.open_headers(stored.a, OLD, [one]) == [("X-0", "SECRET-0")]


async def test_a_ciphertext_moved_to_the_neighbour_s_row_is_refused(stored: Stored) -> None:
    await move(stored, stored.headers[0].secret, stored.n_headers[0].secret)

    with pytest.raises(UnreadableSecretError):
        await secrets.open_headers(stored.n, OLD, stored.n_headers)


async def test_a_row_given_to_the_neighbour_is_refused(stored: Stored) -> None:
    async with transaction():
        await SecretRow.filter(id=stored.headers[0].secret).update(tenant_id=stored.n.tenant)

    with pytest.raises(UnreadableSecretError):
        await secrets.open_headers(stored.n, OLD, [stored.headers[0]])
    with pytest.raises(UnreadableSecretError):
        await secrets.open_headers(stored.a, OLD, [stored.headers[0]])


async def test_a_header_s_value_in_place_of_a_signing_secret_is_refused(stored: Stored) -> None:
    signing = await SecretRow.get(tenant_id=stored.a.tenant, kind="SIGNING")
    await move(stored, stored.headers[0].secret, signing.id)

    with pytest.raises(UnreadableSecretError):
        await secrets.list_signing_secrets(stored.a, OLD, NOW)


async def test_a_ciphertext_moved_to_another_table_and_column_is_refused(stored: Stored) -> None:
    value = await SecretRow.get(id=stored.headers[0].secret)
    link = dict((await SetupLinkRow.filter(id=stored.link).values())[0])
    async with transaction():  # the same tenant and even the same row's id: the table alone differs
        await SetupLinkRow.filter(id=stored.link).delete()
        await SetupLinkRow.create(**{**link, "id": value.id, "sealed": value.sealed})
    moved = await SetupLinkRow.get(id=value.id)

    with pytest.raises(UnreadableSecretError):
        OLD.open(Sealed(moved.key_id, bytes(moved.sealed)), content_place(stored.a.tenant, moved.id))
    done = await rotate_keys(SYSTEM, BOTH)

    assert [(place.table, place.row) for place in done.unreadable] == [("setup_link", value.id)]


async def test_an_older_ciphertext_of_the_same_row_is_what_no_ring_can_tell(stored: Stored) -> None:
    """Said plainly, so that nobody relies on more: put back where it stood, a value is the value that stood there."""
    row = await SecretRow.get(id=stored.headers[0].secret)
    await rotate_keys(SYSTEM, BOTH)
    async with transaction():
        await SecretRow.filter(id=row.id).update(sealed=row.sealed, key_id=row.key_id)

    assert await secrets.open_headers(stored.a, BOTH, stored.headers[:1]) == [("X-0", "SECRET-0")]


def test_the_keys_of_these_tests_differ() -> None:
    assert all(one.current_id != other.current_id for one, other in pairwise((OLD, NEW, KeyRing(THIRD))))
