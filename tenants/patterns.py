"""Patterns that fingers and eyes fall into: repeats, rows of a keyboard, sequences."""

from __future__ import annotations

# Rows and columns of the usual keyboards, each also read backwards. The gaps between them are no password's character.
_ROWS = (
    "1234567890 !@#$%^&*() qwertyuiop qwertzuiop azertyuiop asdfghjkl qsdfghjklm zxcvbnm yxcvbnm wxcvbn "
    "1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik, 9ol. 0p;/ 1qay 6zhn 147 258 369 159 357 741 852 963"
).replace(" ", "\0")
_KEYS = f"{_ROWS}\0{_ROWS[::-1]}"
_SHORTEST_RUN = 3
_WIDEST_STEP = 2
_MOST_RUNS = 8  # with more, and were the rest of it one letter, there is enough to guess


def is_pattern(text: str) -> bool:
    """Whether it is made up of runs, or is two of them woven together: `qwertzuiop12`, `aaabbb123`, `q1w2e3r4t5y6`.

    True when there are at most a third as many runs and lone characters as there are characters, and at most eight; in
    what is woven, half of that.
    """
    most = min(len(text) // _SHORTEST_RUN, _MOST_RUNS)
    woven = _count_runs(text[::2], most) + _count_runs(text[1::2], most)
    return _count_runs(text, most) <= most or 2 * woven <= most


def shortest_period(text: str) -> int:
    """The length of the shortest piece whose repetition, at least twice over, makes up the text; else its own length.

    The last repetition may break off: `abcabcab` has the piece `abc`.
    """
    borders = [0] * len(text)  # by Knuth, Morris and Pratt: the longest beginning that also ends here
    for at in range(1, len(text)):
        border = borders[at - 1]
        while border and text[at] != text[border]:
            border = borders[border - 1]
        borders[at] = border + 1 if text[at] == text[border] else 0
    period = len(text) - borders[-1] if text else 0
    return period if 2 * period <= len(text) else len(text)


def _count_runs(text: str, most: int) -> int:
    """How many runs and lone characters follow each other; counted to one more than `most`."""
    at = count = 0
    while at < len(text) and count <= most:
        at += max(_keys(text, at), _steps(text, at), 1)
        count += 1
    return count


def _keys(text: str, at: int) -> int:
    """How many keys beside each other are pressed from here on; 0 when they make no run."""
    end = at + _SHORTEST_RUN
    while end <= len(text) and text[at:end] in _KEYS:
        end += 1
    return end - 1 - at if end > at + _SHORTEST_RUN else 0


def _steps(text: str, at: int) -> int:
    """How many characters from here on have the same small distance: `aaaa`, `abcd`, `8642`; 0 when too few."""
    end = at + 2
    if end > len(text):
        return 0
    step = ord(text[at + 1]) - ord(text[at])
    while end < len(text) and ord(text[end]) - ord(text[end - 1]) == step:
        end += 1
    return end - at if abs(step) <= _WIDEST_STEP and end - at >= _SHORTEST_RUN else 0
