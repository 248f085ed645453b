"""The reader of the change feed: what it tells, how soon, and that nothing ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from gateway.jobs.feed import Feed
from tenants import database
from tenants.access import Actor, ActorKind, TenantScope
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.actions.tenant import delete_tenant, resume_tenant, suspend_tenant
from tenants.feed import Change, ChangeKind
from tenants.model import AppKind
from tenants.system import SystemScope
from tests.databases import POOL_SIZE
from tests.make import KEYS, ORIGIN
from tests.tenants.writing import NOW

pytestmark = pytest.mark.anyio
SYSTEM = SystemScope("a test")
STAFF = Actor(ActorKind.PERSON, "Anna")
PATIENCE_SECONDS = 10.0


class Told:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.all: list[Sequence[Change] | None] = []
        self.own: list[Change] = []
        self.read: list[Change] = []

    def __call__(self, changes: Sequence[Change] | None) -> None:
        self.all.append(changes)
        for change in changes or ():
            (self.read if change.number else self.own).append(change)

    @property
    def kinds(self) -> list[ChangeKind]:
        return [change.kind for change in self.read]


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.005)


async def make_tenant(name: str) -> TenantScope:
    made = await create_tenant(SYSTEM.platform(KEYS), provider_id=name, name=None, app=AppKind.GENERIC, now=NOW)
    return TenantScope(made.id, STAFF, ORIGIN)


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Told]:
    """Of a process that is connected and reads its feed, with a neighbour tenant in the database."""
    told = Told()
    feed = Feed([told], database_url)
    await database.connect(database_url, pool_size=POOL_SIZE, timeout_seconds=2, on_commit=feed.hear)
    await make_tenant("NeighbourTel")
    await feed.start()
    yield told
    await feed.close()
    await database.disconnect()


async def test_a_process_begins_with_knowing_nothing(told: Told) -> None:
    assert told.all == [None]


async def test_what_is_done_to_a_tenant_is_told_in_its_order_and_by_its_name(told: Told) -> None:
    tenant = await make_tenant("AcmeInc")
    await publish(tenant, expected=1, note=None, now=NOW)
    await suspend_tenant(tenant, "unpaid", now=NOW)
    await resume_tenant(tenant, now=NOW)
    await until(lambda: len(told.read) == 3)
    await delete_tenant(tenant, "AcmeInc", now=NOW)
    await until(lambda: len(told.read) == 4)

    kinds = [ChangeKind.PUBLISHED, ChangeKind.SUSPENDED, ChangeKind.RESUMED, ChangeKind.DELETED]
    assert told.read == [
        Change(number, tenant.tenant, None if kind is ChangeKind.DELETED else "acmeinc", kind)
        for number, kind in enumerate(kinds, 1)
    ]


async def test_a_process_hears_of_its_own_commit_before_whoever_made_it(told: Told) -> None:
    tenant = await make_tenant("AcmeInc")

    await publish(tenant, expected=1, note=None, now=NOW)

    assert told.own == [Change(0, tenant.tenant, "acmeinc", ChangeKind.PUBLISHED)]
