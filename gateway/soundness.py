"""Tells of most sound documents that they are sound, in one walk. About the others it has no word, the rules have.

The rules cost ten times as much: each looks at every node, or walks the document once more. What is wrong, and in which
order, they alone say. So nothing here may pass that they would not; what is rare in what clients send is left to them
(directives, subscriptions, two operations, lists, objects and nulls in the text, defaults of variables, introspection).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLString,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_input_type,
    is_leaf_type,
    is_required_argument,
    type_from_ast,
)
from graphql.utilities import do_types_overlap, is_type_sub_type_of, validate_input_literal

from gateway.validation import OVERLAP_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphql import (
        ArgumentNode,
        DocumentNode,
        GraphQLArgument,
        GraphQLCompositeType,
        GraphQLError,
        GraphQLNamedType,
        GraphQLSchema,
        NamedTypeNode,
        SelectionNode,
        ValueNode,
    )

_TYPENAME = "__typename"
_FIELDS = "gateway-fields"
_LITERALS = (StringValueNode, IntValueNode, FloatValueNode, BooleanValueNode, EnumValueNode)
_SELECTION_SETS = 100  # Also the deepest that they can nest, through fragments too; the library stops at 200.


class _UnsureError(Exception):
    """What is left to the rules."""


class _Field(NamedTuple):
    """What is to know of a field of the schema."""

    type: GraphQLNamedType
    is_leaf: bool
    arguments: dict[str, GraphQLArgument]
    required: frozenset[str]
    asked: str
    """Its name and type: two of one name in the answer are no conflict if they are equal in this."""


_ONCE = ""
"""What stands for a field that has arguments or fields of its own, and may be asked for once."""

_TYPENAME_FIELD = _Field(GraphQLString, is_leaf=True, arguments={}, required=frozenset(), asked=_TYPENAME)


def is_surely_sound(document: DocumentNode, schema: GraphQLSchema) -> bool:
    """Whether no rule has anything against it; False when that is not plain to see."""
    operations = [each for each in document.definitions if each.__class__ is OperationDefinitionNode]
    fragments = [each for each in document.definitions if each.__class__ is FragmentDefinitionNode]
    if len(operations) != 1 or len(fragments) + 1 != len(document.definitions):
        return False
    try:
        _Walk(schema, fragments).check(operations[0])
    except _UnsureError:
        return False
    return True


class _Walk:
    """Over one operation and its fragments, each where it is spread first."""

    def __init__(self, schema: GraphQLSchema, fragments: Sequence[FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = {each.name.value: each for each in fragments}
        _require(len(self._fragments) == len(fragments))
        self._answers: dict[str, dict[str, str] | None] = {}
        """Of each fragment that was met; None while it is walked."""
        self._variables: dict[str, Any] = {}
        self._used = set[str]()
        self._sets = self._fields = self._spreads = self._doubles = 0

    def check(self, operation: OperationDefinitionNode) -> None:
        root_type = self._schema.get_root_type(operation.operation)
        _require(operation.operation is not OperationType.SUBSCRIPTION and not operation.directives)
        for node in operation.variable_definitions or ():
            name, type_ = node.variable.name.value, type_from_ast(self._schema, node.type)
            _require(is_input_type(type_) and name not in self._variables)
            _require(node.default_value is None and not node.directives)
            self._variables[name] = type_
        self._walk(operation.selection_set.selections, _composite(root_type), {})
        _require(len(self._used) == len(self._variables) and len(self._answers) == len(self._fragments))
        _require(self._most_comparisons() <= OVERLAP_BUDGET)

    def _most_comparisons(self) -> int:
        """An upper bound of what the rule on overlapping fields counts of its budget.

        It compares each selection set with each fragment that it may reach, by the names of its fields; the fragments
        with each other, too; and each two fields of one name twice at most, whose types have four wrappers at most.
        """
        spreads, doubles = self._spreads, self._doubles
        return 5 * spreads * spreads + 2 * spreads * self._fields + spreads + 24 * doubles * doubles

    def _walk(
        self, selections: Iterable[SelectionNode], parent_type: GraphQLCompositeType, answer: dict[str, str]
    ) -> None:
        """`answer` has what is asked for so far, by the names that the answer will have."""
        self._sets += 1
        _require(self._sets <= _SELECTION_SETS)
        for node in selections:
            _require(not node.directives)
            if node.__class__ is FieldNode:
                self._check_field(node, parent_type, answer)
            elif node.__class__ is FragmentSpreadNode:
                self._check_spread(node, parent_type, answer)
            else:
                condition = node.type_condition  # type: ignore[attr-defined]  # the third kind of three
                type_ = self._narrow(parent_type, condition) if condition else parent_type
                self._walk(node.selection_set.selections, type_, answer)  # type: ignore[attr-defined]  # as above

    def _narrow(self, parent_type: GraphQLCompositeType, condition: NamedTypeNode) -> GraphQLCompositeType:
        type_ = _composite(self._schema.get_type(condition.name.value))
        _require(do_types_overlap(self._schema, type_, parent_type))
        return type_

    def _check_field(self, node: FieldNode, parent_type: GraphQLCompositeType, answer: dict[str, str]) -> None:
        self._fields += 1
        field = _find_field(parent_type, node.name.value)
        if node.arguments or field.required:
            self._check_arguments(node.arguments or (), field)
        _require(field.is_leaf is (node.selection_set is None))
        if node.selection_set is not None:
            self._walk(node.selection_set.selections, field.type, {})  # type: ignore[arg-type]  # no leaf
        is_simple = field.is_leaf and not node.arguments
        self._add((node.alias or node.name).value, field.asked if is_simple else _ONCE, answer)

    def _check_arguments(self, nodes: Iterable[ArgumentNode], field: _Field) -> None:
        given = set[str]()
        for node in nodes:
            name = node.name.value
            argument = field.arguments.get(name)
            if argument is None or name in given:
                raise _UnsureError
            given.add(name)
            self._check_value(node.value, argument)
        _require(field.required <= given)

    def _check_value(self, value: ValueNode, argument: GraphQLArgument) -> None:
        if isinstance(value, VariableNode):
            name = value.name.value
            _require(name in self._variables)
            _require(is_type_sub_type_of(self._schema, self._variables[name], argument.type))
            self._used.add(name)
        else:
            _require(isinstance(value, _LITERALS))
            validate_input_literal(value, argument.type, _refuse)

    def _check_spread(
        self, node: FragmentSpreadNode, parent_type: GraphQLCompositeType, answer: dict[str, str]
    ) -> None:
        self._spreads += 1
        _require(self._most_comparisons() <= OVERLAP_BUDGET)
        name = node.name.value
        fragment = self._fragments.get(name)
        if fragment is None or fragment.directives or fragment.variable_definitions or node.arguments:
            raise _UnsureError
        type_ = self._narrow(parent_type, fragment.type_condition)
        if name not in self._answers:
            self._answers[name] = None
            inside = dict[str, str]()
            self._walk(fragment.selection_set.selections, type_, inside)
            self._answers[name] = inside
        found = self._answers[name]
        if found is None:
            raise _UnsureError
        for inner_name, asked in found.items():
            self._add(inner_name, asked, answer)

    def _add(self, name: str, asked: str, answer: dict[str, str]) -> None:
        earlier = answer.get(name)
        if earlier is None:
            answer[name] = asked
        elif earlier == asked != _ONCE:
            self._doubles += 1
        else:
            raise _UnsureError


def _find_field(parent_type: GraphQLCompositeType, name: str) -> _Field:
    """As the schema defines it. Kept with the type, for which it never changes."""
    fields: dict[str, _Field] = parent_type.extensions.setdefault(_FIELDS, {_TYPENAME: _TYPENAME_FIELD})
    field = fields.get(name)
    if field is None:
        definition = getattr(parent_type, "fields", {}).get(name)
        if definition is None:
            raise _UnsureError
        type_ = get_named_type(definition.type)
        required = frozenset(each for each, argument in definition.args.items() if is_required_argument(argument))
        field = fields[name] = _Field(
            type_, is_leaf_type(type_), definition.args, required, f"{name}: {definition.type}"
        )
    return field


def _composite(type_: GraphQLNamedType | None) -> GraphQLCompositeType:
    if not is_composite_type(type_):
        raise _UnsureError
    return type_


def _refuse(error: GraphQLError, _path: list[str | int]) -> None:
    raise _UnsureError from error


def _require(condition: object) -> None:
    if not condition:
        raise _UnsureError
