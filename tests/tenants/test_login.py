"""What a user types to sign in: rules P4, P5 and P9."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.login import Login

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.text("1:@ a\u00e9\n", max_size=20)
VISIBLE = st.characters(exclude_categories=("Cc", "Cs"))
USERNAME = st.text(VISIBLE | st.sampled_from(":@"), min_size=1, max_size=256).filter(
    lambda text: text == text.strip() != ""
)
PROVIDER = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", fullmatch=True)
BLANKS = st.text(" \t\u00a0", max_size=400)


def generic_code(typed: str) -> ProblemCode:
    """Give the code of the refusal."""
    with pytest.raises(InvalidValueError) as caught:
        Login.of_generic(typed)
    return caught.value.code


@given(USERNAME, PROVIDER)
def test_what_was_joined_by_a_colon_is_divided_again(username: str, provider_id: str) -> None:
    login = Login.of_generic(f"{username}:{provider_id}")

    assert login == Login(username, provider_id)


@given(ANY_TEXT)
def test_the_last_colon_divides_or_there_is_a_problem(typed: str) -> None:
    try:
        login = Login.of_generic(typed)
    except InvalidValueError as error:
        assert error.code in {
            ProblemCode.LOGIN_WITHOUT_PROVIDER_ID,
            ProblemCode.LOGIN_WITHOUT_USERNAME,
            ProblemCode.TEXT_TOO_LONG,
            ProblemCode.TEXT_CHARACTERS,
        }
    else:
        assert ":" not in login.provider_id
        assert login.username == typed[: typed.rindex(":")].strip() != ""
        assert login.provider_id == typed[typed.rindex(":") + 1 :].strip() != ""
        assert Login.of_generic(f"{login.username}:{login.provider_id}") == login


@given(USERNAME, PROVIDER, BLANKS, BLANKS)
def test_outer_blanks_make_no_difference_however_many(username: str, provider_id: str, before: str, after: str) -> None:
    typed = f"{username}:{provider_id}"

    assert Login.of_generic(f"{before}{typed}{after}") == Login.of_generic(typed)


@given(st.text(VISIBLE, max_size=300).filter(lambda text: ":" not in text))
def test_without_a_colon_there_is_no_provider(typed: str) -> None:
    assert generic_code(typed) is ProblemCode.LOGIN_WITHOUT_PROVIDER_ID


@pytest.mark.parametrize(
    ("typed", "username", "provider_id"),
    [
        ("1000:AcmeInc", "1000", "AcmeInc"),
        ("sip:1000@acme.example:AcmeInc", "sip:1000@acme.example", "AcmeInc"),
        ("a::AcmeInc", "a:", "AcmeInc"),
        ("  1000 : AcmeInc\n", "1000", "AcmeInc"),
        (":a:AcmeInc", ":a", "AcmeInc"),
        ("1000:Acme Inc", "1000", "Acme Inc"),
    ],
)
def test_a_username_may_hold_colons(typed: str, username: str, provider_id: str) -> None:
    assert Login.of_generic(typed) == Login(username, provider_id)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", ProblemCode.LOGIN_WITHOUT_PROVIDER_ID),
        (":", ProblemCode.LOGIN_WITHOUT_PROVIDER_ID),
        ("1000:", ProblemCode.LOGIN_WITHOUT_PROVIDER_ID),
        ("1000: ", ProblemCode.LOGIN_WITHOUT_PROVIDER_ID),
        (":AcmeInc", ProblemCode.LOGIN_WITHOUT_USERNAME),
        (" :AcmeInc", ProblemCode.LOGIN_WITHOUT_USERNAME),
        ("10\x0000:AcmeInc", ProblemCode.TEXT_CHARACTERS),
        ("x" * 257 + ":AcmeInc", ProblemCode.TEXT_TOO_LONG),
        ("x" * 1_000_000, ProblemCode.TEXT_TOO_LONG),
    ],
)
def test_an_incomplete_sign_in_is_an_error_in_words(typed: str, code: ProblemCode) -> None:
    assert generic_code(typed) is code


@given(ANY_TEXT)
def test_a_whitelabel_username_is_taken_whole_or_refused(typed: str) -> None:
    try:
        login = Login.of_whitelabel(typed, "AcmeInc")
    except InvalidValueError as error:
        assert error.code in {ProblemCode.REQUIRED, ProblemCode.TEXT_TOO_LONG, ProblemCode.TEXT_CHARACTERS}
    else:
        assert login == Login(typed, "AcmeInc")


@pytest.mark.parametrize("typed", ["canary", "canary:", ":canary", "canary\x00:canary", "canary" * 60])
def test_no_refusal_repeats_what_was_typed(typed: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Login.of_generic(typed)

    assert "canary" not in f"{caught.value.message} {caught.value.hint} {caught.value}"
