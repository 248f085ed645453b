"""Names of tenants: rules I1, I2 and I7."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.identity import RESERVED, ProviderId, name_key, parse_name

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=70)
LIKELY = st.from_regex(r"[A-Za-z0-9_-]{0,66}", fullmatch=True)
VALID = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", fullmatch=True)
KEPT_OUT = ':|@* ?&%#+/\\"'


def provider_id_code(text: str) -> ProblemCode:
    """Give the code of the refusal."""
    with pytest.raises(InvalidValueError) as caught:
        ProviderId.parse(text)
    return caught.value.code


@given(ANY_TEXT | LIKELY)
def test_any_text_is_a_stable_provider_id_or_a_problem(text: str) -> None:
    try:
        provider_id = ProviderId.parse(text)
    except InvalidValueError as error:
        assert error.code in {
            ProblemCode.REQUIRED,
            ProblemCode.PROVIDER_ID_SYNTAX,
            ProblemCode.PROVIDER_ID_RESERVED,
        }
    else:
        assert ProviderId.parse(provider_id.text) == provider_id
        assert provider_id.text == text.strip(" ")
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,63}", provider_id.text)
        assert provider_id.text[0] not in "-_"
        assert provider_id.text[-1] not in "-_"


@given(VALID)
def test_look_up_ignores_the_case_of_every_letter(text: str) -> None:
    keys = {ProviderId.key_of(spelling) for spelling in (text, text.lower(), text.upper(), text.swapcase())}

    assert keys == {ProviderId(text).key}


@given(ANY_TEXT)
def test_any_text_can_be_looked_up(text: str) -> None:
    key = ProviderId.key_of(text)

    assert key is None or (key == text.lower() and key.isascii())


def test_the_given_spelling_is_kept() -> None:
    assert ProviderId.parse(" AcmeInc ").text == "AcmeInc"


@pytest.mark.parametrize("char", KEPT_OUT)
def test_a_character_with_a_meaning_elsewhere_is_kept_out(char: str) -> None:
    assert provider_id_code(f"Acme{char}Inc") is ProblemCode.PROVIDER_ID_SYNTAX
    assert ProviderId.key_of(f"Acme{char}Inc") is None


@pytest.mark.parametrize(
    "text",
    ["AcmeInc\n", "-Acme", "Acme_", "a" * 64, "Ac\u00e7me", "\u0410cme", "\u212aacme", "1\u0661", "a" * 1_000_000],
)
def test_what_is_not_a_provider_id_is_refused(text: str) -> None:
    assert provider_id_code(text) is ProblemCode.PROVIDER_ID_SYNTAX


@pytest.mark.parametrize("text", ["", "   "])
def test_a_blank_provider_id_is_missing(text: str) -> None:
    assert provider_id_code(text) is ProblemCode.REQUIRED


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_refused_in_any_case(name: str) -> None:
    assert provider_id_code(name.title()) is ProblemCode.PROVIDER_ID_RESERVED
    assert ProviderId.parse(f"{name}1").text == f"{name}1"


@given(ANY_TEXT)
def test_any_text_is_a_stable_name_or_a_problem(text: str) -> None:
    try:
        name = parse_name(text)
    except InvalidValueError as error:
        assert error.code in {ProblemCode.REQUIRED, ProblemCode.TEXT_TOO_LONG, ProblemCode.TEXT_CHARACTERS}
    else:
        assert parse_name(name) == name


def test_a_name_has_at_most_80_characters() -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_name("x" * 81)

    assert parse_name("x" * 80) == "x" * 80
    assert caught.value.code is ProblemCode.TEXT_TOO_LONG


@given(st.text(max_size=80))
def test_the_key_of_a_name_ignores_case_and_fits_its_column(name: str) -> None:
    assert name_key(name) == name_key(name.casefold())
    assert len(name_key(name)) <= 200
