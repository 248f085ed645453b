"""Where the database is: a URL, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_FORMS = "A database URL is sqlite:///relative.db, sqlite:////absolute.db or postgresql://user@host/database."


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A file of this machine."""

    path: Path

    def __str__(self) -> str:
        """What a message may show."""
        return f"The SQLite database {self.path}"


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database of a PostgreSQL server. `url` may hold a password, so it is in no text of this object."""

    url: str = field(repr=False)
    place: str

    def __str__(self) -> str:
        """What a message may show."""
        return f"The PostgreSQL database at {self.place}"


Address = SqliteAddress | PostgresAddress


def parse(url: str) -> Address:
    """Raises ValueError with one line that repeats nothing of the URL, since a password may stand in it."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError(_FORMS)
    if scheme == "sqlite":
        return _sqlite(rest)
    if scheme in ("postgres", "postgresql"):
        return PostgresAddress(url, _place(url))
    raise ValueError(_FORMS)


def _sqlite(rest: str) -> SqliteAddress:
    path = rest.removeprefix("/")
    if path == rest or not path or path.endswith("/") or "?" in path or "\0" in path or path == ":memory:":
        message = f"A SQLite URL has three slashes and the name of a file. {_FORMS}"
        raise ValueError(message)
    return SqliteAddress(Path(path))


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        message = "The PostgreSQL URL cannot be read; in a password, write special characters percent-encoded."
        raise ValueError(message) from None
    return f"{parts.hostname or 'the default host'}{f':{port}' if port else ''}{parts.path}"
