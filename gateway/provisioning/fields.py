"""The fields of one JSON object of a provider's answer, and what is noted about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

Path = tuple[str | int, ...]
_BOOLEANS = {"true": True, "false": False}
_SWITCHES = {"enabled": True, "disabled": False}
_MOST_NOTES = 100
_NUMBER = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where an answer is not as documented, and how that was read. The message repeats no value."""

    message: str
    path: Path = ()
    """From the top of the JSON down: names of fields, positions from 0."""
    line: int | None = None
    """Where there is no JSON to have a path in: a line of the body, from 1."""


class Fields:
    """Reads fields of an object. What is noted goes to one list for the whole answer."""

    def __init__(self, sent: dict[str, Any], path: Path, notes: list[Deviation]) -> None:
        self.notes, self.is_sound = notes, True
        self._sent, self._path = sent, path

    def get(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        """The value; None when it is null or absent."""
        return self._sent.get(name)

    def note(self, name: str | None, message: str) -> None:
        """Remark on a field, or on the object itself; a hundred remarks are enough for anybody."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(Deviation(message, self._path if name is None else (*self._path, name)))

    def refuse(self, name: str | None, message: str) -> None:
        """Remark on what makes the whole answer unusable."""
        self.note(name, message)
        self.is_sound = False

    def note_unknown(self, known: Collection[str]) -> None:
        """Fields that nobody documented are ignored; one that only differs in case is worth a hint."""
        for name in self._sent:
            if name not in known:
                hint = f" Did you mean {name.lower()}?" if name.lower() in known else ""
                self.note(name, f"This field is not known; ignored.{hint}")

    def item(self, name: str, position: int) -> Fields | None:
        """The fields of an object in a list; None, and the answer unusable, when it is no object."""
        sent = self.get(name)[position]
        if isinstance(sent, dict):
            return Fields(sent, (*self._path, name, position), self.notes)
        Fields({}, (*self._path, name, position), self.notes).refuse(None, "This is no account.")
        self.is_sound = False
        return None

    def text(self, name: str) -> str | None:
        """A text that must be there.

        Numbers are no texts here: what turned a login into a number took its leading zeros away.
        """
        value = self.get(name)
        if not isinstance(value, str) or not value:
            self.refuse(name, "It is missing." if value in (None, "") else "It is no text; put it in quotes.")
            return None
        return value

    def optional_text(self, name: str) -> str | None:
        """A text, or None when it is absent, null or empty."""
        value = self.get(name)
        if value is None or isinstance(value, str):
            return value or None
        self.refuse(name, "It is no text; put it in quotes.")
        return None

    def switch(self, name: str) -> bool | None:
        """Enabled or Disabled in any case, or a boolean; None when absent, null or empty."""
        value = self.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            self.note(name, "It is a boolean in place of Enabled or Disabled; taken as one of them.")
            return value
        switch = _SWITCHES.get(value.lower()) if isinstance(value, str) else None
        if switch is None:
            self.refuse(name, "It is neither Enabled nor Disabled.")
        return switch

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean, or a text that reads like one."""
        value = self.get(name)
        if value is None or value == "":
            return default
        flag = boolean(value)
        if flag is None:
            self.refuse(name, "It is neither true nor false.")
        elif not isinstance(value, bool):
            self.note(name, "It is a text; read as a boolean.")
        return default if flag is None else flag

    def number(self, name: str) -> int | None:
        """A whole number, or a text of digits; None when absent, null or empty."""
        value = self.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            self.note(name, "It is a text; read as a number.")
            return int(value)
        self.refuse(name, "It is no whole number.")
        return None


def boolean(value: Any) -> bool | None:  # noqa: ANN401 - any JSON
    """A boolean, or a text that reads like one in any case; None for anything else."""
    if isinstance(value, bool):
        return value
    return _BOOLEANS.get(value.lower()) if isinstance(value, str) else None
