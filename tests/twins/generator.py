"""Operations made up from the schema, with places for ids: the same operation can be sent about B and about nothing.

A field that joins the schema joins what is made up here: arguments are filled by their types, and whatever is an `ID`
is a place for an id of the kind that its name tells, or of any kind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from tests.matrix.documents import MUTATIONS, QUERIES, SCHEMA, members

if TYPE_CHECKING:
    from random import Random

    from graphql import GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLNamedType

KINDS = [*sorted(kind.name for kind in members(SCHEMA.type_map["Node"])), "actor"]
NAMED = {
    "tenantId": "Tenant",
    "setupLinkId": "SetupLink",
    "memberId": "Member",
    "tokenId": "AccessToken",
    "appKeyId": "AppKey",
    "sessionId": "Session",
    "actorId": "actor",
}
"""The kind of id that an argument of this name takes."""
PUBLIC = {"softphoneConfig", "provision", "redeemSetupLink", "acceptInvitation", "setPassword", "signIn"}
"""Who knows B's name is shown what B has published, who holds a link of B's may use it: these get neither."""
OWN_ACCOUNT = {"signOut", "changePassword", "endSession"}
"""Would end the sessions of those who ask: sent with ids that are not theirs, or not at all."""
ENDS_A = {
    *("deleteTenant", "removeMember", "changeRole", "revokeToken", "revokeAppKey", "requireAppKey"),
    "checkProvisioning",
}
"""Sent about B and about nothing alone, since A and its people are needed; the last would look for A's server."""
DEEPEST = 7
MOST_FIELDS = 60


@dataclass(frozen=True)
class Place:
    """Stands for an id of a kind, or for a ProviderId; filled in by what is asked about."""

    kind: str


@dataclass
class Operation:
    """A document, and variables with places in them."""

    document: str
    variables: dict[str, Any]
    roots: list[str]
    kinds: list[str]
    """Of the places, in their order."""


@dataclass
class Generator:
    """Makes operations up."""

    random: Random
    cursors: list[str]
    _variables: dict[str, Any] = field(default_factory=dict)
    _declared: list[str] = field(default_factory=list)
    _fragments: list[str] = field(default_factory=list)
    _kinds: list[str] = field(default_factory=list)
    _left: int = 0
    _root: str = ""

    def operation(self, root: str | None = None) -> Operation:
        """Of one to three root fields, with aliases, fragments and variables. `root`: one that must be there."""
        self._variables, self._declared, self._fragments, self._kinds = {}, [], [], []
        self._left = MOST_FIELDS
        first = root or self.random.choice([*QUERIES, *sorted(set(MUTATIONS) - OWN_ACCOUNT | {"endSession"})])
        kind, fields = ("query", QUERIES) if first in QUERIES else ("mutation", MUTATIONS)
        more = [name for name in fields if name not in PUBLIC | OWN_ACCOUNT]
        is_alone = first in PUBLIC or self.random.random() < 0.6
        roots = [first, *([] if is_alone else self.random.choices(more, k=self.random.choice([1, 2])))]
        parts = [self._root_field(name, fields[name], number) for number, name in enumerate(roots)]
        variables = f"({', '.join(self._declared)})" if self._declared else ""
        head = f"{kind} Made{variables}"
        document = " ".join([f"{head} {{ {' '.join(parts)} }}", *self._fragments])
        return Operation(document, self._variables, roots, list(self._kinds))

    def _root_field(self, name: str, described: GraphQLField, number: int) -> str:
        self._root = name
        alias = f"{name}{number}: " if number or self.random.random() < 0.3 else ""
        return f"{alias}{name}{self._arguments(described)}{self._selection(get_named_type(described.type), 1)}"

    # What is asked for.

    def _selection(self, kind: GraphQLNamedType, depth: int) -> str:
        if is_leaf_type(kind):
            return ""
        parts = ["__typename"]
        if is_abstract_type(kind):
            parts += [self._fragment(member, depth) for member in self._some(members(kind), 4)]
        elif isinstance(kind, GraphQLObjectType):
            parts += self._fields(kind, depth)
        return f" {{ {' '.join(parts)} }}"

    def _fragment(self, kind: GraphQLObjectType, depth: int) -> str:
        """Inline or by a name; fields under aliases, since members may have fields of one name and several types."""
        inner = " ".join(["__typename", *self._fields(kind, depth, is_aliased=True)])
        if self.random.random() < 0.6:
            return f"... on {kind.name} {{ {inner} }}"
        name = f"Part{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {kind.name} {{ {inner} }}")
        return f"...{name}"

    def _fields(self, kind: GraphQLObjectType, depth: int, *, is_aliased: bool = False) -> list[str]:
        made = []
        for name in self._some(list(kind.fields), 8):
            described = kind.fields[name]
            inner = get_named_type(described.type)
            if self._left <= 0 or (depth >= DEEPEST and not is_leaf_type(inner)):
                continue
            self._left -= 1
            alias = f"{kind.name}_{name}: " if is_aliased else ""
            made.append(f"{alias}{name}{self._arguments(described)}{self._selection(inner, depth + 1)}")
        return made

    def _some(self, things: list[Any], most: int) -> list[Any]:
        return self.random.sample(things, min(len(things), self.random.randint(1, most)))

    # What is sent.

    def _arguments(self, described: GraphQLField) -> str:
        given = {
            name: argument
            for name, argument in described.args.items()
            if isinstance(argument.type, GraphQLNonNull) or self.random.random() < 0.5
        }
        written = [f"{name}: {self._argument(name, argument)}" for name, argument in given.items()]
        return f"({', '.join(written)})" if written else ""

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        value = self._value(name, argument.type)
        if self.random.random() < 0.3 and not _holds_place(value):
            return _literal(value, argument.type)
        variable = f"v{len(self._declared)}"
        self._declared.append(f"${variable}: {argument.type}")
        self._variables[variable] = value
        return f"${variable}"

    def _value(self, name: str, wanted: Any) -> Any:  # noqa: PLR0911 - one line a kind of type
        if isinstance(wanted, GraphQLNonNull):
            return self._value(name, wanted.of_type)
        if isinstance(wanted, GraphQLList):
            return [self._value(name, wanted.of_type) for _ in range(self.random.randint(0, 2))]
        if isinstance(wanted, GraphQLEnumType):
            return self.random.choice(list(wanted.values))
        if isinstance(wanted, GraphQLInputObjectType):
            return self._object(wanted)
        if wanted.name == "ID":
            return self._id(name)
        if wanted.name == "Int":
            return self.random.choice([1, 2, 3, 20, 100]) if name == "first" else self.random.randint(1, 9)
        if wanted.name == "Boolean":
            return self.random.random() < 0.5
        return self._text(name, wanted.name)

    def _object(self, wanted: GraphQLInputObjectType) -> dict[str, Any]:
        if wanted.is_one_of:
            name, one = self.random.choice(list(wanted.fields.items()))
            return {name: self._value(name, one.type)}
        return {name: self._value(name, one.type) for name, one in wanted.fields.items() if self._is_given(name, one)}

    def _is_given(self, name: str, one: GraphQLInputField) -> bool:
        is_needed = isinstance(one.type, GraphQLNonNull)
        return (is_needed or self.random.random() < 0.6) and not (self._root == "renameTenant" and name == "providerId")

    def _id(self, name: str) -> Place:
        kind = NAMED.get(name)
        if kind is None or self.random.random() < 0.15:
            kind = self.random.choice(KINDS)
        self._kinds.append(kind)
        return Place(kind)

    def _text(self, name: str, kind: str) -> Any:
        if kind == "DateTime":
            return self.random.choice(["2026-11-28T00:00:00Z", "2030-01-01T00:00:00Z"])
        if name == "after":
            return self.random.choice(self.cursors)
        if name in ("providerId", "confirmProviderId", "search") and self._root not in PUBLIC:
            self._kinds.append("name")
            return Place("name")
        words = {"email": "a-ant-x@a-ant.example", "themeColor": "#123456", "url": "https://a-ant.example/"}
        return words.get(name, f"A-Ant-{self.random.randint(1, 99)}")


def fill(value: Any, by: Any) -> Any:
    """The variables with ids in their places: `by(kind)` gives each."""
    if isinstance(value, Place):
        return by(value.kind)
    if isinstance(value, dict):
        return {name: fill(one, by) for name, one in value.items()}
    if isinstance(value, list):
        return [fill(one, by) for one in value]
    return value


def _holds_place(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_place, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Place)


def _literal(value: Any, wanted: Any) -> str:
    """As it is written in a document."""
    if isinstance(wanted, GraphQLNonNull):
        return _literal(value, wanted.of_type)
    if isinstance(wanted, GraphQLList):
        return f"[{', '.join(_literal(one, wanted.of_type) for one in value)}]"
    if isinstance(wanted, GraphQLEnumType):
        return str(value)
    if isinstance(wanted, GraphQLInputObjectType):
        return f"{{{', '.join(f'{name}: {_literal(one, wanted.fields[name].type)}' for name, one in value.items())}}}"
    return json.dumps(value)
