"""A provider's answer as its staff may see it: no secret in it, nothing invisible, and each remark with its line."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from bisect import bisect_right
from typing import TYPE_CHECKING

from gateway.provisioning.json_places import places
from gateway.provisioning.masking import MASK, Masker
from gateway.provisioning.secret_names import is_secret_name, mask_named
from gateway.strict_json import BadJsonError, parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.provisioning.fields import Deviation, Path
    from gateway.provisioning.json_places import Placed

_LONGEST_SHOWN = 64 * 1024
_LONGEST_NAME = 64
_SHORTEST_ECHO = 4  # a shorter secret of the answer's own would be found in half of its words
_MOST_ECHOES = 100
_MASKED = f'"{MASK}"'
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DOCUMENT = re.compile(r"\s*[{\[<]")
_NOT_PLAIN = re.compile(r"[^ -~\n\t]")
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
"""Categories of Unicode: controls, formats such as bidirectional marks, separators of lines, what is no character."""


def show(body: bytes, secrets: Sequence[str]) -> str:
    """The body as text. It has the lines that the body has."""
    if not _is_json(body):
        return _finish(mask_named(_text_of(body)), secrets)
    text, pieces, own, at = body.decode(), list[str](), dict[str, None](), 0
    for one in places(text):
        hidden = None if text[one.start] in "{[" else _hidden(one)
        if hidden is None:
            continue
        pieces += [text[at : one.start], hidden]
        at = one.end
        if one.text and hidden == _MASKED and len(one.text) >= _SHORTEST_ECHO:
            own[one.text] = None
    return _finish("".join([*pieces, text[at:]]), [*secrets, *list(own)[:_MOST_ECHOES]])


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


def _text_of(body: bytes) -> str:
    """As whoever wrote it meant it, if it has the same lines then."""
    codec = _codec_of(body)
    text = body.decode(codec, "replace") if codec else ""
    return text if codec and text.count("\n") == body.count(b"\n") else body.decode("utf-8", "backslashreplace")


def _codec_of(body: bytes) -> str | None:
    """Windows writes two bytes a character, with a mark before them or without."""
    if body[:2] in _BYTE_ORDER_MARKS:
        return "utf-16"
    evens, odds = body[::2].count(0), body[1::2].count(0)
    if 4 * (evens + odds) <= len(body) or (evens and odds):
        return None
    return "utf-16-be" if evens else "utf-16-le"


def _hidden(placed: Placed) -> str | None:
    """What stands in place of a value; None where it may be seen. A text may be a document with secrets of its own."""
    if placed.is_name:
        return None
    if any(isinstance(part, str) and is_secret_name(part) for part in placed.path):
        return _MASKED
    if placed.text is None or not _DOCUMENT.match(placed.text):
        return None
    masked = mask_named(placed.text)
    return None if masked == placed.text else json.dumps(masked, ensure_ascii=False)


def _finish(text: str, secrets: Sequence[str]) -> str:
    return make_visible(Masker(secrets).mask(text))[:_LONGEST_SHOWN]


def _picture(match: re.Match[str]) -> str:
    char, code = match[0], ord(match[0])
    if code < 0x20:  # noqa: PLR2004 - the first that is no control
        return chr(0x2400 + code)
    if code == 0x7F:  # noqa: PLR2004 - delete
        return "\u2421"
    return f"<U+{code:04X}>" if unicodedata.category(char) in _INVISIBLE else char
