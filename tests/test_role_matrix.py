"""Every field as everybody: what is answered is what `tests/matrix/expected.py` says. A field without a row fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.environment import key_ring
from gateway.settings import Secret, Settings
from tenants import database
from tenants.access import Permission
from tenants.passwords import hash_password, parse_password
from tests.matrix.attempts import ATTEMPTS
from tests.matrix.documents import MUTATIONS, OBJECTS, QUERIES, SCHEMA
from tests.matrix.expected import COLUMNS, FIELDS, NEEDS, ROOT_FIELDS, TYPES, outcomes
from tests.matrix.fields import HELD
from tests.matrix.page import field_rows, render
from tests.matrix.place import PASSWORD, Place
from tests.matrix.run import Seen, execute, root_of
from tests.matrix.stored import looking_into
from tests.mock_providers import mock_provider
from tests.signing_in import gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.databases import PostgresServer


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database for all cells."""
    if request.param == "sqlite":
        path = f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'gateway.db'}"
        asyncio.run(database.migrate(path))
        yield path
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    made = server.make(request.getfixturevalue("migrated_postgres"))
    yield made
    server.drop(made)


@pytest.fixture(scope="module")
def seen(url: str, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What came of every cell."""
    settings = Settings(database_url=url, secret_key=Secret("a key for tests, 32 characters long"))
    with (
        mock_provider(tmp_path_factory.mktemp("mock")) as provider,
        gateway_with(provider, settings) as phone,
        looking_into(url) as look,
    ):
        password_hash = asyncio.run(hash_password(parse_password(PASSWORD)))
        return execute(Place(phone, key_ring(settings), password_hash), look)


def test_every_root_field_has_a_row_and_every_row_is_tried() -> None:
    kinds = {kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"])}  # type: ignore[arg-type]
    nodes = {row.rpartition(" ")[2] for row in ROOT_FIELDS if row.startswith("Query.node")}

    assert {root_of(row) for row in ROOT_FIELDS} == {*QUERIES, *MUTATIONS}
    assert nodes == kinds
    assert set(ATTEMPTS) == set(ROOT_FIELDS)


def test_every_field_of_every_type_has_a_row() -> None:
    named = [name for names in TYPES.values() for name in names.split()]

    assert sorted(named) == sorted(OBJECTS)
    assert {kind: sorted(names.split()) for kind, names in HELD.items()} == {
        kind: sorted(described.fields) for kind, described in OBJECTS.items()
    }, "decide who is answered, then write it into tests/matrix/fields.py"
    assert set(FIELDS) <= set(field_rows())


def test_every_permission_is_for_something_and_whatever_not_everybody_may_needs_one() -> None:
    for_something = [name for names in NEEDS.values() for name in names.split()]
    changing_a_tenant = {row for row, letters in ROOT_FIELDS.items() if "f" in letters}

    assert set(NEEDS) == {one.value for one in Permission}
    assert {*changing_a_tenant, *FIELDS} <= set(for_something)
    assert len(set(for_something)) == len(for_something)


def test_the_page_for_people_is_current(root: Path) -> None:
    page = (root / "docs" / "role-matrix.md").read_text("utf-8")

    assert page == render(), "python -m tests.matrix.page > docs/role-matrix.md"


@pytest.mark.slow
@pytest.mark.parametrize("row", ROOT_FIELDS)
def test_everybody_is_answered_as_the_matrix_says(seen: Seen, row: str) -> None:
    assert seen.roots[row] == outcomes(ROOT_FIELDS[row])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("permission", "name"), [(permission, name) for permission, names in NEEDS.items() for name in names.split()]
)
def test_whoever_is_told_of_a_permission_is_answered_where_it_is_needed_and_nobody_else(
    seen: Seen, permission: str, name: str
) -> None:
    answered = outcomes({**ROOT_FIELDS, **FIELDS}[name])

    assert {column: permission in seen.told[column] for column in COLUMNS} == {
        column: letter == "y" for column, letter in answered.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", OBJECTS)
def test_fields_are_shown_to_whom_the_matrix_says(seen: Seen, kind: str) -> None:
    expected = {field: outcomes(row) for field, row in field_rows().items() if field.startswith(f"{kind}.")}

    shown = {field: {column: seen.fields[field].get(column, "-") for column in COLUMNS} for field in expected}

    assert shown == expected
