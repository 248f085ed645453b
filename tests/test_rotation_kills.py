"""`gateway keys rotate` killed at random moments: no value is unreadable at any of them, and in the end all are new."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tenants import database
from tenants.actions.create import create_tenant
from tenants.database import transaction
from tenants.keys import KeyRing
from tenants.model import AppKind, ProvisioningHeader
from tenants.store import secrets
from tenants.store.sealed import count_by_key
from tenants.system import SystemScope
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tenants.access import TenantScope

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.proof]

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 25, tzinfo=UTC)
SYSTEM = SystemScope("the tests' own")
VALUES = 2_000
SLICE = 50
KILLS = count(full=50, ci=3)
KEYS = [f"SECRET-key-{number:03}-0123456789-abcdefgh" for number in range(4 * KILLS)]
"""More than kills: a rotation that was through before it was hit is not counted."""
LONGEST_WAIT = 0.15
"""Seconds; about what a rotation takes after its first batch."""
RING = KeyRing(KEYS[0], KEYS)
"""Opens whatever is stored."""


class Kept:
    """Many values of one tenant, and how often all of them were opened."""

    def __init__(self, scope: TenantScope, headers: list[ProvisioningHeader]) -> None:
        self._scope, self._headers = scope, headers
        self.reads = 0

    async def check(self) -> None:
        """Raises UnreadableSecretError, or fails, when any value is not what was stored."""
        for start in range(0, VALUES, SLICE):
            headers = self._headers[start : start + SLICE]
            opened = await secrets.open_headers(self._scope, RING, headers)
            assert opened == [(header.name, f"SECRET-{header.name}") for header in headers]
        self.reads += 1

    async def check_for_ever(self) -> None:
        while True:
            await self.check()


@pytest.fixture
async def kept(database_url: str) -> AsyncIterator[Kept]:
    await database.connect(database_url)
    platform = SYSTEM.platform(RING)
    made = await create_tenant(platform, provider_id="AcmeInc", name=None, app=AppKind.GENERIC, now=NOW)
    scope = platform.created(made.id)
    async with transaction():
        rows = [await secrets.insert_header(scope, RING, f"SECRET-X-{number}", NOW) for number in range(VALUES)]
    yield Kept(scope, [ProvisioningHeader(f"X-{number}", row, "••••") for number, row in enumerate(rows)])
    await database.disconnect()


def start_rotation(url: str, current: int) -> subprocess.Popen[bytes]:
    """With key `current`, all before it being old ones."""
    env = {
        **os.environ,
        "GATEWAY_SECRET_KEY": KEYS[current],
        "GATEWAY_OLD_SECRET_KEYS": ",".join(KEYS[:current]),
    }
    command = [sys.executable, "-m", "gateway", "keys", "rotate", "--database", url]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


async def count_of(key: int) -> int:
    """How many values this key encrypts."""
    return (await count_by_key(SYSTEM))["secret"].get(KeyRing(KEYS[key]).current_id, 0)


async def kill_somewhere(process: subprocess.Popen[bytes], key: int) -> str:
    """After the first batch, at any moment of the rest; where it was then."""
    while process.poll() is None and not await count_of(key):
        await asyncio.sleep(0.002)
    await asyncio.sleep(random.uniform(0, LONGEST_WAIT))  # noqa: S311 - not a secret
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    code = await asyncio.to_thread(process.wait)
    process.communicate()
    return "killed" if code == -signal.SIGKILL else "came through"


async def test_killed_rotations_proof(kept: Kept, database_url: str) -> None:
    reader = asyncio.create_task(kept.check_for_ever())
    ends: Counter[str] = Counter()
    key = halves = 0

    while halves < KILLS:
        key += 1
        ends[await kill_somewhere(start_rotation(database_url, key), key)] += 1
        await kept.check()
        halves += 0 < await count_of(key) < VALUES

    last = start_rotation(database_url, key + 1)
    out, err = await asyncio.to_thread(last.communicate)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert reader.cancelled()
    await kept.check()

    print(f"{dict(ends)}; {halves} between the first and the last value; {kept.reads} reads of all")  # noqa: T201 - the log
    assert (last.returncode, err) == (0, b"")
    assert await count_by_key(SYSTEM) == {
        "secret": {KeyRing(KEYS[key + 1]).current_id: VALUES},
        "setup_link": {},
        "audit_chain": {KeyRing(KEYS[key + 1]).current_id: 1},
    }
    assert b"SECRET" not in out
