"""`gateway keys list` and `gateway keys rotate`. Never a key is printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tenants.actions.rotation import rotate_keys
from tenants.store.sealed import TABLES, count_by_key
from tenants.system import SystemScope

if TYPE_CHECKING:
    from tenants.keys import KeyRing

_LIST = SystemScope("list the keys in use")
_ROTATE = SystemScope("encrypt with the current key")


async def list_keys(keys: KeyRing) -> int:
    """A line a key: its id, how many values it encrypts, what it is. Always 0."""
    counts = await count_by_key(_LIST)
    others = sorted((keys.key_ids | {key for by_key in counts.values() for key in by_key}) - {keys.current_id})
    print("key       " + "".join(f"{table:>12}" for table in TABLES))
    for key in (keys.current_id, *others):
        standing = "current" if key == keys.current_id else "opens" if key in keys.key_ids else "missing"
        print(f"{key:<10}" + "".join(f"{counts[table].get(key, 0):>12}" for table in TABLES) + f"  {standing}")
    return 0


async def rotate(keys: KeyRing) -> int:
    """Encrypt with the current key whatever another one encrypts. 0 when nothing else is left, 1 otherwise."""
    done = await rotate_keys(_ROTATE, keys)
    print(f"Encrypted with the key {keys.current_id}: {done.resealed} value(s).")
    for place in done.unreadable:
        print(f"gateway: {place.table} {place.row} of tenant {place.tenant} does not open.", file=sys.stderr)
    if done.remaining:
        print(
            f"gateway: {done.remaining} value(s) were written with another key meanwhile: give every process the new "
            "key as its current one, then run this again.",
            file=sys.stderr,
        )
    return 1 if done.unreadable or done.remaining else 0
