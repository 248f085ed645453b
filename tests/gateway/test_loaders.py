"""Reads that several fields of one request share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.loaders import Loaders
from tenants.access import Permission
from tests import make

if TYPE_CHECKING:
    from tenants.model import Tenant

pytestmark = pytest.mark.anyio


async def test_who_waits_for_the_same_read_is_not_given_up_with_another(connected: str) -> None:
    loaders, scope = Loaders(), make.ADMIN.authorize(424242, Permission.READ_CONFIG)

    async def wait() -> Tenant | None:
        return await loaders.tenants.load(scope)

    one, other = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    one.cancel()

    assert await other is None
    assert one.cancelled()
