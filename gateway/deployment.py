"""`gateway check`: whether a deployment is as it should be, one line a thing, in one screen."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from gateway.app import check_documents
from gateway.context import utc_now
from gateway.environment import ensure_key, key_path, key_ring
from gateway.preparation import find_missing_keys
from gateway.settings import PREFIX, SettingError
from tenants import address, database
from tenants.errors import UnavailableError
from tenants.store.deployment import find_last_moment, look_at_server
from tenants.store.people import find_first_admin
from tenants.system import SystemScope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.settings import Settings
    from tenants.keys import KeyRing
    from tenants.store.deployment import ServerFacts

_SCOPE = SystemScope("check the deployment")
_CLOCK_TOLERANCE = timedelta(seconds=5)
_LEAST_BYTES = 200 * 1024 * 1024
_MOST_NAMED = 2
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Verdict(Enum):
    """How a thing stands; the text is what the screen shows."""

    OK = "ok"
    NOTE = "note"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `words` say what is so and, unless it is well, what to do."""

    verdict: Verdict
    thing: str
    words: str

    def __str__(self) -> str:
        """Its line."""
        return f"{self.verdict.value:<5} {self.thing:<10} {self.words}"


async def run(settings: Settings) -> int:
    """Print every finding. 0 when nothing is wrong, 1 otherwise. Changes nothing, and makes no file."""
    findings = [*check_files(settings), *_check_manifest(settings), await check_schema(settings)]
    if all(one.verdict is not Verdict.FAIL for one in findings if one.thing in ("database", "schema")):
        findings += await _connected(settings)
    print(*findings, sep="\n")
    return 1 if any(one.verdict is Verdict.FAIL for one in findings) else 0


async def _connected(settings: Settings) -> list[Finding]:
    if settings.secret_key is None and not key_path(settings.database_url).exists():
        return [Finding(Verdict.FAIL, "keys", f"There is no key, neither in {PREFIX}SECRET_KEY nor in a file.")]
    await database.connect(settings.database_url, system_role=settings.system_role)
    try:
        return await check_stored(settings, key_ring(ensure_key(settings)), utc_now())
    finally:
        await database.disconnect()


def check_files(settings: Settings) -> list[Finding]:
    """What can be said before the database is opened: of a SQLite database its folder and files."""
    place = address.parse(settings.database_url)
    if not isinstance(place, address.SqliteAddress):
        return []
    return [*_check_space(place.path), *_check_modes(place.path, key_path(settings.database_url))]


def _check_manifest(settings: Settings) -> Iterator[Finding]:
    if settings.trusted_documents is None:
        return
    try:
        check_documents(settings)
    except SettingError as error:
        yield Finding(Verdict.FAIL, "documents", str(error))
    else:
        yield Finding(Verdict.OK, "documents", "Every document of the manifest can run here.")


async def check_schema(settings: Settings) -> Finding:
    """Whether the tables are those of this version; FAIL when the database cannot be reached at all."""
    place = address.parse(settings.database_url)
    try:
        pending = await database.pending_migrations(settings.database_url)
    except UnavailableError as error:
        return Finding(Verdict.FAIL, "database", str(error))
    except ValueError as error:  # whoever is connected may not even look
        return Finding(Verdict.FAIL, "schema", str(error))
    if pending:
        return Finding(Verdict.FAIL, "schema", f"{place} lacks {', '.join(pending)}: run gateway migrate.")
    return Finding(Verdict.OK, "schema", f"{place} is up to date.")


async def check_stored(settings: Settings, keys: KeyRing, now: datetime) -> list[Finding]:
    """What is asked of the database itself, which is connected and up to date."""
    try:
        server = await look_at_server(_SCOPE, settings.system_role)
    except ValueError as error:  # the gateway's own work cannot be done as its role, so nothing more can be asked
        return [Finding(Verdict.FAIL, "isolation", str(error))]
    roles = [_check_roles(server, settings)] if server else []
    if server and server.lacking and not server.passing:  # the rest would be refused by the server
        return [*roles, *_check_addresses(settings)]
    return [
        *roles,
        _check_clock(server.now if server else None, await find_last_moment(_SCOPE), now),
        await _check_keys(keys),
        await _check_writing(),
        await _check_admin(),
        *_check_addresses(settings),
    ]


def _check_space(path: Path) -> Iterator[Finding]:
    folder = path.absolute().parent
    if not folder.is_dir():
        yield Finding(Verdict.FAIL, "files", f"{folder} is not there.")
        return
    free = shutil.disk_usage(folder).free
    if free < _LEAST_BYTES:
        words = f"{folder} has {free // 1024**2} MiB left: writes fail when it is full. Make room."
        yield Finding(Verdict.FAIL, "files", words)


def _check_modes(*paths: Path) -> Iterator[Finding]:
    """Others have no business in the database or in the key."""
    open_to_others = [path for path in paths if path.exists() and path.stat().st_mode & _OTHERS]
    for path in open_to_others:
        yield Finding(Verdict.FAIL, "files", f"{path} can be reached by other users: chmod 600 {path}")
    if not open_to_others:
        yield Finding(Verdict.OK, "files", "Database and key are for this user alone, and there is room.")


def _check_roles(server: ServerFacts, settings: Settings) -> Finding:
    """What holds the role that the gateway serves as, beside its own filters."""
    missing = Verdict.FAIL if settings.is_production else Verdict.NOTE
    if server.role in server.passing:
        words = (
            f"{server.role} passes all policies by, or may. Serve as a role that owns nothing: gateway grants --help"
        )
        return Finding(missing, "isolation", words)
    if server.owned:
        words = (
            f"{server.role} owns tables, or may: policies do not hold it. Serve as another role: gateway grants --help"
        )
        return Finding(missing, "isolation", words)
    wrong = _find_wrong(server, settings)
    if wrong is not None:
        return Finding(Verdict.FAIL, "isolation", wrong)
    words = f"{server.role} owns nothing and is held by row level security (PostgreSQL {server.version})."
    return Finding(Verdict.OK, "isolation", words)


def _find_wrong(server: ServerFacts, settings: Settings) -> str | None:  # noqa: PLR0911 - one line a thing
    """Why a role that owns nothing is not held, or cannot work."""
    if server.passing:
        return f"{server.role} can take on {_some(server.passing)}, which policies do not hold: REVOKE that."
    if server.unguarded:
        return f"No row level security on {_some(server.unguarded)}: let the owner ALTER TABLE … ENABLE it."
    if settings.system_role is None:
        return f"{server.role} sees nothing of what the gateway's own work is about: set {PREFIX}SYSTEM_ROLE."
    if server.inherits_system:
        return f"{server.role} inherits what {settings.system_role} sees, which is everything: run gateway grants."
    if server.lacking:
        return f"Missing: {_some(server.lacking)}. Run gateway grants again."
    if server.beyond:
        return f"Too much: {_some(server.beyond)}. Run gateway grants again, and REVOKE or DROP what stays."
    return None


def _some(names: Sequence[str]) -> str:
    """As many as one line has room for."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _check_clock(server: datetime | None, last: datetime | None, now: datetime) -> Finding:
    """Against the server's, and against what was written last: a clock that is behind opens what is over."""
    if server is not None and abs(server - now) > _CLOCK_TOLERANCE:
        seconds = round((now - server).total_seconds())
        words = f"This machine's clock is {seconds:+} s from the database server's: set both by NTP."
        return Finding(Verdict.FAIL, "clock", words)
    if last is not None and last > now + _CLOCK_TOLERANCE:
        words = (
            f"Something was written at {last:%Y-%m-%d %H:%M:%S} UTC, and here it is {now:%Y-%m-%d %H:%M:%S}: set it."
        )
        return Finding(Verdict.FAIL, "clock", words)
    return Finding(Verdict.OK, "clock", f"It is {now:%Y-%m-%d %H:%M:%S} UTC here, and nothing says otherwise.")


async def _check_keys(keys: KeyRing) -> Finding:
    missing = await find_missing_keys(keys)
    if missing is None:
        return Finding(Verdict.OK, "keys", f"The key {keys.current_id} and its elders open all that is stored.")
    return Finding(Verdict.FAIL, "keys", f"{missing} Give it in GATEWAY_OLD_SECRET_KEYS.")


async def _check_writing() -> Finding:
    """A transaction that changes nothing: takes the lock that writes take."""
    try:
        async with database.transaction():
            pass
    except UnavailableError as error:
        cause = error.__cause__ or error
        return Finding(Verdict.FAIL, "writing", f"The database takes no writes ({type(cause).__name__}): look there.")
    return Finding(Verdict.OK, "writing", "The database takes writes.")


async def _check_admin() -> Finding:
    admin = await find_first_admin(_SCOPE)
    if admin is None:
        return Finding(Verdict.NOTE, "people", "There is no platform admin yet: gateway people invite-admin")
    return Finding(Verdict.OK, "people", "There is a platform admin.")


def _check_addresses(settings: Settings) -> Iterator[Finding]:
    """Links and cookies need an address that people really reach."""
    if not settings.is_production:
        yield Finding(
            Verdict.NOTE, "profile", "development: what is unsafe is allowed. GATEWAY_PROFILE=production ends it."
        )
    elif settings.public_url is None:
        words = "GATEWAY_PUBLIC_URL is not set, so links begin with whatever name a request came in by. Set it."
        yield Finding(Verdict.FAIL, "address", words)
    elif not settings.public_url.startswith("https://"):
        words = "GATEWAY_PUBLIC_URL is not https, and no browser keeps a session there. Put TLS in front."
        yield Finding(Verdict.FAIL, "address", words)
    else:
        yield Finding(Verdict.OK, "address", f"People and phones reach it at {settings.public_url}.")
