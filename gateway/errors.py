"""Turns every error of an operation into one that a stranger may read: a code, our words, no value that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from graphql import GraphQLError, OperationDefinitionNode, VariableDefinitionNode
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.extensions import MaskErrors

from gateway.refusals import ErrorCode, RefusedError, count_bytes
from gateway.wording import explain
from tenants.errors import ForbiddenError, UnauthenticatedError, UnavailableError, UnreadableSecretError

if TYPE_CHECKING:
    from strawberry.types import ExecutionContext

    from gateway.limits import Limits

_LOCATIONS = 5  # of one error; a document can repeat a mistake hundreds of times
_EXECUTION_PREFIXES = ("Argument '", "Variable '")
_log = structlog.get_logger()


class BadRequestError(Exception):
    """An argument outside its range. The message is shown to the client, so it repeats no value."""


class SafeErrors(MaskErrors):
    """Masks the errors of each result of an operation, streamed ones included."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return list(make_safe(errors, self.execution_context, self._limits))


def make_safe(errors: list[GraphQLError], context: ExecutionContext, limits: Limits) -> list[RefusedError]:
    """The errors in our words, as many as an answer may hold. Errors that are safe stay as they are."""
    safe: list[RefusedError] = []
    has_told_variables = False
    for error in errors:
        if len(safe) >= limits.errors:
            break  # before a failing list fills the log, too
        if not _is_about_variable(error):
            safe.append(_make_one_safe(error, context))
        elif not has_told_variables:
            message = "The default value of a variable does not fit its type."  # the rest was refused before
            safe.append(_refused(error, message, ErrorCode.BAD_REQUEST))
            has_told_variables = True
    return _fit(safe[: limits.errors], limits)


def _fit(errors: list[RefusedError], limits: Limits) -> list[RefusedError]:
    while len(errors) > 1 and count_bytes(errors) > limits.error_bytes:
        errors = errors[:-1]
    is_long = count_bytes(errors) > limits.error_bytes
    return [error.without_place() for error in errors] if is_long else errors


def _is_about_variable(error: GraphQLError) -> bool:
    """Whether execution refused a variable's value; validation speaks of variables too, but not before these words."""
    is_definition = bool(error.nodes) and all(isinstance(node, VariableDefinitionNode) for node in error.nodes or ())
    has_words = " has invalid value" in error.message or " has invalid default value" in error.message
    return is_definition and has_words and not isinstance(error, RefusedError)


def find_operation(context: ExecutionContext) -> OperationDefinitionNode | None:
    """The operation that is to run."""
    definitions = context.graphql_document.definitions if context.graphql_document else ()
    for node in definitions:
        if isinstance(node, OperationDefinitionNode) and (node.name and node.name.value) == context.operation_name:
            return node
    return None


def _make_one_safe(error: GraphQLError, context: ExecutionContext) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    cause = _find_cause(error)
    refusal = _translate(cause)
    if refusal:
        return _refused(error, *refusal)
    if _is_from_library(error):
        source = error.original_error if isinstance(error.original_error, GraphQLError) else error
        return _refused(error, *explain(source, context.schema._schema))  # noqa: SLF001  # as above
    return _report_bug(error, cause)


def _find_cause(error: GraphQLError) -> Exception:
    """What a resolver raised, under however many wrappings."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _translate(cause: Exception) -> tuple[str, ErrorCode] | None:
    """The refusals that reach `errors`; the rest of the domain's are members of unions, or bugs if they get here."""
    match cause:
        case RefusedError(message=message, code=code):
            return message, code
        case UnauthenticatedError():
            return "Sign in first.", ErrorCode.UNAUTHENTICATED
        case ForbiddenError(permission=permission):
            return f"You lack the permission {permission.value}.", ErrorCode.FORBIDDEN
        case UnavailableError() | TimeoutError():  # a driver may turn our own deadline into the latter
            return "The gateway cannot reach its database right now. Try again.", ErrorCode.UNAVAILABLE
        case BadRequestError():
            return str(cause), ErrorCode.BAD_REQUEST
    return None


def _is_from_library(error: GraphQLError) -> bool:
    """Whether parser, validator or argument reader made it: what they report has no path, or begins with its subject.

    A custom scalar's own exception arrives inside a library error about its argument.
    """
    inner = error.original_error
    if isinstance(error, StrawberryInputCoercionError) or isinstance(inner, StrawberryInputCoercionError):
        return True
    if isinstance(inner, GraphQLError):
        return inner.message.startswith(_EXECUTION_PREFIXES)
    if error.message.startswith(_EXECUTION_PREFIXES):
        return inner is None
    return error.path is None and (inner is None or bool(error.nodes))


def _report_bug(error: GraphQLError, cause: Exception) -> RefusedError:
    """Log a bug or outage once; the client is given the request's id to quote.

    The field is logged by its name in the schema: response keys are aliases, which the client chose.
    """
    field = next((node.name.value for node in error.nodes or () if hasattr(node, "name")), None)
    _log.error("operation_failed", field=field, exc_info=cause)
    if isinstance(cause, UnreadableSecretError):  # a key is missing, and will be given; nothing was used up
        return _refused(error, "This cannot be answered right now. Try again later.", ErrorCode.UNAVAILABLE)
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    details = {"requestId": request_id} if request_id else {}
    return RefusedError(
        "Something went wrong.",
        ErrorCode.INTERNAL,
        nodes=(error.nodes or [])[:_LOCATIONS],
        path=error.path,
        details=details,
    )


def _refused(error: GraphQLError, message: str, code: ErrorCode) -> RefusedError:
    """Ours, at the place of the library's."""
    nodes = (error.nodes or [])[:_LOCATIONS]
    positions = list(error.positions or ())[:_LOCATIONS]
    if nodes:
        return RefusedError(message, code, nodes=nodes, path=error.path)
    return RefusedError(message, code, source=error.source, positions=positions or None, path=error.path)
