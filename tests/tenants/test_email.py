"""E-mail addresses: rule H1."""

from __future__ import annotations

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from tenants.codes import ProblemCode
from tenants.email import EmailAddress
from tenants.errors import InvalidValueError

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
LONGEST_DOMAIN = ".".join(["a" * 46] * 4) + ".a"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("help@acme.example", "help@acme.example"),
        (" help@acme.example ", "help@acme.example"),
        ("Help.Desk+voip@ACME.Example", "Help.Desk+voip@acme.example"),
        ("o'brien!#$%&*/=?^_`{|}~-@acme.example", "o'brien!#$%&*/=?^_`{|}~-@acme.example"),
        ("help@b\u00fccher.example", "help@xn--bcher-kva.example"),
        ("a" * 64 + "@acme.example", "a" * 64 + "@acme.example"),
        ("a" * 64 + "@" + LONGEST_DOMAIN, "a" * 64 + "@" + LONGEST_DOMAIN),
    ],
)
def test_one_plain_address_is_stored_with_the_case_of_its_name(text: str, stored: str) -> None:
    address = EmailAddress.parse(text)

    assert address.text == stored
    assert EmailAddress.parse(stored) == address == EmailAddress.from_stored(stored)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "help",
        "@",
        "help@",
        "@acme.example",
        "a@b@acme.example",
        "Help <help@acme.example>",
        "<help@acme.example>",
        "help@acme.example, a@acme.example",
        "help@acme.example;a@acme.example",
        "mailto:help@acme.example",
        "help@acme.example\r\nBcc: x@evil.example",
        "help@acme.example\n",
        "he\nlp@acme.example",
        "he lp@acme.example",
        '"help"@acme.example',
        ".help@acme.example",
        "help.@acme.example",
        "he..lp@acme.example",
        "h\u00e9lp@acme.example",
        "help@localhost",
        "help@foo.lan",
        "help@[192.0.2.1]",
        "help@192.0.2.1",
        "help@acme",
        "help@a_b.example",
        "help@acme.example:25",
        "help@acme..example",
        "help@ac%6de.example",
        "help@p\u0430ypal.example",
        "help@ac\u200bme.example",
        "\ud800@acme.example",
        "help@\ud800.example",
        "help\x00@acme.example",
        "a" * 65 + "@acme.example",
        "a" * 64 + "@" + LONGEST_DOMAIN + "b",
        "a" * 1_000_000 + "@acme.example",
        "a" * 60 + "@" + "\u00fc." * 60 + "example",
        "help@" + "a" * 1_000_000,
        "@" * 1_000_000,
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_not_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        EmailAddress.parse(text)

    assert caught.value.code is ProblemCode.EMAIL_SYNTAX


def test_a_refusal_of_the_domain_says_what_is_wrong_with_it_and_repeats_nothing() -> None:
    with pytest.raises(InvalidValueError) as caught:
        EmailAddress.parse("s3cret@canary.lan")

    assert "private name" in caught.value.message
    assert "s3cret" not in caught.value.message
    assert "canary" not in caught.value.message


def test_an_admitted_name_may_be_a_domain() -> None:
    assert EmailAddress.parse("help@pbx.test", admitted=frozenset({"pbx.test"})).text == "help@pbx.test"


@given(ANY_TEXT | st.builds("{}@{}.example".format, ANY_TEXT, ANY_TEXT) | st.emails())
def test_any_text_is_a_stable_address_that_a_second_reader_accepts_or_a_problem(text: str) -> None:
    try:
        address = EmailAddress.parse(text)
    except InvalidValueError as error:
        assert error.code is ProblemCode.EMAIL_SYNTAX
    else:
        assert EmailAddress.parse(address.text) == address
        assert validate_email(address.text, check_deliverability=False).ascii_email == address.text
