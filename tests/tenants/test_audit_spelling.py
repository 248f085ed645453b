"""SQLite takes any value in any column: an entry that is edited so that it reads as before is found all the same."""

from __future__ import annotations

import pytest

from gateway.verification import verify
from tenants import audit_spelling as spelling
from tenants.actions.verification import Fault, FaultKind
from tenants.audit import event_id
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.store import audit_log
from tenants.store.audit_chains import NO_CHAIN
from tenants.store.audit_log import AuditFilter
from tests import make
from tests.tenants.auditing import ENTRIES, Pair, fault_of, live, make_tenant
from tests.tenants.inspection import execute

pytestmark = pytest.mark.anyio

# Values that read like what stands there, or like nothing at all.
EDITS = [
    "id = id + 0.5",
    "chain = chain + 0.5",
    "number = 'three'",
    "number = 3.5",
    "at = '2026-11-24 14:00:00.000001+02:00'",
    "at = '2026-11-24T12:00:00.000001+00:00'",
    "at = 'yesterday'",
    "at = 1795521600",
    "action = CAST(action AS BLOB)",
    "actor_kind = CAST(actor_kind AS BLOB)",
    "actor_id = x'61'",
    "request_id = CAST(x'ff' AS TEXT)",
    "is_on_platform = 2",
    "is_on_platform = 'yes'",
    "personal = CAST(personal AS BLOB)",
    "personal = 7",
    "personal_mac = 'text'",
    "hash = CAST(hash AS TEXT)",
]
HEAD_EDITS = [
    "number = 'five'",
    "number = 5.5",
    "hash = CAST(hash AS TEXT)",
    "mac = 'text'",
    "key_id = x'61'",
    "sealed = 'text'",
]
COPY = (
    "INSERT INTO audit_event (id, chain, number, at, action, actor_kind, actor_id, request_id, is_on_platform, "
    "personal, personal_mac, hash) SELECT {id}, {chain}, number, at, action, actor_kind, actor_id, request_id, "
    "is_on_platform, personal, personal_mac, hash FROM audit_event WHERE id = {source}"
)


async def make_pair() -> Pair:
    return Pair(await live(await make_tenant("AcmeInc")), await live(await make_tenant("NeighbourTel")))


def test_every_column_is_read_with_its_kind() -> None:
    for model, columns in ((AuditEventRow, spelling.EVENT), (AuditChainRow, spelling.CHAIN)):
        assert set(columns) == set(model._meta.fields_db_projection.values())  # noqa: SLF001 - the library's own


@pytest.mark.parametrize("edit", EDITS)
async def test_an_entry_that_is_spelled_otherwise_is_found(connected_sqlite: str, edit: str) -> None:
    pair = await make_pair()

    await execute(connected_sqlite, f"UPDATE audit_event SET {edit} WHERE id = {event_id(pair.a.tenant, 3)}")

    assert await fault_of(pair.a) == Fault(FaultKind.CHANGED, 3)
    assert await fault_of(pair.n) is None


@pytest.mark.parametrize("edit", HEAD_EDITS)
async def test_a_head_that_is_spelled_otherwise_is_found(connected_sqlite: str, edit: str) -> None:
    pair = await make_pair()

    await execute(connected_sqlite, f"UPDATE audit_chain SET {edit} WHERE id = {pair.a.tenant}")

    assert await fault_of(pair.a) == Fault(FaultKind.HEAD_CHANGED)
    assert await fault_of(pair.n) is None


async def test_an_entry_of_no_chain_is_told_and_the_chains_all_the_same(
    connected_sqlite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = await make_pair()
    copy = COPY.format(id=-1, chain="'none'", source=event_id(pair.a.tenant, 1))

    await execute(connected_sqlite, copy)

    assert await verify(make.KEYS, tenant=None, is_heads=False, against=None) == 1
    out, err = capsys.readouterr()
    assert out == f"AcmeInc: {ENTRIES} entries, as written\nNeighbourTel: {ENTRIES} entries, as written\n"
    assert f"id:{NO_CHAIN}: " in err


@pytest.mark.parametrize("place", ["-1", "77", "{a} * 1000000000", "999999999000000001"])
async def test_an_entry_that_stands_in_no_place_of_its_chain_is_shown_and_found(connected: str, place: str) -> None:
    pair = await make_pair()
    copy = COPY.format(id=place.format(a=pair.a.tenant), chain=pair.a.tenant, source=event_id(pair.a.tenant, 3))

    await execute(connected, copy)

    assert len(await audit_log.list_of_tenant(pair.a, AuditFilter(), first=100)) == ENTRIES + 1
    fault = await fault_of(pair.a)
    assert fault is not None
    assert fault.kind in {FaultKind.TOO_LONG, FaultKind.CHANGED}
    assert await fault_of(pair.n) is None
