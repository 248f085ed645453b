"""`python -m bench.peers.bare_tortoise DATABASE SECONDS WRITERS`: the statements of `saveHelp` and `publish`, no more.

Those that the gateway sends (tests/api/test_sql_cost.py has the list), by Tortoise's own clients, models and
transactions on the gateway's tables: no HTTP, no GraphQL, no rules, no signatures, made-up values of the same size.
SQLite syncs at each commit, as the gateway has it. Prints what was written, as `bench.writing` does.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connections
from tortoise.expressions import F
from tortoise.transactions import in_transaction  # noqa: TID251 - what one would write with Tortoise alone

from bench.writing import report
from tenants.access_rows import AccessTokenRow
from tenants.audit import event_id
from tenants.audit_rows import AuditChainRow, AuditEventRow
from tenants.feed_rows import ChangeRow
from tenants.rows import DraftRow, ProviderIdRow, RevisionRow, TenantRow

_MODELS = ["tenants.rows", "tenants.access_rows", "tenants.audit_rows", "tenants.feed_rows"]
_BY = '{"kind":"TOKEN","name":"bench","id":"token:1"}'
_PERSONAL = '{"actorName":"bench","address":"127.0.0.1","subject":"draft","changes":[' + '"x"' * 40 + "]}"


async def write(tenant: int, place: int) -> None:
    """Both, one after the other."""
    await AccessTokenRow.filter(sha256=os.urandom(32)).select_related("tenant").first()
    async with in_transaction() as client:
        draft = await DraftRow.filter(tenant_id=tenant).using_db(client).select_for_update().get()
        config = draft.config.replace('"menuTitle":"', f'"menuTitle":"{place % 10}', 1)[: len(draft.config)]
        await (
            DraftRow.filter(tenant_id=tenant, version=draft.version)
            .using_db(client)
            .update(
                version=draft.version + 1, name=draft.name, config=config, edited_at=datetime.now(UTC), edited_by=_BY
            )
        )
        await _record(client, tenant, "DRAFT_SAVED")
    await AccessTokenRow.filter(sha256=os.urandom(32)).select_related("tenant").first()
    async with in_transaction() as client:
        await _publish(client, tenant)
    await TenantRow.filter(id=tenant).select_related("draft").get()


async def _publish(client: TransactionalDBClient, tenant: int) -> None:
    draft = await DraftRow.filter(tenant_id=tenant).using_db(client).select_for_update().get()
    shown = await TenantRow.filter(id=tenant).using_db(client).select_related("draft").get()
    live = RevisionRow.filter(tenant_id__in=[tenant], tenant__live_revision=F("number"))
    await live.using_db(client)
    rows = DraftRow.filter(tenant_id=tenant, version=draft.version).using_db(client)
    await rows.update(version=draft.version + 1)
    number, now = (shown.live_revision or 0) + 1, datetime.now(UTC)
    await RevisionRow.create(
        using_db=client,
        tenant_id=tenant,
        number=number,
        draft_version=draft.version,
        name=shown.name_key,
        config=draft.config,
        published_at=now,
        published_by=_BY,
    )
    await TenantRow.filter(id=tenant).using_db(client).update(live_revision=number, app=shown.app)
    await ProviderIdRow.filter(tenant_id=tenant).using_db(client).update(was_published=True)
    await _record(client, tenant, "CONFIG_PUBLISHED")
    await TenantRow.filter(id__in=[tenant]).using_db(client).values_list("id", "provider_key")
    taken = 'UPDATE "change_counter" SET number = number + 1 RETURNING number'
    change = (await client.execute_query_dict(taken))[0]["number"]
    await ChangeRow.create(using_db=client, number=change, tenant=tenant, kind="PUBLISHED", at=now)


async def _record(client: TransactionalDBClient, tenant: int, action: str) -> None:
    head = await AuditChainRow.filter(id=tenant).using_db(client).select_for_update().get()
    number = head.number + 1
    await AuditEventRow.create(
        using_db=client,
        id=event_id(tenant, number),
        chain=tenant,
        number=number,
        at=datetime.now(UTC),
        action=action,
        actor_kind="TOKEN",
        actor_id="token:1",
        request_id="0123456789abcdef",
        personal=_PERSONAL,
        personal_mac=os.urandom(32),
        hash=os.urandom(32),
    )
    await (
        AuditChainRow.filter(id=tenant).using_db(client).update(number=number, hash=os.urandom(32), mac=os.urandom(32))
    )


async def run(database: str, seconds: float, writers: int) -> str:
    """One slice."""
    await Tortoise.init(db_url=database, modules={"tenants": _MODELS}, _enable_global_fallback=True)
    if database.startswith("sqlite"):
        await get_connections().get("default").execute_query("PRAGMA synchronous=FULL")
    began, took = time.perf_counter(), list[float]()

    async def one(tenant: int) -> None:
        while (begun := time.perf_counter()) < began + seconds:
            await write(tenant, len(took))
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(one(tenant + 1) for tenant in range(writers)))
    told = report(took, began)
    await Tortoise.close_connections()
    return told


if __name__ == "__main__":
    print(asyncio.run(run(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))
