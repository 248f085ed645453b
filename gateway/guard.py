"""A schema that measures every document before it runs it, and says nothing about a failure but what is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLInputObjectType, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gateway.documents import Documents
from gateway.errors import SafeErrors, find_operation, make_safe
from gateway.execution import Executor
from gateway.refusals import ErrorCode, RefusedError
from gateway.variables import check_variables, list_variable_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphql import DocumentNode, GraphQLError
    from strawberry.types import ExecutionContext

    from gateway.limits import Limits
    from gateway.plan import Plan


class DocumentGuard(SchemaExtension):
    """Parses, measures and validates in place of the library, and chooses the operation as the specification says."""

    def __init__(self, documents: Documents, may_introspect: Callable[[Any], bool]) -> None:
        super().__init__()
        self._documents, self._may_introspect = documents, may_introspect
        self._is_known = False

    def on_parse(self) -> Iterator[None]:
        """Refusals raised here become the answer."""
        context = self.execution_context
        asked = context.operation_name  # There is no document yet, so this is only what the client sent.
        text = context.query or ""
        check_variables(context.variables, self._documents.limits)
        known = self._documents.find(text)
        self._is_known = known is not None
        document = known or self._documents.parse(text, may_introspect=self._may_introspect(context.context))
        _check_operation(document, asked)
        context.graphql_document = document
        yield

    def on_validate(self) -> Iterator[None]:
        """Hand over the errors, so that the library does not validate again."""
        context = self.execution_context
        context.pre_execution_errors = []
        if not self._is_known and context.graphql_document:
            schema = context.schema._schema  # noqa: SLF001  # the library's own extensions reach it like this
            context.pre_execution_errors = self._documents.validate(
                context.query or "", context.graphql_document, schema
            )
        if not context.pre_execution_errors:
            context.pre_execution_errors = self._read_variables()
        yield

    def _read_variables(self) -> list[GraphQLError]:
        """Refuse bad variables before the library reads them: its suggestions for each cost 120 ms for 3 KB."""
        context = self.execution_context
        operation = find_operation(context)
        schema = context.schema._schema  # noqa: SLF001  # as above
        if operation is None:
            return []
        most = self._documents.limits.errors
        return [*list_variable_errors(schema, operation, context.variables or {}, max_errors=most)]


def _check_operation(document: DocumentNode, asked: str | None) -> None:
    """Two operations and no name is an error; the library would run the first."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    names = [node.name.value for node in operations if node.name]
    if not operations:
        raise RefusedError("The document has no operation to run.", ErrorCode.BAD_REQUEST)
    if asked is None and len(operations) > 1:
        message = f"The document has {len(operations)} operations: name one of them in operationName."
        raise RefusedError(message, ErrorCode.BAD_REQUEST)
    if asked is not None and asked not in names:
        raise RefusedError("The document has no operation of the name in operationName.", ErrorCode.BAD_REQUEST)


def _is_one_of(described: object, _info: object) -> bool | None:
    """Null for what is no input object; of those, Strawberry knows the answer and does not tell graphql-core."""
    if not isinstance(described, GraphQLInputObjectType):
        return None
    definition = described.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return bool(definition and definition.is_one_of)


def _nobody(_context: object) -> bool:
    return False


class GatewaySchema(strawberry.Schema):
    """A Strawberry schema behind the limits, whose errors are safe and whose library logs nothing."""

    def __init__(
        self,
        *,
        limits: Limits,
        is_introspecting: bool = True,
        may_introspect: Callable[[Any], bool] = _nobody,
        is_suggesting: bool = True,
        **options: Any,  # noqa: ANN401  # Strawberry's
    ) -> None:
        """`may_introspect` tells from an operation's context who may where `is_introspecting` is off."""
        documents = Documents(limits, is_introspecting=is_introspecting, is_suggesting=is_suggesting)
        self.documents = documents
        own = (lambda: SafeErrors(limits), lambda: DocumentGuard(documents, may_introspect))
        super().__init__(extensions=(*own, *options.pop("extensions", ())), execution_context_class=Executor, **options)
        self._limits = limits

    def _extend_introspection(self) -> None:
        """Strawberry's resolver fails on lists and non-nulls. The type is graphql-core's, shared by all."""
        super()._extend_introspection()
        self._schema.type_map["__Type"].fields["isOneOf"].resolve = _is_one_of  # type: ignore[attr-defined]  # an object type

    def find_flaws(self, text: str, document: DocumentNode) -> list[GraphQLError]:
        """What validation says about a document that was parsed and measured; a sound one is remembered."""
        return self.documents.validate(text, document, self._schema)

    def find_plan(self, text: str, operation_name: str | None) -> Plan | None:
        """How to answer a document without executing it; None: it has to be. Raises what reading it raises."""
        return self.documents.find_plan(text, operation_name, self._schema)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Where the library would log each message, values included; the errors are made safe in place instead.

        It is the only hook that also sees what an extension raised, after the extensions have closed.
        """
        if execution_context:
            errors[:] = make_safe(errors, execution_context, self._limits)
