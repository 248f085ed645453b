"""Making the draft live."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tenants.actions import headers
from tenants.actions.telling import tell_publish
from tenants.audit import AuditAction
from tenants.changes import Change, Shown
from tenants.database import transaction
from tenants.documents import to_mapping
from tenants.errors import NothingToPublishError, UnacceptedWarningsError
from tenants.parsing import Collector, apply
from tenants.rules.checks import config_warnings
from tenants.store import drafts, revisions, tenants
from tenants.store.audit import record
from tenants.text import parse_note

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.codes import WarningCode
    from tenants.model import Config, Draft, Revision, Tenant


async def publish(
    scope: TenantScope,
    *,
    expected: int,
    now: datetime,
    note: str | None = None,
    accepted: Collection[WarningCode] | None = None,
    admitted: frozenset[str] = frozenset(),
) -> Revision:
    """A new live revision, checked again by today's rules, all or nothing.

    Raises InvalidInputError, NothingToPublishError (also for a repeated call whose answer was lost),
    UnacceptedWarningsError, VersionConflictError or NotFoundError.
    """
    parsed_note = parse_note_field(note)
    async with transaction():
        draft = await drafts.claim_draft(scope)
        tenant = await tenants.get_tenant(scope)
        live = await revisions.find_live(scope)
        if live is not None and expected == live.draft_version:
            raise NothingToPublishError(live)
        await drafts.check_version(scope, draft, expected)
        if live is not None and shown(tenant, draft) == Shown(live.name, live.config):
            raise NothingToPublishError(live)
        config = check_gate(draft.config, accepted, admitted)
        return await insert(scope, tenant, replace(draft, config=config), live, parsed_note, now)


async def insert(
    scope: TenantScope, tenant: Tenant, draft: Draft, live: Revision | None, note: str | None, now: datetime
) -> Revision:
    """Inside a transaction: the next revision, live from the commit on. Raises InvalidInputError for a lost value."""
    await drafts.raise_version(scope, draft.version)
    revision = await revisions.insert_revision(
        scope,
        number=(tenant.live_revision or 0) + 1,
        draft_version=draft.version,
        name=tenant.name,
        config=draft.config,
        note=note,
        now=now,
    )
    await headers.keep_for_good(scope, draft.config)
    await tenants.set_live(scope, revision.number, draft.config.app)
    told = await tell_publish(scope, Shown(live.name, live.config) if live else None, shown(tenant, draft))
    noted = (Change(path=("note",), label="Note", before=None, after=note),) if note else ()
    await record(scope.trail, AuditAction.CONFIG_PUBLISHED, f"revision {revision.number}", (*told, *noted), now=now)
    return revision


def shown(tenant: Tenant, draft: Draft) -> Shown:
    """What phones would see of the draft."""
    return Shown(draft.name or tenant.provider_id.text, draft.config)


def check_gate(config: Config, accepted: Collection[WarningCode] | None, admitted: frozenset[str]) -> Config:
    """Rules run again: a draft may be older than a rule. Raises InvalidInputError or UnacceptedWarningsError."""
    apply(config, to_mapping(config), admitted)  # every field is sent; only the values of headers are kept
    if accepted is not None:
        unaccepted = tuple(warning for warning in config_warnings(config) if warning.code not in accepted)
        if unaccepted:
            raise UnacceptedWarningsError(unaccepted)
    return config


def parse_note_field(note: str | None) -> str | None:
    """A remark of up to 500 characters; blank is none. Raises InvalidInputError."""
    if note is None or not note.strip():
        return None
    collector = Collector()
    parsed = collector.parse(("note",), parse_note, note)
    collector.finish()
    return parsed
