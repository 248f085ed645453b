"""Documents from the schema: all that a root field's result holds, or all fields of one type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_introspection_type,
    is_leaf_type,
)

from gateway.api import make_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLField, GraphQLNamedType

SCHEMA = make_schema()._schema  # noqa: SLF001 - the library's own name for graphql-core's schema
assert SCHEMA.query_type is not None
assert SCHEMA.mutation_type is not None
QUERIES, MUTATIONS = SCHEMA.query_type.fields, SCHEMA.mutation_type.fields
OBJECTS = {
    name: kind
    for name, kind in SCHEMA.type_map.items()
    if isinstance(kind, GraphQLObjectType)
    and not is_introspection_type(kind)
    and kind not in (SCHEMA.query_type, SCHEMA.mutation_type)
}
REFUSALS = {kind.name for kind in OBJECTS.values() if any(interface.name == "Refusal" for interface in kind.interfaces)}
NUMBERS = {"number": "1"}
"""Arguments without which a field cannot be asked, inside of a result."""


def members(kind: GraphQLNamedType) -> list[GraphQLObjectType]:
    """The types that something of this type may be."""
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        return [*SCHEMA.get_possible_types(kind)]
    return [kind] if isinstance(kind, GraphQLObjectType) else []


def reachable(roots: dict[str, GraphQLField]) -> set[str]:
    """The types of objects that an answer to these fields may hold."""
    found: set[str] = set()
    left = [member for field in roots.values() for member in members(get_named_type(field.type))]
    while left:
        kind = left.pop()
        if kind.name not in found:
            found.add(kind.name)
            left += [member for field in kind.fields.values() for member in members(get_named_type(field.type))]
    return found


ASKED_BY_QUERIES = reachable(QUERIES)
"""Types that a query can ask for: what mutations answer of them says nothing new."""


def declared(name: str, arguments: dict[str, Any]) -> str:
    """The head of an operation with one root field."""
    kind, field = ("query", QUERIES[name]) if name in QUERIES else ("mutation", MUTATIONS[name])
    used = [(argument, field.args[argument].type) for argument in arguments]
    if not used:
        return f"{kind} {{ {name}"
    variables = ", ".join(f"${argument}: {described}" for argument, described in used)
    return f"{kind}({variables}) {{ {name}({', '.join(f'{argument}: ${argument}' for argument, _ in used)})"


def attempt(name: str, arguments: dict[str, Any]) -> str:
    """Asks a root field for what its result itself holds."""
    if name == "node":  # its kinds have fields of one name and several types
        return f"{declared(name, arguments)} {{ __typename }} }}"
    field = QUERIES[name] if name in QUERIES else MUTATIONS[name]
    return f"{declared(name, arguments)} {_select(get_named_type(field.type))} }}"


def _select(kind: GraphQLNamedType) -> str:
    if is_leaf_type(kind):
        return ""
    if is_abstract_type(kind):
        return f"{{ __typename {' '.join(f'... on {one.name} {_select(one)}' for one in members(kind))} }}"
    assert isinstance(kind, GraphQLObjectType)
    return f"{{ __typename {' '.join(_one(kind.name, name, field) for name, field in kind.fields.items())} }}"


def _one(owner: str, name: str, field: GraphQLField) -> str:
    """A field; of what queries ask for, only that it is there."""
    inner = get_named_type(field.type)
    if owner in ASKED_BY_QUERIES and not is_leaf_type(inner):
        return f"{name}{_given(field)} {{ __typename }}"
    is_elsewhere = any(member.name in ASKED_BY_QUERIES for member in members(inner))
    return f"{name}{_given(field)} {'{ __typename }' if is_elsewhere else _select(inner)}"


def _given(field: GraphQLField) -> str:
    given = [f"{name}: {NUMBERS[name]}" for name, argument in field.args.items() if name in NUMBERS]
    return f"({', '.join(given)})" if given else ""


def paths_from(name: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each type below a root field of queries, and the shortest way there: fields, and what their value must be."""
    first = [(member, [(name, member.name)]) for member in members(get_named_type(QUERIES[name].type))]
    known: set[str] = set()
    while first:
        kind, path = first.pop(0)
        if kind.name in known:
            continue
        known.add(kind.name)
        yield kind.name, path
        first += [
            (member, [*path, (f"{field_name}{_given(field)}", member.name)])
            for field_name, field in kind.fields.items()
            for member in members(get_named_type(field.type))
        ]


def ask_for(path: list[tuple[str, str]], arguments: dict[str, Any]) -> str:
    """Asks for every field of the type at the end of a path."""
    name, kind = path[0]
    fields = OBJECTS[path[-1][1]].fields.items()
    inner = " ".join(
        f"{one}{_given(field)}{'' if is_leaf_type(get_named_type(field.type)) else ' { __typename }'}"
        for one, field in fields
    )
    for above, member in reversed(path[1:]):
        inner = f"{above} {{ __typename ... on {member} {{ {inner} }} }}"
    return f"{declared(name, arguments)} {{ __typename ... on {kind} {{ {inner} }} }} }}"
