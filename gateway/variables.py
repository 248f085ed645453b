"""The variables of a request: how large they may be, and what is wrong with them, said without repeating them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphql import Undefined, is_input_object_type, is_input_type, is_list_type, is_non_null_type, type_from_ast
from graphql.utilities import validate_input_value

from gateway.refusals import ErrorCode, RefusedError
from gateway.wording import UNKNOWN, list_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import GraphQLError, GraphQLInputType, GraphQLSchema, OperationDefinitionNode, VariableDefinitionNode

    from gateway.limits import Limits

_NUMBER_BITS = 1_024  # What a float can hold; a longer number cannot even be printed by Python.
_REQUIRED_FIELD = re.compile(r"Expected value of type '[^']*' to include required field '([_0-9A-Za-z]+)', found")


def check_variables(variables: Mapping[str, Any] | None, limits: Limits) -> None:
    """Refuse variables that are too deep, too long or too large, with `TOO_COSTLY`."""
    pending: list[tuple[Any, int]] = [(value, 1) for value in (variables or {}).values()]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, (dict, list)):
            if depth > limits.variables_depth:
                raise _too_costly(f"The variables nest deeper than {limits.variables_depth:,} levels.")
            if isinstance(value, list) and len(value) > limits.list_items:
                raise _too_costly(f"A list in the variables holds more than {limits.list_items:,} items.")
            inner = value.values() if isinstance(value, dict) else value
            pending.extend((item, depth + 1) for item in inner)
        else:
            _check_leaf(value, limits)


def _check_leaf(value: object, limits: Limits) -> None:
    if isinstance(value, str) and len(value.encode(errors="surrogatepass")) > limits.string_bytes:
        raise _too_costly(f"A text in the variables is longer than {limits.string_bytes:,} bytes.")
    if isinstance(value, int) and value.bit_length() > _NUMBER_BITS:
        raise _too_costly("A number in the variables is too large.")


def _too_costly(message: str) -> RefusedError:
    return RefusedError(message, ErrorCode.TOO_COSTLY)


def list_variable_errors(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any], *, max_errors: int
) -> list[RefusedError]:
    """What is wrong with the variables: one error for each place, with the path in `extensions.path`."""
    found: list[RefusedError] = []
    for node in operation.variable_definitions or ():
        found.extend(_list_errors(schema, node, variables, max_errors - len(found)))
    return found


def _list_errors(
    schema: GraphQLSchema, node: VariableDefinitionNode, variables: Mapping[str, Any], max_errors: int
) -> Iterator[RefusedError]:
    type_ = type_from_ast(schema, node.type)
    value = variables.get(node.variable.name.value, Undefined)
    if not is_input_type(type_) or (value is Undefined and node.default_value):
        return
    name = node.variable.name.value
    shown = name if name in list_names(schema) else UNKNOWN
    for message, path in _collect(value, type_, max_errors):
        place = ", ".join((f"${shown}", ".".join(path))) if path else f"${shown}"
        yield RefusedError(
            f"Variable {place}: {message}", ErrorCode.BAD_REQUEST, nodes=[node], details={"path": list(path)}
        )


class _EnoughError(Exception):
    """As many errors were found as will be told."""


def _collect(value: object, type_: GraphQLInputType, max_errors: int) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []

    def note(error: GraphQLError, path: list[str | int]) -> None:
        if len(found) >= max_errors:
            raise _EnoughError
        found.append(_describe(error.message, path, type_))

    try:
        validate_input_value(value, type_, note, hide_suggestions=True)
    except _EnoughError:
        return found
    return found


def _describe(message: str, path: list[str | int], type_: GraphQLInputType) -> tuple[str, tuple[str, ...]]:
    """Our sentence for the library's, and the path: indexes, and keys that the type defines (it descends no others)."""
    place = tuple(str(key) for key in path)
    required = _REQUIRED_FIELD.match(message)
    if required:
        return "a value is missing.", (*place, required[1])
    for start, sentence in _SENTENCES.items():
        if re.match(start, message):
            return sentence, place
    return f"the value is not of type {_type_at(type_, path)}.", place


_SENTENCES = {
    r"Expected a value of non-null type '[^']*' to be provided": "a value is missing.",
    r"Expected value of non-null type '[^']*' not to be None": "null is not allowed.",
    r"Expected value of type '[^']*' not to include unknown field": "there is a field that its type does not define.",
    r"Expected value of type '[^']*' to be an object": "the value is not an object.",
    r"Within OneOf Input Object type": "exactly one field must be given, and it may not be null.",
}


def _type_at(type_: GraphQLInputType, path: list[str | int]) -> GraphQLInputType:
    for key in path:
        bare = _bare(type_, through_lists=isinstance(key, str))
        if isinstance(key, str) and is_input_object_type(bare):
            type_ = bare.fields[key].type
        elif is_list_type(bare):
            type_ = bare.of_type
    return type_


def _bare(type_: GraphQLInputType, *, through_lists: bool) -> GraphQLInputType:
    """The type without its `!`, and, where one value stood for a list of one, without its brackets."""
    while is_non_null_type(type_) or (through_lists and is_list_type(type_)):
        type_ = type_.of_type
    return type_
