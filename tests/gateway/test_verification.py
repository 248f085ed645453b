"""`gateway audit verify` as an operator runs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.verification import verify
from tenants.actions.tenant import delete_tenant, resume_tenant, suspend_tenant
from tenants.audit import event_id
from tests import make
from tests.tenants.auditing import NOW, Pair, live, make_tenant
from tests.tenants.inspection import execute

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pair(connected: str) -> Pair:
    """One tenant with five entries, one with one."""
    return Pair(await live(await make_tenant("AcmeInc")), await make_tenant("NeighbourTel"))


async def run(*, tenant: str | None = None, heads: bool = False, against: Path | None = None) -> int:
    return await verify(make.KEYS, tenant=tenant, is_heads=heads, against=against)


async def test_each_chain_is_told_with_its_entries(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run() == 0

    out, err = capsys.readouterr()
    assert out == "AcmeInc: 5 entries, as written\nNeighbourTel: 1 entry, as written\n"
    assert err == ""


async def test_the_first_bad_entry_is_named_and_the_others_are_told_all_the_same(
    pair: Pair, connected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = [event_id(pair.a.tenant, number) for number in (2, 4)]
    for one in edited:
        await execute(connected, f"UPDATE audit_event SET actor_id = 'token:99' WHERE id = {one}")

    assert await run() == 1

    out, err = capsys.readouterr()
    assert out == "NeighbourTel: 1 entry, as written\n"
    assert err == "gateway: AcmeInc: entry 2: was changed, or stands where it was not written.\n"


async def test_one_tenant_is_asked_about_by_its_name_or_a_deleted_one_by_its_id(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(tenant="neighbourtel") == 0
    await delete_tenant(pair.a, "AcmeInc", now=NOW)
    assert await run(tenant=f"id:{pair.a.tenant}") == 0

    assert capsys.readouterr().out == (
        f"NeighbourTel: 1 entry, as written\ndeleted tenant id:{pair.a.tenant}: 6 entries, as written\n"
    )


@pytest.mark.parametrize("tenant", ["AcmeInc", "id:x", "7", ""])
async def test_a_tenant_that_is_not_there_is_a_mistake(pair: Pair, tenant: str) -> None:
    await delete_tenant(pair.a, "AcmeInc", now=NOW)

    with pytest.raises(ValueError, match="There is no tenant by that ProviderId"):
        await run(tenant=tenant)


async def test_a_chain_that_nobody_has_is_not_as_it_was_written(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(tenant="id:4242") == 1
    assert capsys.readouterr().err == "gateway: deleted tenant id:4242: the chain: the head is missing.\n"


def put(path: Path, text: str) -> Path:
    path.write_text(text, "ascii")
    return path


async def keep(path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert await run(heads=True) == 0
    return put(path, capsys.readouterr().out)


async def test_heads_that_were_kept_are_compared_with_a_log_that_went_on(
    pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = await keep(tmp_path / "heads", capsys)
    await resume_tenant(pair.a, now=NOW)

    assert await run(against=kept) == 0
    assert "AcmeInc: 6 entries" in capsys.readouterr().out


async def test_a_chain_that_is_gone_as_a_whole_is_found(
    pair: Pair, connected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = await keep(tmp_path / "heads", capsys)
    for table, column in (("audit_event", "chain"), ("audit_chain", "id")):
        await execute(connected, f"DELETE FROM {table} WHERE {column} = {pair.n.tenant}")

    assert await run() == 1  # it is younger than a tenant whose log begins with its creation
    assert await run(against=kept) == 1

    told = "gateway: NeighbourTel: the chain: there is no entry, though there must be.\n"
    assert capsys.readouterr().err == told * 2


async def test_a_chain_that_was_removed_and_goes_on_anew_is_found(
    pair: Pair, connected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for table, column in (("audit_event", "chain"), ("audit_chain", "id")):
        await execute(connected, f"DELETE FROM {table} WHERE {column} = {pair.n.tenant}")
    await suspend_tenant(pair.n, "unpaid", now=NOW)

    assert await run() == 1

    told = "gateway: NeighbourTel: entry 1: was not written when the tenant was made, though it must have been.\n"
    assert capsys.readouterr().err == told


async def test_a_tenant_from_before_the_log_has_none_yet_and_that_is_in_order(
    pair: Pair, connected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for table, column in (("audit_event", "chain"), ("audit_chain", "id")):
        await execute(connected, f"DELETE FROM {table} WHERE {column} = {pair.a.tenant}")

    assert await run() == 0
    assert capsys.readouterr().out == "NeighbourTel: 1 entry, as written\n"


@pytest.mark.parametrize("text", ["1 2", "1 2 xyz\n", "one two three\n", "\u00e4"])
async def test_what_is_no_file_of_heads_is_a_mistake(pair: Pair, tmp_path: Path, text: str) -> None:
    path = tmp_path / "heads"
    path.write_text(text, "utf-8")

    with pytest.raises(ValueError, match=r"heads (cannot be read|holds something else)"):
        await run(against=path)
    with pytest.raises(ValueError, match=r"cannot be read"):
        await run(against=tmp_path / "none")


async def test_a_log_that_is_written_to_all_the_while_verifies(pair: Pair) -> None:
    async def change() -> None:
        for _ in range(10):
            await resume_tenant(pair.a, now=NOW)
            await suspend_tenant(pair.a, "unpaid", now=NOW)
        await delete_tenant(pair.a, "AcmeInc", now=NOW)

    changing = asyncio.create_task(change())
    codes = []
    while not changing.done():
        codes.append(await run())
    await changing

    assert set(codes) == {0}
    assert await run() == 0
