"""The change feed as it is stored: which changes are told, in which order, and what a reader is told of a gap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from gateway.exchange import import_file
from tenants import database
from tenants.access import PLATFORM_CHAIN
from tenants.audit import AuditAction
from tenants.feed import KIND_OF, Batch, Change, ChangeKind, Noted, note
from tenants.feed_rows import ChangeRow
from tenants.rows import TenantRow
from tenants.store.feed import KEPT, read_changes, write_changes
from tenants.system import FEED
from tests.databases import POOL_SIZE, looking_at_rows
from tests.make import KEYS
from tests.tenants.inspection import execute, fetch
from tests.tenants.writing import NOW, elsewhere, saved

pytestmark = pytest.mark.anyio


async def commit(*tenants: int, action: AuditAction = AuditAction.CONFIG_PUBLISHED) -> None:
    """A transaction that changes something of each of these."""
    async with database.transaction():
        for tenant in tenants:
            note(tenant, action, NOW)


async def fail(tenant: int) -> None:
    """A transaction that tells of a change, and then is given up."""
    async with database.transaction():
        note(tenant, AuditAction.CONFIG_PUBLISHED, NOW)
        raise LookupError


async def write(count: int) -> None:
    """A transaction with that many changes of one tenant."""
    async with database.transaction():
        await write_changes(FEED, [Noted(7, ChangeKind.PUBLISHED, NOW)] * count)


def published(number: int, tenant: int, key: str | None = None) -> Change:
    return Change(number, tenant, key, ChangeKind.PUBLISHED)


class Heard:
    """What this process was told of its own commits."""

    def __init__(self) -> None:
        self.all: list[Change] = []

    def __call__(self, changes: Sequence[Change]) -> None:
        self.all.extend(changes)


@pytest.fixture
async def heard(database_url: str) -> AsyncIterator[Heard]:
    """Of a process that wants to be told."""
    heard = Heard()
    await database.connect(database_url, pool_size=POOL_SIZE, timeout_seconds=2, on_commit=heard)
    with looking_at_rows():
        yield heard
    await database.disconnect()


def test_of_each_thing_that_goes_on_record_it_is_decided_whether_it_is_told() -> None:
    assert set(KIND_OF) == set(AuditAction)
    assert set(KIND_OF.values()) == {*ChangeKind, None}
    assert all(len(kind.name) <= 20 for kind in ChangeKind)


async def test_a_new_database_has_a_head_and_nothing_before_it(connected: str) -> None:
    assert await read_changes(FEED, None) == Batch(0, None)
    assert await read_changes(FEED, 0) == Batch(0, ())


async def test_changes_of_one_transaction_stand_side_by_side_in_their_order(connected: str) -> None:
    acme = await saved()
    neighbour = await saved("NeighbourTel")

    await commit(acme.id, neighbour.id, acme.id)
    await commit(neighbour.id)

    of_acme, of_neighbour = (acme.id, "acmeinc"), (neighbour.id, "neighbourtel")
    told = [published(number, *of) for number, of in enumerate([of_acme, of_neighbour, of_acme, of_neighbour], 1)]
    assert await read_changes(FEED, 0) == Batch(4, tuple(told))
    assert await read_changes(FEED, 1, first=2) == Batch(3, tuple(told[1:3]), has_more=True)
    assert await read_changes(FEED, 4) == Batch(4, ())


async def test_what_is_the_platform_s_or_of_a_tenant_that_is_gone_has_no_name(connected: str) -> None:
    await commit(PLATFORM_CHAIN, 12345, action=AuditAction.SIGNED_OUT)

    access = [Change(number, tenant, None, ChangeKind.ACCESS) for number, tenant in ((1, 0), (2, 12345))]
    assert await read_changes(FEED, 0) == Batch(2, tuple(access))


async def test_what_nobody_has_to_know_takes_no_number(connected: str) -> None:
    await commit(1, action=AuditAction.DRAFT_SAVED)

    assert await read_changes(FEED, 0) == Batch(0, ())


async def test_a_change_that_was_rolled_back_is_never_told_and_leaves_no_gap(connected: str) -> None:
    acme = await saved()
    await commit(acme.id)

    with pytest.raises(LookupError):
        await fail(acme.id)
    with pytest.raises(LookupError):
        await fail_after_numbering(acme.id)
    await commit(acme.id)

    assert await read_changes(FEED, 0) == Batch(2, (published(1, acme.id, "acmeinc"), published(2, acme.id, "acmeinc")))


async def fail_after_numbering(tenant: int) -> None:
    async with database.transaction():
        await write_changes(FEED, [Noted(tenant, ChangeKind.DELETED, NOW)])
        raise LookupError


async def test_what_is_under_way_is_not_told_before_its_commit(connected: str) -> None:
    acme = await saved()

    async with database.transaction():
        await write_changes(FEED, [Noted(acme.id, ChangeKind.SUSPENDED, NOW)])
        before = await elsewhere(read_changes(FEED, 0))
    after = await read_changes(FEED, 0)

    assert before == Batch(0, ())
    assert after == Batch(1, (Change(1, acme.id, "acmeinc", ChangeKind.SUSPENDED),))


@pytest.mark.parametrize("at_once", [2, 12])
async def test_those_who_commit_at_once_have_consecutive_numbers(connected: str, at_once: int) -> None:
    rows = [await saved(f"tenant-{number}") for number in range(at_once)]

    await asyncio.gather(*(elsewhere(commit(row.id, row.id)) for row in rows))

    batch = await read_changes(FEED, 0)
    assert batch.changes is not None
    assert [change.number for change in batch.changes] == list(range(1, 2 * at_once + 1))
    pairs = [change.tenant for change in batch.changes[::2]], [change.tenant for change in batch.changes[1::2]]
    assert pairs[0] == pairs[1]
    assert sorted(pairs[0]) == sorted(row.id for row in rows)


@pytest.mark.parametrize("steps", range(3, 60, 8))
async def test_a_commit_cancelled_at_any_step_is_told_exactly_when_it_is_there(connected: str, steps: int) -> None:
    acme = await saved()

    task = elsewhere(rename(acme))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    is_renamed = (await TenantRow.get(id=acme.id)).name_key == "renamed"
    await commit(acme.id)

    renamed = [Change(1, acme.id, "acmeinc", ChangeKind.RENAMED)] if is_renamed else []
    assert await read_changes(FEED, 0) == Batch(
        len(renamed) + 1, (*renamed, published(len(renamed) + 1, acme.id, "acmeinc"))
    )


async def rename(row: TenantRow) -> None:
    async with database.transaction():
        await TenantRow.filter(id=row.id).update(name_key="renamed")
        note(row.id, AuditAction.TENANT_RENAMED, NOW)


async def test_a_reader_that_is_ahead_or_too_far_behind_is_told_that_anything_may_have_changed(connected: str) -> None:
    await commit(1, 2, 3)
    with looking_at_rows():
        async with database.transaction():
            await ChangeRow.filter(number=1).delete()

    assert await read_changes(FEED, 0) == Batch(3, None)
    assert await read_changes(FEED, 9) == Batch(3, None)
    assert (await read_changes(FEED, 1)).changes == (published(2, 2), published(3, 3))


async def test_a_hole_among_the_changes_is_not_passed_over(connected: str) -> None:
    await commit(1, 2, 3)
    await execute(connected, "DELETE FROM change WHERE number = 2")

    assert await read_changes(FEED, 0) == Batch(3, None)
    await execute(connected, "DELETE FROM change WHERE number = 3")
    assert await read_changes(FEED, 1) == Batch(3, None)


async def test_a_kind_that_a_later_version_tells_of_may_be_anything(connected: str) -> None:
    await commit(1)
    await execute(connected, "UPDATE change SET kind = 'REPAINTED'")
    await commit(2)

    assert await read_changes(FEED, 0) == Batch(2, None)
    assert await read_changes(FEED, 1) == Batch(2, (published(2, 2),))


async def test_without_a_counter_nothing_is_taken_for_nothing_new(connected: str) -> None:
    await execute(connected, "DELETE FROM change_counter")

    with pytest.raises(LookupError, match="no counter"):
        await read_changes(FEED, 0)
    with pytest.raises(ValueError, match="unpack"):
        await commit(1)


async def test_the_last_ten_thousand_are_kept(connected: str) -> None:
    await write(150)
    before = await fetch(connected, "SELECT count(*), min(number) FROM change")

    await write(KEPT)
    after = await fetch(connected, "SELECT count(*), min(number), max(number) FROM change")

    assert before == [(150, 1)]
    assert after == [(KEPT, 151, KEPT + 150)]


async def test_a_transaction_with_more_changes_than_are_kept_is_a_gap_to_all(connected: str) -> None:
    await write(5)

    await write(KEPT + 1)

    assert await fetch(connected, "SELECT count(*), min(number) FROM change") == [(KEPT, 7)]
    assert await read_changes(FEED, 5) == Batch(KEPT + 6, None)
    assert (await read_changes(FEED, 6)).changes is not None


async def test_a_change_outside_of_a_transaction_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        note(1, AuditAction.CONFIG_PUBLISHED, NOW)


async def test_a_process_hears_what_it_committed_and_not_what_it_gave_up(heard: Heard) -> None:
    acme = await saved()
    with pytest.raises(LookupError):
        await fail(acme.id)
    before = list(heard.all)

    async with database.transaction():
        note(acme.id, AuditAction.TENANT_SUSPENDED, NOW)
        note(PLATFORM_CHAIN, AuditAction.SIGNED_OUT, NOW)
        during = list(heard.all)

    assert before == during == []
    assert heard.all == [
        Change(0, acme.id, "acmeinc", ChangeKind.SUSPENDED),
        Change(0, PLATFORM_CHAIN, None, ChangeKind.ACCESS),
    ]


ONE = "  - providerId: AcmeInc\n    app: GENERIC\n"
TWO = f"{ONE}  - providerId: BrightTel\n    app: GENERIC\n"


async def test_an_imported_file_is_told_tenant_by_tenant_and_only_where_something_is_new(
    heard: Heard, tmp_path: Path
) -> None:
    told = [await told_after_import(tmp_path, text) for text in (ONE, ONE, TWO, TWO)]
    tried = await told_after_import(tmp_path, f"{TWO}  - providerId: ThirdTel\n    app: GENERIC\n", dry_run=True)

    both = [(1, "acmeinc"), (2, "brighttel")]
    assert told == [both[:1], both[:1], both, both]
    assert tried == both
    assert [change.provider_key for change in heard.all] == ["acmeinc", "brighttel"]


async def told_after_import(folder: Path, text: str, *, dry_run: bool = False) -> list[tuple[int, str | None]]:
    path = folder / "tenants.yaml"
    path.write_text(f"tenants:\n{text}", "utf-8")
    done = import_file(str(path), publish=True, dry_run=dry_run, admitted=frozenset(), keys=KEYS, now=NOW)
    assert await done == 0
    return [(change.number, change.provider_key) for change in (await read_changes(FEED, 0)).changes or ()]
