"""A secret is found however it is spelled, hidden where it stands, and nothing else is touched."""

from __future__ import annotations

import html
import json
import time
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.provisioning.masking import MASK, Masker

if TYPE_CHECKING:
    from collections.abc import Callable

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON of .NET": lambda text: "".join(rf"\u{ord(char):04X}" for char in text),
    "HTML": html.escape,
    "XML": lambda text: quoteattr(text)[1:-1],
    "numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hex numbers": lambda text: "".join(f"&#X{ord(char):05x};" for char in text),
    "URL": lambda text: quote(text, safe=""),
    "URL, lenient": lambda text: quote(text, safe="!'()*&/?"),
    "form": quote_plus,
    "JavaScript": lambda text: "".join(rf"\x{ord(char):02x}" for char in text),
    "SQL": lambda text: text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"'),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 of URLs": lambda text: urlsafe_b64encode(text.encode()).decode(),
}
PLAIN = {"plain", "SQL", "base64", "base64 of URLs"}
# Long enough that nothing else in the text could be it; of the Latin-1 that all of the spellings can write.
SECRETS = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), min_size=6, max_size=20).filter(
    lambda text: text == text.strip()
)


@given(secret=SECRETS)
@example(secret="000Â\xa00")  # its bytes in Latin-1 are UTF-8 too
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_in_every_spelling(spelling: str, secret: str) -> None:
    shown = Masker([secret]).mask(f"[{SPELLINGS[spelling](secret)}]")

    assert shown.rstrip("=]") == f"[{MASK}"


@given(secret=SECRETS)
@pytest.mark.parametrize("inner", ["JSON", "URL", "HTML"])
@pytest.mark.parametrize("outer", ["JSON", "JSON of PHP", "URL", "HTML", "numbers"])
def test_a_secret_is_found_in_a_spelling_of_a_spelling(outer: str, inner: str, secret: str) -> None:
    shown = Masker([secret]).mask(f"[{SPELLINGS[outer](SPELLINGS[inner](secret))}]")

    assert shown == f"[{MASK}]"


@given(text=st.text(), secret=SECRETS)
def test_what_holds_no_secret_stays_as_it_is(text: str, secret: str) -> None:
    masker = Masker([secret])

    assert (masker.mask(text) == text) is not masker.finds(text)


@pytest.mark.parametrize(
    "spelled",
    ["Zu\u0308rich-1", "Z\u00fcrich-1", "ZÃ¼rich-1", r"Z\xfcrich-1", r"Z\xc3\xbcrich-1", "Z%FCrich-1", "Z&uuml;rich-1"],
)
def test_other_encodings_and_compositions_are_found(spelled: str) -> None:
    assert Masker(["Zürich-1"]).mask(f"({spelled})") == f"({MASK})"
    assert Masker(["Zu\u0308rich-1"]).mask("(Zürich-1)") == f"({MASK})"


def test_characters_beyond_the_first_plane_are_found() -> None:
    assert Masker(["pin\U0001f511"]).mask(r"(pin\ud83d\udd11) (pin%F0%9F%94%91) (pin&#128273;)") == (
        f"({MASK}) ({MASK}) ({MASK})"
    )


def test_what_stands_beside_a_secret_stays() -> None:
    masker = Masker(["a/b", "1234"])

    assert masker.mask(r"x\/a\/b\/%2Fa%2Fb?1234&lt;1234&gt;12") == rf"x\/{MASK}\/%2F{MASK}?{MASK}&lt;{MASK}&gt;12"


def test_one_secret_in_another_leaves_nothing_of_either() -> None:
    assert Masker(["1234", "0012345"]).mask("0012345 1234 00123") == f"{MASK} {MASK} 00123"


@pytest.mark.parametrize("kept", range(1, 10))
def test_where_a_text_was_cut_off_the_beginning_of_a_secret_goes_too(kept: int) -> None:
    assert Masker(["SECRET-one"]).mask(f"No: {'SECRET-one'[:kept]}…") == f"No: {MASK}…"


def test_a_cut_that_leaves_nothing_of_a_secret_stays() -> None:
    assert Masker(["SECRET-one"]).mask("No such user…") == "No such user…"


def test_without_secrets_nothing_is_masked() -> None:
    assert Masker([""]).mask("as it is…") == "as it is…"
    assert not Masker([]).finds("as it is")


@pytest.mark.parametrize(
    ("unit", "times"), [("%2525252541", 6000), ("&amp;amp;lt;", 5400), ("\\", 65536), (r"\u0041", 10900)]
)
def test_the_worst_text_is_read_in_a_time_that_grows_as_its_length(unit: str, times: int) -> None:
    masker = Masker(["SECRET-one", "A" * 256, "\\" * 256, "%" * 256, "1&lt;%41"])

    short, long = (min(seconds_of(masker, unit * size) for _ in range(3)) for size in (times // 8, times))

    # Eight times as long. What grows as the square of the length takes sixty-four times as much.
    assert long / short < 24
    assert long < 2  # 0.2 on a quiet machine


def seconds_of(masker: Masker, text: str) -> float:
    before = time.thread_time()
    masker.mask(text)
    return time.thread_time() - before
