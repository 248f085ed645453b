"""E-mail addresses (H1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.hosts import display_stored, parse_host

_MAX_LENGTH = 254
_LOCAL_PART = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One plain address: the case before the `@` is kept, the domain is stored as lower-case A-labels."""

    text: str

    @classmethod
    def parse(cls, text: str, *, admitted: frozenset[str] = frozenset()) -> Self:
        """Rule H1: no display name, no quotes, a public domain by L3 and L5; nobody asks whether it takes mail."""
        trimmed = text.strip(" ")
        local, _, domain = trimmed.rpartition("@")
        if len(trimmed) > _MAX_LENGTH or not _LOCAL_PART.fullmatch(local):
            raise _refusal("This is not one plain e-mail address.")
        try:
            address = f"{local}@{parse_host(domain, admitted=admitted).ascii}"
        except InvalidValueError as error:
            raise _refusal(f"The domain after the @ cannot be used. {error.message}") from None
        if len(address) > _MAX_LENGTH:
            raise _refusal("An e-mail address has at most 254 characters.")
        return cls(address)

    @property
    def key(self) -> str:
        """What an account is found by: upper and lower case are one."""
        return self.text.casefold()

    @property
    def has_non_ascii_domain(self) -> bool:
        """Whether people read another domain than the ASCII one that is stored (L5)."""
        domain = self.text.rpartition("@")[2]
        return display_stored(domain) != domain

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """Rebuild what `parse` once gave, without today's rules."""
        return cls(text)


def _refusal(message: str) -> InvalidValueError:
    return InvalidValueError(
        ProblemCode.EMAIL_SYNTAX, message, hint="Write one address, without a name around it, like help@acme.example."
    )
