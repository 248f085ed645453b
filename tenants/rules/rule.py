"""What a rule is, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.codes import ProblemCode, WarningCode


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `refuses` stop a save; `warns` are told beside it and stop nothing."""

    id: str
    title: str
    text: str
    refuses: tuple[ProblemCode, ...] = ()
    warns: tuple[WarningCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """The rules of one letter."""

    letter: str
    title: str
    rules: tuple[Rule, ...]
