"""`gateway import` and `gateway export`: what they print, and their exit codes."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tenants.actions.exchange import Import, Outcome, take
from tenants.errors import InvalidValueError
from tenants.files.entries import read_tenants
from tenants.files.problems import FileCode, FileProblem, RefusedFileError
from tenants.files.tree import LARGEST_FILE
from tenants.files.writing import write_tenants
from tenants.store import drafts, tenants
from tenants.system import SystemScope
from tenants.text import parse_note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tenants.keys import KeyRing
    from tenants.model import Draft, Tenant

_IMPORT = SystemScope("import a file")
_EXPORT = SystemScope("export all tenants")
_AT_ONCE = 500


async def import_file(
    path: str, *, publish: bool, dry_run: bool, admitted: frozenset[str], keys: KeyRing, now: datetime
) -> int:
    """Take a file's tenants, or print everything that keeps it from being taken. 0 done, 1 refused."""
    how = Import(
        scope=_IMPORT,
        admitted=admitted,
        is_publishing=publish,
        is_dry_run=dry_run,
        note=_note(path),
        keys=keys,
        now=now,
    )
    try:
        outcomes = await take(how, read_tenants(_read(path)))
    except RefusedFileError as error:
        _print_problems(path, error.problems)
        return 1
    for outcome in outcomes:
        print(_words(outcome, is_dry_run=dry_run))
    return 0


async def export(stream: TextIO, keys: KeyRing) -> int:
    """Print every tenant's draft by ProviderId, the same bytes whatever the terminal. Always 0."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="\n")
    found = await tenants.list_all(_EXPORT)
    parts = [found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)]
    stream.write(write_tenants([pair for part in parts for pair in await _with_drafts(part, keys)]))
    return 0


def _read(path: str) -> bytes:
    """The file up to its bound and one byte more. Raises RefusedFileError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        message = f"{error.strerror or 'It cannot be read'}."
        raise RefusedFileError([FileProblem(None, (), FileCode.FILE_UNREADABLE, message)]) from error


def _note(path: str) -> str | None:
    """What the revisions' history says; a file may have a name that no note can hold."""
    try:
        return parse_note(f"Imported from {Path(path).name}")
    except InvalidValueError:
        return None


async def _with_drafts(part: Sequence[Tenant], keys: KeyRing) -> list[tuple[Tenant, Draft]]:
    """Each with its draft, but for those that are deleted while this runs."""
    by_tenant = await drafts.list_drafts([_EXPORT.tenant(tenant.id, keys) for tenant in part])
    return [(tenant, by_tenant[tenant.id]) for tenant in part if tenant.id in by_tenant]


def _print_problems(path: str, problems: Sequence[FileProblem]) -> None:
    for problem in problems:
        print(f"{path}:{problem}", file=sys.stderr)
    if len(problems) > 1:
        print(f"{path}: {len(problems)} problems, so nothing was imported.", file=sys.stderr)


def _words(outcome: Outcome, *, is_dry_run: bool) -> str:
    done = ["created"] if outcome.is_new else ["changed"] if outcome.is_changed else []
    if outcome.published is not None:
        done.append(f"published as revision {outcome.published}")
    if not done:
        return f"{outcome.provider_id}: unchanged"
    return f"{outcome.provider_id}: {'would be ' if is_dry_run else ''}{' and '.join(done)}"
