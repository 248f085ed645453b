"""What holds for the code as a whole: where scopes come from, what a module is, that the schema is current."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tenants.access
from gateway.api import make_schema
from tests import make

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for package in ("gateway", "tenants") for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_MODULE = 300

MAKERS = {
    "TenantScope": {"tenants/access.py", "tenants/system.py"},
    "PlatformScope": {"tenants/access.py", "tenants/system.py"},
    "PublicScope": {"tenants/access.py"},
    "SignInScope": {"tenants/access.py"},
    "Principal": {"tenants/access.py", "gateway/http/auth.py", "tenants/store/sessions.py", "tenants/store/tokens.py"},
    "PersonScope": {"tenants/access.py"},
    "Trail": {"tenants/access.py"},
    "CredentialScope": {"tenants/access.py"},
    "SystemScope": {  # the command line
        "gateway/exchange.py",
        "gateway/mock_provider/beside.py",
        "gateway/deployment.py",
        "gateway/people.py",
        "gateway/preparation.py",
        "gateway/rotation.py",
        "gateway/serve.py",
        "gateway/tokens.py",
        "gateway/verification.py",
    },
    "FeedScope": {"tenants/system.py"},
}
"""Who may make which; whoever else needs a scope is given one."""

SCOPES = {
    "TenantScope",
    "PlatformScope",
    "PersonScope",
    "PublicScope",
    "SignInScope",
    "CredentialScope",
    "SystemScope",
    "FeedScope",
    "Trail",
}
SCOPE_SOURCES = {
    "authorize",
    "authorize_to_grant",
    "authorize_platform",
    "created",
    "joining",
    "on_platform",
    "own",
    "platform",
    "signing_in",
    "softphone",
    "tenant",
    "trail",
}
"""The methods that hand out scopes."""

PURE = {
    "app_keys": {"let_in", "use_of"},
    "actors": {"to_stored", "from_stored"},
    "sight": {"of_seen"},
    "audit": {"chain_place"},
    "drafts": {"from_row"},
    "revisions": {"from_row"},
    "setup_links": {"content_place"},
    "secrets": {"derived_signing_secret"},
}
"""Functions of the store that ask the database nothing."""

BROAD_EXCEPTS = {
    "gateway/execution.py",
    "gateway/http/short_way.py",
    "gateway/workers.py",
    "tenants/sqlite_reader.py",
}
"""Where `except Exception` may stand, once each: where a process ends by it, the library meets the same again, or it is
handed to whoever asked."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def calls_of(path: Path, name: str) -> bool:
    """Whether the module calls something of that name, by itself or as an attribute."""
    return any(
        isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) == name or getattr(node.func, "attr", None) == name)
        for node in ast.walk(tree_of(path))
    )


@pytest.mark.parametrize("scope", MAKERS)
def test_scopes_are_made_only_where_they_may_be(scope: str) -> None:
    makers = {name_of(path) for path in MODULES if calls_of(path, scope)}

    assert makers <= MAKERS[scope]
    assert makers


def test_every_system_scope_gives_a_reason() -> None:
    reasons = [
        node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "SystemScope"
    ]

    assert reasons
    assert all(isinstance(reason, str) and len(reason) > 5 for reason in reasons)


def test_scopes_are_handed_out_by_known_methods_only() -> None:
    sources = {
        function.name
        for module in ("access.py", "system.py")
        for node in ast.walk(tree_of(ROOT / "tenants" / module))
        if isinstance(node, ast.ClassDef)
        for function in node.body
        if isinstance(function, ast.FunctionDef) and ast.unparse(function.returns or ast.Constant(None)) in SCOPES
    }

    assert sources == SCOPE_SOURCES
    assert tenants.access.Principal(make.ORIGIN).permissions_in(1) == frozenset()


def store_functions() -> Iterator[tuple[str, str, str]]:
    """Module, name and first annotation of each public function of the store."""
    for path in sorted((ROOT / "tenants" / "store").glob("*.py")):
        for node in tree_of(path).body:
            if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                continue
            if not node.name.startswith("_") and node.name not in PURE.get(path.stem, ()):
                first = node.args.args[0].annotation if node.args.args else None
                yield path.stem, node.name, ast.unparse(first) if first else ""


@pytest.mark.parametrize(("module", "function", "first"), list(store_functions()), ids=lambda value: str(value)[:40])
def test_no_scope_no_query(module: str, function: str, first: str) -> None:
    words = set(first.replace("Sequence[", "").replace("tuple[", "").replace("]", "").replace(",", "").split(" | "))
    kinds = {word.split()[0] for word in words if word}

    assert kinds
    assert kinds <= SCOPES, f"tenants/store/{module}.py: {function}({first}, …)"


def test_what_a_statement_may_touch_is_bound_by_each_function_of_the_store() -> None:
    unbound = [
        f"{path.stem}.{node.name}"
        for path in sorted((ROOT / "tenants" / "store").glob("*.py"))
        for node in tree_of(path).body
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_")
        if "scoped" not in map(ast.unparse, node.decorator_list)
    ]

    assert unbound == []


def test_functions_of_the_store_that_need_no_scope_do_not_wait_for_a_database() -> None:
    for module, names in PURE.items():
        found = {
            node.name: node
            for node in tree_of(ROOT / "tenants" / "store" / f"{module}.py").body
            if hasattr(node, "name")
        }
        assert all(isinstance(found[name], ast.FunctionDef) for name in names)


def test_rows_are_touched_by_the_store_alone() -> None:
    tables = re.compile(r"tenants\.(access_|audit_|feed_)?rows")
    users = {name_of(path) for path in MODULES if tables.search(path.read_text("utf-8"))}

    outside = {name for name in users if not name.startswith(("tenants/store/", "tenants/migrations/"))}
    assert outside <= {"tenants/binding.py", "tenants/schema.py", "tenants/migrate.py", "tenants/access_rows.py"}


def test_errors_are_caught_only_by_those_who_can_answer_them() -> None:
    broad = [
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    ]

    assert broad == sorted(BROAD_EXCEPTS)


def test_what_catches_everything_raises_it_again() -> None:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler) and node.type and ast.unparse(node.type) == "BaseException":
                assert isinstance(node.body[-1], ast.Raise), f"{name_of(path)}:{node.lineno}"


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name_of)
def test_a_module_is_short_and_a_package_reexports_nothing(path: Path) -> None:
    lines = path.read_text("utf-8").count("\n")
    limit = LONGEST_MODULE if path in MODULES else 3 * LONGEST_MODULE  # a test is read one function at a time

    assert lines <= limit
    if path.name == "__init__.py":
        assert all(isinstance(node, ast.Expr) for node in tree_of(path).body)


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=name_of)
def test_a_module_opens_with_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree_of(path))
    assert "from __future__ import annotations" in path.read_text("utf-8")


def test_the_committed_schema_is_current() -> None:
    committed = (ROOT / "schema.graphql").read_text("utf-8")

    assert committed.strip() == make_schema().as_str().strip()


def test_a_gauge_adds_up_the_workers_that_live() -> None:
    calls = [
        (path.name, {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords})
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Gauge"
    ]

    assert len(calls) >= 2
    assert [name for name, options in calls if options.get("multiprocess_mode") != "livesum"] == []
