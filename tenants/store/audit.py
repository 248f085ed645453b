"""The audit log: written in the transaction of the change it tells of."""

from __future__ import annotations

import os
from datetime import UTC
from typing import TYPE_CHECKING

from tortoise.connection import get_connections

from tenants.audit import ON_PLATFORM, Entry, Personal, personal_mac
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.binding import CONNECTION
from tenants.keys import Place, Sealed
from tenants.scoping import scoped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import Trail
    from tenants.audit import AuditAction
    from tenants.changes import Change
    from tenants.keys import KeyRing

_KEY_BYTES = 32
# Two who write a chain's first entry at once: one makes the chain, the other waits for it.
_NEW_CHAIN = "INSERT INTO audit_chain (id, number, hash, key_id, sealed) VALUES ({}) ON CONFLICT DO NOTHING"
_PLACES = {"sqlite": "?, 0, ?, ?, ?", "postgres": "$1, 0, $2, $3, $4"}


@scoped
async def record(
    trail: Trail, action: AuditAction, subject: str, changes: Sequence[Change] = (), *, now: datetime
) -> None:
    """Inside the transaction of a change, as its last statement: the entry that tells of it. No entry, no change.

    `subject` says in words what it was done to. The chain's head is locked until the transaction ends.
    """
    head = await _lock_head(trail)
    key = trail.origin.keys.open(Sealed(head.key_id, bytes(head.sealed)), chain_place(head.id))
    number = head.number + 1
    personal = Personal(
        actor_name=trail.actor.name, address=trail.origin.address, subject=subject, changes=tuple(changes)
    ).to_stored()
    entry = Entry(
        chain=trail.chain,
        number=number,
        at=now.astimezone(UTC).replace(microsecond=0),
        action=action.name,
        actor_kind=trail.actor.kind.value,
        actor_id=trail.actor.actor_id,
        request_id=trail.origin.request_id,
        is_on_platform=action in ON_PLATFORM,
        personal_mac=personal_mac(personal, key, trail.chain, number),
    )
    hashed = entry.hash_after(bytes(head.hash), key)
    await _insert(entry, personal, hashed)
    await AuditChainRow.filter(id=head.id).update(number=number, hash=hashed)


def chain_place(chain: int) -> Place:
    """Where the key of a chain stands."""
    return Place(chain, "audit_chain", "sealed", chain)


async def _lock_head(trail: Trail) -> AuditChainRow:
    found = await AuditChainRow.filter(id=trail.chain).select_for_update().first()
    if found is None:
        await _make_chain(trail.chain, trail.origin.keys)
        found = await AuditChainRow.filter(id=trail.chain).select_for_update().get()
    return found


async def _make_chain(chain: int, keys: KeyRing) -> None:
    sealed = keys.seal(os.urandom(_KEY_BYTES), chain_place(chain))
    client = get_connections().get(CONNECTION)
    statement = _NEW_CHAIN.format(_PLACES[client.capabilities.dialect])
    await client.execute_query(statement, [chain, b"", sealed.key_id, sealed.data])


async def _insert(entry: Entry, personal: str, hashed: bytes) -> None:
    await AuditEventRow.create(
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
