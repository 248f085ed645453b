"""Which passwords are widely known (rule G5): those that somebody who guesses tries first.

No strength is estimated. A password is refused when it is a listed one, or one word or one pattern that was filled up;
whatever has two words in it that are not the person's own, or was drawn at random, passes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from tenants.patterns import is_pattern, shortest_period

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHORTEST_PASSWORD = 12
_SHORTEST_WORD = 4
_SHORTEST_ORDINARY_WORD = 5  # random passwords hold so many of the shorter ones by chance
_SHORTEST_OWN = 3
_LONGEST_FILLING = 8  # eight digits are a date; more, without a pattern, were not made up by a person
_LONGEST_BESIDE_DISGUISE = 4  # some random hexadecimal digits can be read as a word
_LETTERS = re.compile(r"[^\W\d_]+")
_PLAIN = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"}
_SPELLINGS = (str.maketrans(_PLAIN), str.maketrans({**_PLAIN, "1": "l"}))
"""How signs stand for letters."""


def is_widely_known(password: str, about: Sequence[str] = ()) -> bool:
    """Whether it is a listed password, or one word, pattern or own name that was filled up to be long enough.

    `about` is what others know of the person: the e-mail address, names, the tenant. Case, accents and blanks count for
    nothing.
    """
    text = "".join(_fold(password).split())
    piece = text[: shortest_period(text)]
    if piece != text and len(piece) < SHORTEST_PASSWORD:
        return True
    rest = _without(_own_words(about), piece)
    return (
        piece in _known()
        or is_pattern(piece)
        or _is_filled_word(rest)
        or (rest != piece and _is_filling(rest, beside=len(piece) - len(rest)))
    )


@cache
def _known() -> frozenset[str]:
    """30,000 passwords and the longer ones of 64,000 English words and names: some 13 MiB, made when first asked for.

    The file is run by itself: importing the package builds its estimator, which takes more time and memory than this.
    """
    from importlib import util  # noqa: PLC0415 - few processes ever judge a password
    from importlib.machinery import PathFinder  # noqa: PLC0415

    package = util.find_spec("zxcvbn")
    spec = PathFinder.find_spec("frequency_lists", package.submodule_search_locations if package else None)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("zxcvbn has no frequency_lists: install what the lock file names")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lists: dict[str, list[str]] = module.FREQUENCY_LISTS
    ordinary = (word for words in lists.values() for word in words if len(word) >= _SHORTEST_ORDINARY_WORD)
    return frozenset((*lists["passwords"], *ordinary))


@cache
def _longest_known() -> int:
    return max(map(len, _known()))


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _own_words(about: Iterable[str]) -> list[str]:
    """The texts themselves, their words, and the words without what stands between; the longest first."""
    words: set[str] = set()
    for text in map(_fold, about):
        parts = re.findall(r"[^\W_]+", text)
        local_parts = re.findall(r"[^\W_]+", text.partition("@")[0])
        words |= {text.strip(), text.partition("@")[0].strip(), "".join(parts), "".join(local_parts), *parts}
    return sorted((word for word in words if len(word) >= _SHORTEST_OWN), key=lambda word: (-len(word), word))


def _without(words: Sequence[str], text: str) -> str:
    """What is left of it when the words are taken out, however they are spelt."""
    if not words:
        return text
    search = re.compile("|".join(map(re.escape, words)))
    found = [one.span() for one in search.finditer(text)]
    for spelling in _SPELLINGS:
        spans = (one.span() for one in search.finditer(text.translate(spelling)))
        found += [(start, end) for start, end in spans if _reads_as_word(text[start:end])]
    taken = {at for start, end in found for at in range(start, end)}
    return "".join(character for at, character in enumerate(text) if at not in taken)


def _is_filled_word(text: str) -> bool:
    """Whether it is one known word between digits and signs that nobody has to guess."""
    return any(_is_filled(text[start:end], text[:start] + text[end:]) for start, end in _cores(text))


def _is_filled(word: str, filling: str) -> bool:
    if _is_listed(word):
        return _is_filling(filling, beside=len(word))
    return _is_listed_in_disguise(word) and _is_filling(filling, beside=len(word), longest=_LONGEST_BESIDE_DISGUISE)


def _is_listed(word: str) -> bool:
    """Whether it is a listed word, once or over and over with signs between or without."""
    parts = set(_LETTERS.findall(word)) if word[0].isalpha() and word[-1].isalpha() else set()
    piece = parts.pop() if len(parts) == 1 else word
    return not {word, piece[: (piece + piece).find(piece, 1)]}.isdisjoint(_known())


def _is_listed_in_disguise(word: str) -> bool:
    return _reads_as_word(word) and any(word.translate(spelling) in _known() for spelling in _SPELLINGS)


def _cores(text: str) -> Iterator[tuple[int, int]]:
    """Where a single word may stand, so that no letter is outside of it. At most a few hundred places."""
    letters = [at for at, character in enumerate(text) if character.isalpha()]
    if not letters:
        return
    first, last, longest = letters[0], letters[-1] + 1, _longest_known()
    for start in range(max(0, last - longest), first + 1):
        for end in range(max(last, start + _SHORTEST_WORD), min(start + longest, len(text)) + 1):
            yield start, end


def _reads_as_word(text: str) -> bool:
    """Whether it is letters for the most part: `p4ssw0rd` is a word, `9455` is a number."""
    return 2 * sum(map(str.isalpha, text)) >= len(text)


def _is_filling(text: str, *, beside: int, longest: int = _LONGEST_FILLING) -> bool:
    """Whether a text adds nothing to a word of so many characters: no letters, and short, a number or a pattern."""
    if any(map(str.isalpha, text)):
        return False
    return (len(text) <= longest and (len(text) <= beside or text.isdecimal())) or is_pattern(text)
