"""Signing in ends in time, also where time was lost before the provider was asked."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.provisioning.outcomes import Provisioned, ProvisioningFailure, Unavailable
from gateway.provisioning.provisioner import Provisioner, SignIn
from gateway.stamps import Stamps
from gateway.upstream.client import Upstream
from tenants import database
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.actions.save import save_section
from tenants.keys import KeyRing
from tenants.model import AppKind
from tenants.system import SystemScope
from tests.fake_resolver import FakeResolver
from tests.mock_providers import mock_provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.mock_provider.server import MockProvider

pytestmark = pytest.mark.anyio
SYSTEM = SystemScope("tests")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = KeyRing("SECRET-key-0123456789-abcdefghij-xyz")
ACCOUNTS = SignIn(
    provider_id="AcmeInc",
    app=AppKind.GENERIC,
    username="accounts",
    password="SECRET-1234",
    device_id="d1",
    reprovision=False,
)
SHARE_OF_THE_BREAKER = 20
"""As many failures as it takes to open it."""


async def publish_tenant(provider_id: str, url: str, admitted: frozenset[str]) -> None:
    tenant = await create_tenant(
        SYSTEM.platform(KEYS), provider_id=provider_id, name=None, app=AppKind.GENERIC, now=NOW
    )
    scope = SYSTEM.tenant(tenant.id, KEYS)
    settings = {"provisioning": {"isEnabled": True, "url": url}}
    draft = await save_section(scope, settings, keys=KEYS, expected=1, now=NOW, admitted=admitted)
    await publish(scope, expected=draft.version, now=NOW, admitted=admitted)


@asynccontextmanager
async def provisioner(database_url: str, provider: MockProvider, seconds: float) -> AsyncIterator[Provisioner]:
    """One whose answers may take so long, and AcmeInc beside a neighbour."""
    admitted = frozenset({provider.host})
    upstream = Upstream(
        resolver=FakeResolver({provider.host: ["127.0.0.1"]}), admitted=admitted, ca_file=provider.authority
    )
    await database.connect(database_url)
    try:
        for provider_id in ("NeighbourTel", "AcmeInc"):
            await publish_tenant(provider_id, provider.url(), admitted)
        yield Provisioner(upstream, KEYS, Stamps(), answer_seconds=seconds)
    finally:
        await upstream.close()
        await database.disconnect()


async def test_a_call_is_cut_short_where_time_was_lost_before_it_and_the_answer_has_its_type(
    database_url: str, tmp_path: Path
) -> None:
    with mock_provider(tmp_path) as provider:
        async with provisioner(database_url, provider, 0.3) as hurried:
            started = time.monotonic()
            outcome = await hurried.provision(replace(ACCOUNTS, username="hang"), address="192.0.2.1", now=NOW)
            seconds = time.monotonic() - started

    assert isinstance(outcome, Unavailable)
    assert outcome.failure is ProvisioningFailure.UNREACHABLE
    assert seconds < 2  # the call alone would take its four


async def test_a_provider_is_not_left_alone_for_calls_that_the_gateway_cut_short(
    database_url: str, tmp_path: Path
) -> None:
    with mock_provider(tmp_path) as provider:
        async with provisioner(database_url, provider, 0.0) as late:
            for number in range(SHARE_OF_THE_BREAKER + 5):
                sign_in = replace(ACCOUNTS, username=f"hang+{number}")
                assert isinstance(await late.provision(sign_in, address="192.0.2.1", now=NOW), Unavailable)
            patient = Provisioner(late.upstream, KEYS, Stamps())
            outcome = await patient.provision(ACCOUNTS, address="192.0.2.1", now=NOW)

    assert isinstance(outcome, Provisioned)
