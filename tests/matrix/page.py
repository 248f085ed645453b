"""The matrix as a page for people: `python -m tests.matrix.page > docs/role-matrix.md`."""

from __future__ import annotations

from tests.matrix.expected import COLUMNS, FIELDS, ROOT_FIELDS, TYPES, outcomes
from tests.matrix.fields import HELD

_HEAD = """# Who is answered what

Every field of the API and everybody who may ask for it. Each cell is asked of a running gateway on both databases by
`tests/test_role_matrix.py`, which also fails for a field that has no row here. Written by `python -m tests.matrix.page`
from `tests/matrix/expected.py`.

Somebody asks about tenant A, with valid input. *Viewer* to *Owner* are people who are members of A; the tokens are A's.

| sign | means |
|---|---|
| ✓ | answered; a mutation is done |
| ✗ | refused: the mutation answers `Forbidden`, the query `null` with an error `FORBIDDEN`. Nothing is changed |
| ∅ | answered as if it were not there: `null`, an empty list, `NotFound`, `UnknownProvider`, an unusable link |
| 🔒 | an error `UNAUTHENTICATED`: sign in |
| · | not reached, since what it is a part of is not answered |
"""
_SIGNS = {"y": "✓", "f": "✗", "n": "∅", "s": "🔒", "-": "·"}


def render() -> str:
    """The whole page."""
    parts = [_HEAD, "## What one asks for\n"]
    parts += _table(
        "field", {f"`{row}`" if "," not in row else _worded(row): row_ for row, row_ in ROOT_FIELDS.items()}
    )
    parts.append("\n## What the answers hold\n")
    parts.append(
        "Once somebody has asked in every way they may. Fields of a type stand in one row when all fare alike.\n"
    )
    parts += _table("fields", _by_type())
    return "\n".join(parts) + "\n"


def field_rows() -> dict[str, str]:
    """Each field of each type with its row; one that has none is missing."""
    by_type = {name: row for row, names in TYPES.items() for name in names.split()}
    return {
        f"{kind}.{name}": FIELDS.get(f"{kind}.{name}", by_type[kind])
        for kind, names in HELD.items()
        if kind in by_type
        for name in names.split()
    }


def _by_type() -> dict[str, str]:
    rows: dict[tuple[str, str], list[str]] = {}
    for field, row in field_rows().items():
        kind, _, name = field.partition(".")
        rows.setdefault((kind, row), []).append(f"`{name}`")
    return {f"**{kind}** {' '.join(names)}": row for (kind, row), names in sorted(rows.items())}


def _worded(row: str) -> str:
    field, _, when = row.partition(",")
    return f"`{field}`,{when}"


def _table(title: str, rows: dict[str, str]) -> list[str]:
    head = [f"| {title} | {' | '.join(COLUMNS.values())} |", f"|---|{':-:|' * len(COLUMNS)}"]
    signs = {name: [_SIGNS[letter] for letter in outcomes(row).values()] for name, row in rows.items()}
    return head + [f"| {name} | {' | '.join(row)} |" for name, row in signs.items()]


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - what the command is for
