"""Each filter of the store is needed: without it, another tenant is noticed. But not where policies hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tenants import database
from tests.isolation.calls import FREE, HELD, Call, alone, outcome
from tests.isolation.mutants import Mutant, mutants, scoped_functions
from tests.isolation.worlds import World, make_world
from tests.served import ServedDatabase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CALLS = [*HELD, *FREE]
MUTANTS = mutants()
CHANGES_NOTHING = {
    "members.join_invited: tenant_id=scope.tenant #2": "the row was found among the scope's by the statement before",
    "one_time_links._claim_person: id=person #1": "a lock, whose row nobody reads; the races of reset links hold it",
    "published.list_known: tenant_id__in=list(tenants) #1": "a key is given to the config of its own tenant alone",
    "revisions.list_numbers: tenant_id__in=set(tenants) #1": "what was not asked for is left out once more afterwards",
    "secrets.open_headers: tenant_id=scope.tenant #1": "a value of another tenant does not open, and is refused alike",
    "tokens.revoke_token: tenant_id=scope.tenant #2": "the row was found among the scope's by the statement before",
}
"""Filters that keep a second time what is kept already, and why."""
ONLY_INSERT = {
    "app_keys.insert_app_key",
    "drafts.insert_draft",
    "members.insert_invitation",
    "members.insert_owner",
    "revisions.insert_revision",
    "secrets.insert_header",
    "secrets.insert_signing_secret",
    "setup_links.insert_link",
    "tokens.insert_token",
}
"""They ask for nothing, so no filter can be missing."""
OF_B = re.compile(r"(?<![\w-])B-")
"""Begins whatever is B's. A secret made at random may have the same two characters within."""


class Checked:
    """A world, and what each call comes to there while A is alone."""

    def __init__(self, world: World, alone: list[str], rows: list[Any]) -> None:
        self.world, self.alone, self.rows = world, alone, rows

    @classmethod
    async def make(cls) -> Checked:
        """As the owner of the tables, from whom no policy hides anything."""
        world = await make_world()
        told = [await alone(call, world) for _, call in CALLS]
        return cls(world, told, await world.b.rows())

    async def noticed(self, calls: Sequence[tuple[str, Call]] = CALLS) -> str | None:
        """The first of these calls that comes to something else than without B, or changes what is B's."""
        for name, call in calls:
            expected = self.alone[CALLS.index((name, call))], self.rows
            if await outcome(call, self.world) != expected:
                return name
        return None

    async def noticed_without(self, mutant: Mutant) -> str | None:
        """As above, while a function lacks a filter; those that call it first."""
        with mutant.in_place():
            return await self.noticed(sorted(CALLS, key=lambda one: -_nearness(mutant, one[0])))

    async def survivors(self) -> set[str]:
        """Without which filters nobody notices anything."""
        return {str(mutant) for mutant in MUTANTS if await self.noticed_without(mutant) is None}

    async def leaks(self) -> dict[str, str]:
        """Without which filters something is noticed although policies hold."""
        found = {}
        for mutant in MUTANTS:
            with mutant.in_place():
                name = await self.noticed([one for one in HELD if _nearness(mutant, one[0])])
            found.update({str(mutant): name} if name else {})
        return found


def _nearness(mutant: Mutant, name: str) -> int:
    module, _, function = name.partition(".")
    return (module == mutant.module) + (module == mutant.module and function == mutant.function)


@pytest.fixture
async def checked(connected: str) -> Checked:
    """As the owner of the tables, on both databases."""
    return await Checked.make()


@pytest.fixture
async def checked_as_served(served: ServedDatabase) -> AsyncIterator[Checked]:
    """Made by the owner, asked as the role that serves."""
    await database.connect(served.owner_url, pool_size=1, timeout_seconds=5)
    checked = await Checked.make()
    await database.disconnect()
    await database.connect(served.url, pool_size=1, timeout_seconds=5, system_role=served.system_role)
    yield checked
    await database.disconnect()


def test_every_function_that_has_a_scope_is_called_here() -> None:
    assert scoped_functions() - ONLY_INSERT - {name for name, _ in CALLS} == set()
    assert scoped_functions() >= ONLY_INSERT
    assert len(MUTANTS) > 90


async def test_what_one_tenant_does_comes_to_the_same_whether_the_other_is_there(checked: Checked) -> None:
    assert await checked.noticed() is None
    assert [(name, told) for (name, _), told in zip(CALLS, checked.alone, strict=True) if OF_B.search(told)] == []


async def test_without_any_one_filter_somebody_notices(checked: Checked) -> None:
    assert await checked.survivors() == set(CHANGES_NOTHING)


async def test_without_any_one_filter_policies_still_keep_tenants_apart(checked_as_served: Checked) -> None:
    assert await checked_as_served.noticed(HELD) is None
    assert await checked_as_served.leaks() == {}
