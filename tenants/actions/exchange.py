"""Taking tenants from a file: all of them or none, and as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from tenants.actions import create, headers
from tenants.actions import publish as publishing
from tenants.actions.telling import tell_names, tell_save
from tenants.audit import AuditAction
from tenants.changes import Shown
from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.errors import InvalidInputError, NotFoundError, Problem, VersionConflictError
from tenants.files.problems import FileCode, RefusedFileError
from tenants.identity import ProviderId, parse_name
from tenants.model import AppKind, Config, Draft, Provisioning, Tenant
from tenants.parsing import Collector, apply
from tenants.store import drafts, revisions, tenants
from tenants.store.audit import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.files.entries import Entry, TenantsFile
    from tenants.keys import KeyRing
    from tenants.system import SystemScope

_FIXED = Problem(
    ProblemCode.PROVIDER_ID_FIXED,
    ("providerId",),
    "This ProviderId was published in another spelling, which is inside apps and printed codes and stays.",
    "Spell it as `gateway export` does.",
)
_OVERTAKEN = "Somebody changed this tenant at the same moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How a file is to be taken."""

    scope: SystemScope
    admitted: frozenset[str]
    """Hosts outside the public DNS that links may lead to (L3)."""
    is_publishing: bool
    is_dry_run: bool
    note: str | None
    """Of the revisions."""
    keys: KeyRing
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done to one tenant."""

    provider_id: str
    is_new: bool
    is_changed: bool
    published: int | None
    """The new revision's number; None when nothing was published."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    entry: Entry
    provider_id: ProviderId
    name: str | None
    config: Config


class _UndoneError(Exception):
    """Leaves the transaction of a dry run."""


async def take(how: Import, file: TenantsFile) -> list[Outcome]:
    """Create, change and publish in one transaction; a dry run does all of it and keeps nothing.

    Raises RefusedFileError with every problem: of the file, of its values, and those that only the database knows.
    """
    wanted = await _parse_all(how, file.entries)
    outcomes: dict[str, Outcome] = {}
    try:
        async with transaction():
            for one in wanted:
                await _note_refusals(how, one)
            file.refuse_if_any()
            for one in sorted(wanted, key=lambda one: one.provider_id.key):  # two imports take locks in one order
                outcomes[one.provider_id.key] = await _take_unless_overtaken(how, one)
            if how.is_dry_run:
                raise _UndoneError  # noqa: TRY301 - leaving by an exception is how a transaction is undone
    except _UndoneError:
        pass
    return [outcomes[one.provider_id.key] for one in wanted]


async def _parse_all(how: Import, entries: Sequence[Entry]) -> list[_Wanted]:
    """Every rule on every tenant, and no ProviderId twice. One with problems is wanted too: the database is asked."""
    wanted: dict[str, _Wanted] = {}
    for entry in entries:
        one = _parse(entry, await _stored_provisioning(how, entry), how.admitted)
        if one is not None and wanted.setdefault(one.provider_id.key, one) is not one:
            message = "A tenant above has this ProviderId; capital and small letters are one."
            entry.form.note(("providerId",), FileCode.PROVIDER_ID_REPEATED, message)
    return list(wanted.values())


async def _stored_provisioning(how: Import, entry: Entry) -> Provisioning:
    """The headers whose values a file may leave out, and the address that they are for.

    Whether the values are still there is asked again under the lock.
    """
    section = entry.sections.get("provisioning", {})
    if all(header.get("value") is not None for header in section.get("headers") or ()):
        return Provisioning()
    tenant = await tenants.find_tenant(how.scope.platform(how.keys), entry.provider_id)
    found = await drafts.list_drafts([how.scope.tenant(tenant.id, how.keys)]) if tenant else {}
    if tenant is None or tenant.id not in found:
        return Provisioning()
    stored = found[tenant.id].config.provisioning
    return Provisioning(url=stored.url if section.get("url") is not None else None, headers=stored.headers)


def _parse(entry: Entry, stored: Provisioning, admitted: frozenset[str]) -> _Wanted | None:
    """None without a ProviderId. Problems are noted in the entry, but not those of what could not be read at all."""
    collector = Collector()
    provider_id = collector.parse(("providerId",), ProviderId.parse, entry.provider_id)
    name = None if entry.name is None else collector.parse(("name",), parse_name, entry.name)
    # Of an unknown kind: the one that may have more. Headers are stored ones only where the file lists them.
    config = Config(app=entry.app or AppKind.WHITELABEL, provisioning=stored)
    try:
        config = apply(config, entry.sections, admitted)
    except InvalidInputError as error:
        collector.problems += error.problems
    for problem in collector.problems:
        if not entry.form.is_unread(problem.path):
            entry.form.note(problem.path, problem.code, problem.message, problem.hint)
    return None if provider_id is None else _Wanted(entry, provider_id, name, config)


async def _note_refusals(how: Import, one: _Wanted) -> None:
    """What only the database knows (I3): a name that was retired, or published in another spelling."""
    platform = how.scope.platform(how.keys)
    tenant = await tenants.find_tenant(platform, one.provider_id.text)
    if tenant is None:
        refusal = create.TAKEN if await tenants.is_provider_id_taken(platform, one.provider_id) else None
    else:
        refusal = _FIXED if _is_published_otherwise(tenant, one) else None
    if refusal is not None:
        one.entry.form.note(refusal.path, refusal.code, refusal.message, refusal.hint)


def _is_published_otherwise(tenant: Tenant, one: _Wanted) -> bool:
    return tenant.live_revision is not None and tenant.provider_id != one.provider_id


async def _take_unless_overtaken(how: Import, one: _Wanted) -> Outcome:
    """Raises RefusedFileError when somebody made, deleted or published the tenant since it was looked at."""
    try:
        return await _take(how, one)
    except (IntegrityError, NotFoundError, VersionConflictError) as error:
        one.entry.form.note((), FileCode.CHANGED_MEANWHILE, _OVERTAKEN, "Run the import again.")
        raise RefusedFileError(one.entry.form.problems) from error


async def _take(how: Import, one: _Wanted) -> Outcome:
    found = await tenants.find_tenant(how.scope.platform(how.keys), one.provider_id.text)
    if found is None:
        tenant, draft, is_changed = *await _create(how, one), False
    else:
        tenant, draft, is_changed = await _change(how.scope.tenant(found.id, how.keys), how, one)
    return Outcome(
        provider_id=one.provider_id.text,
        is_new=found is None,
        is_changed=is_changed,
        published=await _publish(how, tenant, draft) if how.is_publishing else None,
    )


async def _create(how: Import, one: _Wanted) -> tuple[Tenant, Draft]:
    own = await create.insert(how.scope.platform(how.keys), one.provider_id, one.name, one.config.app, how.now)
    config = await headers.store_values(own, how.keys, one.config, Config(app=one.config.app), how.now)
    await drafts.insert_draft(own, one.name, config, how.now)
    await create.tell(own, one.provider_id, one.name, config.app, how.now)
    await _tell_draft(own, how, Config(app=config.app), config)
    return await tenants.get_tenant(own), await drafts.get_draft(own)


async def _change(scope: TenantScope, how: Import, one: _Wanted) -> tuple[Tenant, Draft, bool]:
    """The tenant as the file has it, and whether it was another before."""
    draft = await drafts.claim_draft(scope)
    tenant = await tenants.get_tenant(scope)
    config = await headers.store_values(scope, how.keys, one.config, draft.config, how.now)
    if (tenant.provider_id, draft.name, draft.config) == (one.provider_id, one.name, config):
        return tenant, draft, False
    if _is_published_otherwise(tenant, one):
        raise NotFoundError  # nobody is called so any more: published since the look, in the other spelling
    await drafts.replace_draft(scope, draft.version, one.name, config, how.now)
    await _tell_draft(scope, how, draft.config, config)
    await headers.drop_unnamed(scope, config, draft.config)
    if tenant.provider_id != one.provider_id:
        await tenants.change_provider_id(scope, tenant.provider_id, one.provider_id)
    await tenants.change_shown_name(scope, one.name or one.provider_id.text)
    await tenants.change_shown_app(scope, config.app)
    names = tell_names((tenant.provider_id.text, draft.name), (one.provider_id.text, one.name))
    if names:
        await record(scope.trail, AuditAction.TENANT_RENAMED, f"tenant {one.provider_id.text}", names, now=how.now)
    changed = replace(draft, version=draft.version + 1, name=one.name, config=config)
    return await tenants.get_tenant(scope), changed, True


async def _tell_draft(scope: TenantScope, how: Import, before: Config, after: Config) -> None:
    """Before values that are not named any more are deleted."""
    if told := await tell_save(scope, before, after):
        await record(scope.trail, AuditAction.DRAFT_SAVED, "draft", told, now=how.now)


async def _publish(how: Import, tenant: Tenant, draft: Draft) -> int | None:
    """The new revision's number; None when phones see all of it already."""
    scope = how.scope.tenant(tenant.id, how.keys)
    live = await revisions.find_live(scope) if tenant.live_revision is not None else None
    if live is not None and publishing.shown(tenant, draft) == Shown(live.name, live.config):
        return None
    return (await publishing.insert(scope, tenant, draft, live, how.note, how.now)).number
