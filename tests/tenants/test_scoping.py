from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tenants.access import (
    CREDENTIALS,
    PUBLIC,
    Actor,
    ActorKind,
    PersonScope,
    PlatformScope,
    SignInScope,
    TenantScope,
    Trail,
)
from tenants.scoping import Extent, Kind, current_extent, scoped
from tenants.system import SystemScope
from tests.make import ORIGIN

STAFF = Actor(ActorKind.PERSON, "Anna")
pytestmark = pytest.mark.anyio


@scoped
async def extent(scope: object) -> Extent:
    return current_extent()


@scoped
async def outer(scope: object, inner: object) -> tuple[Extent, Extent, Extent]:
    return current_extent(), await extent(inner), current_extent()


def of(tenant: int) -> TenantScope:
    return TenantScope(tenant, STAFF, ORIGIN)


@pytest.mark.parametrize(
    ("leave", "expected"),
    [
        (of(1), Extent(Kind.TENANT, frozenset({1}))),
        ([of(1), of(2)], Extent(Kind.TENANT, frozenset({1, 2}))),
        ([(of(1), 7), (of(3), 8)], Extent(Kind.TENANT, frozenset({1, 3}))),
        ([], Extent(Kind.TENANT)),
        (SignInScope(1), Extent(Kind.SIGN_IN, frozenset({1}))),
        (Trail(1, STAFF, ORIGIN), Extent(Kind.TRAIL, frozenset({1}))),
        (PlatformScope(STAFF, ORIGIN, frozenset({1, 2})), Extent(Kind.TENANT, frozenset({1, 2}))),
        (PlatformScope(STAFF, ORIGIN, frozenset()), Extent(Kind.TENANT)),
        (PlatformScope(STAFF, ORIGIN, None), Extent(Kind.PLATFORM)),
        (PersonScope(4, 5, STAFF, ORIGIN), Extent(Kind.PERSON, person=4)),
        (PUBLIC, Extent(Kind.PUBLIC)),
        (CREDENTIALS, Extent(Kind.CREDENTIAL)),
        (SystemScope("a test"), Extent(Kind.SYSTEM)),
    ],
)
async def test_a_scope_says_how_far_its_statements_go(leave: object, expected: Extent) -> None:
    assert await extent(leave) == expected


@pytest.mark.parametrize("leave", [None, 1, "AcmeInc", b"1", {of(1)}, [of(1), PUBLIC], [1], PlatformScope])
async def test_what_is_no_scope_gives_no_leave(leave: object) -> None:
    with pytest.raises(TypeError):
        await extent(leave)


async def test_an_inner_call_binds_its_own_and_gives_back_what_was_bound() -> None:
    before, inside, after = await outer(of(1), of(2))

    assert (before, inside, after) == tuple(Extent(Kind.TENANT, frozenset({tenant})) for tenant in (1, 2, 1))


async def test_nothing_stays_bound_after_a_call_not_even_one_that_fails() -> None:
    @scoped
    async def fail(scope: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await fail(of(1))

    with pytest.raises(RuntimeError, match="No scope is bound"):
        current_extent()


async def test_calls_side_by_side_keep_their_own() -> None:
    @scoped
    async def slow(scope: object) -> Extent:
        await asyncio.sleep(0)
        return current_extent()

    found = await asyncio.gather(*(slow(of(tenant)) for tenant in range(100)))

    assert [one.tenants for one in found] == [frozenset({tenant}) for tenant in range(100)]


def test_only_what_is_awaited_at_once_can_be_scoped() -> None:
    def later(scope: object) -> Any:
        return None

    with pytest.raises(TypeError, match="async"):
        scoped(later)
