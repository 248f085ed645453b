"""The audit log: written in the transaction of the change it tells of."""

from __future__ import annotations

import os
from datetime import UTC
from typing import TYPE_CHECKING

from tortoise.connection import get_connections

from tenants.audit import Entry, Personal, event_id, fingerprint, head_mac, is_on_platform, personal_mac
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.binding import CONNECTION
from tenants.feed import note
from tenants.keys import Place, Sealed
from tenants.scoping import scoped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import TenantScope, Trail
    from tenants.audit import AuditAction
    from tenants.changes import Change

_KEY_BYTES = 32
# Two who write a chain's first entry at once: one makes the chain, the other waits for it.
_NEW_CHAIN = 'INSERT INTO "audit_chain" (id, number, hash, mac, key_id, sealed) VALUES ({}) ON CONFLICT DO NOTHING'
_PLACES = {"sqlite": "?, 0, ?, ?, ?, ?", "postgres": "$1, 0, $2, $3, $4, $5"}


@scoped
async def record(
    trail: Trail, action: AuditAction, subject: str, changes: Sequence[Change] = (), *, now: datetime
) -> None:
    """Inside the transaction of a change, as its last statement: the entry that tells of it. No entry, no change.

    `subject` says in words what it was done to. The chain's head is locked until the transaction ends: whoever writes
    to two chains writes to the tenant's first. At COMMIT those who serve are told, when they have to know.
    Raises UnreadableSecretError when the chain's key does not open.
    """
    head = await _lock_head(trail)
    key = _open_key(trail, head)
    number = head.number + 1
    personal = Personal(
        actor_name=trail.actor.name, address=trail.origin.address, subject=subject, changes=tuple(changes)
    ).to_stored()
    entry = Entry(
        chain=trail.chain,
        number=number,
        at=now.astimezone(UTC),
        action=action.name,
        actor_kind=trail.actor.kind.value,
        actor_id=trail.actor.actor_id,
        request_id=trail.origin.request_id,
        is_on_platform=is_on_platform(trail.chain, action),
        personal_mac=personal_mac(personal, key, trail.chain, number),
    )
    hashed = entry.hash_after(bytes(head.hash), key)
    await _insert(entry, personal, hashed)
    mac = head_mac(trail.chain, number, hashed, key)
    await AuditChainRow.filter(id=trail.chain).update(number=number, hash=hashed, mac=mac)
    note(trail.chain, action, now)


@scoped
async def take_fingerprints(trail: Trail, secrets: Sequence[str]) -> list[str]:
    """Inside a transaction: what an entry of this chain shows in the place of secrets. Raises as `record`."""
    key = _open_key(trail, await _lock_head(trail))
    return [fingerprint(secret, key) for secret in secrets]


@scoped
async def blank(scope: TenantScope) -> None:
    """Inside the transaction that deletes the tenant: forget names, addresses and values, but what the platform keeps.

    The entries still verify, since their hashes are made of a digest of what is forgotten here.
    """
    await AuditEventRow.filter(chain=scope.tenant, is_on_platform=False).update(personal=None)


def chain_place(chain: int) -> Place:
    """Where the key of a chain stands."""
    return Place(chain, "audit_chain", "sealed", chain)


def _open_key(trail: Trail, head: AuditChainRow) -> bytes:
    return trail.origin.keys.open(Sealed(head.key_id, bytes(head.sealed)), chain_place(head.id))


async def _lock_head(trail: Trail) -> AuditChainRow:
    found = await AuditChainRow.filter(id=trail.chain).select_for_update().first()
    if found is None:
        await _make_chain(trail)
        found = await AuditChainRow.filter(id=trail.chain).select_for_update().get()
    return found


async def _make_chain(trail: Trail) -> None:
    key = os.urandom(_KEY_BYTES)
    sealed = trail.origin.keys.seal(key, chain_place(trail.chain))
    mac = head_mac(trail.chain, 0, b"", key)
    client = get_connections().get(CONNECTION)
    statement = _NEW_CHAIN.format(_PLACES[client.capabilities.dialect])
    await client.execute_query(statement, [trail.chain, b"", mac, sealed.key_id, sealed.data])


async def _insert(entry: Entry, personal: str, hashed: bytes) -> None:
    await AuditEventRow.create(
        id=event_id(entry.chain, entry.number),
        chain=entry.chain,
        number=entry.number,
        at=entry.at,
        action=entry.action,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        request_id=entry.request_id,
        is_on_platform=entry.is_on_platform,
        personal=personal,
        personal_mac=entry.personal_mac,
        hash=hashed,
    )
