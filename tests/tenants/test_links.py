"""Links and provisioning URLs as values: rules L1 to L9 and P1."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenants import link_grammar
from tenants.codes import ProblemCode, WarningCode
from tenants.errors import InvalidValueError
from tenants.hosts import display_stored
from tenants.links import HttpsUrl, LinkTemplate, Placeholder, fill, link_warnings
from tests.tenants.link_corpus import readings

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
PIECES = st.sampled_from(
    [
        *("https:", "//", "/", "\\", "@", ":", ".", "?", "#", "&", "=", "%", "%20", "%user%", "%pwd%", "%25", "[", "]"),
        *(
            " ",
            "a",
            "acme",
            "example",
            "xn--",
            "bcher-kva",
            "\u00fc",
            "\u0430",
            "\u200d",
            "\ud800",
            "\uff0e",
            "0x7f",
            "443",
        ),
    ]
)
LINK_LIKE = st.lists(PIECES | ANY_TEXT, max_size=12).map(lambda pieces: "https://a.example" + "".join(pieces))
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda label: label[2:4] != "--")
INTERNATIONAL = st.text(st.sampled_from("abc\u00e9\u00fc\u00df\u3042\u4f8b"), min_size=1, max_size=8)
TAIL = st.text(st.sampled_from("abzAZ09-._~!$&'()*+,;=:@/?"), max_size=20)
VALID_LINK = st.builds(
    "{}://{}.{}.example{}/{}?{}#{}".format,
    st.sampled_from(["https", "HTTPS"]),
    LABEL,
    LABEL | INTERNATIONAL,
    st.sampled_from(["", ":443", ":8443", ".", ".:65535"]),
    TAIL,
    TAIL | st.just("u=%user%&p=%pwd%"),
    TAIL | st.just("%user%"),
)


def refusal(text: str) -> InvalidValueError:
    """Give the refusal of a help link."""
    with pytest.raises(InvalidValueError) as caught:
        LinkTemplate.parse(text)
    return caught.value


def url_code(text: str) -> ProblemCode:
    """Give the code of the refusal of a provisioning URL."""
    with pytest.raises(InvalidValueError) as caught:
        HttpsUrl.parse(text)
    return caught.value.code


def assert_is_stable_and_read_alike(link: LinkTemplate) -> None:
    """Parse it again, rebuild it as stored, and have four parsers read it filled in."""
    read = readings(fill(link.text, user="u", password="p"))

    assert LinkTemplate.parse(link.text) == link == LinkTemplate.from_stored(link.text)
    assert {(r.scheme, r.host, r.port, r.has_userinfo) for r in read.values()} == {
        ("https", link.host, link.port or 443, False)
    }


def test_a_link_is_stored_in_one_form_with_all_else_as_typed() -> None:
    link = LinkTemplate.parse("  HTTPS://B\u00fccher.Example.:443?A=%user%&b=x+%2f%pwd%&c=%user%#Top  ")

    assert link.text == "https://xn--bcher-kva.example/?A=%user%&b=x+%2f%pwd%&c=%user%#Top"
    assert (link.host, link.display_host, link.port) == ("xn--bcher-kva.example", "b\u00fccher.example", None)
    assert (link.path, link.query, link.fragment) == ("/", "A=%user%&b=x+%2f%pwd%&c=%user%", "Top")
    assert link.placeholders == (Placeholder.USER, Placeholder.PASSWORD)


def test_an_empty_query_and_fragment_are_kept_as_typed() -> None:
    link = LinkTemplate.parse("https://acme.example/?#")

    assert (link.text, link.query, link.fragment) == ("https://acme.example/?#", "", "")


@given(ANY_TEXT | LINK_LIKE)
@example("https://\ud800")
@example("https://a.example/\udfff")
@example("https://a.example:" + "9" * 5000)
@example("https://xn--" + "9" * 50 + ".example")
def test_any_text_is_a_link_that_is_read_alike_or_a_problem(text: str) -> None:
    try:
        link = LinkTemplate.parse(text)
    except InvalidValueError as error:
        assert error.code.name.startswith("LINK_")
    else:
        assert_is_stable_and_read_alike(link)


@given(VALID_LINK)
def test_an_accepted_link_is_stable_and_read_alike_by_four_parsers(text: str) -> None:
    link = LinkTemplate.parse(text)

    assert_is_stable_and_read_alike(link)


@given(ANY_TEXT)
def test_what_was_published_is_read_back_whatever_it_was(text: str) -> None:
    assert LinkTemplate.from_stored("https://" + text).text == "https://" + text


@given(ANY_TEXT | LINK_LIKE)
@example("https://a.example:/%user%?%pwd%&%user%#%user%")
@example("https://a.example:8443:1?")
@example("https://a.example:\u0661/")
@example("https://xn--bcher-kva.example#%pwd%?%user%\n")
def test_what_was_published_is_read_back_as_it_would_be_cut(text: str) -> None:
    stored = f"https://{text.removeprefix('https://')}"

    assert LinkTemplate.from_stored(stored) == _cut(stored)


def _cut(stored: str) -> LinkTemplate:
    """Said once more, in the words of the grammar."""
    parts = link_grammar.cut(stored.removeprefix("https://"))
    host, _, port = parts.authority.partition(":")
    tail = stored[len(f"https://{parts.authority}{parts.path}") :]
    return LinkTemplate(
        text=stored,
        host=host,
        display_host=display_stored(host),
        port=int(port) if re.fullmatch("[0-9]{1,5}", port) else None,
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment,
        placeholders=tuple(Placeholder(token) for token in dict.fromkeys(re.findall("%user%|%pwd%", tail))),
    )


@pytest.mark.parametrize("stored", ["", "acme.example", "javascript://acme.example/", "HTTPS://acme.example/"])
def test_what_has_never_been_a_link_is_not_read_as_one(stored: str) -> None:
    with pytest.raises(ValueError, match="scheme"):
        LinkTemplate.from_stored(stored)


def test_a_published_link_that_todays_rules_refuse_is_read_back() -> None:
    stored = "https://xn--zzzzzz99999.lan:99/%user%?a=%pwd%"

    link = LinkTemplate.from_stored(stored)

    assert (link.text, link.host, link.port) == (stored, "xn--zzzzzz99999.lan", 99)
    assert link.display_host == "xn--zzzzzz99999.lan"
    assert link.placeholders == (Placeholder.PASSWORD,)


@pytest.mark.parametrize("unit", ["a", "%", "%user%", "[", "{a", "%a", "@", ":", ".", "\u00fc", "\ud800", "\\"])
@pytest.mark.parametrize("start", ["", "https://", "https://a.example/", "https://a.example/?a="])
def test_a_megabyte_is_refused_at_once(start: str, unit: str) -> None:
    text = start + unit * (1_000_000 // len(unit)) + "!"

    began = time.process_time()
    code = refusal(text).code

    assert code is ProblemCode.LINK_TOO_LONG
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("unit", ["%", "%user%", "[", "{a", "%a", "@", ":", ".", "\u00fc", "a\u0301", "&", "\u0345"])
@pytest.mark.parametrize("start", ["https://", "https://a.example/", "https://a.example/?a="])
def test_the_longest_text_that_is_looked_at_is_cheap(start: str, unit: str) -> None:
    text = (start + unit * 2048)[:2048]

    began = time.process_time()
    refusal(text + "\\")

    assert time.process_time() - began < 0.1


def test_a_name_without_a_public_dns_needs_to_be_admitted() -> None:
    admitted = frozenset({"localhost", "provider.test"})

    assert LinkTemplate.parse("https://localhost:8443/", admitted=admitted).host == "localhost"
    assert LinkTemplate.parse("https://api.Provider.test/", admitted=admitted).host == "api.provider.test"
    assert refusal("https://localhost:8443/").code is ProblemCode.LINK_HOST_NOT_PUBLIC
    with pytest.raises(InvalidValueError, match="private name"):
        LinkTemplate.parse("https://notprovider.test/", admitted=admitted)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://a.example/a b", "Write %20 in its place."),
        ("https://a.example/caf\u00e9", "Write %C3%A9 in its place."),
        ("https://a.example/?a[]=1", "Write %5B in its place."),
        ("https://a b.example/", "Remove it."),
        ("https://a.example/\ud800", "Remove it."),
        ("https://a.example/100%", "Write %25 for the percent sign itself."),
        ("https://a.example/?u=%username%", "Did you mean %user%?"),
        ("https://a.example/?u={LOGIN}", "Did you mean %user%?"),
        ("https://a.example/?u=%account[username]%", "Did you mean %user%?"),
        ("https://a.example/?u=%password%", "Did you mean %pwd%?"),
        ("https://a.example/?u=%25user%25", "Write %user% or %pwd% with plain percent signs."),
        (
            "https://a.example/%user%",
            "Move it into the value of a query parameter, such as ?user=%user%, or behind a #.",
        ),
        (
            "https://a.example/?%user%",
            "Move it into the value of a query parameter, such as user=%user%, or behind a #.",
        ),
        ("http://a.example/", "Change http:// to https:// and check that the page opens."),
    ],
)
def test_a_hint_says_how_to_mend_the_link(text: str, hint: str) -> None:
    assert refusal(text).hint == hint


def test_a_link_is_warned_about_what_is_allowed_and_probably_not_wanted() -> None:
    link = LinkTemplate.parse("https://b\u00fccher.example:8443/?p=%pwd%")

    warnings = link_warnings(link, ("help", "links", "0", "url"))

    assert [warning.code for warning in warnings] == [
        WarningCode.LINK_PORT_UNUSUAL,
        WarningCode.LINK_HOST_NOT_ASCII,
        WarningCode.LINK_SENDS_PASSWORD,
    ]
    assert {warning.path for warning in warnings} == {("help", "links", "0", "url")}


def test_an_ordinary_link_is_warned_about_nothing() -> None:
    assert link_warnings(LinkTemplate.parse("https://acme.example:443/?u=%user%"), ()) == ()


def test_a_provisioning_url_is_warned_about_like_a_link() -> None:
    warnings = link_warnings(HttpsUrl.parse("https://acme.example:8443/"), ("provisioning", "url"))

    assert [warning.code for warning in warnings] == [WarningCode.LINK_PORT_UNUSUAL]


def test_filling_in_encodes_everything_but_unreserved_characters_once() -> None:
    link = "https://acme.example/?u=%user%&p=%pwd%#%user%"

    filled = fill(link, user="29de?8&a=1#x+%", password="%user%-._~\u20ac")

    user = "29de%3F8%26a%3D1%23x%2B%25"
    assert filled == f"https://acme.example/?u={user}&p=%25user%25-._~%E2%82%AC#{user}"


def test_half_a_surrogate_pair_is_filled_in_as_the_replacement_character() -> None:
    assert fill("https://acme.example/?u=%user%", user="a\ud800", password="") == "https://acme.example/?u=a%EF%BF%BD"


@given(st.text(), st.text())
def test_what_is_filled_in_arrives_as_it_was(user: str, password: str) -> None:
    filled = fill("%user%/%pwd%", user=user, password=password)

    assert [unquote(part) for part in filled.split("/")] == [user, password]


@pytest.mark.parametrize(
    "text",
    [
        "https://api.acme.example/provision/",
        "https://api.acme.example/Provision?key=1",
        "https://api.acme.example/?user=a&next=username",
        "https://api.acme.example/?usernames=1&my_password=2&device=3",
    ],
)
def test_a_provisioning_url_is_kept_exactly_as_typed(text: str) -> None:
    url = HttpsUrl.parse(text)

    assert url.text == text
    assert HttpsUrl.parse(url.text) == url == HttpsUrl.from_stored(url.text)
    assert url.display_host == "api.acme.example"


@pytest.mark.parametrize("url", ["https://a.example/#x", "https://a.example/#", "https://a.example/?a=1#x"])
def test_a_provisioning_url_has_no_fragment(url: str) -> None:
    assert url_code(url) is ProblemCode.PROVISIONING_URL_FRAGMENT


@pytest.mark.parametrize("place", ["%user%/", "?u=%user%", "?%pwd%", "#%pwd%", "?username=%user%"])
def test_a_provisioning_url_has_no_placeholder_anywhere(place: str) -> None:
    assert url_code(f"https://a.example/{place}") is ProblemCode.PROVISIONING_URL_PLACEHOLDER


@pytest.mark.parametrize(
    "query",
    [
        "username=1",
        "password",
        "a=1&reprovision=",
        "deviceId=x",
        "%75sername=1",
        "UserName=1",
        "deviceid=1",
        "password%5B%5D=1",
        "+username=1",
        "username%20=1",
        "username%00x=1",
        "a=1;username=2",
        "&&password=1",
    ],
)
def test_a_provisioning_url_leaves_the_gateways_own_parameters_alone(query: str) -> None:
    assert url_code(f"https://a.example/?{query}") is ProblemCode.PROVISIONING_URL_PARAMETER


def test_a_hint_about_a_provisioning_url_does_not_offer_placeholders() -> None:
    with pytest.raises(InvalidValueError) as caught:
        HttpsUrl.parse("https://a.example/?u=%username%")

    assert caught.value.code is ProblemCode.LINK_PLACEHOLDER_UNKNOWN
    assert caught.value.hint == "Remove the placeholder from the URL."


@given(ANY_TEXT | LINK_LIKE | VALID_LINK)
def test_any_text_is_a_provisioning_url_or_a_problem(text: str) -> None:
    try:
        url = HttpsUrl.parse(text)
    except InvalidValueError as error:
        assert error.code.name.startswith(("LINK_", "PROVISIONING_URL_"))
    else:
        assert HttpsUrl.parse(url.text) == url == HttpsUrl.from_stored(url.text)
