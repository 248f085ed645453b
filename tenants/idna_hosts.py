"""International host names (L5): IDNA 2008 after the mapping of UTS 46, and nothing changed behind anybody's back."""

from __future__ import annotations

import idna
import regex

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError

_LATIN = regex.compile(r"\p{Script=Latin}")
_RIGHT_TO_LEFT = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}\p{Bidi_Class=AN}]")
_LOOK_ALIKES = regex.compile(r"[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]")
_LENGTH_CODES = frozenset({"label_too_long", "input_too_long", "empty_label"})


def to_ascii(text: str) -> str:
    """Rule L5: the A-labels of a host name, each label converted by itself; LDH rules are the caller's."""
    try:
        _refuse_a_changed_length(text)
        labels = idna.uts46_remap(text, std3_rules=False).split(".")
        return ".".join(label if label.isascii() else idna.alabel(label).decode("ascii") for label in labels)
    except (ValueError, IndexError) as error:
        raise _refusal(error) from None


def to_display(ascii_host: str) -> str:
    """Rule L5: the host as people read it; refuses an A-label that does not round-trip and look-alike scripts."""
    try:
        shown = [_to_unicode(label) for label in ascii_host.split(".")]
        _refuse_broken_directions(shown)
    except (ValueError, IndexError) as error:
        raise _refusal(error) from None
    _refuse_mixed_scripts(shown)
    return ".".join(shown)


def _refuse_a_changed_length(text: str) -> None:
    """Refuse what the mapping drops or expands: it makes two names look like one."""
    for char in text:
        if len(idna.uts46_remap(char, std3_rules=False)) != 1:
            raise InvalidValueError(
                ProblemCode.LINK_HOST_IDNA,
                f"The host holds a character (U+{ord(char):04X}) that disappears or becomes several in the real name.",
                hint="Remove it, or write the letters that are meant.",
            )


def _to_unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    shown: str = idna.ulabel(label)
    # The library's own round trip is of the Punycode; the mapping must leave the name alone as well.
    if idna.uts46_remap(shown) != shown or idna.alabel(shown).decode("ascii") != label:
        raise idna.IDNAError("does not round-trip")
    return shown


def _refuse_broken_directions(labels: list[str]) -> None:
    """RFC 5893 binds every label of a name as soon as one of them is written from right to left."""
    if any(_RIGHT_TO_LEFT.search(label) for label in labels):
        for label in labels:
            idna.check_bidi(label, check_ltr=True)


def _refuse_mixed_scripts(labels: list[str]) -> None:
    if any(_LATIN.search(label) and _LOOK_ALIKES.search(label) for label in labels):
        raise InvalidValueError(
            ProblemCode.LINK_HOST_MIXED_SCRIPTS,
            "The host mixes Latin letters with look-alikes from another script in one label.",
            hint="Type the host again with one keyboard layout, letter by letter.",
        )


def _refusal(error: Exception) -> InvalidValueError:
    """Translate by the code only: the library's own text quotes the host."""
    if isinstance(error, idna.IDNAError) and error.code in _LENGTH_CODES:
        return InvalidValueError(
            ProblemCode.LINK_HOST_SYNTAX, "A label of the host is empty or longer than 63 characters."
        )
    return InvalidValueError(
        ProblemCode.LINK_HOST_IDNA,
        "The host is not a valid international host name.",
        hint="Use the host's letters and digits only; symbols and emoji cannot be part of a host name.",
    )
