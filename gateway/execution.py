"""Runs operations as the library does, but for plain values, which are most of what is asked: those it reads at once.

For each field the library makes a path, a description of the call and a chain of resolvers, ten times as long as it
takes to read an attribute and to write it as its type does. Plain are attributes of leaf types, of objects of which
only plain fields are asked, and lists of both: nothing that waits, asks a database or does anything. So whatever is
not as its type says is left to the library from the start, and errors are its own.
"""

# ruff: noqa: ANN401 - values of any type, by the library's signatures

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from graphql import Undefined, is_leaf_type, is_list_type, is_non_null_type, is_object_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql import GraphQLObjectType, GraphQLOutputType

    Read = Callable[["Executor", Any, Any], Any]
    """From who executes, a field as the document has it, and a value."""

_TYPENAME = "__typename"
_READS = "gateway-reads"


class NotPlainError(Exception):
    """What was read is not what the type says, or more is asked of it than plain fields."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Of one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who wraps resolvers wants to see each field.
        self._is_plain = self.middleware_manager is None or not self.middleware_manager.middlewares
        self._not_plain = set[tuple[str, int]]()
        """Of which objects more is asked: their types, and the fields they are the values of."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        """The plain fields here, the others by the library, in the order in which they were asked for."""
        if not self._is_plain:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        done, others = dict[str, Any](), dict[str, Any]()
        for name, details in grouped_field_set.items():
            read = _find_read(parent_type, details[0].node.name.value)
            if read is None:
                others[name] = details
                continue
            try:
                done[name] = read(self, details, source_value)
            except Exception:  # noqa: BLE001 - whatever it is, the library meets it again and says where
                others[name] = details
        if not others:
            return done
        found = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not done:
            return found
        if self.is_awaitable(found):
            return _merge_later(grouped_field_set, done, cast("Awaitable[dict[str, Any]]", found))
        return _merge(grouped_field_set, done, cast("dict[str, Any]", found))

    def read_object(self, type_: GraphQLObjectType, details: Any, source: Any) -> dict[str, Any]:
        """One of which only plain fields are asked. Raises NotPlainError, and what they raise."""
        place = (type_.name, id(details))  # the library keeps the list for as long
        if place in self._not_plain:
            raise NotPlainError
        fields, deferred, _ = self.collect_subfields(type_, details)
        done = dict[str, Any]()
        for name, asked in fields.items():
            read = _find_read(type_, asked[0].node.name.value)
            if read is None or deferred:
                self._not_plain.add(place)
                raise NotPlainError
            done[name] = read(self, asked, source)
        return done


def _merge(order: dict[str, Any], done: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {name: done[name] if name in done else found[name] for name in order if name in done or name in found}


async def _merge_later(order: dict[str, Any], done: dict[str, Any], found: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _merge(order, done, await found)


def _find_read(parent_type: GraphQLObjectType, field_name: str) -> Read | None:
    """How a plain field is read; None for one that is none. Kept with the type, for which it never changes."""
    reads: dict[str, Read | None] = parent_type.extensions.setdefault(_READS, {})
    if field_name not in reads:
        reads[field_name] = _make_read(parent_type, field_name)
    return reads[field_name]


def _make_read(parent_type: GraphQLObjectType, field_name: str) -> Read | None:
    if field_name == _TYPENAME:
        name = parent_type.name
        return lambda _executor, _details, _source: name
    field = parent_type.fields.get(field_name)
    if field is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    complete = _completion(field.type)
    get = attrgetter(field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name)
    return _reading(get, complete) if complete else None


def _reading(get: Callable[[Any], Any], complete: Read) -> Read:
    return lambda executor, details, source: complete(executor, details, get(source))


def _completion(type_: GraphQLOutputType) -> Read | None:
    """From a value to what is sent; raises what its type raises, or NotPlainError. None where that is not plain."""
    if is_non_null_type(type_):
        nullable = _completion(type_.of_type)
        return _not_null(nullable) if nullable else None
    if is_list_type(type_):
        one = _completion(type_.of_type)
        return _each(one) if one else None
    if is_leaf_type(type_):
        return _leaf(type_.coerce_output_value)
    if is_object_type(type_) and type_.is_type_of is None:
        return _object(type_)
    return None


def _not_null(complete: Read) -> Read:
    def complete_value(executor: Executor, details: Any, value: Any) -> Any:
        if value is None:
            raise NotPlainError
        return complete(executor, details, value)

    return complete_value


def _each(complete: Read) -> Read:
    def complete_values(executor: Executor, details: Any, values: Any) -> Any:
        if values is None:
            return None
        if type(values) not in (list, tuple):
            raise NotPlainError
        return [complete(executor, details, value) for value in values]

    return complete_values


def _leaf(coerce: Callable[[Any], Any]) -> Read:
    def complete_leaf(_executor: Executor, _details: Any, value: Any) -> Any:
        if value is None:
            return None
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise NotPlainError
        return coerced

    return complete_leaf


def _object(type_: GraphQLObjectType) -> Read:
    def complete_object(executor: Executor, details: Any, value: Any) -> Any:
        return None if value is None else executor.read_object(type_, details, value)

    return complete_object
