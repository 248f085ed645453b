"""What a tenant is called: rules I1, I2 and I7."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.text import parse_line

_SYNTAX = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
RESERVED = frozenset({"api", "admin", "graphql", "graphiql", "portal", "www", "test", "static", "health", "metrics"})
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class ProviderId:
    """A tenant's public name, in the spelling it was given."""

    text: str

    @property
    def key(self) -> str:
        """What look-up and uniqueness go by: the lower-case form (I2)."""
        return self.text.lower()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Rules I1 and I2. Raises InvalidValueError REQUIRED, PROVIDER_ID_SYNTAX or PROVIDER_ID_RESERVED."""
        trimmed = text.strip(" ")
        if not trimmed:
            raise InvalidValueError(ProblemCode.REQUIRED, "A ProviderId is needed.")
        if not _SYNTAX.fullmatch(trimmed):
            raise InvalidValueError(
                ProblemCode.PROVIDER_ID_SYNTAX,
                "A ProviderId has 1 to 63 letters, digits, '-' and '_', and neither begins nor ends with '-' or '_'.",
                hint="For example AcmeInc.",
            )
        if trimmed.lower() in RESERVED:
            raise InvalidValueError(ProblemCode.PROVIDER_ID_RESERVED, "This name is kept for the gateway itself.")
        return cls(trimmed)

    @classmethod
    def key_of(cls, text: str) -> str | None:
        """The key to look a typed ProviderId up by; None for what can be nobody's."""
        return text.lower() if _SYNTAX.fullmatch(text) else None


def parse_name(text: str) -> str:
    """Rule I7: a tenant's name for people. Raises InvalidValueError REQUIRED, TEXT_TOO_LONG or TEXT_CHARACTERS."""
    return parse_line(text, LONGEST_NAME)


def name_key(shown_name: str) -> str:
    """What the list of tenants is sorted by and searched in. Cut, since an index entry has a limit."""
    return shown_name.casefold()[:200]
