"""Nothing that is stored changes without an entry in the audit log: by what the code says, and by what happens."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import pytest

from gateway.settings import Settings
from tenants import access_rows, audit_rows, feed_rows, rows
from tenants.audit import AuditAction
from tenants.feed import KIND_OF, ChangeKind
from tests.conftest import Ask
from tests.tenants.inspection import fetch
from tests.test_isolation import FIELDS, Target, acme, answer, root_fields

__all__ = ["acme"]  # the fixture

Stored: TypeAlias = "dict[str, list[tuple[Any, ...]]]"
AUDIT_ACTION, CHANGE_KIND = 0, 1
"""Where they stand among the columns of their tables, sorted by name."""
ACTIONS = sorted((Path(__file__).parent.parent / "tenants" / "actions").glob("*.py"))
NOT_ON_RECORD = {
    "attempts.note_refusal",  # counters of refusals,
    "attempts.prove_device",
    "one_time_links.refuse_link",
    "proof.prove",
    "redeem._refuse",
    "stamps.stamp",  # the last use of a credential,
    "rotation._go_through",  # and encryption anew: none of them changes what anything means
}
COUNTERS = {"refused_attempt", "proven_device"}
"""Tables of what is counted and not on record."""
STAMPS = {"last_used_at": None, "address": "session"}
"""Columns that say when, and from where, something was used last: of any table, or of one."""
UNCHANGED = {
    "publish",  # of what is live already
    "resumeTenant",  # of one that is not suspended
    *("issueAppKey", "requireAppKey"),  # which are for whitelabel apps
    *("redeemSetupLink", "acceptInvitation", "setPassword", "signIn"),  # by a credential that nobody has
    *("revokeAppKey", "endSession", "changePassword", "createPasswordReset"),  # of somebody or something else
    *("provision", "checkProvisioning", "makeQrCode"),  # which store nothing
}
"""Mutations that change nothing with what is sent here; each has tests of its own, which ask the log."""
MUTATIONS = [name for name, (kind, _) in root_fields().items() if kind == "mutation"]


@cache
def functions() -> dict[str, set[str]]:
    """Every function of the actions, and the names of what it calls."""
    return {
        f"{path.stem}.{node.name}": {
            str(getattr(call.func, "id", None) or getattr(call.func, "attr", ""))
            for call in ast.walk(node)
            if isinstance(call, ast.Call)
        }
        for path in ACTIONS
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def reaches_record(calls: set[str], above: tuple[str, ...] = ()) -> bool:
    """Whether one of them is `record`, or an action that comes to it."""
    return "record" in calls or any(
        reaches_record(inner, (*above, name))
        for name, inner in functions().items()
        if name not in above and name.split(".")[1] in calls
    )


def test_each_transaction_of_an_action_comes_to_an_entry() -> None:
    silent = {name for name, calls in functions().items() if "transaction" in calls and not reaches_record(calls)}

    assert silent == NOT_ON_RECORD


def stored(url: str) -> Stored:
    """Every row of every table, but for what is only counted and stamped."""

    async def read() -> Stored:
        found = {}
        for module in (rows, access_rows, audit_rows, feed_rows):
            for model in vars(module).values():
                table = getattr(getattr(model, "_meta", None), "db_table", "")
                if table and model.__module__ == module.__name__ and table not in COUNTERS:
                    stamps = {column for column, only in STAMPS.items() if only in (None, table)}
                    columns = sorted(set(model._meta.fields_db_projection.values()) - stamps)  # noqa: SLF001 - the library's own
                    listed = ", ".join(f'"{column}"' for column in columns)
                    found[table] = sorted(await fetch(url, f'SELECT {listed} FROM "{table}"'), key=str)  # noqa: S608 - of ours
        return found

    return anyio.run(read)


@pytest.mark.parametrize("name", MUTATIONS)
def test_whatever_a_mutation_changes_is_on_record(ask: Ask, acme: Target, settings: Settings, name: str) -> None:
    target = replace(acme, provider_id="A-New") if name == "createTenant" else acme
    before = stored(settings.database_url)

    answer(ask, name, target)

    after = stored(settings.database_url)
    changed = {table for table in before if before[table] != after[table]}
    assert bool(changed) == (name not in UNCHANGED)
    assert ("audit_event" in changed) == bool(changed - {"audit_event", "audit_chain"})
    assert len(after["audit_event"]) == len(before["audit_event"]) + len(changed & {"audit_event"})
    recorded = {KIND_OF[AuditAction[action]] for action in new(before, after, "audit_event", AUDIT_ACTION)}
    assert {ChangeKind[kind] for kind in new(before, after, "change", CHANGE_KIND)} == recorded - {None}


def new(before: Stored, after: Stored, table: str, column: int) -> Counter[str]:
    """What stands in that column of the rows that were added."""
    return Counter(row[column] for row in after[table]) - Counter(row[column] for row in before[table])


def test_the_tables_that_are_compared_are_all_there_are(settings: Settings) -> None:
    assert {"tenant", "draft", "secret", "membership", "audit_event"} < set(stored(settings.database_url))
    assert set(UNCHANGED) < set(MUTATIONS) <= set(FIELDS)
