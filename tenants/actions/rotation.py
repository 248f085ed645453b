"""Encrypting every stored value with the current master key: batch by batch, and as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenants.database import transaction
from tenants.errors import UnreadableSecretError
from tenants.store import sealed as store

if TYPE_CHECKING:
    from tenants.keys import KeyRing, Place
    from tenants.system import SystemScope

_BATCH = 100


@dataclass(slots=True)
class Rotation:
    """What came of it."""

    resealed: int = 0
    unreadable: dict[Place, None] = field(default_factory=dict)
    """Where the values stand that did not open, in the order they were met. They are left alone."""
    remaining: int = 0
    """Values that somebody encrypted with another key meanwhile."""


async def rotate_keys(scope: SystemScope, keys: KeyRing) -> Rotation:
    """Each batch is one transaction, so a kill loses at most one batch of work and never a value.

    Rows that a running gateway is changing are left out at first and waited for one at a time in the end: while this
    waits it holds nothing that anybody else could wait for. Raises UnavailableError.
    """
    done = Rotation()
    for table in store.TABLES:
        await _go_through(scope, keys, table, done, _BATCH, is_waiting=False)
        await _go_through(scope, keys, table, done, 1, is_waiting=True)
    counts = await store.count_by_key(scope)
    others = sum(count for by_key in counts.values() for key, count in by_key.items() if key != keys.current_id)
    done.remaining = max(0, others - len(done.unreadable))
    return done


async def _go_through(
    scope: SystemScope, keys: KeyRing, table: str, done: Rotation, batch: int, *, is_waiting: bool
) -> None:
    after: int | None = -1  # the platform's chain is number 0
    while after is not None:
        async with transaction():
            values = await store.list_outdated(
                scope, table, keys.current_id, after=after, first=batch, is_waiting=is_waiting
            )
            for value in values:
                await _reseal(scope, keys, value, done)
        after = values[-1].place.row if values else None


async def _reseal(scope: SystemScope, keys: KeyRing, value: store.Value, done: Rotation) -> None:
    try:
        opened = keys.open(value.sealed, value.place)
    except UnreadableSecretError:
        done.unreadable[value.place] = None
        return
    await store.replace(scope, value.place, keys.seal(opened, value.place))
    done.resealed += 1
