"""How plain fields are read, which are most of what is asked: at once, and written as their types do it.

For each field the library makes a path, a description of the call and a chain of resolvers, ten times as long as it
takes to read an attribute. Plain are attributes of leaf types, of objects of which only plain fields are asked, of
unions of such, and lists of all these: nothing that waits, asks a database or does anything. What is not as its type
says is NotPlainError or what the type raises: the library meets it again and says where.
"""

# ruff: noqa: ANN401 - values of any type, by the library's signatures

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_object_type,
    is_union_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLOutputType, GraphQLUnionType
    from graphql.execution.collect_fields import CollectedFields, FieldDetailsList

    Read = Callable[["Reader", FieldDetailsList, Any], Any]
    """From who reads, what is asked of a value, and the value: of the attribute's object, or the attribute itself."""
    Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]

_TYPENAME = "__typename"
_READS = "gateway-reads"


class NotPlainError(Exception):
    """What was read is not what the type says, or more is asked of it than plain fields."""


class _NeverPlainError(NotPlainError):
    """More is asked of it, whatever its values are."""


class _Asked(NamedTuple):
    """One field of an object."""

    name: str
    read: Read
    details: FieldDetailsList


class Reader:
    """Reads what one operation asks."""

    def __init__(self, collect: Collect) -> None:
        """`collect` finds what is asked of an object of some type, and keeps the lists as long as this is used."""
        self._collect = collect
        self._asked: dict[tuple[str, int], list[_Asked] | None] = {}
        """Of an object of that type, at that place; None: more than plain fields."""

    def read_object(self, type_: GraphQLObjectType, details: FieldDetailsList, source: Any) -> dict[str, Any]:
        """One of which only plain fields are asked. Raises NotPlainError, and what they raise."""
        place = (type_.name, id(details))
        if place not in self._asked:
            self._asked[place] = self._find(type_, details)
        fields = self._asked[place]
        if fields is None:
            raise _NeverPlainError
        try:
            return {name: read(self, asked, source) for name, read, asked in fields}
        except _NeverPlainError:
            self._asked[place] = None
            raise

    def _find(self, type_: GraphQLObjectType, details: FieldDetailsList) -> list[_Asked] | None:
        fields, deferred, _ = self._collect(type_, details)
        found = [(name, find_read(type_, asked[0].node.name.value), asked) for name, asked in fields.items()]
        plain = [_Asked(name, read, asked) for name, read, asked in found if read is not None]
        return plain if len(plain) == len(found) and not deferred else None


def find_read(parent_type: GraphQLObjectType, field_name: str) -> Read | None:
    """How a plain field is read; None for one that is none. Kept with the type, for which it never changes."""
    reads: dict[str, Read | None] = parent_type.extensions.setdefault(_READS, {})
    if field_name not in reads:
        reads[field_name] = _make_read(parent_type, field_name)
    return reads[field_name]


def _make_read(parent_type: GraphQLObjectType, field_name: str) -> Read | None:
    if field_name == _TYPENAME:
        name = parent_type.name
        return lambda _reader, _details, _source: name
    field = parent_type.fields.get(field_name)
    if field is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    complete = make_completion(field.type)
    get = attrgetter(field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name)
    return _reading(get, complete) if complete else None


def _reading(get: Callable[[Any], Any], complete: Read) -> Read:
    return lambda reader, details, source: complete(reader, details, get(source))


def make_completion(type_: GraphQLOutputType) -> Read | None:
    """From a value to what is sent; raises what its type raises, or NotPlainError. None where that is not plain."""
    if isinstance(type_, GraphQLNonNull):
        nullable = make_completion(type_.of_type)
        return _not_null(nullable) if nullable else None
    if is_list_type(type_):
        one = make_completion(type_.of_type)
        return _each(one) if one else None
    if is_leaf_type(type_):
        return _leaf(type_.coerce_output_value)
    if is_object_type(type_):
        return _object(type_)
    return _one_of(type_) if is_union_type(type_) else None


def _not_null(complete: Read) -> Read:
    def complete_value(reader: Reader, details: FieldDetailsList, value: Any) -> Any:
        if value is None:
            raise NotPlainError
        return complete(reader, details, value)

    return complete_value


def _each(complete: Read) -> Read:
    def complete_values(reader: Reader, details: FieldDetailsList, values: Any) -> Any:
        if values is None:
            return None
        if type(values) not in (list, tuple):
            raise NotPlainError
        return [complete(reader, details, value) for value in values]

    return complete_values


def _leaf(coerce: Callable[[Any], Any]) -> Read:
    def complete_leaf(_reader: Reader, _details: FieldDetailsList, value: Any) -> Any:
        if value is None:
            return None
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise NotPlainError
        return coerced

    return complete_leaf


def _object(type_: GraphQLObjectType) -> Read:
    """A type that may tell whose values are its own would take those of its class, so others are not looked at."""
    is_checked, own = type_.is_type_of is not None, _class_of(type_)

    def complete_object(reader: Reader, details: FieldDetailsList, value: Any) -> Any:
        if value is None:
            return None
        if is_checked and type(value) is not own:
            raise NotPlainError
        return reader.read_object(type_, details, value)

    return complete_object


def _one_of(union: GraphQLUnionType) -> Read:
    types = {_class_of(type_): type_ for type_ in union.types}

    def complete_member(reader: Reader, details: FieldDetailsList, value: Any) -> Any:
        if value is None:
            return None
        type_ = types.get(type(value))
        if type_ is None:
            raise NotPlainError
        return reader.read_object(type_, details, value)

    return complete_member


def _class_of(type_: GraphQLObjectType) -> type:
    origin: type = type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
    return origin
