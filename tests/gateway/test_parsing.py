"""Whatever a text is, it is parsed to what the library makes of it: nodes, places and tokens, or the same error."""

from __future__ import annotations

import gc
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLSyntaxError, Node, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.parsing import parse_document
from tests.gateway.authored import Author
from tests.gateway.test_validation import SOUND, WRONG
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKENS = 1_000
IGNORED = [" ", "\n", "\r\n", "\r", "\n\r", ",", "\t", "\ufeff", "  \n  ", " # said\n", "#\r", " \n\n#é\n\n\r\n "]
WORDS = ["a", "_1", "query", "mutation", "subscription", "fragment", "on", "type", "extend", "true", "null", "__x", "é"]
MARKS = [*"!$&():=@[]{}|.", "..", "...", "....", "{", "}", "{ a }", "(a: 1)", "$a", "@b"]
VALUES = ["1", "-0", "01", "1.5e3", "1.", "1a", ".5", '"x"', '"\\u00e9"', '"', '"""x\n  y"""', '""""', "'", "-", "\\"]
OTHERS = ["\x00", "\ud800", "😀", "\u2028", "\xa0", "\x0b", "?", "%"]
SOUP = st.lists(st.sampled_from([*IGNORED, *WORDS, *WORDS, *MARKS, *MARKS, *VALUES, *OTHERS]), max_size=25).map("".join)


def described(document: Node) -> list[object]:
    """All that it is made of, with the tokens at both ends of each node."""
    found, waiting = list[object](), list[object]([document])
    while waiting:
        value = waiting.pop()
        if isinstance(value, Node):
            assert value.loc is not None
            ends = (value.loc.start_token, value.loc.end_token)
            found.append((type(value), str(value.loc), [(repr(token), token.start, token.end) for token in ends]))
            waiting.extend(getattr(value, key) for key in value.keys if key != "loc")
        elif isinstance(value, tuple):
            found.append(len(value))
            waiting.extend(value)
        else:
            found.append(value)
    return found


def outcome(read: Callable[..., Any], text: str, **options: int) -> object:
    try:
        return described(read(text, **options))
    except GraphQLSyntaxError as error:
        return (error.message, error.locations, error.positions, error.__cause__, error.__context__)


def both(text: str, most: int = _TOKENS) -> tuple[object, object]:
    return outcome(parse_document, text, max_tokens=most), outcome(parse, text, max_lexical_tokens=most)


@settings(max_examples=count(full=30_000, ci=1_000))
@given(SOUP, st.sampled_from([1, 5, _TOKENS]))
def test_a_soup_of_tokens_is_told_as_the_library_tells_it(text: str, most: int) -> None:
    ours, theirs = both(text, most)

    assert ours == theirs


@settings(max_examples=count(full=15_000, ci=300))
@given(st.integers(0), st.sampled_from([0, 0.03]), st.sampled_from(["", *MARKS, *VALUES]))
def test_a_document_is_parsed_as_the_library_does_however_it_is_set(seed: int, slips: float, addition: str) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    pieces = Author(random, slips).write().split(" ")
    pieces[random.randrange(len(pieces))] += addition

    ours, theirs = both("".join(piece + random.choice(IGNORED) for piece in pieces))

    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        *SOUND,
        *WRONG,
        '"said"\nquery A { a }\n"""and\nsaid"""\nfragment B on C { d(e: "f\\n", g: 1.5, h: [I, {j: $k}]) }',
        '"said" { a }',
        "query($a: [Int!]! = [1] @b, $c: D) @e(f: 1) { g: h(i: $a) @j ... @k { l } ...M @n ... on O { p } }",
        "",
        "{ a } # to the end",
        "{ a",
        "{" * 300,
        "{ a" * 198 + "}" * 198,
        "{ a" * 201 + "}" * 201,
        "{ a(b: " + "[" * 201 + "]" * 201 + ") }",
        "{ " + "a " * _TOKENS + "}",
        "{ " + "a " * (_TOKENS - 1) + "}",
        "{ " + "a " * (_TOKENS - 2) + "}",
        "{ a } " + "# said\n" * 3_000,
    ],
)
def test_what_is_met_or_sent_on_purpose_is_parsed_as_the_library_does(text: str) -> None:
    ours, theirs = both(text)

    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        SOUND[0],
        "# said\n{ a # and\n # said\n }",
        'query($a: [Int!]! = [1, 2] @b) { c(d: "e", f: 1.5, g: {h: null}) @i }',
        "{ " + "a { b } " * 240 + "}",
        "{ " + "a " * (_TOKENS - 2) + "}",
    ],
    ids=["softphones", "comments", "values", "selections", "tokens"],
)
def test_a_document_goes_as_soon_as_nobody_holds_it_so_the_library_did_not_parse_it(text: str) -> None:
    gc.collect()
    gc.disable()
    try:
        parse_document(text, max_tokens=_TOKENS)
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0
