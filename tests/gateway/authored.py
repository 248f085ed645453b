"""Documents that an author writes who knows the schema, and slips now and then."""

from __future__ import annotations

from random import Random

from graphql import build_schema

SCHEMA = build_schema("""
type Query { pet(name: String, age: Int! = 1): Pet  pets(only: [Kind!]!, best: Kind): [Pet!]!  any: Any  self: Query
  in(input: Input, none: Float): Int  required(id: ID!): Int }
type Mutation { pet: Pet }
type Subscription { pet: Pet }
interface Pet { name: String  kind: Kind!  owner: Person }
type Dog implements Pet { name: String  kind: Kind!  owner: Person  age: Int
  barks(loud: Boolean): Boolean  tags: [ID!] }
type Cat implements Pet { name: String  kind: Kind!  owner: Person  age: String  tags: [ID!]! }
type Person { name: String  kind: Kind!  pets(only: [Kind!]!, best: Kind): [Pet!]  self: Person }
union Any = Dog | Person
enum Kind { DOG CAT }
input Input { a: Int }
""")
_FIELDS = {
    "Query": ["pet", "pets", "any", "self", "in", "required", "__typename"],
    "Pet": ["name", "kind", "owner", "__typename"],
    "Dog": ["name", "kind", "owner", "age", "barks", "tags", "__typename"],
    "Cat": ["name", "kind", "owner", "age", "tags"],
    "Person": ["name", "pets", "self", "kind"],
    "Any": ["__typename"],
}
_NARROWER = {
    "Query": ["Query"],
    "Pet": ["Pet", "Dog", "Cat", "Any"],
    "Dog": ["Dog", "Pet", "Any"],
    "Cat": ["Cat", "Pet"],
    "Person": ["Person", "Any"],
    "Any": ["Any", "Dog", "Person", "Pet"],
}
_BELOW = {"pet": "Pet", "pets": "Pet", "any": "Any", "owner": "Person"}
_ARGUMENTS = {
    "pet": {"name": "String", "age": "Int"},
    "pets": {"only": "[Kind!]!", "best": "Kind"},
    "barks": {"loud": "Boolean"},
    "in": {"input": "Input", "none": "Float"},
    "required": {"id": "ID!"},
}
_LITERALS = {
    "String": '"x"',
    "Int": "1",
    "[Kind!]!": "DOG",
    "Kind": "CAT",
    "Boolean": "true",
    "ID!": "7",
    "Float": "1.5",
}
_TYPES = [*_FIELDS, "Int", "Input", "Nothing"]
_VALUES = [*_LITERALS.values(), "null", "[DOG]", "{a: 1}", "MOUSE", "$nothing", "-9999999999"]
_DEPTH = 4


class Author:
    """Writes one document; `slips` is how often a choice is a wrong one, perhaps."""

    def __init__(self, random: Random, slips: float) -> None:
        self._random, self._slips = random, slips
        self._variables: dict[str, str] = {}
        self._fragments: dict[str, tuple[str, str]] = {}
        self._number = 0

    def write(self) -> str:
        kind = "mutation" if self._slip() else "subscription" if self._slip() else "query"
        body = self._selections("Query", _DEPTH)
        variables = [f"${name}: {type_}" for name, type_ in self._variables.items()]
        variables += [self._pick(["$v1: Int", "$unused: Input", "$v2: Pet", "$v1: Nothing"])] if self._slip() else []
        variables = [each + (" = null" if self._slip() else self._directive()) for each in variables]
        parts = [f"{kind} Q{'(' + ', '.join(variables) + ')' if variables else ''}{self._directive()} {body}"]
        parts += [f"fragment {name} on {on}{self._directive()} {text}" for name, (on, text) in self._fragments.items()]
        parts += (
            [self._pick(["{ any }", "query Q { self }", *parts[1:], "fragment N on Pet { name }"])]
            if self._slip()
            else []
        )
        self._random.shuffle(parts)
        return " ".join(parts)

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def _slip(self) -> bool:
        return self._happens(self._slips)

    def _pick(self, choices: list[str]) -> str:
        return self._random.choice(choices)

    def _directive(self) -> str:
        return self._pick([" @skip(if: true)", " @nothing", " @include"]) if self._slip() else ""

    def _selections(self, parent: str, depth: int) -> str:
        found = [self._selection(parent, depth) for _ in range(self._random.randint(1, 4))]
        return "{ " + " ".join(found) + " }"

    def _selection(self, parent: str, depth: int) -> str:
        if self._happens(0.8) or not depth:
            return self._field(parent, depth)
        on = self._pick(_TYPES if self._slip() else _NARROWER.get(parent, [parent]))
        if self._happens(0.5):
            condition = "" if self._slip() else f" on {on}"
            return f"...{condition}{self._directive()} {self._selections(on if condition else parent, depth - 1)}"
        return f"...{self._fragment(on, depth)}{self._directive()}"

    def _fragment(self, on: str, depth: int) -> str:
        known = [name for name, (type_, text) in self._fragments.items() if (text and type_ == on) or self._slip()]
        if known and self._happens(0.5):
            return self._pick(known)
        self._number += 1
        name = f"F{self._number}"
        self._fragments[name] = (on, "")  # one that is spread within itself is none that is known
        self._fragments[name] = (on, self._selections(on, depth - 1))
        return "Missing" if self._slip() else name

    def _field(self, parent: str, depth: int) -> str:
        name = (
            self._pick(_FIELDS.get(parent, ["x"])) if not self._slip() else self._pick(["age", "pet", "x", "__schema"])
        )
        below = _BELOW.get(name, parent if name == "self" else "")
        if below and not depth:
            name, below = "__typename", ""
        self._number += 1
        arguments = self._arguments(name)
        alias = f"a{self._number}: " if (below or arguments) and not self._slip() else ""
        alias = self._pick(["name: ", "b: ", "__typename: "]) if self._slip() else alias
        inner = self._selections(below or "Person", depth - 1) if bool(below) is not self._slip() and depth else ""
        return f"{alias}{name}{arguments}{self._directive()} {inner}"

    def _arguments(self, field: str) -> str:
        found = []
        for name, type_ in _ARGUMENTS.get(field, {}).items():
            if type_.endswith("!") or self._happens(0.5):
                found.append(f"{'x' if self._slip() else name}: {self._value(type_)}")
        found = found[1:] if self._slip() else found
        found += self._pick([*found, "age: 2", "loud: false"]).splitlines() if self._slip() else []
        return f"({' '.join(found)})" if found else ""

    def _value(self, type_: str) -> str:
        if self._slip():
            return self._pick(_VALUES)
        if type_ in _LITERALS and self._happens(0.6):
            return _LITERALS[type_]
        fitting = [
            name for name, each in self._variables.items() if each.rstrip("!") == type_.rstrip("!") or self._slip()
        ]
        if fitting and self._happens(0.5):
            return f"${self._pick(fitting)}"
        name = f"v{len(self._variables)}"
        self._variables[name] = type_.rstrip("!") + "!"
        return f"${name}"
