"""An invitation through the real application: accepted once, by the person it is for, and by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.people import (
    RIGHTS,
    VIEWER,
    Browser,
    accept,
    invite,
    make_owner,
)

if TYPE_CHECKING:
    from tests.conftest import Ask


def test_a_new_person_joins_as_what_they_were_invited_and_is_signed_in(ask: Ask) -> None:
    tenant, owner = make_owner(ask, "AcmeInc", "anna@acme.example", "Anna Acme")
    made = invite(owner, tenant, "jane@acme.example", "EDITOR")
    jane = Browser(ask.client)

    done = accept(jane, made["url"], "Jane Doe")

    assert done["viewer"] == {"kind": "PERSON", "name": "Jane Doe", "permissions": []}
    assert jane(VIEWER)["name"] == "Jane Doe"
    assert jane(RIGHTS, {"name": "AcmeInc"})["viewerPermissions"] == ["READ_CONFIG", "EDIT_DRAFT", "MANAGE_SETUP_LINKS"]
