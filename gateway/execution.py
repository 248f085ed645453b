"""Runs operations as the library does, but for plain values, which are most of what is asked: those it reads at once.

For each field the library makes a path, a description of the call and a chain of resolvers, ten times as long as it
takes to read an attribute and to write it as its type does. A value that is not what its type says goes the library's
way from the start, so that errors are its own.
"""

# ruff: noqa: ANN401 - values of any type, by the library's signatures

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from graphql import Undefined, is_leaf_type, is_list_type, is_non_null_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql import GraphQLField, GraphQLObjectType, GraphQLOutputType

    Read = Callable[[Any], Any]

_TYPENAME = "__typename"


class NoPlainValueError(Exception):
    """What was read is not what the type says."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Of one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who wraps resolvers wants to see each field.
        self._is_plain = self.middleware_manager is None or not self.middleware_manager.middlewares

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
                done[name] = read(source_value)
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


_READS = "gateway-reads"


def _make_read(parent_type: GraphQLObjectType, field_name: str) -> Read | None:
    if field_name == _TYPENAME:
        name = parent_type.name
        return lambda _source: name
    field = parent_type.fields.get(field_name)
    if field is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    complete = _completion(field.type)
    return _reading(_attribute(field), complete) if complete else None


def _attribute(field: GraphQLField) -> Read:
    return attrgetter(field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name)


def _reading(get: Read, complete: Read) -> Read:
    return lambda source: complete(get(source))


def _completion(type_: GraphQLOutputType) -> Read | None:
    """From a value to what is sent, for leaves and lists of them; raises what the type raises, or NoPlainValueError."""
    if is_non_null_type(type_):
        nullable = _completion(type_.of_type)
        return _not_null(nullable) if nullable else None
    if is_list_type(type_):
        one = _completion(type_.of_type)
        return _each(one) if one else None
    return _leaf(type_.coerce_output_value) if is_leaf_type(type_) else None


def _not_null(complete: Read) -> Read:
    def complete_value(value: Any) -> Any:
        if value is None:
            raise NoPlainValueError
        return complete(value)

    return complete_value


def _each(complete: Read) -> Read:
    def complete_values(values: Any) -> Any:
        if values is None:
            return None
        if type(values) not in (list, tuple):
            raise NoPlainValueError
        return [complete(value) for value in values]

    return complete_values


def _leaf(coerce: Read) -> Read:
    def complete_leaf(value: Any) -> Any:
        if value is None:
            return None
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise NoPlainValueError
        return coerced

    return complete_leaf
