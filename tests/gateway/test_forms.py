"""Forms as browsers send them, and everything that only looks like one; and where one may be sent on to."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gateway.http.body import BadBodyError
from gateway.http.forms import parse_form, parse_path, read_form

FORM = "application/x-www-form-urlencoded"


def request(body: bytes, *headers: tuple[str, str]) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "media_type", [FORM, f"{FORM}; charset=UTF-8", f'{FORM};charset="utf-8"', FORM.upper(), f" {FORM} ;"]
)
async def test_a_form_is_read_as_a_browser_sends_it(media_type: str) -> None:
    read = await read_form(request(b"email=a%2Bb%40x.example&name=J+%C3%A4&empty=", ("content-type", media_type)), 100)

    assert read == {"email": "a+b@x.example", "name": "J ä", "empty": ""}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("content-type", "application/json")],
        [("content-type", "text/plain")],
        [("content-type", "multipart/form-data; boundary=x")],
        [("content-type", f"{FORM}; charset=latin-1")],
        [("content-type", f"{FORM}, application/json")],
        [("content-type", f"text/plain; {FORM}")],
        [("content-type", FORM), ("content-type", FORM)],
        [("content-type", FORM), ("content-encoding", "gzip")],
    ],
)
async def test_what_is_said_to_be_something_else_is_no_form(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(BadBodyError) as refused:
        await read_form(request(b"a=b", *headers), 100)

    assert refused.value.status == 415


@pytest.mark.anyio
async def test_a_form_has_a_largest_size() -> None:
    with pytest.raises(BadBodyError) as refused:
        await read_form(request(b"a=" + b"b" * 99, ("content-type", FORM)), 100)

    assert refused.value.status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a=%ff",
        b"a=\xff",
        b"%ff=a",
        b"a=%ed%a0%80",
        b"a=%00",
        b"a%00=b",
        b"&".join(b"f%d=" % number for number in range(51)),
    ],
)
def test_a_form_that_can_be_read_in_two_ways_is_refused_and_not_repeated(body: bytes) -> None:
    with pytest.raises(BadBodyError) as refused:
        parse_form(body)

    assert refused.value.status == 400
    assert refused.value.message in {
        "A parameter stands twice.",
        "The parameters are no form in UTF-8.",
        "A parameter holds a NUL character.",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?tab=2",
        "/graphql",
        "/docs/rules",
        "/welcome/a-_Z9",
        "/tenants/7/draft.v2",
        "/sign-in?next=%2Fwelcome%2FabC",
        "/a?b=c&d=%20+~",
    ],
)
def test_a_path_of_this_gateway_can_be_gone_to(path: str) -> None:
    assert parse_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "graphql",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a//evil.example",
        "/./evil",
        "/../evil",
        "/..//evil.example",
        "/a/..",
        "/.//evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a:b",
        "/@evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "/\tevil",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: a=b",
        "/a\n",
        "/a?b\n",
        " /a",
        "/a ",
        "/a#b",
        "/a?b=/c",
        "/a?b=//evil.example",
        "/ä",
        "/a\u2028",
        "/\uff0f/evil.example",
        "/" + "a" * 1024,
    ],
)
def test_nothing_else_is_a_place_to_be_sent_on_to(path: str | None) -> None:
    assert parse_path(path) is None
