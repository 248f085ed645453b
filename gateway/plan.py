"""What a softphone asks, worked out once for each document, so that its answer is read and not executed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    get_argument_values,
    get_variable_values,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from gateway.reads import NotPlainError, Reader, make_completion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import DocumentNode, GraphQLSchema, SelectionSetNode

_CONFIG, _TYPENAME = "softphoneConfig", "__typename"
_NO_VARIABLES = VariableValues({}, {})


class Plan:
    """Of a sound document that asks for one softphone's config, and for the same fields whatever its variables are."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        """Raises NotPlainError for a document that asks for more than one."""
        root = schema.query_type
        assert root is not None  # noqa: S101 - it was validated by it
        fragments = {name: FragmentDetails(node) for name, node in _fragments(document).items()}
        (self._operation,) = _operations(document)
        fields, *_ = collect_fields(schema, fragments, _NO_VARIABLES, root, self._operation)
        self._names = {name: asked[0].node.name.value for name, asked in fields.items()}
        configs = [asked for name, asked in fields.items() if self._names[name] == _CONFIG]
        complete = make_completion(root.fields[_CONFIG].type)
        if len(configs) != 1 or complete is None:
            raise NotPlainError
        self._schema, self._root, self._details, self._complete = schema, root, configs[0], complete
        self._reader = Reader(partial(collect_subfields, schema, fragments, _NO_VARIABLES, self._operation))

    def runs(self, operation_name: str | None) -> bool:
        """Whether this is what runs for who sends that name, or none."""
        name = self._operation.name
        return operation_name is None or (name is not None and operation_name == name.value)

    def read_arguments(self, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the field is given, by names of the schema. Raises NotPlainError for variables that cannot be."""
        values = get_variable_values(self._schema, self._operation.variable_definitions or (), dict(variables or {}))
        if isinstance(values, list):
            raise NotPlainError
        node = self._details[0].node
        return get_argument_values(self._root.fields[_CONFIG], node, values)

    def answer(self, result: object) -> dict[str, Any]:
        """The data of the answer, when that is what the field comes to. Raises NotPlainError, and what types raise."""
        config = self._complete(self._reader, self._details, result)
        return {name: config if field == _CONFIG else self._root.name for name, field in self._names.items()}


def make_plan(schema: GraphQLSchema, text: str, document: DocumentNode) -> Plan | None:
    """The document's, if it has one: with directives (none of which is written without `@`) there is none."""
    if "@" in text or not is_softphone_query(document):
        return None
    try:
        return Plan(schema, document)
    except NotPlainError:
        return None


def is_softphone_query(document: DocumentNode) -> bool:
    """Whether a sound document asks for a softphone's config and for nothing else."""
    operations = _operations(document)
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        return False
    fields = set(_root_fields(operations[0].selection_set, _fragments(document)))
    return _CONFIG in fields and fields <= {_CONFIG, _TYPENAME}


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _root_fields(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    """A sound document has no cycle of fragments, and spreads few enough."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, FragmentSpreadNode):
            yield from _root_fields(fragments[node.name.value].selection_set, fragments)
        else:
            yield from _root_fields(node.selection_set, fragments)  # type: ignore[attr-defined]  # the third kind of three
