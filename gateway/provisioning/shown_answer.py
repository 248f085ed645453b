"""A provider's answer as its staff may see it: no secret in it, nothing invisible, and each remark with its line."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from bisect import bisect_right
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from gateway.provisioning.json_places import places
from gateway.strict_json import BadJsonError, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.provisioning.fields import Deviation, Path
    from gateway.provisioning.json_places import Placed

MASK = "••••••"
_LONGEST_SHOWN = 64 * 1024
_LONGEST_NAME = 64
_SHORTEST_ECHO = 4  # a shorter secret of the answer's own would be found in half of its words
_NAME = r"pass|pwd|secret|token|credential|ha1|api_?key|private_?key"
_SECRET_NAME = re.compile(rf"{_NAME}|^pin$", re.IGNORECASE)
_MOST_ECHOES = 100
# What looks like a secret in a text of any kind: broken JSON, XML, a form, a page with an error. The value is group 2.
_LOOKS_SECRET = (
    re.compile(
        rf"""(["'][^"'\n]{{0,40}}(?:{_NAME})[^"'\n]{{0,40}}["']\s*(?:=>|[:=])\s*)("(?:[^"\\]|\\.)*|'[^']*|[^\s,}}\]]+)""",
        re.IGNORECASE,
    ),
    re.compile(rf"(<(?:[\w:]{{0,40}})(?:{_NAME})[\w:]{{0,40}}(?:\s[^<>]{{0,200}})?>)([^<]+)", re.IGNORECASE),
    re.compile(rf"""((?<!\w)\w{{0,40}}(?:{_NAME})\w{{0,40}}\s{{0,3}}=\s{{0,3}})([^\s&"'<>,;]+)""", re.IGNORECASE),
)
_NOT_PLAIN = re.compile(r"[^ -~\n\t]")
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
"""Categories of Unicode: controls, formats such as bidirectional marks, separators of lines, what is no character."""


class Masker:
    """Takes secrets out of texts: those it was told, in every spelling in which they travel."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def mask(self, text: str) -> str:
        """The text without them."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def finds(self, text: str) -> bool:
        """Whether there is one in it."""
        return self._pattern is not None and self._pattern.search(text) is not None


def show(body: bytes, secrets: Sequence[str]) -> str:
    """The body as text. It has the lines that the body has."""
    text = body.decode("utf-8", "backslashreplace")
    parsed = _is_json(body)
    placed = [one for one in places(text) if one.text is not None or _names_secret(one.path)] if parsed else []
    own = [one.text for one in placed if _is_secret(one) and one.text and len(one.text) >= _SHORTEST_ECHO]
    masker = Masker([*secrets, *own[:_MOST_ECHOES]])
    text = _mask_values(text, placed, masker)
    for pattern in () if parsed else _LOOKS_SECRET:
        text = pattern.sub(lambda match: match[1] + _masked(match[2]), text)
    return make_visible(masker.mask(text))[:_LONGEST_SHOWN]


def make_visible(text: str) -> str:
    """Controls as their pictures, what cannot be seen by its number; ends of lines alike."""
    return _NOT_PLAIN.sub(_picture, text.replace("\r\n", "\n"))


def lines_of(body: bytes, deviations: Sequence[Deviation]) -> list[int]:
    """The line of each deviation: of the field it is about, or of what that field is missing from."""
    wanted = {one.path[:length] for one in deviations for length in range(len(one.path) + 1)}
    starts: dict[Path, int] = {}
    text = body.decode("utf-8", "backslashreplace")
    if any(one.line is None for one in deviations) and _is_json(body):
        for one in places(text):
            if one.path in wanted:
                starts.setdefault(one.path, one.start)
    ends = [match.start() for match in re.finditer("\n", text)]
    return [one.line or bisect_right(ends, _nearest(one.path, starts)) + 1 for one in deviations]


def place_name(path: Path) -> str:
    """As people write it: `sipaccounts[0].transport`."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:_LONGEST_NAME]}" for part in path)
    return make_visible(name.removeprefix("."))


def _nearest(path: Path, starts: dict[Path, int]) -> int:
    return next((starts[path[:length]] for length in range(len(path), -1, -1) if path[:length] in starts), 0)


def _is_json(body: bytes) -> bool:
    try:
        parse_json(body.removeprefix(b"\xef\xbb\xbf"))
    except BadJsonError:
        return False
    return True


def _names_secret(path: Path) -> bool:
    return any(isinstance(part, str) and _SECRET_NAME.search(part) for part in path)


def _is_secret(placed: Placed) -> bool:
    return _names_secret(placed.path) and not placed.is_name


def _mask_values(text: str, placed: Sequence[Placed], masker: Masker) -> str:
    """Whole values: what is secret by its name, and what says a secret with escapes in it."""
    pieces, at = list[str](), 0
    for one in placed:
        said = one.text or ""
        is_hidden = masker.finds(said) and masker.mask(text[one.start : one.end]) == text[one.start : one.end]
        if one.start < at or not (is_hidden or (_is_secret(one) and text[one.start] not in "{[")):
            continue
        pieces += [text[at : one.start], f'"{MASK}"']
        at = one.end
    return "".join([*pieces, text[at:]])


def _masked(value: str) -> str:
    """Quotes stay, and so does the number of lines."""
    quote_mark = value[0] if value[0] in "\"'" else ""
    return quote_mark + MASK + "\n" * value.count("\n")


def _spellings(secret: str) -> Iterator[str]:
    for spelling in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield from (spelling, spelling.replace("/", "\\/"))
    for spelling in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield from (spelling, re.sub("%..", lambda match: match[0].lower(), spelling))
    yield from (html.escape(secret), html.escape(secret, quote=False), html.escape(secret).replace("&#x27;", "&#039;"))


def _picture(match: re.Match[str]) -> str:
    char, code = match[0], ord(match[0])
    if code < 0x20:  # noqa: PLR2004 - the first that is no control
        return chr(0x2400 + code)
    if code == 0x7F:  # noqa: PLR2004 - delete
        return "\u2421"
    return f"<U+{code:04X}>" if unicodedata.category(char) in _INVISIBLE else char
