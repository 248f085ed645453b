"""The environment as the process finds it: variables, a `.env` file, the key that development makes for itself."""

from __future__ import annotations

import io
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from gateway.settings import PREFIX, SHORTEST_KEY, Secret, SettingError, Settings
from tenants import address
from tenants.keys import KeyRing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEY_FILE = "gateway.key"
_ENV_FILE = Path(".env")


def load_settings(environ: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> Settings:
    """Settings from the variables and a `.env` file in the working folder; a variable wins. Raises SettingError.

    `overrides` are variables by their full names that win over both: what the command line was given.
    """
    return Settings.from_env({**_read_env_file(), **environ, **(overrides or {})})


def load_serving_settings(environ: Mapping[str, str]) -> Settings:
    """What a worker serves by: read by itself, so that one that is started later has what the files say by then.

    Raises SettingError.
    """
    settings = load_settings(environ)
    return settings if settings.is_production else ensure_key(settings)


def ensure_key(settings: Settings) -> Settings:
    """The settings with a key: development makes one at its first start and keeps it, mode 0600.

    The file's first line is the current key; further ones open what was encrypted with them. Raises SettingError when
    there is none to be had.
    """
    if settings.secret_key is not None:
        return settings
    path = key_path(settings.database_url)
    try:
        _make_key(path)
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The key file {path} cannot be made or read."
        raise SettingError(message) from error
    keys = [line.strip() for line in lines if line.strip()]
    if not keys or any(len(key) < SHORTEST_KEY for key in keys):
        message = (
            f"The key file {path} holds no key, or a line that is none. Delete it if nothing was encrypted with it yet."
        )
        raise SettingError(message)
    current, *others = map(Secret, keys)
    return replace(settings, secret_key=current, old_secret_keys=(*settings.old_secret_keys, *others))


@contextmanager
def shared_snapshot(settings: Settings) -> Iterator[None]:
    """Gives the workers that are started meanwhile a file for known-good configs where the settings name none.

    So a worker that is started while the database is away knows what the others know. It ends with them.
    """
    if settings.snapshot is not None or settings.snapshot_path is not None:
        yield
        return
    with TemporaryDirectory(prefix="gateway-snapshot-") as folder:
        os.environ[f"{PREFIX}SNAPSHOT"] = str(Path(folder) / "snapshot")
        yield


def key_ring(settings: Settings) -> KeyRing:
    """The keys that the settings name. Raises SettingError when there is none."""
    if settings.secret_key is None:
        message = f"{PREFIX}SECRET_KEY is missing."
        raise SettingError(message)
    return KeyRing(settings.secret_key.reveal(), [key.reveal() for key in settings.old_secret_keys])


def key_path(database_url: str) -> Path:
    """Beside the SQLite file; in the working folder under PostgreSQL."""
    place = address.parse(database_url)
    folder = place.path.parent if isinstance(place, address.SqliteAddress) else Path()
    return folder / _KEY_FILE


def _read_env_file() -> dict[str, str]:
    """Taken literally: `${…}` in a password is no variable. Raises SettingError naming a line that cannot be read."""
    if not _ENV_FILE.exists():
        return {}
    try:
        text = _ENV_FILE.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        message = f"The file {_ENV_FILE} cannot be read as UTF-8 text."
        raise SettingError(message) from None
    broken = next((line.original.line for line in parse_stream(io.StringIO(text)) if line.error), None)
    if broken is not None:
        message = f"Line {broken} of the file {_ENV_FILE} is not NAME=value."
        raise SettingError(message)
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _make_key(path: Path) -> None:
    """Written whole beside its place and then linked there, so that two first starts agree on one key."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
