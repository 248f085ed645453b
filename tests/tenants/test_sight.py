"""Whoever may see some tenants is shown those, and is answered about the others as about none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tenants.access import PlatformScope, TenantScope
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.errors import NotFoundError
from tenants.model import AppKind
from tenants.store import revisions, tenants
from tenants.store.tenants import TenantFilter
from tenants.system import SystemScope
from tests.make import ADMIN, KEYS, ORIGIN
from tests.tenants.writing import NOW

pytestmark = pytest.mark.anyio
PLATFORM = SystemScope("a test").platform(KEYS)
EVERYTHING = TenantFilter()


@dataclass
class Some:
    """Six published tenants, of which every other one is seen."""

    seen: list[TenantScope]
    hidden: list[TenantScope]
    scope: PlatformScope


@pytest.fixture
async def some(connected: str) -> Some:
    """The tenants are named alike, so that pages and searches meet those of both kinds."""
    made = [await make_tenant(f"Tel{number}") for number in range(6)]
    seen, hidden = made[::2], made[1::2]
    actor = ADMIN.require()
    return Some(seen, hidden, PlatformScope(actor, ORIGIN, frozenset(scope.tenant for scope in seen)))


async def make_tenant(name: str) -> TenantScope:
    made = await create_tenant(PLATFORM, provider_id=name, name=None, app=AppKind.GENERIC, now=NOW)
    scope = PLATFORM.created(made.id)
    await publish(scope, expected=1, note=None, now=NOW)
    return scope


async def test_a_tenant_that_one_may_not_see_is_found_as_little_as_one_that_is_not_there(some: Some) -> None:
    found = [await tenants.find_tenant(some.scope, name) for name in ("Tel0", "Tel1", "Tel2", "NoSuchTel")]

    assert [one.id if one else None for one in found] == [some.seen[0].tenant, None, some.seen[1].tenant, None]


@pytest.mark.parametrize("narrow", [EVERYTHING, TenantFilter(search="tel"), TenantFilter(app=AppKind.GENERIC)])
async def test_pages_hold_what_one_may_see_and_end_where_that_ends(some: Some, narrow: TenantFilter) -> None:
    first = await tenants.list_tenants(some.scope, narrow, first=2)
    second = await tenants.list_tenants(some.scope, narrow, first=2, after=first[-1][0])
    third = await tenants.list_tenants(some.scope, narrow, first=2, after=second[-1][0])

    assert [tenant.id for _, tenant, _ in first + second + third] == [scope.tenant for scope in some.seen]
    assert (len(first), len(second), len(third)) == (2, 1, 0)


async def test_who_may_see_none_is_shown_none(some: Some) -> None:
    nothing = PlatformScope(some.scope.actor, ORIGIN, frozenset())

    assert await tenants.list_tenants(nothing, EVERYTHING, first=10) == []
    assert await tenants.find_tenant(nothing, "Tel0") is None


async def test_a_platform_admin_sees_all(some: Some) -> None:
    found = await tenants.list_tenants(PLATFORM, EVERYTHING, first=10)

    assert len(found) == 6


async def test_whose_a_revision_is_is_told_to_those_alone_who_may_see_the_tenant(some: Some) -> None:
    mine, other = [await revisions.find_live(scope) for scope in (some.seen[0], some.hidden[0])]
    assert mine is not None
    assert other is not None

    assert await revisions.find_tenant_of(some.scope, mine.id) == some.seen[0].tenant
    assert await revisions.find_tenant_of(PLATFORM, other.id) == some.hidden[0].tenant
    for revision in (other.id, 10**9):
        with pytest.raises(NotFoundError):
            await revisions.find_tenant_of(some.scope, revision)


async def test_many_memberships_are_one_query(some: Some) -> None:
    many = PlatformScope(
        some.scope.actor, ORIGIN, (some.scope.tenants or frozenset()) | set(range(10**6, 10**6 + 5000))
    )

    assert len(await tenants.list_tenants(many, EVERYTHING, first=10)) == 3
