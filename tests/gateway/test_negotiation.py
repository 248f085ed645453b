"""Which form of answer a client gets for which wish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.negotiation import JSON, RESPONSE_JSON, choose, wants_html

NEW, OLD = RESPONSE_JSON, JSON
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, OLD),
        ("", OLD),
        (" ", OLD),
        ("*/*", OLD),
        ("application/*", OLD),
        ("application/json", OLD),
        ("APPLICATION/JSON", OLD),
        ("application/json; charset=utf-8", OLD),
        ("application/graphql-response+json", NEW),
        ("application/graphql-response+json; charset=utf-8", NEW),
        ("application/graphql-response+json, application/json", OLD),
        ("application/graphql-response+json, application/json;q=0.9", NEW),
        ("application/graphql-response+json;q=0.9, application/json", OLD),
        ("application/graphql-response+json, */*", NEW),
        ("application/json;q=0, */*", NEW),
        ("application/json;q=0.0, application/*;q=0.001", NEW),
        ("text/html, application/json;q=0.1", OLD),
        ("text/event-stream, application/json", OLD),
        ("application/graphql-response+json, application/json, text/event-stream, multipart/mixed", OLD),
        (CHROMIUM, OLD),
        ("text/html", None),
        ("text/event-stream", None),
        ("multipart/mixed", None),
        ("image/*", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("application/json;q=2", None),
        ("application/json;q=nan", None),
        ("application/json;q=inf", None),
        ("application/json;q=1_0", None),
        ("application/json;q=", None),
        (",;q=,", None),
    ],
)
def test_the_form_of_the_answer_is_the_one_the_client_likes_best(accept: str | None, chosen: str | None) -> None:
    assert choose(accept) == chosen


@pytest.mark.parametrize("accept", [CHROMIUM, "text/html", "application/json, TEXT/HTML;q=0.1"])
def test_a_browser_asks_for_a_page(accept: str) -> None:
    assert wants_html(accept)


@pytest.mark.parametrize("accept", [None, "", "*/*", "text/*", "text/html;q=0", "application/json", "xtext/html"])
def test_a_program_does_not(accept: str | None) -> None:
    assert not wants_html(accept)


@given(accept=st.text(alphabet="aq/*=;,. 019+njf", max_size=60))
def test_any_wish_has_an_answer(accept: str) -> None:
    assert choose(accept) in {NEW, OLD, None}
