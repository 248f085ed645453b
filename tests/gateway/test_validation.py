"""The rules as one visitor say what the library's own way of running them says, in the same order."""

from __future__ import annotations

import pytest
from graphql import (
    BREAK,
    SKIP,
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    Lexer,
    Source,
    TokenKind,
    ValidationRule,
    parse,
    specified_rules,
    validate,
)

from gateway import validation
from gateway.api import make_schema
from gateway.validation import RULES, AllRules
from tests.api import documents

SCHEMA = make_schema()._schema  # noqa: SLF001 - the library's own name for graphql-core's schema
SOUND = [documents.SCREENS, documents.SAVE_HELP, documents.ISSUE_APP_KEY]
WRONG = [
    "{ nothing softphoneConfig { __typename } }",
    "query A { __typename } query A { __typename } { viewer { name } }",
    "subscription { __typename }",
    "fragment A on Query { ...B } fragment B on Query { ...A } { ...A ...C }",
    "query($a: Query, $a: String, $b: Int!) { __typename @skip(if: $b) @skip(if: true) @nothing }",
    "{ viewer { name name: email } node(id: 1, id: 2) { ... on AppKind { x } ...on Viewer { name } } }",
    'mutation { redeemSetupLink(input: {code: "1", code: 2, deviceId: null, x: 1}) { __typename } }',
    'mutation { provision(input: {credentials: {generic: {login: "a"}, whitelabel: {}}}) { __typename } }',
    "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "{ a: __typename @defer(label: 1) ... @defer { __typename } tenants(first: {}) { nodes @stream { id } } }",
    "type A { b: C }",
]


def shortened(text: str) -> list[str]:
    """The document without one of its tokens, for each of them."""
    lexer, cuts = Lexer(Source(text)), []
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        cuts.append((token.start, token.end))
    return [text[:start] + " " + text[end:] for start, end in cuts]


def said(document: DocumentNode, rules: tuple[type[ASTValidationRule], ...], most: int) -> list[tuple[str, object]]:
    errors = validate(SCHEMA, document, rules, max_errors=most)
    return [(error.message, error.locations) for error in errors]


def parsed(texts: list[str]) -> list[DocumentNode]:
    found = []
    for text in texts:
        try:
            found.append(parse(text))
        except GraphQLSyntaxError:
            continue
    return found


@pytest.mark.parametrize("most", [2, 100])
def test_it_says_the_same_of_sound_and_of_broken_documents(most: int) -> None:
    texts = [*SOUND, *WRONG, *(short for text in SOUND for short in shortened(text))]
    found = [(said(one, RULES, most), said(one, (AllRules,), most)) for one in parsed(texts)]

    assert [ours for theirs, ours in found if ours != theirs] == []
    assert len(found) > 100
    assert len({message for theirs, _ in found for message, _ in theirs}) > 40
    assert [theirs for theirs, _ in found[: len(SOUND)]] == [[]] * len(SOUND)


def test_every_rule_of_the_library_runs() -> None:
    bounded = {rule.__name__ for rule in specified_rules} - {rule.__name__ for rule in RULES}

    assert bounded == {"OverlappingFieldsCanBeMergedRule"}
    assert len(RULES) == len(specified_rules) + 2


class _Passing(ValidationRule):
    """Goes over what is below one field, and is done after another."""

    def enter_field(self, node: object, *_where: object) -> object:
        name = node.name.value  # type: ignore[attr-defined]  # a node that has one
        self.report_error(GraphQLError(f"enters {name}"))
        return {"viewer": SKIP, "name": BREAK}.get(name)

    def leave_field(self, node: object, *_where: object) -> object:
        self.report_error(GraphQLError(f"leaves {node.name.value}"))  # type: ignore[attr-defined]  # a field
        return None


class _Entering(ValidationRule):
    """As above, with no word at the end of a field."""

    def enter_field(self, node: object, *_where: object) -> object:
        self.report_error(GraphQLError(f"sees {node.name.value}"))  # type: ignore[attr-defined]  # a field
        return False if node.name.value == "viewer" else None  # type: ignore[attr-defined]  # a field


def test_a_rule_that_passes_over_something_or_is_done_does_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (_Passing, _Entering)
    monkeypatch.setattr(validation, "RULES", rules)
    validation._interested.cache_clear()  # noqa: SLF001 - remembers the rules
    document = parse("{ viewer { email } tenant { id name } node { id } }")
    try:
        ours = said(document, (AllRules,), 100)
    finally:
        validation._interested.cache_clear()  # noqa: SLF001 - as above

    assert ours == said(document, rules, 100)
    assert len(ours) > 8
