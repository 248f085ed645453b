"""Taking tenants from a file: all of them or none, and as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from tenants.actions import create
from tenants.actions import publish as publishing
from tenants.changes import Shown
from tenants.codes import ProblemCode
from tenants.database import transaction
from tenants.errors import InvalidInputError, Problem, VersionConflictError
from tenants.files.tree import FileCode, FileProblem
from tenants.identity import ProviderId, parse_name
from tenants.model import Config, Tenant
from tenants.parsing import Collector, apply
from tenants.store import drafts, revisions, tenants

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.access import SystemScope
    from tenants.files.entries import Entry

_FIXED = Problem(
    ProblemCode.PROVIDER_ID_FIXED,
    ("providerId",),
    "This ProviderId was published in another spelling, which is inside apps and printed codes and stays.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One tenant of a file, obeying every rule."""

    entry: Entry
    provider_id: ProviderId
    name: str | None
    config: Config


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was, or would be, done to one tenant."""

    provider_id: str
    was_created: bool
    was_changed: bool
    published: int | None
    """The new revision's number."""


class _Undone(Exception):  # noqa: N818 - leaves the transaction, and is no error
    """Nothing of this is kept."""


def parse_entries(entries: Sequence[Entry], admitted: frozenset[str]) -> tuple[list[Wanted], list[FileProblem]]:
    """Every rule on every tenant of a file, and no ProviderId twice."""
    wanted: list[Wanted] = []
    problems: list[FileProblem] = []
    seen: set[str] = set()
    for entry in entries:
        parsed, found = _parse(entry, admitted)
        problems += [_at(entry, problem) for problem in found]
        if parsed is not None and parsed.provider_id.key in seen:
            path = (*entry.path, "providerId")
            message = "Another tenant of this file has the same ProviderId."
            problems.append(FileProblem(entry.line_at(("providerId",)), path, FileCode.PROVIDER_ID_REPEATED, message))
        elif parsed is not None:
            seen.add(parsed.provider_id.key)
            wanted.append(parsed)
    return wanted, problems


async def take(
    scope: SystemScope, wanted: Sequence[Wanted], *, publish: bool, is_kept: bool, now: datetime
) -> tuple[list[Outcome], list[FileProblem]]:
    """Create, change and publish in one transaction, which is kept only when there is no problem and `is_kept`."""
    outcomes: list[Outcome] = []
    problems: list[FileProblem] = []
    try:
        async with transaction():
            for one in wanted:
                problem = await _refusal(scope, one)
                if problem is not None:
                    problems.append(_at(one.entry, problem))
                else:
                    outcomes.append(await _take(scope, one, publish=publish, now=now))
            if problems or not is_kept:
                raise _Undone  # noqa: TRY301 - leaving by an exception is how a transaction is undone
    except _Undone:
        pass
    except (IntegrityError, VersionConflictError):
        message = "Somebody changed a tenant of this file meanwhile; nothing was taken. Run it again."
        problems.append(FileProblem(1, (), FileCode.CHANGED_MEANWHILE, message))
    return outcomes, problems


def _parse(entry: Entry, admitted: frozenset[str]) -> tuple[Wanted | None, list[Problem]]:
    collector = Collector()
    provider_id = collector.parse(("providerId",), ProviderId.parse, entry.provider_id)
    name = collector.parse(("name",), parse_name, entry.name) if entry.name is not None else None
    config = Config(app=entry.app)
    try:
        config = apply(config, entry.sections, admitted)
    except InvalidInputError as error:
        collector.problems += error.problems
    if collector.problems or provider_id is None:
        return None, collector.problems
    return Wanted(entry, provider_id, name, config), []


async def _refusal(scope: SystemScope, one: Wanted) -> Problem | None:
    """What only the database knows: a retired name, or one that was published in another spelling."""
    tenant = await tenants.find_tenant(scope.platform(), one.provider_id.text)
    if tenant is None:
        is_taken = await tenants.is_provider_id_taken(scope.platform(), one.provider_id)
        return create.TAKEN if is_taken else None
    is_other_spelling = tenant.provider_id != one.provider_id
    return _FIXED if is_other_spelling and tenant.live_revision is not None else None


async def _take(scope: SystemScope, one: Wanted, *, publish: bool, now: datetime) -> Outcome:
    tenant = await tenants.find_tenant(scope.platform(), one.provider_id.text)
    was_created = tenant is None
    was_changed = False
    if tenant is None:
        tenant = await create.insert(scope.platform(), one.provider_id, one.name, one.config, now)
    else:
        was_changed = await _change(scope, tenant, one, now)
    published = await _publish(scope, tenant.id, now) if publish else None
    return Outcome(one.provider_id.text, was_created, was_changed, published)


async def _change(scope: SystemScope, tenant: Tenant, one: Wanted, now: datetime) -> bool:
    own = scope.tenant(tenant.id)
    draft = await drafts.get_draft(own)
    if (draft.name, draft.config, tenant.provider_id) == (one.name, one.config, one.provider_id):
        return False
    await drafts.replace_draft(own, draft.version, one.name, one.config, now)
    if tenant.provider_id != one.provider_id:
        await tenants.change_provider_id(own, tenant.provider_id, one.provider_id)
    await tenants.change_shown_name(own, one.name or one.provider_id.text)
    await tenants.change_shown_app(own, one.config.app)
    return True


async def _publish(scope: SystemScope, tenant_id: int, now: datetime) -> int | None:
    own = scope.tenant(tenant_id)
    tenant, draft = await tenants.get_tenant(own), await drafts.get_draft(own)
    live = await revisions.find_live(own)
    if live is not None and publishing.shown(tenant, draft) == Shown(live.name, live.config):
        return None
    return (await publishing.insert(own, tenant, draft, draft.config, None, now)).number


def _at(entry: Entry, problem: Problem) -> FileProblem:
    path = (*entry.path, *problem.path)
    return FileProblem(entry.line_at(problem.path), path, problem.code, problem.message, problem.hint)
