"""What a document may cost: one linear pass over it, before anything is validated or run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode

from gateway.refusals import ErrorCode, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import DocumentNode, SelectionNode

SENSITIVE_ROOT_FIELDS = frozenset(
    {"signIn", "provision", "redeemSetupLink", "openPreview", "acceptInvitation", "setPassword", "changePassword"}
)
_STAFF_WITH_SECRETS = frozenset({"createSetupLink", "makeQrCode", "checkProvisioning", "saveProvisioning"})
"""Of these, too, the arguments may hold passwords; staff may ask for several at once."""
_INTROSPECTION = frozenset({"__schema", "__type"})
_INTROSPECTION_LISTS = frozenset({"types", "fields", "interfaces", "possibleTypes", "inputFields"})
_INTROSPECTION_LIST_DEPTH = 2  # The deepest that graphql-core's own rule allows; `types` counts here too.
_COUNTLESS = 1_000_000  # Nested spreads double a count at each level: beyond this nobody needs the figure.


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one request may ask for."""

    document_characters: int = 15_000
    tokens: int = 1_000
    depth: int = 10
    fields: int = 500  # with fragments expanded
    aliases: int = 15
    directives: int = 8
    operations: int = 5
    sensitive_root_fields: int = 1
    variables_depth: int = 10
    list_items: int = 100
    string_bytes: int = 8 * 1024
    errors: int = 5  # in one answer
    error_bytes: int = 4 * 1024  # of all errors in one answer
    sensitive_names: frozenset[str] = field(default=SENSITIVE_ROOT_FIELDS)


def check_document(document: DocumentNode, limits: Limits, *, is_introspecting: bool = True) -> None:
    """Refuse a document that is too costly to run, with `TOO_COSTLY`; without introspection, `BAD_REQUEST` for that.

    Depth, fields and sensitive root fields are those of the costliest operation; aliases and directives are counted
    as they are written, over the whole document. `__schema` and `__type` have their own budget of fields, no limit
    of depth, and follow graphql-core's rule on nested lists; nothing inside them can be multiplied by aliases.
    """
    try:
        census = _Census(document, limits.sensitive_names)
        sizes = [census.measure(each.selection_set.selections) for each in census.operations]
    except RecursionError:
        raise RefusedError("The document nests its fragments too deeply.", ErrorCode.TOO_COSTLY) from None
    _check_counts(census, sizes, limits)
    for size in sizes:
        _check_introspection(size, limits, is_introspecting=is_introspecting)


def is_introspection(document: DocumentNode, limits: Limits) -> bool:
    """Whether an operation of a document that passed asks for the schema itself."""
    census = _Census(document, limits.sensitive_names)
    return any(census.measure(each.selection_set.selections).introspected for each in census.operations)


def is_sensitive(document: DocumentNode, limits: Limits) -> bool:
    """Whether an operation of a document that passed asks for a field whose arguments are secrets."""
    census = _Census(document, limits.sensitive_names | _STAFF_WITH_SECRETS)
    return any(census.measure(each.selection_set.selections).sensitive for each in census.operations)


class _Size:
    """What some selections come to, their fragments expanded."""

    __slots__ = (
        "aliases",
        "depth",
        "fields",
        "introspected",
        "introspected_aliases",
        "introspected_lists",
        "lists",
        "sensitive",
    )

    def __init__(self) -> None:
        self.depth = self.fields = self.aliases = 0
        self.lists = 0  # the deepest nesting of introspection's lists
        self.sensitive = 0  # at the top only
        self.introspected = self.introspected_lists = self.introspected_aliases = 0  # inside `__schema` and `__type`

    def add(self, other: _Size) -> None:
        """Selections beside these, of the same parent."""
        self.depth = max(self.depth, other.depth)
        self.fields = min(self.fields + other.fields, _COUNTLESS)
        self.aliases = min(self.aliases + other.aliases, _COUNTLESS)
        self.lists = max(self.lists, other.lists)
        self.sensitive = min(self.sensitive + other.sensitive, _COUNTLESS)
        if other.introspected:
            self.introspected = min(self.introspected + other.introspected, _COUNTLESS)
            self.introspected_lists = max(self.introspected_lists, other.introspected_lists)
            self.introspected_aliases = min(self.introspected_aliases + other.introspected_aliases, _COUNTLESS)

    def add_leaf(self, node: FieldNode, sensitive_names: frozenset[str]) -> None:
        """A field without subfields beside these: what `add` makes of its `_Size`, which is not made."""
        self.depth = self.depth or 1
        self.fields += 1
        self.aliases += node.alias is not None
        self.lists = self.lists or int(node.name.value in _INTROSPECTION_LISTS)
        self.sensitive += node.name.value in sensitive_names

    def put_under(self, node: FieldNode, sensitive_names: frozenset[str]) -> None:
        """These selections are the subfields of a field from now on."""
        name = node.name.value
        self.aliases += node.alias is not None
        if name in _INTROSPECTION:
            self.introspected, self.introspected_lists = self.fields + 1, self.lists
            self.introspected_aliases = self.aliases
            self.depth, self.fields, self.lists, self.sensitive = 1, 1, 0, 0
        else:
            self.depth += 1
            self.fields += 1
            self.lists += name in _INTROSPECTION_LISTS
            self.sensitive = int(name in sensitive_names)


class _Census:
    """Each selection of a document is looked at once; a fragment's size is remembered for its next spread."""

    def __init__(self, document: DocumentNode, sensitive_names: frozenset[str]) -> None:
        self.operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self.aliases = 0
        self.directives = 0
        for definition in (*self.operations, *fragments):
            self.directives += len(definition.directives or ())
            self.directives += sum(len(node.directives or ()) for node in definition.variable_definitions or ())
        self._sensitive_names = sensitive_names
        self._fragments = {node.name.value: node for node in fragments}
        self._sizes: dict[str, _Size] = {}
        for name in self._fragments:
            self._measure_fragment(name)

    def measure(self, selections: Iterable[SelectionNode]) -> _Size:
        """The size of selections of one parent."""
        size = _Size()
        for node in selections:
            if node.directives:
                self.directives += len(node.directives)
            if node.__class__ is FieldNode:
                self._add_field(node, size)
            elif node.__class__ is FragmentSpreadNode:
                size.add(self._measure_fragment(node.name.value))
            else:
                size.add(self.measure(node.selection_set.selections))  # type: ignore[attr-defined]  # the third of three
        return size

    def _add_field(self, node: FieldNode, size: _Size) -> None:
        self.aliases += node.alias is not None
        if node.selection_set is None and node.name.value not in _INTROSPECTION:
            size.add_leaf(node, self._sensitive_names)
            return
        inner = self.measure(node.selection_set.selections if node.selection_set else ())
        inner.put_under(node, self._sensitive_names)
        size.add(inner)

    def _measure_fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            # While it is measured it is nothing: a cycle ends here, and validation reports it.
            self._sizes[name] = _Size()
            definition = self._fragments.get(name)
            if definition:
                self._sizes[name] = self.measure(definition.selection_set.selections)
        return self._sizes[name]


def _check_counts(census: _Census, sizes: list[_Size], limits: Limits) -> None:
    depth, fields, sensitive = (max(column, default=0) for column in _columns(sizes))
    _refuse_over(limits.operations, len(census.operations), "The document holds {} operations")
    _refuse_over(limits.depth, depth, "The document nests {} levels deep")
    _refuse_over(limits.fields, fields, "The document asks for {} fields, its fragments expanded")
    _refuse_over(limits.aliases, census.aliases, "The document uses {} aliases")
    _refuse_over(limits.directives, census.directives, "The document uses {} directives")
    names = ", ".join(sorted(limits.sensitive_names))
    _refuse_over(limits.sensitive_root_fields, sensitive, f"The document asks {{}} times for one of {names}")


def _columns(sizes: list[_Size]) -> tuple[list[int], list[int], list[int]]:
    return [size.depth for size in sizes], [size.fields for size in sizes], [size.sensitive for size in sizes]


def _check_introspection(size: _Size, limits: Limits, *, is_introspecting: bool) -> None:
    if not size.introspected:
        return
    if not is_introspecting:
        message = "Introspection is off here: read the schema in the documentation."
        raise RefusedError(message, ErrorCode.BAD_REQUEST)
    _refuse_over(limits.fields, size.introspected, "Introspection asks for {} fields, fragments expanded")
    _refuse_over(_INTROSPECTION_LIST_DEPTH, size.introspected_lists, "Introspection nests lists {} levels deep")
    _refuse_over(0, size.introspected_aliases, "Introspection uses {} aliases")


def _refuse_over(allowed: int, count: int, sentence: str) -> None:
    if count > allowed:
        figure = f"over {_COUNTLESS:,}" if count >= _COUNTLESS else f"{count:,}"
        message = f"{sentence.format(figure)}; at most {allowed:,} are allowed."
        raise RefusedError(message, ErrorCode.TOO_COSTLY)
