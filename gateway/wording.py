"""Says what the GraphQL library found wrong, in words that hold names of the schema and no value that was sent."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from graphql import (
    GraphQLSyntaxError,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
)
from graphql.validation.validate import ValidationAbortedError

from gateway.refusals import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLError, GraphQLNamedType, GraphQLSchema

UNKNOWN = "…"  # stands for a name that the schema does not have, and that may be anything

_NAME = r"[_A-Za-z][_0-9A-Za-z]*"
_QUOTED = re.compile(r"'([^']*)'")
_QUOTED_NAMES = re.compile(rf"[\[$@]{{0,9}}{_NAME}(\.{_NAME})?(\({_NAME}:\))?( \{{ \.\.\. \}})?[\]!]{{0,18}}")
_ECHO = re.compile(r",? [Ff]ound:? |, but encountered error |, and the value |: ")
_MEANT = re.compile(r" Did you mean (to use an inline fragment on |the enum value )?''((, '')*,? or '')?\?$")
_EXPECTED = re.compile(r"Syntax Error: (Expected [^,]{1,20}), found ")
_MISFIT = re.compile(
    rf"(?:Expected value of type '|)({_NAME})(?: cannot represent |', found: |', but encountered error )"
)

# The library's sentences with every quoted name taken out. Nothing else of a message is ever passed on.
_TEMPLATES = frozenset(
    {
        "Argument '' has invalid value",
        "Argument '' of type '' is required, but it was not provided.",
        "Cannot query field '' on type ''.",
        "Directive '' may not be used on ARGUMENT_DEFINITION.",
        "Directive '' may not be used on FIELD.",
        "Directive '' may not be used on FRAGMENT_DEFINITION.",
        "Directive '' may not be used on FRAGMENT_SPREAD.",
        "Directive '' may not be used on INLINE_FRAGMENT.",
        "Directive '' may not be used on MUTATION.",
        "Directive '' may not be used on QUERY.",
        "Directive '' may not be used on SUBSCRIPTION.",
        "Directive '' may not be used on VARIABLE_DEFINITION.",
        "Enum '' cannot represent non-enum value",
        "Expected value of non-null type '' not to be None.",
        "Expected value of type '' not to include unknown field ''",
        "Expected value of type '' not to include unknown field ''.",
        "Expected value of type '' to be an object",
        "Expected value of type '' to include required field ''",
        "Field '' must not have a selection since type '' has no subfields.",
        "Field '' must be non-null.",
        "Field '' of type '' must have a selection of subfields.",
        "Fragment '' cannot be spread here as objects of type '' can never be of type ''.",
        "Fragment '' cannot condition on non composite type ''.",
        "Fragment '' is never used.",
        "Fragment cannot be spread here as objects of type '' can never be of type ''.",
        "Fragment cannot condition on non composite type ''.",
        "The directive '' can only be used once at this location.",
        "The mutation operation is not supported by the schema.",
        "The query operation is not supported by the schema.",
        "The subscription operation is not supported by the schema.",
        "The '' definition is not executable.",
        "There can be only one argument named ''.",
        "There can be only one fragment named ''.",
        "There can be only one input field named ''.",
        "There can be only one operation named ''.",
        "There can be only one variable named ''.",
        "This anonymous operation must be the only defined operation.",
        "Unknown argument '' on directive ''.",
        "Unknown argument '' on field ''.",
        "Unknown directive ''.",
        "Unknown fragment ''.",
        "Unknown type ''.",
        "Value '' does not exist in '' enum.",
        "Value for member field '' must be non-null",
        "Variable '' cannot be non-input type ''.",
        "Variable '' is never used in operation ''.",
        "Variable '' is never used.",
        "Variable '' is not defined by operation ''.",
        "Variable '' is not defined.",
        "Variable '' is of type '' but must be non-nullable to be used for OneOf Input Object ''.",
        "Variable '' of type '' used in position expecting type ''.",
        "Within OneOf Input Object type '', exactly one field must be specified",
        "OneOf Input Object '' must specify exactly one key.",
    }
)
_OWN_SENTENCES = {
    "Maximum introspection depth exceeded": ("Introspection nests lists too deeply.", ErrorCode.TOO_COSTLY),
    "Variable values are nested too deeply.": ("The variables are nested too deeply.", ErrorCode.TOO_COSTLY),
    "Use different aliases on the fields": (
        "Two fields of one name ask for different things: give one of them an alias.",
        ErrorCode.BAD_REQUEST,
    ),
    "Cannot spread fragment '": ("A fragment spreads itself, directly or through others.", ErrorCode.BAD_REQUEST),
    ", found null. ": (  # Strawberry's own rule, in words of Python
        "null is not allowed here: leave the field out instead.",
        ErrorCode.BAD_REQUEST,
    ),
}
_UNKNOWN_MISTAKE = "The document does not fit the schema here."


def explain(error: GraphQLError, schema: GraphQLSchema) -> tuple[str, ErrorCode]:
    """The message and code for an error of the library's parser, validator or argument reader."""
    if isinstance(error, GraphQLSyntaxError):
        return _explain_syntax(error)
    if isinstance(error, ValidationAbortedError):
        return _explain_abort(error)
    for part, said in _OWN_SENTENCES.items():
        if part in error.message:
            return said
    return _explain_mistake(error.message, list_names(schema)), ErrorCode.BAD_REQUEST


def _explain_syntax(error: GraphQLSyntaxError) -> tuple[str, ErrorCode]:
    if error.description.startswith("Document is nested too deeply"):
        return "The document nests too deeply.", ErrorCode.TOO_COSTLY
    line, column = error.locations[0] if error.locations else (1, 1)
    expected = _EXPECTED.match(error.message)  # what the grammar wants; what it found is the client's own text
    hint = f" {expected[1]}." if expected else ""
    return f"The document is not valid GraphQL at line {line}, column {column}.{hint}", ErrorCode.BAD_REQUEST


def _explain_abort(error: ValidationAbortedError) -> tuple[str, ErrorCode]:
    if error.message.startswith("Too many"):
        return "There are more errors than are listed here.", ErrorCode.BAD_REQUEST
    return "The document repeats so many fields or fragments that it cannot be checked.", ErrorCode.TOO_COSTLY


def _explain_mistake(message: str, names: frozenset[str]) -> str:
    misfit = _MISFIT.match(message)
    if misfit and misfit[1] in names:
        return f"A value does not fit the type '{misfit[1]}' that is expected here."
    head = _ECHO.split(message, maxsplit=1)[0]
    template = _QUOTED.sub("''", head)
    if _MEANT.sub("", template) in _TEMPLATES:
        sentence = _QUOTED.sub(lambda quoted: _keep_names(quoted[1], names), head)
        return sentence if sentence.endswith((".", "?")) else f"{sentence}."
    return _UNKNOWN_MISTAKE


def _keep_names(quoted: str, names: frozenset[str]) -> str:
    if not _QUOTED_NAMES.fullmatch(quoted):
        return f"'{UNKNOWN}'"
    kept = re.sub(_NAME, lambda name: name[0] if name[0] in names else UNKNOWN, quoted)
    return f"'{kept}'"


@lru_cache(maxsize=8)
def list_names(schema: GraphQLSchema) -> frozenset[str]:
    """Every name that the schema defines: types, fields, arguments, enum values, directives."""
    return frozenset(_walk_names(schema))


def _walk_names(schema: GraphQLSchema) -> Iterator[str]:
    for directive in schema.directives:
        yield directive.name
        yield from directive.args
    for type_ in schema.type_map.values():
        yield type_.name
        if not is_introspection_type(type_):
            yield from _walk_members(type_)
    yield from ("__typename", "__schema", "__type")


def _walk_members(type_: GraphQLNamedType) -> Iterator[str]:
    if is_enum_type(type_):
        yield from type_.values
    elif is_input_object_type(type_):
        yield from type_.fields
    elif is_object_type(type_) or is_interface_type(type_):
        for name, field in type_.fields.items():
            yield name
            yield from field.args
