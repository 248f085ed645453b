"""The values of provisioning headers and the secrets that sign calls, encrypted for their rows.

Fails closed: a value that is missing or does not open is an error, never an absent header.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.errors import UnreadableSecretError
from tenants.keys import Place, Sealed
from tenants.rows import SecretRow
from tenants.scoping import scoped

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from tenants.access import SignInScope, TenantScope
    from tenants.keys import KeyRing
    from tenants.model import ProvisioningHeader

_HEADER = "HEADER"
_SIGNING = "SIGNING"
_SIGNING_PREFIX = "gws_"
_SIGNING_BYTES = 32


@scoped
async def open_headers(
    scope: TenantScope | SignInScope, keys: KeyRing, headers: Sequence[ProvisioningHeader]
) -> list[tuple[str, str]]:
    """Name and value of each, in their order. Raises UnreadableSecretError when one cannot be had."""
    if not headers:
        return []
    wanted = [header.secret for header in headers]
    rows = {row.id: row for row in await SecretRow.filter(tenant_id=scope.tenant, kind=_HEADER, id__in=wanted)}
    return [(header.name, _open_row(scope, keys, rows.get(header.secret))) for header in headers]


@scoped
async def insert_header(scope: TenantScope, keys: KeyRing, value: str, now: datetime) -> int:
    """Store a header's value; the id that a config names it by."""
    return await _insert(scope, keys, _HEADER, value, now)


@scoped
async def list_stored_headers(scope: TenantScope, headers: Sequence[ProvisioningHeader]) -> set[int]:
    """Which of the values are there."""
    wanted = [header.secret for header in headers]
    found = await SecretRow.filter(tenant_id=scope.tenant, kind=_HEADER, id__in=wanted).values_list("id", flat=True)
    return {int(str(row)) for row in found}


@scoped
async def mark_published(scope: TenantScope, headers: Sequence[ProvisioningHeader]) -> None:
    """A revision names these values, so they stay as long as the tenant."""
    await SecretRow.filter(tenant_id=scope.tenant, id__in=[header.secret for header in headers]).update(
        is_published=True
    )


@scoped
async def delete_unpublished_headers(scope: TenantScope, *, but: Collection[int]) -> None:
    """Delete the values that no revision names, but for those that the draft does."""
    rows = SecretRow.filter(tenant_id=scope.tenant, kind=_HEADER, is_published=False)
    await (rows.exclude(id__in=but) if but else rows).delete()


@scoped
async def list_signing_secrets(scope: TenantScope | SignInScope, keys: KeyRing, now: datetime) -> tuple[str, ...]:
    """What signs now: the current one, then the one that retires.

    Before anybody was shown one it is derived from the master key, so that a sign-in writes nothing.
    Raises UnreadableSecretError.
    """
    signs = Q(retires_at__isnull=True) | Q(retires_at__gt=now)
    rows = await SecretRow.filter(signs, tenant_id=scope.tenant, kind=_SIGNING).order_by("-created_at", "id")
    current = [row for row in rows if row.retires_at is None]
    retiring = [row for row in rows if row.retires_at is not None]
    opened = tuple(_open_row(scope, keys, row) for row in (*current, *retiring))
    return opened if current else (derived_signing_secret(scope, keys), *opened)


@scoped
async def retire_signing_secret(scope: TenantScope, keys: KeyRing, now: datetime, until: datetime) -> bool:
    """Let the current one sign until then, and no other. False when it does not open any more: then it is deleted."""
    rows = SecretRow.filter(tenant_id=scope.tenant, kind=_SIGNING)
    await rows.filter(retires_at__isnull=False).delete()
    current = await rows.first()
    if current is None:
        await _insert(scope, keys, _SIGNING, derived_signing_secret(scope, keys), now, retires_at=until)
        return True
    try:
        _open_row(scope, keys, current)
    except UnreadableSecretError:
        await rows.delete()
        return False
    await rows.update(retires_at=until)
    return True


@scoped
async def insert_signing_secret(scope: TenantScope, keys: KeyRing, now: datetime) -> str:
    """A random one, current from the commit on."""
    text = _signing_text(secrets.token_bytes(_SIGNING_BYTES))
    await _insert(scope, keys, _SIGNING, text, now)
    return text


@scoped
async def list_signing_dates(scopes: Sequence[TenantScope]) -> dict[int, datetime]:
    """When several tenants' current secret was shown, by tenant; absent where nobody was shown one."""
    rows = await SecretRow.filter(
        tenant_id__in=[scope.tenant for scope in scopes], kind=_SIGNING, retires_at__isnull=True
    )
    return {row.tenant_id: row.created_at for row in rows}


def derived_signing_secret(scope: TenantScope | SignInScope, keys: KeyRing) -> str:
    """What signs a tenant's calls as long as nobody was shown a secret."""
    return _signing_text(keys.derive(f"signing/{scope.tenant}"))


def _signing_text(key: bytes) -> str:
    return _SIGNING_PREFIX + urlsafe_b64encode(key).decode().rstrip("=")


async def _insert(
    scope: TenantScope, keys: KeyRing, kind: str, value: str, now: datetime, *, retires_at: datetime | None = None
) -> int:
    row = secrets.randbelow(2**63 - 1) + 1
    sealed = keys.seal(value.encode(), _place(scope, row))
    await SecretRow.create(
        id=row,
        tenant_id=scope.tenant,
        kind=kind,
        key_id=sealed.key_id,
        sealed=sealed.data,
        created_at=now,
        retires_at=retires_at,
    )
    return row


def _open_row(scope: TenantScope | SignInScope, keys: KeyRing, row: SecretRow | None) -> str:
    if row is None:
        message = "A config names a value that is not stored."
        raise UnreadableSecretError(message)
    return keys.open(Sealed(row.key_id, bytes(row.sealed)), _place(scope, row.id)).decode()


def _place(scope: TenantScope | SignInScope, row: int) -> Place:
    return Place(scope.tenant, "secret", "sealed", row)
