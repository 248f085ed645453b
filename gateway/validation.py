"""The rules of validation as one visitor, which asks each rule only about what it has a word on.

The library asks all 34 rules at every node, and finds out anew for every document which methods they have.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import BREAK, SKIP, ASTValidationRule, OverlappingFieldsCanBeMergedRule, ValidationRule, specified_rules
from graphql.language.visitor import EnterLeaveVisitor
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import Node, ValidationContext
    from graphql.language.visitor import VisitorAction

    Method = Callable[..., VisitorAction | None]

OVERLAP_BUDGET = 5_000  # Fifty fields of one name; our own clients spend 32, the library allows 500,000.


class BoundedOverlapRule(OverlappingFieldsCanBeMergedRule):
    """Aborts early: this rule alone is quadratic in the fields of one name, 145 ms for 5 KB of them."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = OVERLAP_BUDGET


RULES: tuple[type[ASTValidationRule], ...] = (
    *(BoundedOverlapRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules),
    MaybeNullValidationRule,  # the last two are what Strawberry adds by itself
    OneOfInputValidationRule,
)


class _Interested(NamedTuple):
    """The methods for one kind of node, each with the place of its rule."""

    enter: tuple[tuple[int, str], ...]
    leave: tuple[tuple[int, str | None], ...]
    """A rule without a method here may have passed over what is below the node, and goes on now."""


@cache
def _interested(kind: str) -> _Interested:
    methods = [(_method(rule, "enter", kind), _method(rule, "leave", kind)) for rule in RULES]
    return _Interested(
        tuple((place, enter) for place, (enter, _) in enumerate(methods) if enter),
        tuple((place, leave) for place, (enter, leave) in enumerate(methods) if enter or leave),
    )


def _method(rule: type[ASTValidationRule], when: str, kind: str) -> str | None:
    return next((name for name in (f"{when}_{kind}", when) if hasattr(rule, name)), None)


class AllRules(ValidationRule):
    """What `ParallelVisitor` makes of all of them."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._rules: list[Any] = [rule(context) for rule in RULES]
        self._passed_over: list[Any] = [None] * len(RULES)
        """The node that a rule wants to see nothing below, or BREAK for one that is done."""

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """As the library has it."""
        found = self.enter_leave_map.get(kind)
        if found is None:
            found = self.enter_leave_map[kind] = self._make(kind)
        return found

    def _make(self, kind: str) -> EnterLeaveVisitor:
        methods = _interested(kind)
        enters = [(place, getattr(self._rules[place], name)) for place, name in methods.enter]
        leaves = [(place, getattr(self._rules[place], name) if name else None) for place, name in methods.leave]
        return EnterLeaveVisitor(self._entering(enters) if enters else None, self._leaving(leaves) if leaves else None)

    def _entering(self, methods: list[tuple[int, Method]]) -> Method:
        passed_over = self._passed_over

        def enter(node: Node, *where: Any) -> VisitorAction | None:  # noqa: ANN401 - as the library has it
            for place, method in methods:
                if passed_over[place] is None:
                    result = method(node, *where)
                    if result is not None:
                        passed_over[place] = _after(result, node)
            return None

        return enter

    def _leaving(self, methods: list[tuple[int, Method | None]]) -> Method:
        passed_over = self._passed_over

        def leave(node: Node, *where: Any) -> VisitorAction | None:  # noqa: ANN401 - as above
            for place, method in methods:
                if passed_over[place] is node:
                    passed_over[place] = None
                elif method is not None and passed_over[place] is None:
                    result = method(node, *where)
                    if result is not None:
                        passed_over[place] = _after(result, None)
            return None

        return leave


def _after(result: object, node: Node | None) -> object:
    """Rules change nothing in a document: whatever they return says how they go on."""
    return node if result is SKIP or result is False else BREAK
