"""What the tests of storage share: a tenant to write, another request, another process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tenants import database
from tenants.rows import DraftRow, TenantRow
from tests.databases import looking_at_rows

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_outside = copy_context()  # as a task that was started before any transaction


async def make_tenant(name: str = "AcmeInc") -> TenantRow:
    row = await TenantRow.create(
        provider_id=name, provider_key=name.lower(), name_key=name.lower(), app="GENERIC", created_at=NOW
    )
    await DraftRow.create(tenant=row, version=1, config="{}", edited_at=NOW, edited_by="test")
    return row


def elsewhere(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """As another request does it: not inside of this task's transaction."""

    async def look() -> T:
        with looking_at_rows():
            return await work

    return asyncio.create_task(look(), context=_outside.copy())


async def count() -> int:
    return await TenantRow.all().count()


async def saved(name: str = "AcmeInc") -> TenantRow:
    async with database.transaction():
        return await make_tenant(name)


async def write(row: TenantRow) -> None:
    async with database.transaction():
        draft = await DraftRow.get(tenant_id=row.id)
        await DraftRow.filter(tenant_id=row.id, version=draft.version).update(version=draft.version + 1)


def start(script: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
