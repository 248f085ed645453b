"""Executes the matrix on one application: what really came of each cell, in the letters of the table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.schema.node import read_id_of
from tests.matrix.attempts import ATTEMPTS, CASES, KEEPS_THE_STORE, Attempt
from tests.matrix.documents import (
    ASKED_BY_QUERIES,
    MUTATIONS,
    OBJECTS,
    REFUSALS,
    ask_for,
    attempt,
    paths_from,
)
from tests.matrix.expected import COLUMNS, ROOT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.matrix.place import Cell, Place
    from tests.matrix.stored import Look

NOT_THERE = {"NotFound", "UnknownProvider", "SetupLinkUnusable", "OneTimeLinkUnusable"}
_CODES = {"UNAUTHENTICATED": "s", "FORBIDDEN": "f"}


@dataclass
class Seen:
    """What came of all cells."""

    roots: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """By row and column: a letter, or in words what is wrong."""
    fields: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """By field and column: `y` answered at least once, `f` only ever refused."""

    told: dict[str, set[str]] = field(default_factory=dict)
    """By column the permissions that the API itself says they have, in tenant A and outside of any."""

    def note(self, column: str, kind: str, name: str, letter: str) -> None:
        """What is answered once is answered."""
        known = self.fields[f"{kind}.{name}"].get(column)
        self.fields[f"{kind}.{name}"][column] = "y" if "y" in (known, letter) else letter


def root_of(row: str) -> str:
    """The root field that a row is about."""
    return row.partition(",")[0].partition(".")[2]


def execute(place: Place, look: Look) -> Seen:
    """Every row as everybody, then every type as everybody."""
    seen = Seen()
    for column in COLUMNS:
        for row in ROOT_FIELDS:
            cell = place.cell(column, is_provisioning=ATTEMPTS[row].is_provisioning)
            seen.roots[row][column] = _try(seen, cell, root_of(row), ATTEMPTS[row], look)
        for case in CASES:
            cell = place.cell(column, is_provisioning=case.attempt.is_provisioning)
            for _ in range(case.times):
                _send(seen, cell, case.field, case.attempt.arguments(cell))
        for is_provisioning in (True, False):
            _read(seen, place.cell(column, is_provisioning=is_provisioning))
        seen.told[column] = _told(place.cell(column))
    return seen


def _try(seen: Seen, cell: Cell, name: str, tried: Attempt, look: Look) -> str:
    arguments = tried.arguments(cell)
    assert cell.headers is not None
    tenants = [read_id_of("Tenant", cell.tenant), cell.place.neighbour]
    before = look(tenants)
    letter = _letter(_send(seen, cell, name, arguments), name, cell)
    has_changed = look(tenants) != before
    if letter == "y" and name in MUTATIONS and name not in KEEPS_THE_STORE and not has_changed:
        return "said to be done, but nothing was changed"
    if letter != "y" and has_changed:
        return f"{letter}, but something was changed"
    return letter


def _letter(answer: dict[str, Any], name: str, cell: Cell) -> str:
    value = (answer.get("data") or {}).get(name)
    codes = {str(error["extensions"]["code"]) for error in answer.get("errors", ())}
    if value is None and codes:
        return " ".join(_CODES.get(code, code) for code in codes)
    if codes - {"FORBIDDEN"}:
        return " ".join(codes)
    if value is None or value["__typename"] in NOT_THERE or value.get("edges") == []:
        return "n"
    if value["__typename"] == "Forbidden":
        return "f"
    return str(value["__typename"]) if value["__typename"] in REFUSALS - {"ProvisioningOff"} else "y"


def _send(seen: Seen, cell: Cell, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Asks for all that the result itself holds, and notes it where no query could have asked."""
    answer = cell.send(attempt(name, arguments), arguments)
    for one in _objects((answer.get("data") or {}).get(name)):
        kind = one["__typename"]
        if kind not in ASKED_BY_QUERIES:
            for part in OBJECTS[kind].fields:
                seen.note(cell.column, kind, part, "y")
    return answer


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Everything that has a type and more, at any depth."""
    if isinstance(value, list):
        for one in value:
            yield from _objects(one)
    if isinstance(value, dict):
        if len(value) > 1:
            yield value
        for one in value.values():
            yield from _objects(one)


def _read(seen: Seen, cell: Cell) -> None:
    """Asks a well furnished tenant for each type that queries reach, on each way that leads there."""
    cell.furnish()
    ways: list[tuple[str, dict[str, Any]]] = [
        ("softphoneConfig", {"providerId": cell.name, "app": "WHITELABEL"}),
        ("softphoneConfig", {"providerId": cell.name, "app": "GENERIC"}),
        ("viewer", {}),
        ("tenant", {"providerId": cell.name}),
        ("tenants", {"search": cell.name}),
        ("auditLog", {}),
    ]
    for name, arguments in ways:
        for kind, path in paths_from(name):
            answer = cell.send(ask_for(path, arguments), arguments)
            _note_fields(seen, cell.column, kind, path, answer)


def _told(cell: Cell) -> set[str]:
    """As a portal asks before it greys out. Who is anonymous is told nothing."""
    outside = cell.send("{ viewer { permissions } }", {})["data"]["viewer"] or {"permissions": []}
    document = "query($name: String!) { tenant(providerId: $name) { viewerPermissions } }"
    inside = (cell.send(document, {"name": cell.name})["data"] or {}).get("tenant") or {"viewerPermissions": []}
    return {*outside["permissions"], *inside["viewerPermissions"]}


def _note_fields(seen: Seen, column: str, kind: str, path: list[tuple[str, str]], answer: dict[str, Any]) -> None:
    refused = {
        str(error["path"][-1])
        for error in answer.get("errors", ())
        if error["extensions"]["code"] == "FORBIDDEN" and len(error["path"]) > 1
    }
    for one in _at(answer.get("data"), [name.partition("(")[0] for name, _ in path]):
        if one["__typename"] == kind:
            for name in OBJECTS[kind].fields:
                seen.note(column, kind, name, "f" if one[name] is None and name in refused else "y")


def _at(value: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif isinstance(value, dict):
        if not path:
            yield value
        else:
            yield from _at(value.get(path[0]), path[1:])
