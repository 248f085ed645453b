"""The store's functions with one filter taken away, found in their source, so that a new query joins by itself."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, TypeAlias

from tenants import store

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = {"tenant_id", "tenant_id__in", "chain", "chain__in", "person_id", "person_id__in"}
"""Whatever they are compared with, they keep a query to its scope."""
KEYS = {"id", "id__in"}
"""These do where they are compared with what the scope says."""
SAYS = {"scope", "scopes", "trail", "person", "chain", "use", "found", "place"}
QUERIES = {"filter", "get", "get_or_none", "exists", "exclude", "Q"}
SIGHT = "of_seen"
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """A function of the store that lacks one filter."""

    module: str
    function: str
    lacks: str
    """The filter as it is written."""
    ordinal: int
    """Of the filters in this function that are written alike, from 1."""
    code: CodeType

    def __str__(self) -> str:
        return f"{self.module}.{self.function}: {self.lacks} #{self.ordinal}"

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside, whoever calls the function runs this code: all that hold it hold the same object."""
        function = inspect.unwrap(vars(import_module(f"{store.__name__}.{self.module}"))[self.function])
        assert isinstance(function, FunctionType)
        before = function.__code__
        function.__code__ = self.code
        try:
            yield
        finally:
            function.__code__ = before


def modules() -> list[ModuleType]:
    """All of the store."""
    return [import_module(f"{store.__name__}.{found.name}") for found in pkgutil.iter_modules(store.__path__)]


def scoped_functions() -> set[str]:
    """Those that look at what their scope says, by module and name."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules()
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and inspect.iscoroutinefunction(inspect.unwrap(function))
        and function.__module__ == module.__name__
        if not name.startswith("_") and next(iter(inspect.signature(function).parameters)) != "_scope"
    }


def mutants() -> list[Mutant]:
    """One for each filter of each function of the store."""
    return [mutant for module in modules() for mutant in _of_module(module)]


def _of_module(module: ModuleType) -> Iterator[Mutant]:
    assert module.__file__ is not None
    source, alike = Path(module.__file__).read_text(), Counter[tuple[str, str]]()
    for index in range(len(_places(ast.parse(source)))):
        tree = ast.parse(source)
        function, call, part = _places(tree)[index]
        lacks = ast.unparse(part)
        _take_away(call, part)
        alike[function.name, lacks] += 1
        code = compile(ast.fix_missing_locations(tree), module.__file__, "exec", dont_inherit=True)
        name = module.__name__.rpartition(".")[2]
        yield Mutant(name, function.name, lacks, alike[function.name, lacks], _code_of(code, function.name))


def _code_of(module: CodeType, function: str) -> CodeType:
    (found,) = (one for one in module.co_consts if isinstance(one, CodeType) and one.co_name == function)
    return found


_Place: TypeAlias = tuple[_Function, ast.AST, ast.expr | ast.keyword]


def _places(tree: ast.Module) -> list[_Place]:
    """Each filter with the function and the node it stands in, in the order of the source."""
    functions = [node for node in tree.body if isinstance(node, _Function)]
    found = [(function, node, part) for function in functions for node in ast.walk(function) for part in _filters(node)]
    return sorted(found, key=lambda place: (place[2].lineno, place[2].col_offset))


def _filters(node: ast.AST) -> Iterator[ast.expr | ast.keyword]:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in QUERIES:
            yield from filter(_is_sight, node.args)
            yield from filter(_keeps, node.keywords)
        case ast.BinOp(left=left, right=right):
            yield from filter(_is_sight, (left, right))


def _is_sight(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == SIGHT


def _keeps(keyword: ast.keyword) -> bool:
    said = {node.id for node in ast.walk(keyword.value) if isinstance(node, ast.Name)}
    return keyword.arg in COLUMNS or (keyword.arg in KEYS and bool(said & SAYS))


def _take_away(node: ast.AST, part: ast.AST) -> None:
    match node, part:
        case ast.Call(func=ast.Name(), args=[], keywords=[_]), ast.keyword():
            node.keywords = [ast.keyword("pk__isnull", ast.Constant(value=False))]  # OR leaves out what is empty
        case ast.Call(), ast.keyword():
            node.keywords.remove(part)
        case ast.Call(), ast.expr():
            node.args.remove(part)
        case ast.BinOp(left=left), _:
            nothing = ast.Call(ast.Name("Q", ast.Load()), [], [])
            if left is part:
                node.left = nothing
            else:
                node.right = nothing
