"""The forms of the pages for accounts: what a person reads, and what their browser and password manager do."""

from __future__ import annotations

import re

import pytest

from gateway.http.account_forms import MARKED, Field, Typed, draw_form, draw_hidden
from tests.visitor import Inputs

EMAIL = Field(name="email", label="E-mail address", kind="email", autocomplete="username")
NAME = Field(name="name", label="Your name", autocomplete="name", hint="For others.")
PASSWORD = Field(name="password", label="Password", kind="password", autocomplete="new-password", hint="Long.")
FIXED = Field(name="email", label="E-mail address", kind="email", autocomplete="username", is_fixed=True)
NASTY = '"><script>alert(1)</script>&'


def draw(*fields: Field, **typed: object) -> str:
    return draw_form(fields, Typed(**typed), button="Go")  # type: ignore[arg-type]  # each test's own values


def test_each_field_has_a_label_and_says_what_belongs_there() -> None:
    page = Inputs(draw(EMAIL, NAME, PASSWORD))

    assert [page.texts[f"label {name}"] for name in page.inputs] == ["E-mail address", "Your name", "Password"]
    assert {name: one["autocomplete"] for name, one in page.inputs.items()} == {
        "email": "username",
        "name": "name",
        "password": "new-password",
    }
    assert [name for name, one in page.inputs.items() if "required" in one] == ["email", "name", "password"]


def test_a_problem_stands_beside_its_field_and_is_read_out_with_it() -> None:
    page = Inputs(draw(EMAIL, NAME, problems={"name": "Something must stand here."}))

    assert page.texts["name-problem"] == "Something must stand here."
    assert page.inputs["name"]["aria-describedby"] == "said name-hint name-problem"
    assert page.inputs["name"]["aria-invalid"] == "true"
    assert "aria-invalid" not in page.inputs["email"]
    assert page.texts["said"] == MARKED


def test_what_was_typed_is_kept_but_for_passwords() -> None:
    html = draw(EMAIL, NAME, PASSWORD, values={"email": "a@b.example", "name": NASTY, "password": "SECRET-typed"})

    page = Inputs(html)
    assert (page.inputs["email"]["value"], page.inputs["name"]["value"]) == ("a@b.example", NASTY)
    assert "value" not in page.inputs["password"]
    assert "SECRET" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("values", "problems", "focus"),
    [
        ({}, {}, "email"),
        ({"email": "a@b.example"}, {}, "name"),
        ({"email": "a@b.example", "name": "A"}, {}, "password"),
        ({"email": "a@b.example", "name": "A"}, {"name": "No."}, "name"),
        ({"email": "a@b.example", "name": "A"}, {"password": "No.", "email": "No."}, "email"),
    ],
)
def test_the_first_thing_to_do_has_the_focus(values: dict[str, str], problems: dict[str, str], focus: str) -> None:
    page = Inputs(draw(EMAIL, NAME, PASSWORD, values=values, problems=problems))

    assert [name for name, one in page.inputs.items() if "autofocus" in one] == [focus]


def test_an_address_that_is_given_is_shown_and_not_sent() -> None:
    page = Inputs(draw(FIXED, PASSWORD, values={"email": "a@b.example"}))

    assert page.inputs["email"]["value"] == "a@b.example"
    assert "readonly" in page.inputs["email"]
    assert "name" not in page.inputs["email"]
    assert "autofocus" not in page.inputs["email"]


def test_texts_of_others_are_shown_and_not_obeyed() -> None:
    html = draw_form((), Typed(said=NASTY), button=NASTY, action=NASTY, hidden=draw_hidden("next", NASTY))

    assert "<script" not in html
    assert Inputs(html).inputs["next"]["value"] == NASTY
    assert not re.search(r"\son[a-z]+=|\sstyle=", html)
