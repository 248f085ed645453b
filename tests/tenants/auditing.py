"""What the tests of the audit log share: a tenant with a history beside a neighbour, and what a check says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tenants.access import Permission, TenantScope
from tenants.actions import publish, save
from tenants.actions import tenant as tenant_actions
from tenants.actions.create import create_tenant
from tenants.actions.verification import Fault, KeptHead, verify_chain
from tenants.model import AppKind
from tenants.store import audit_log
from tenants.store.audit_log import AuditFilter
from tenants.system import SystemScope
from tests import make

if TYPE_CHECKING:
    from tenants.audit import AuditEvent
    from tenants.keys import KeyRing

NOW = datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)
ADMIN = make.ADMIN
SYSTEM = SystemScope("the tests' own")
ENTRIES = 5
"""Of a tenant with a history."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tenants, each with a history."""

    a: TenantScope
    n: TenantScope


async def make_tenant(provider_id: str, name: str | None = None) -> TenantScope:
    """Of a generic app, and nothing done to it yet."""
    platform = ADMIN.authorize_platform()
    made = await create_tenant(platform, provider_id=provider_id, name=name, app=AppKind.GENERIC, now=NOW)
    return ADMIN.authorize(made.id, Permission.EDIT_DRAFT)


async def live(scope: TenantScope) -> TenantScope:
    """Two saves, a publish and a suspension."""
    for version, color in ((1, "#111111"), (2, "#222222")):
        sent = {"branding": {"themeColor": color}}
        await save.save_section(scope, sent, expected=version, keys=make.KEYS, now=NOW)
    await publish.publish(scope, expected=3, now=NOW)
    await tenant_actions.suspend_tenant(scope, "unpaid", now=NOW)
    return scope


async def fault_of(scope: TenantScope | int, keys: KeyRing = make.KEYS, kept: KeptHead | None = None) -> Fault | None:
    """What is wrong with a chain."""
    chain = scope if isinstance(scope, int) else scope.tenant
    return (await verify_chain(SYSTEM, keys, chain, kept)).fault


async def head_of(scope: TenantScope) -> KeptHead:
    """Where a chain stands."""
    return (await verify_chain(SYSTEM, make.KEYS, scope.tenant)).head


async def log_of(scope: TenantScope) -> list[AuditEvent]:
    """The tenant's log, oldest first."""
    return (await audit_log.list_of_tenant(scope, AuditFilter(), first=100))[::-1]
