"""What a document may cost: one linear pass over it, before anything is validated or run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode

from gateway.refusals import ErrorCode, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import DocumentNode, InlineFragmentNode, SelectionNode

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


class _Size(NamedTuple):
    """What some selections come to, their fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    lists: int = 0  # the deepest nesting of introspection's lists
    sensitive: int = 0  # at the top only
    introspected: int = 0  # fields inside `__schema` and `__type`
    introspected_lists: int = 0
    introspected_aliases: int = 0

    def beside(self, other: _Size) -> _Size:
        """Both, as selections of one parent."""
        return _Size(
            max(self.depth, other.depth),
            min(self.fields + other.fields, _COUNTLESS),
            min(self.aliases + other.aliases, _COUNTLESS),
            max(self.lists, other.lists),
            min(self.sensitive + other.sensitive, _COUNTLESS),
            min(self.introspected + other.introspected, _COUNTLESS),
            max(self.introspected_lists, other.introspected_lists),
            min(self.introspected_aliases + other.introspected_aliases, _COUNTLESS),
        )

    def under(self, node: FieldNode, sensitive_names: frozenset[str]) -> _Size:
        """These selections as the subfields of a field."""
        name, aliases = node.name.value, self.aliases + (node.alias is not None)
        if name in _INTROSPECTION:
            return _Size(1, 1, aliases, 0, 0, self.fields + 1, self.lists, aliases)
        return self._replace(
            depth=self.depth + 1,
            fields=self.fields + 1,
            aliases=aliases,
            lists=self.lists + (name in _INTROSPECTION_LISTS),
            sensitive=int(name in sensitive_names),
        )


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
            self.directives += len(node.directives or ())
            size = size.beside(self._measure_selection(node))
        return size

    def _measure_selection(self, node: SelectionNode) -> _Size:
        if isinstance(node, FragmentSpreadNode):
            return self._measure_fragment(node.name.value)
        inner: FieldNode | InlineFragmentNode = node  # type: ignore[assignment]  # the third kind of three
        selections = inner.selection_set.selections if inner.selection_set else ()
        if not isinstance(inner, FieldNode):
            return self.measure(selections)
        self.aliases += inner.alias is not None
        return self.measure(selections).under(inner, self._sensitive_names)

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
