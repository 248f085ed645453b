"""`gateway import` and `gateway export`: what they print, and their exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tenants.access import SystemScope
from tenants.actions.exchange import Outcome, parse_entries, take
from tenants.files.entries import read_entries
from tenants.files.tree import LARGEST_FILE
from tenants.files.writing import write_tenants
from tenants.store import drafts, tenants

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tenants.files.tree import FileProblem

_IMPORT = SystemScope("import a file")
_EXPORT = SystemScope("export all tenants")


async def import_file(path: str, *, publish: bool, dry_run: bool, admitted: frozenset[str], now: datetime) -> int:
    """Take a file's tenants, or print everything that keeps it from being taken. 0 done, 1 refused."""
    data = _read(path)
    if data is None:
        return 1
    entries, problems = read_entries(data)
    wanted, broken = parse_entries(entries, admitted)
    problems += broken
    is_kept = not problems and not dry_run
    outcomes, refused = await take(_IMPORT, wanted, publish=publish, is_kept=is_kept, now=now)
    problems += refused
    if problems:
        _print_problems(path, problems)
        return 1
    for outcome in outcomes:
        print(_words(outcome, dry_run=dry_run))
    return 0


async def export(stream: TextIO) -> int:
    """Print every tenant's draft by ProviderId. Always 0."""
    found = await tenants.list_all(_EXPORT)
    by_tenant = await drafts.list_drafts([_EXPORT.tenant(tenant.id) for tenant in found])
    stream.write(write_tenants([(tenant, by_tenant[tenant.id]) for tenant in found]))
    return 0


def _read(path: str) -> bytes | None:
    """The file, up to a bound; None when it cannot be had, and the reason is printed."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        print(f"{path}: {error.strerror}.", file=sys.stderr)
        return None
    if len(data) > LARGEST_FILE:
        print(f"{path}: A file may have at most {LARGEST_FILE // 2**20} MiB.", file=sys.stderr)
        return None
    return data


def _print_problems(path: str, problems: Iterable[FileProblem]) -> None:
    for problem in sorted(problems, key=lambda problem: problem.line):
        print(f"{path}:{problem}", file=sys.stderr)
    print("Nothing was taken.", file=sys.stderr)


def _words(outcome: Outcome, *, dry_run: bool) -> str:
    done = "created" if outcome.was_created else "changed" if outcome.was_changed else "unchanged"
    publishing = f", published as revision {outcome.published}" if outcome.published else ""
    would = "would be " if dry_run and (outcome.was_created or outcome.was_changed or outcome.published) else ""
    return f"{outcome.provider_id}: {would}{done}{publishing}"
