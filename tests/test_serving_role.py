"""Every root field, answered by the role that owns nothing: row level security admits all that the product needs."""

from __future__ import annotations

import json

import pytest

from gateway.settings import Secret, Settings
from tests.conftest import Ask
from tests.served import ServedDatabase
from tests.test_isolation import FIELDS, NEIGHBOUR, Target, acme, answer

__all__ = ["acme"]  # a fixture
OF_ALL_TENANTS = {"auditLog"}
"""The platform's log is its admins', one of whom asks."""
REFUSED = {"createTenant": {"FORBIDDEN"}}
"""Whoever creates a tenant is no member of it, and is not told of its members and keys."""


@pytest.fixture
def settings(served: ServedDatabase) -> Settings:
    """As in service: whoever serves owns no table, and the gateway's own work has a role of its own."""
    return Settings(
        database_url=served.url,
        secret_key=Secret("a key for tests, 32 characters long"),
        system_role=served.system_role,
    )


@pytest.mark.parametrize("name", FIELDS)
def test_a_root_field_is_answered_as_to_the_owner_of_the_tables(ask: Ask, acme: Target, name: str) -> None:
    target = Target(acme.tenant_id, "A-New") if name == "createTenant" else acme

    told = answer(ask, name, target)

    codes = {error["extensions"]["code"] for error in told.get("errors", ())}
    assert codes <= REFUSED.get(name, set())
    assert codes or told["data"][name]
    assert name in OF_ALL_TENANTS or not [text for text in NEIGHBOUR if text in json.dumps(told)]
