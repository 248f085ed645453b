"""A database on PostgreSQL with the two roles of `gateway grants`: whoever serves owns nothing."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

from tenants.grants import statements
from tests.databases import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


@dataclass(frozen=True)
class ServedDatabase:
    """A database with both of its roles, as an operator makes them."""

    owner_url: str
    url: str
    """As the role that answers."""
    system_role: str


@contextmanager
def served_by_roles(server: PostgresServer, url: str) -> Iterator[ServedDatabase]:
    """The migrated database of a superuser's URL, with roles of its own; afterwards all of it is gone."""
    parts = urlsplit(url)
    number = f"{os.getpid()}_{next(_numbers)}"
    serving, system = f"serving_{number}", f"system_{number}"
    script = "\n".join(statements(serving, system))
    database_server = PostgresServer(url)
    database_server.run(script)
    database_server.run(script)  # once more changes nothing
    database_server.run(f"ALTER ROLE {serving} PASSWORD 'of-the-tests'")
    place = parts.netloc.rpartition("@")[2]
    yield ServedDatabase(url, urlunsplit(parts._replace(netloc=f"{serving}:of-the-tests@{place}")), system)
    server.drop(url)
    server.run(f"DROP ROLE {serving}")
    server.run(f"DROP ROLE {system}")


@pytest.fixture
def served(postgres_server: PostgresServer, postgres_url: str) -> Iterator[ServedDatabase]:
    """A fresh migrated database whose tables belong to somebody else than who serves."""
    with served_by_roles(postgres_server, postgres_url) as database:
        yield database
