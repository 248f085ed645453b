"""What the gateway makes sure of before it goes by what is stored: tables of its version, keys that open all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.environment import key_path, key_ring
from gateway.jobs.arrival import ObstacleError
from tenants import database
from tenants.store.sealed import count_by_key
from tenants.system import SystemScope

if TYPE_CHECKING:
    from gateway.settings import Settings
    from tenants.keys import KeyRing

_START = SystemScope("look for missing keys at the start")
_PATIENT_SECONDS = 60.0  # another process may be migrating
_HASTY_SECONDS = 3.0
_TIMEOUT_SECONDS = 5.0
_LOOK_SECONDS = 1.0


async def look(settings: Settings) -> None:
    """Whether the database is there, and answers in a moment. Raises UnavailableError."""
    async with database.visiting(settings.database_url, timeout_seconds=_LOOK_SECONDS):
        pass


async def prepare(settings: Settings, *, is_hasty: bool = False) -> None:
    """Development brings the database up to date; production refuses an old schema.

    Both refuse keys that do not open what is stored: better now than at the first sign-in. `is_hasty`: softphones can
    be answered without it, so little is waited for, and production takes no file that is missing for a new database.
    Raises ObstacleError, UnavailableError, and ValueError where a role of PostgreSQL may not look.
    """
    url = settings.database_url
    pending = await database.pending_migrations(
        url,
        timeout_seconds=_HASTY_SECONDS if is_hasty else _PATIENT_SECONDS,
        is_made=is_hasty and settings.is_production,
    )
    if pending and settings.is_production:
        message = f"The database lacks {len(pending)} migration(s): run gateway migrate first."
        raise ObstacleError(message)
    if pending:
        await database.migrate(url)
    async with database.visiting(url, timeout_seconds=_TIMEOUT_SECONDS, system_role=settings.system_role):
        missing = await find_missing_keys(key_ring(settings))
    if missing is not None:
        message = f"{missing} {_where_keys_go(settings)}"
        raise ObstacleError(message)


async def find_missing_keys(keys: KeyRing) -> str | None:
    """What a start is told whose keys do not open all that is stored: one line; None when nothing is missing."""
    missing: dict[str, int] = {}
    for by_key in (await count_by_key(_START)).values():
        for key, count in by_key.items():
            if key not in keys.key_ids:
                missing[key] = missing.get(key, 0) + count
    if not missing:
        return None
    listed = ", ".join(f"{key} ({count} value(s))" for key, count in sorted(missing.items()))
    return f"Stored values are encrypted with a key that was not given: {listed}."


def _where_keys_go(settings: Settings) -> str:
    if settings.is_production:
        return "Give it in GATEWAY_OLD_SECRET_KEYS."
    file = key_path(settings.database_url)  # which nobody reads while the variable is set
    return f"Give it in GATEWAY_OLD_SECRET_KEYS or, if GATEWAY_SECRET_KEY is not set, as a further line of {file}."
