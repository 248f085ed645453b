"""Whatever is done to the audit log by somebody without the key is found, and the first bad entry is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenants.actions.tenant import delete_tenant, resume_tenant
from tenants.actions.verification import Fault, FaultKind
from tenants.audit import event_id
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.keys import KeyRing
from tests import make
from tests.tenants.auditing import ENTRIES, NOW, Pair, fault_of, head_of, live, make_tenant
from tests.tenants.inspection import execute, fetch

pytestmark = pytest.mark.anyio

CHANGED, MISSING, CUT_OFF = FaultKind.CHANGED, FaultKind.MISSING, FaultKind.CUT_OFF

# Of the third entry of five: the assignment, and what is said. {n} is the neighbour's chain.
EDITS = {
    "id": ("id = id + 500", MISSING),
    "chain": ("chain = {n}", CHANGED),
    "number": ("number = 300", CHANGED),
    "at": (None, CHANGED),  # each database its own way, below
    "action": ("action = 'SETUP_LINK_REVOKED'", CHANGED),
    "actor_kind": ("actor_kind = 'PERSON'", CHANGED),
    "actor_id": ("actor_id = 'token:2'", CHANGED),
    "request_id": ("request_id = 'another'", CHANGED),
    "is_on_platform": ("is_on_platform = NOT is_on_platform", CHANGED),
    "personal": ("personal = replace(personal, '#222222', '#333333')", CHANGED),
    "personal_mac": ("personal_mac = hash", CHANGED),
    "hash": ("hash = personal_mac", CHANGED),
}
EARLIER = {"sqlite": "at = replace(at, '.000001', '.000002')", "postgresql": "at = at + interval '1 microsecond'"}
HEAD_EDITS = {
    "id": ("id = id + 500", FaultKind.NO_HEAD),
    "number": ("number = number - 1", FaultKind.HEAD_CHANGED),
    "hash": ("hash = mac", FaultKind.HEAD_CHANGED),
    "mac": ("mac = hash", FaultKind.HEAD_CHANGED),
    "key_id": ("key_id = '00000000'", FaultKind.KEY),
    "sealed": ("sealed = hash", FaultKind.KEY),
}


@pytest.fixture
async def pair(connected: str) -> Pair:
    return Pair(await live(await make_tenant("AcmeInc")), await live(await make_tenant("NeighbourTel")))


async def run_sql(url: str, *statements: str) -> None:
    for statement in statements:
        await execute(url, statement)


def third(pair: Pair) -> int:
    return event_id(pair.a.tenant, 3)


def test_every_column_is_among_those_that_are_edited_here() -> None:
    assert set(EDITS) == set(AuditEventRow._meta.fields_db_projection.values())  # noqa: SLF001 - the library's own
    assert set(HEAD_EDITS) == set(AuditChainRow._meta.fields_db_projection.values())  # noqa: SLF001 - as above


async def test_what_nobody_touched_verifies(pair: Pair) -> None:
    assert await fault_of(pair.a) is None
    assert (await head_of(pair.a)).number == ENTRIES


@pytest.mark.parametrize("column", EDITS)
async def test_an_edited_column_is_found(pair: Pair, connected: str, column: str) -> None:
    edit, kind = EDITS[column]
    change = (edit or EARLIER[connected.partition(":")[0]]).format(n=pair.n.tenant)
    before = await fetch(connected, f"SELECT * FROM audit_event WHERE id = {third(pair)}")

    await run_sql(connected, f"UPDATE audit_event SET {change} WHERE id = {third(pair)}")

    assert await fetch(connected, f"SELECT * FROM audit_event WHERE id = {third(pair)}") != before
    assert await fault_of(pair.a) == Fault(kind, 3)


@pytest.mark.parametrize("column", HEAD_EDITS)
async def test_an_edited_head_is_found(pair: Pair, connected: str, column: str) -> None:
    change, kind = HEAD_EDITS[column]

    await run_sql(connected, f"UPDATE audit_chain SET {change} WHERE id = {pair.a.tenant}")

    assert await fault_of(pair.a) == Fault(kind)
    assert await fault_of(pair.n) is None


async def test_a_blanked_entry_of_a_tenant_that_is_there_is_found(pair: Pair, connected: str) -> None:
    await run_sql(connected, f"UPDATE audit_event SET personal = NULL WHERE id = {third(pair)}")

    assert await fault_of(pair.a) == Fault(FaultKind.BLANKED, 3)


async def test_a_blanked_entry_that_the_platform_keeps_is_found(pair: Pair, connected: str) -> None:
    await delete_tenant(pair.a, "AcmeInc", now=NOW)
    kept = await fault_of(pair.a)

    await run_sql(connected, f"UPDATE audit_event SET personal = NULL WHERE id = {event_id(pair.a.tenant, 1)}")

    assert kept is None
    assert await fault_of(pair.a) == Fault(FaultKind.BLANKED, 1)


@pytest.mark.parametrize("number", [1, 3])
async def test_a_deleted_entry_is_found(pair: Pair, connected: str, number: int) -> None:
    await run_sql(connected, f"DELETE FROM audit_event WHERE id = {event_id(pair.a.tenant, number)}")

    assert await fault_of(pair.a) == Fault(MISSING, number)
    assert await fault_of(pair.n) is None


async def test_swapped_entries_are_found(pair: Pair, connected: str) -> None:
    one, other, aside = third(pair), third(pair) + 1, third(pair) + 700

    await run_sql(
        connected,
        f"UPDATE audit_event SET id = {aside}, number = 4 WHERE id = {one}",
        f"UPDATE audit_event SET id = {one}, number = 3 WHERE id = {other}",
        f"UPDATE audit_event SET id = {other} WHERE id = {aside}",
    )

    assert await fault_of(pair.a) == Fault(CHANGED, 3)


async def test_a_cut_off_end_is_found(pair: Pair, connected: str) -> None:
    await run_sql(connected, f"DELETE FROM audit_event WHERE id = {event_id(pair.a.tenant, ENTRIES)}")

    assert await fault_of(pair.a) == Fault(CUT_OFF, ENTRIES)


async def test_a_cut_off_end_is_found_also_when_the_head_is_set_back_to_the_entry_before(
    pair: Pair, connected: str
) -> None:
    before = event_id(pair.a.tenant, ENTRIES - 1)

    await run_sql(
        connected,
        f"DELETE FROM audit_event WHERE id = {before + 1}",
        f"UPDATE audit_chain SET number = {ENTRIES - 1}, hash = (SELECT hash FROM audit_event WHERE id = {before}) "
        f"WHERE id = {pair.a.tenant}",
    )

    assert await fault_of(pair.a) == Fault(FaultKind.HEAD_CHANGED)


async def test_a_chain_put_back_as_it_stood_is_found_by_the_head_that_was_kept_elsewhere(
    pair: Pair, connected: str
) -> None:
    """Without one it is what no check can tell: an older state of the database is a state that it was in."""
    kept = await head_of(pair.a)
    (head,) = await fetch(connected, f"SELECT hash, mac FROM audit_chain WHERE id = {pair.a.tenant}")
    await resume_tenant(pair.a, now=NOW)
    later = await head_of(pair.a)

    await run_sql(
        connected,
        f"DELETE FROM audit_event WHERE id > {event_id(pair.a.tenant, ENTRIES)} AND chain = {pair.a.tenant}",
        f"UPDATE audit_chain SET number = {ENTRIES}, hash = {blob(connected, head[0])}, "
        f"mac = {blob(connected, head[1])} WHERE id = {pair.a.tenant}",
    )

    assert await fault_of(pair.a) is None
    assert await fault_of(pair.a, kept=kept) is None
    assert await fault_of(pair.a, kept=later) == Fault(CUT_OFF, ENTRIES + 1)


def blob(url: str, value: bytes) -> str:
    return f"x'{value.hex()}'" if url.startswith("sqlite") else f"'\\x{value.hex()}'"


async def test_a_head_that_is_not_the_one_that_was_kept_is_found(pair: Pair) -> None:
    kept = replace(await head_of(pair.a), hash=b"\0" * 32)

    assert await fault_of(pair.a, kept=kept) == Fault(FaultKind.NOT_AS_KEPT, ENTRIES)


COPY = (
    "INSERT INTO audit_event (id, chain, number, at, action, actor_kind, actor_id, request_id, is_on_platform, "
    "personal, personal_mac, hash) SELECT {id}, {chain}, {number}, at, action, actor_kind, actor_id, request_id, "
    "is_on_platform, personal, personal_mac, hash FROM audit_event WHERE id = {source}"
)


async def test_an_entry_copied_to_the_end_of_another_chain_is_found(pair: Pair, connected: str) -> None:
    number = ENTRIES + 1
    place = {"id": event_id(pair.n.tenant, number), "chain": pair.n.tenant, "number": number}

    await run_sql(connected, COPY.format(**place, source=third(pair)))

    assert await fault_of(pair.n) == Fault(FaultKind.TOO_LONG, number)
    assert await fault_of(pair.a) is None


async def test_an_entry_copied_over_one_of_another_chain_is_found(pair: Pair, connected: str) -> None:
    place = event_id(pair.n.tenant, 3)

    await run_sql(
        connected,
        f"DELETE FROM audit_event WHERE id = {place}",
        COPY.format(id=place, chain=pair.n.tenant, number=3, source=third(pair)),
    )

    assert await fault_of(pair.n) == Fault(CHANGED, 3)


async def test_an_entry_said_to_be_of_an_older_tenant_is_found_in_both_chains(pair: Pair, connected: str) -> None:
    place = event_id(pair.n.tenant, 3)

    await run_sql(connected, f"UPDATE audit_event SET chain = {pair.a.tenant} WHERE id = {place}")

    assert await fault_of(pair.n) == Fault(CHANGED, 3)
    assert await fault_of(pair.a) == Fault(FaultKind.TOO_LONG, ENTRIES + 1)


async def test_a_deleted_head_is_found_and_nothing_can_be_changed_any_more(pair: Pair, connected: str) -> None:
    await run_sql(connected, f"DELETE FROM audit_chain WHERE id = {pair.a.tenant}")

    assert await fault_of(pair.a) == Fault(FaultKind.NO_HEAD)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await delete_tenant(pair.a, "AcmeInc", now=NOW)


async def test_a_head_swapped_with_another_chain_s_is_found(pair: Pair, connected: str) -> None:
    a, n = pair.a.tenant, pair.n.tenant

    await run_sql(
        connected,
        f"UPDATE audit_chain SET id = 900 WHERE id = {a}",
        f"UPDATE audit_chain SET id = {a} WHERE id = {n}",
        f"UPDATE audit_chain SET id = {n} WHERE id = 900",
    )

    assert await fault_of(pair.a) == Fault(FaultKind.KEY)
    assert await fault_of(pair.n) == Fault(FaultKind.KEY)


async def test_a_chain_does_not_open_without_its_master_key(pair: Pair) -> None:
    assert await fault_of(pair.a, KeyRing("another key, 32 characters long !")) == Fault(FaultKind.KEY)
    assert await fault_of(pair.a, make.KEYS) is None
