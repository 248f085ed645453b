"""Texts that people read (rule P7) and texts that machines pass on (rule P9)."""

from __future__ import annotations

import re
import unicodedata

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError

_JOINERS = "\u200c\u200d"
# Characters without a shape of their own: they hide text, reorder it, or make two titles look alike.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# They choose a shape for the character before them: emoji and Mongolian letters need them.
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ALONE = re.compile(f"(?:^|[{_JOINERS}])[{_JOINERS}]|[{_JOINERS}]$|(?:^|[\\s{_SELECTORS}{_JOINERS}])[{_SELECTORS}]")
_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_STRAY_SELECTORS = re.compile(f"(?<![^\\s{_JOINERS}{_SELECTORS}])[{_SELECTORS}]+")
_STRAY_JOINERS = re.compile(f"(?<![^\\s{_JOINERS}])[{_JOINERS}]+|[{_JOINERS}]+(?![^\\s{_JOINERS}])")
# Bounds what one visible character may hide; the longest emoji sequences have ten code points.
_CODE_POINTS_A_CHARACTER = 12


def parse_line(text: str, longest: int) -> str:
    """Rule P7: one line of 1 to `longest` characters as people count them, trimmed, in NFC.

    Raises InvalidValueError REQUIRED, TEXT_TOO_LONG or TEXT_CHARACTERS.
    """
    line = text.strip()
    if not line:
        raise InvalidValueError(ProblemCode.REQUIRED, "Something must stand here.")
    if len(line) > longest * _CODE_POINTS_A_CHARACTER:
        raise _too_long(longest)
    if _CONTROL.search(line) or _INVISIBLE.search(line) or _ALONE.search(line):
        raise InvalidValueError(
            ProblemCode.TEXT_CHARACTERS,
            "The text holds characters that nobody can see.",
            hint="Type it again instead of pasting it.",
        )
    line = unicodedata.normalize("NFC", line)  # may lengthen it, so its bound is looked at again
    if len(line) > longest * _CODE_POINTS_A_CHARACTER or count_characters(line) > longest:
        raise _too_long(longest)
    return line


def parse_opaque(text: str, longest: int = 256) -> str:
    """Rule P9: usernames, passwords and device ids, 1 to `longest` characters, taken as they are.

    Raises InvalidValueError REQUIRED, TEXT_TOO_LONG or TEXT_CHARACTERS.
    """
    if not text:
        raise InvalidValueError(ProblemCode.REQUIRED, "Something must stand here.")
    if len(text) > longest:
        raise _too_long(longest)
    if _CONTROL.search(text):
        raise InvalidValueError(ProblemCode.TEXT_CHARACTERS, "The text holds control characters.")
    return text


def parse_note(text: str, longest: int = 500) -> str:
    """A remark of several lines, 1 to `longest` characters, trimmed, in NFC.

    Raises InvalidValueError REQUIRED, TEXT_TOO_LONG or TEXT_CHARACTERS.
    """
    note = unicodedata.normalize("NFC", text.strip()) if len(text) <= longest * _CODE_POINTS_A_CHARACTER else text
    if not note:
        raise InvalidValueError(ProblemCode.REQUIRED, "Something must stand here.")
    if len(note) > longest:
        raise _too_long(longest)
    if _CONTROL.search(note.replace("\n", "").replace("\r", "").replace("\t", "")) or _INVISIBLE.search(note):
        raise InvalidValueError(ProblemCode.TEXT_CHARACTERS, "The text holds characters that nobody can see.")
    return note


def clean_line(text: str, longest: int) -> str:
    """What somebody else's server wrote, as one plain line of at most `longest` code points; empty if nothing is left.

    Mended, not refused, since it is shown to people and means nothing to programs. Markup stays as it was typed.
    """
    line = _BREAK.sub(" ", text[: longest * _CODE_POINTS_A_CHARACTER])
    line = _INVISIBLE.sub("", _CONTROL.sub("", line))
    line = _STRAY_JOINERS.sub("", _STRAY_SELECTORS.sub("", line))
    line = unicodedata.normalize("NFC", " ".join(line.split()))
    return line if len(line) <= longest else _cut(line, longest - 1) + "…"


def _cut(line: str, longest: int) -> str:
    """The line's beginning, no visible character taken apart."""
    import regex  # noqa: PLC0415 - few messages are so long, and it costs time at start

    end = max(
        (found.end() for found in regex.finditer(r"\X", line[: longest + 1]) if found.end() <= longest), default=0
    )
    return line[:end].rstrip(f" {_JOINERS}")


def count_characters(text: str) -> int:
    """Length of a text as people count it: in grapheme clusters."""
    if text.isascii():
        return len(text)
    import regex  # noqa: PLC0415 - only texts beyond ASCII need it, and it costs time at start

    return len(regex.findall(r"\X", text))


def _too_long(longest: int) -> InvalidValueError:
    return InvalidValueError(ProblemCode.TEXT_TOO_LONG, f"At most {longest} characters fit here.")
