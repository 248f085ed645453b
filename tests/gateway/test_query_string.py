"""What a client has encoded into the address is what it gets read."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from gateway.http.body import of_query_string

names = st.sampled_from(["operationName", "other", "é", "", "=", "&"])
texts = st.text().map(lambda text: text.replace("\0", ""))


@given(st.dictionaries(names, texts), texts.filter(bool))
def test_a_query_string_is_read_as_it_was_written(parameters: dict[str, str], query: str) -> None:
    read = of_query_string(urlencode(parameters | {"query": query}).encode())

    assert (read.query, read.operation_name) == (query, parameters.get("operationName") or None)


def test_characters_that_came_as_they_are_are_read_as_utf_8() -> None:
    assert of_query_string("query={é}&operationName=a+b%2b".encode()).query == "{é}"
