"""What keeps a file from being taken: each problem with its line, its path and its code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING

from tenants.errors import TenantsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tenants.codes import ProblemCode

Path = tuple[str, ...]


@unique
class FileCode(Enum):
    """What only a file can have wrong: the API's own types refuse it before a rule is asked."""

    FILE_UNREADABLE = "There is no such file, or it may not be read."
    FILE_TOO_LARGE = "More than one file may hold."
    FILE_SYNTAX = "Not one plain YAML document in UTF-8."
    FIELD_UNKNOWN = "A field that there is not."
    FIELD_REPEATED = "A field that stands twice."
    FIELD_SHAPE = "A list, a mapping or a text where something else belongs."
    CHOICE_UNKNOWN = "Not one of the words that the field takes."
    PROVIDER_ID_REPEATED = "Two tenants of the file have one ProviderId, case ignored."
    CHANGED_MEANWHILE = "Somebody changed the tenant while the file was taken."


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that keeps a file from being taken. No text repeats a value."""

    line: int | None
    """From 1; None when it is about the file as a whole."""
    path: Path
    """From the file's root down: `("tenants", "0", "help", "links", "1", "url")`."""
    code: FileCode | ProblemCode
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        """What a terminal shows behind the file's name and a colon."""
        line = "" if self.line is None else f"{self.line}:"
        path = f" {'.'.join(self.path)}:" if self.path else ""
        return f"{line}{path} {self.code.name}: {self.message} {self.hint or ''}".rstrip()


class RefusedFileError(TenantsError):
    """A file was not taken, and nothing of it; all problems are listed in the order of their lines."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__(f"{len(self.problems)} problem(s)")
