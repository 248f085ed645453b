"""Texts: rules P7 and P9."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.text import clean_line, count_characters, parse_line, parse_note, parse_opaque

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
HEART = "\u2764\ufe0f"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
TEXT_CODES = {ProblemCode.REQUIRED, ProblemCode.TEXT_TOO_LONG, ProblemCode.TEXT_CHARACTERS}
ANY_CHARACTER = st.characters(exclude_categories=())
TRICKY = st.sampled_from(
    "aZ \t\n\u00a0\u00ad\u0301\u0344\u200b\u200c\u200d\u202e\u2764\ufe0f\U0001f468\ufb2c\ud800\U000e0041"
)
ANY_TEXT = st.text(ANY_CHARACTER, max_size=60) | st.text(TRICKY, max_size=30)
HIDDEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}--[\u200c\u200d\p{Variation_Selector}]]", regex.V1)


def line_code(text: str, longest: int = 20) -> ProblemCode:
    """Give the code of the refusal."""
    with pytest.raises(InvalidValueError) as caught:
        parse_line(text, longest)
    return caught.value.code


@given(ANY_TEXT)
def test_any_text_is_a_stable_visible_line_or_a_problem(text: str) -> None:
    try:
        line = parse_line(text, 20)
    except InvalidValueError as error:
        assert error.code in TEXT_CODES
    else:
        assert parse_line(line, 20) == line == line.strip() == unicodedata.normalize("NFC", line)
        assert 1 <= count_characters(line) <= 20
        assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line)
        assert not HIDDEN.search(line)


@given(ANY_TEXT.filter(str.strip))
def test_blanks_around_a_line_make_no_difference(text: str) -> None:
    plain, padded = _outcome(text), _outcome(f" \t{text}\u00a0 ")

    assert plain == padded


@pytest.mark.parametrize("text", [FAMILY * 20, HEART * 20, "e\u0301" * 20, PERSIAN, "\u0e01\u0e33" * 10, "x" * 20])
def test_characters_are_counted_as_people_see_them(text: str) -> None:
    assert parse_line(text, 20) == unicodedata.normalize("NFC", text)
    assert line_code(text * 3 + "!" * 20) is ProblemCode.TEXT_TOO_LONG


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("abc", 3), (FAMILY, 1), (HEART, 1), (PERSIAN, 7), ("e\u0301", 1), ("\U0001f1e9\U0001f1ea", 1)],
)
def test_one_visible_character_counts_as_one(text: str, count: int) -> None:
    assert count_characters(text) == count


def test_a_line_is_stored_in_its_composed_form() -> None:
    assert parse_line("Cafe\u0301", 4) == "Caf\u00e9"


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0\u2003"])
def test_a_blank_line_is_missing(text: str) -> None:
    assert line_code(text) is ProblemCode.REQUIRED


@pytest.mark.parametrize(
    "text",
    [
        "Bil\nling",
        "Bil\x00ling",
        "Bil\x85ling",
        "Bil\u202eling",
        "Bil\u2066ling",
        "Bil\u200bling",
        "Bil\u00adling",
        "Bil\ufeffling",
        "Bil\U000e0041ling",
        "Bil\ud800ling",
        "\u200dBilling",
        "Billing\u200c",
        "Bil\u200d\u200dling",
        "\ufe0fBilling",
        "B\ufe0f\ufe0filling",
        "Help \ufe0fdesk",
        "\ufe0f",
        "\u3164",
    ],
    ids=ascii,
)
def test_what_nobody_can_see_is_refused(text: str) -> None:
    assert line_code(text) is ProblemCode.TEXT_CHARACTERS


@pytest.mark.parametrize("text", ["x" * 21, FAMILY * 21, "e" + "\u0301" * 500, "x" * 1_000_000])
def test_a_line_has_an_end(text: str) -> None:
    assert line_code(text) is ProblemCode.TEXT_TOO_LONG


def test_a_line_that_composing_makes_too_long_is_refused_at_once_and_not_at_the_gate() -> None:
    text = ("a" + "\u0344" * 11) * 20  # each of these marks becomes two

    assert line_code(text) is ProblemCode.TEXT_TOO_LONG


@given(ANY_TEXT)
def test_a_password_is_taken_as_it_is_or_refused(text: str) -> None:
    try:
        taken = parse_opaque(text, 20)
    except InvalidValueError as error:
        assert error.code in TEXT_CODES
    else:
        assert taken == text
        assert 1 <= len(text) <= 20
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


@pytest.mark.parametrize("text", [" 1000 ", "a:b@c", "\u202e", FAMILY, "p\u00e4ss", "x" * 256])
def test_blanks_and_rare_characters_belong_to_a_password(text: str) -> None:
    assert parse_opaque(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ProblemCode.REQUIRED),
        ("x" * 257, ProblemCode.TEXT_TOO_LONG),
        ("10\t00", ProblemCode.TEXT_CHARACTERS),
        ("1000\n", ProblemCode.TEXT_CHARACTERS),
        ("\x7f", ProblemCode.TEXT_CHARACTERS),
        ("\udfff", ProblemCode.TEXT_CHARACTERS),
    ],
    ids=["empty", "long", "tab", "line feed", "delete", "half a pair"],
)
def test_a_password_has_an_end_and_no_control_characters(text: str, code: ProblemCode) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_opaque(text)

    assert caught.value.code is code


@given(ANY_TEXT)
def test_any_text_is_a_stable_note_or_a_problem(text: str) -> None:
    try:
        note = parse_note(text)
    except InvalidValueError as error:
        assert error.code in TEXT_CODES
    else:
        assert parse_note(note) == note == note.strip()
        assert len(note) <= 500


def test_a_note_may_have_several_lines() -> None:
    assert parse_note(" First.\r\n\tSecond. \n") == "First.\r\n\tSecond."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" \n", ProblemCode.REQUIRED),
        ("x" * 501, ProblemCode.TEXT_TOO_LONG),
        ("x" * 1_000_000, ProblemCode.TEXT_TOO_LONG),
        ("a\x00b", ProblemCode.TEXT_CHARACTERS),
        ("a\u202eb", ProblemCode.TEXT_CHARACTERS),
    ],
    ids=["blank", "long", "very long", "control", "direction"],
)
def test_a_note_is_neither_blank_nor_endless_and_hides_nothing(text: str, code: ProblemCode) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_note(text)

    assert caught.value.code is code


@pytest.mark.parametrize("parse", [parse_line, parse_opaque, parse_note])
@pytest.mark.parametrize("text", ["canary", "canary\x00"])
def test_no_refusal_repeats_the_text(parse: Callable[[str, int], str], text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse(text, 3)

    assert "canary" not in f"{caught.value.message} {caught.value.hint} {caught.value}"


def _outcome(text: str) -> str | ProblemCode:
    try:
        return parse_line(text, 20)
    except InvalidValueError as error:
        return error.code


@given(ANY_TEXT | st.text(TRICKY, max_size=400))
def test_any_text_is_cleaned_to_a_line_that_would_be_accepted(text: str) -> None:
    cleaned = clean_line(text, 20)

    assert len(cleaned) <= 20
    assert clean_line(cleaned, 20) == cleaned
    if cleaned:
        assert parse_line(cleaned, 20) == cleaned


@pytest.mark.parametrize("line", ["Contact Support", PERSIAN, HEART, FAMILY, "<b>&amp;</b>", "Grüße"])
def test_a_clean_line_stays_as_it_is(line: str) -> None:
    assert clean_line(line, 20) == line


def test_a_cut_line_ends_between_visible_characters() -> None:
    assert clean_line(FAMILY * 3, 20) == FAMILY * 2 + "…"
    assert clean_line("x" * 21, 20) == "x" * 19 + "…"
    assert clean_line("one two three four five", 9) == "one two…"
