"""What is a secret by the name beside it, in JSON and in texts of any other kind."""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.provisioning.masking import MASK

_NAME = r"pass|pwd|secret|token|credential|ha1|api_?key|private_?key"
_SECRET_NAME = re.compile(rf"{_NAME}|^pin$", re.IGNORECASE)
_WORD = rf"(?<!\w)\w{{0,40}}(?:{_NAME})[\w.-]{{0,40}}"
_QUOTE = r"""(?:\\{0,7}["']|&quot;|&apos;|&\#0?3[49];|&\#[xX]2[27];)"""
_QUOTED = r"(?:(?!(?P=quote))(?:\\.|[^\\]))*"
_CELL = r"t[dh](?:\s[^<>]{0,100})?>\s{0,20}"
# Each: what stands before the value, and the value.
_ASSIGNED = re.compile(
    rf"(?P<before>{_WORD}(?:{_QUOTE}|\]){{0,3}}\s{{0,20}}(?:=>|[:=])\s{{0,20}}(?:string\([0-9]{{1,6}}\)\s{{0,20}})?)"
    rf"""(?P<value>(?P<quote>{_QUOTE}){_QUOTED}|[^\s"'<>&,;\]}})]+)""",
    re.IGNORECASE | re.DOTALL,
)
_OTHERS = tuple(
    re.compile(rf"(?P<before>{before})(?P<value>{value})", re.IGNORECASE | re.DOTALL)
    for before, value in (
        (rf"<[\w:]{{0,40}}(?:{_NAME})[\w:.-]{{0,40}}(?:\s[^<>]{{0,200}})?>\s{{0,20}}<!\[CDATA\[", r"(?:(?!\]\]>).)+"),
        (rf"<[\w:]{{0,40}}(?:{_NAME})[\w:.-]{{0,40}}(?:\s[^<>]{{0,200}})?>", "[^<]+"),
        (rf"""name\s{{0,5}}=\s{{0,5}}["']{_WORD}["'](?:\s[^<>]{{0,200}})?>""", "[^<]+"),
        (rf"""["']{_WORD}["'][^<>"']{{1,40}}value\s{{0,5}}=\s{{0,5}}""", """"[^"]*|'[^']*"""),
        (
            rf"<{_CELL}{_WORD}:?\s{{0,20}}</{_CELL}<{_CELL}(?:<\w{{1,10}}(?:\s[^<>]{{0,100}})?>\s{{0,20}}){{0,3}}",
            "[^<]+",
        ),
    )
)


@lru_cache(256)
def is_secret_name(name: str) -> bool:
    """Whether what a field of this name holds is shown to nobody."""
    return _SECRET_NAME.search(name) is not None


def mask_named(text: str) -> str:
    """A text of any kind without what looks like secrets: broken JSON, XML, a form, a dump, a page with an error."""
    for pattern in (_ASSIGNED, *_OTHERS):
        text = pattern.sub(lambda match: match["before"] + _masked(match["value"], match), text)
    return text


def _masked(value: str, match: re.Match[str]) -> str:
    """Quotes stay, and so does the number of lines."""
    opening = match.groupdict().get("quote") or (value[0] if value[0] in "\"'" else "")
    return opening + MASK + "\n" * value.count("\n")
