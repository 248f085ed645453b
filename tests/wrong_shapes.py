"""Every wrong way to send a secret: for each input object of a schema, as a literal and as a variable."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_composite_type,
    is_input_object_type,
    is_required_input_field,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLField, GraphQLInputType, GraphQLSchema

CANARY = "SECRETcanary7f3a"  # also a name of the grammar, so that it can stand where a name stands
CANARY_NUMBER = 9021073390210733902107339
_NESTING = 4  # input objects inside one another


@dataclass(frozen=True, slots=True)
class WrongShape:
    """One request that carries the canary where it does not belong."""

    label: str
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """A bare name in a literal: an enum's value."""

    text: str


@dataclass(frozen=True, slots=True)
class _Slot:
    """An argument of a root field, and the way from it down to one input object."""

    kind: str
    field_name: str
    field: GraphQLField
    argument: str
    path: tuple[str, ...]
    target: GraphQLInputObjectType

    @property
    def type(self) -> GraphQLInputType:
        return self.field.args[self.argument].type


def list_wrong_shapes(schema: GraphQLSchema) -> Iterator[WrongShape]:
    """All of them: for each input object at each place where it is asked for, and for each root field."""
    for slot in _list_slots(schema):
        for label, value in _list_values(slot):
            place = f"{'.'.join((slot.field_name, slot.argument, *slot.path))}: {label}"
            yield WrongShape(f"{place}, literal", _write_literal_query(slot, value))
            yield WrongShape(f"{place}, variable", _write_variable_query(slot), {"input": _as_json(value)})
            yield WrongShape(f"{place}, default", _write_default_query(slot, value))
    for kind, name, field in _list_root_fields(schema):
        yield from _list_documents(kind, name, field)


def _list_root_fields(schema: GraphQLSchema) -> Iterator[tuple[str, str, GraphQLField]]:
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name, field in root.fields.items() if root else ():
            yield kind, name, field


def _list_slots(schema: GraphQLSchema) -> Iterator[_Slot]:
    for kind, name, field in _list_root_fields(schema):
        for argument, definition in field.args.items():
            for path, target in _walk_inputs(definition.type, ()):
                yield _Slot(kind, name, field, argument, path, target)


def _walk_inputs(
    type_: GraphQLInputType, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], GraphQLInputObjectType]]:
    named = get_named_type(type_)
    if is_input_object_type(named) and len(path) < _NESTING:
        yield path, named
        for name, field in named.fields.items():
            yield from _walk_inputs(field.type, (*path, name))


def _list_values(slot: _Slot) -> Iterator[tuple[str, Any]]:
    """The whole argument, wrong at the slot's input object; every text in it is the canary."""
    sound = _make_object(slot.target, ())
    for label, wrong in _list_wrong_objects(slot.target, sound):
        yield label, _make_value(slot.type, slot.path, wrong)


def _list_wrong_objects(target: GraphQLInputObjectType, sound: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "unknown field", {**sound, "zzz": CANARY}
    yield "canary as field", {**sound, CANARY: 1}
    yield "no fields", {}
    yield "two fields", dict.fromkeys(list(target.fields)[:2], CANARY)
    for label, value in _WRONG_VALUES.items():
        yield f"object is {label}", value
    for name, field in target.fields.items():
        without = {key: value for key, value in sound.items() if key != name}
        yield f"{name} misspelt", {**without, f"{name}x": CANARY}
        if is_required_input_field(field):
            yield f"{name} missing", without
        for label, value in _WRONG_VALUES.items():
            yield f"{name} is {label}", {**without, name: value}


_WRONG_VALUES: dict[str, Any] = {
    "a text": CANARY,
    "a text in lists": [[CANARY]],
    "an object": {"password": CANARY, CANARY: [CANARY]},
    "a list of objects": [{"password": CANARY}],
    "a name": _Name(CANARY),
    "a number": CANARY_NUMBER,
    "a fraction": float(CANARY_NUMBER),
    "true": True,
    "null": None,
    "quotes": f"' found: {CANARY} 'String'",
}


def _make_value(type_: GraphQLInputType, path: tuple[str, ...], wrong: object) -> Any:  # JSON
    """A value of the type that holds the wrong one at the end of the path."""
    if isinstance(type_, GraphQLNonNull):
        return _make_value(type_.of_type, path, wrong)
    if not path:
        return wrong
    if isinstance(type_, GraphQLList):
        return [_make_value(type_.of_type, path, wrong)]
    named = get_named_type(type_)
    assert isinstance(named, GraphQLInputObjectType)
    inner = _make_value(named.fields[path[0]].type, path[1:], wrong)
    return {path[0]: inner} if named.is_one_of else {**_make_object(named, path), path[0]: inner}


def _make_object(type_: GraphQLInputObjectType, path: tuple[str, ...]) -> dict[str, Any]:
    """All fields that are leaves or required."""
    chosen = {
        name: _make_sound(field.type)
        for name, field in type_.fields.items()
        if name not in path and (is_required_input_field(field) or not is_input_object_type(get_named_type(field.type)))
    }
    return dict(list(chosen.items())[:1]) if type_.is_one_of else chosen


def _make_sound(type_: GraphQLInputType) -> Any:  # JSON
    if isinstance(type_, GraphQLNonNull):
        return _make_sound(type_.of_type)
    if isinstance(type_, GraphQLList):
        return [_make_sound(type_.of_type)]
    if isinstance(type_, GraphQLInputObjectType):
        return _make_object(type_, ())
    if isinstance(type_, GraphQLEnumType):
        return _Name(next(iter(type_.values)))
    return {"Int": 1, "Float": 1.5, "Boolean": True}.get(type_.name, CANARY)


def _write_literal_query(slot: _Slot, value: object) -> str:
    argument = f"{slot.argument}: {_write(value)}"
    return f"{slot.kind} {{ {_write_field(slot.field_name, slot.field, argument)} }}"


def _write_variable_query(slot: _Slot) -> str:
    field = _write_field(slot.field_name, slot.field, f"{slot.argument}: $input")
    return f"{slot.kind} ($input: {slot.type}) {{ {field} }}"


def _write_default_query(slot: _Slot, value: object) -> str:
    field = _write_field(slot.field_name, slot.field, f"{slot.argument}: $input")
    return f"{slot.kind} ($input: {slot.type} = {_write(value)}) {{ {field} }}"


def _write_field(name: str, field: GraphQLField, arguments: str) -> str:
    """The field with these arguments, its required others filled in."""
    asked = arguments.split(":", 1)[0]
    others = [
        f"{key}: {_write(_make_sound(argument.type))}"
        for key, argument in field.args.items()
        if key != asked and isinstance(argument.type, GraphQLNonNull)
    ]
    selection = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    return f"{name}({', '.join([arguments, *others])}){selection}"


def _write(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_write(item) for item in value) + "]"
    if isinstance(value, _Name):
        return value.text
    return json.dumps(value)


def _as_json(value: object) -> Any:  # JSON
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.text if isinstance(value, _Name) else value


def _list_documents(kind: str, name: str, field: GraphQLField) -> Iterator[WrongShape]:
    """The canary in the document itself, around one root field; `%` stands for it."""
    sound = _write_field(name, field, "zzz: 1").replace("zzz: 1, ", "").replace("(zzz: 1)", "")
    wrong_argument = _write_field(name, field, 'zzz: "%"')
    named_argument = _write_field(name, field, "%: 1")
    templates = {
        "unknown argument": f"{kind} {{ {wrong_argument} }}",
        "canary as argument": f"{kind} {{ {named_argument} }}",
        "unknown field": f"{kind} {{ {sound} % }}",
        "unknown subfield": f"{kind} {{ {sound} {name} {{ % }} }}",
        "directive": f"{kind} {{ {sound} __typename @% }}",
        "directive's argument": f'{kind} {{ {sound} __typename @skip(if: true, zzz: "%", %: 1) }}',
        "skip if text": f'{kind} {{ {sound} __typename @skip(if: "%") }}',
        "skip if name": f"{kind} {{ {sound} __typename @skip(if: %) }}",
        "skip if undefined": f"{kind} {{ {sound} __typename @skip(if: $%) }}",
        "variable": f"{kind} ($%: Int) {{ {sound} }}",
        "variable's type": f"{kind} ($a: %) {{ {sound} __typename @skip(if: $a) }}",
        "variable's default": f'{kind} ($a: Boolean! = "%") {{ {sound} __typename @skip(if: $a) }}',
        "fragment": f"{kind} {{ {sound} ...% }}",
        "unused fragment": f"{kind} {{ {sound} }} fragment % on % {{ % }}",
        "cyclic fragment": f"{kind} {{ {sound} ...% }} fragment % on {kind.title()} {{ ...% }}",
        "conflict": f"{kind} {{ {sound} %: __typename %: {sound} }}",
        "unterminated text": f'{kind} {{ {sound} __typename @skip(if: "%',
        "unterminated block": f'{kind} {{ {sound} __typename @skip(if: """%',
        "text out of place": f'{kind} {{ {sound} "%" }}',
        "block out of place": f'{kind} {{ {sound} """%""" }}',
        "name out of place": f"% {kind} {{ {sound} }}",
        "escape": f'{kind} {{ {sound} __typename @skip(if: "\\u%") }}',
        "comment": f"{kind} {{ {sound} # %\n zzz }} }} # %",
        "type definition": f"{kind} {{ {sound} }} type % {{ %: % }}",
        "operation": f"{kind} % {{ {sound} }} {kind} % {{ {sound} }}",
        "wrong operation": f"subscription % {{ % }} {kind} A {{ {sound} }}",
    }
    for label, template in templates.items():
        yield WrongShape(f"{name}: {label}", template.replace("%", CANARY))
    yield WrongShape(f"{name}: operation name", f"{kind} A {{ {sound} }}", None, CANARY)
    yield WrongShape(f"{name}: null for Boolean", f"{kind} ($a: Boolean!) {{ {sound} @skip(if: $a) }}", {"a": CANARY})
