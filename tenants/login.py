"""What a user types to sign in: rules P4, P5 and P9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tenants.codes import ProblemCode
from tenants.errors import InvalidValueError
from tenants.text import parse_opaque

_LONGEST_LOGIN = 320  # 256 for the username, a colon, 63 for the ProviderId


@dataclass(frozen=True, slots=True)
class Login:
    """Who wants to sign in where; the password is not part of it."""

    username: str
    provider_id: str
    """As typed: whether anybody has this name is for the look-up to say (I4)."""

    @classmethod
    def of_generic(cls, typed: str) -> Self:
        """Rule P4: `1000:AcmeInc`, split at the last colon; the username may hold `:` and `@`.

        Raises InvalidValueError LOGIN_WITHOUT_PROVIDER_ID, LOGIN_WITHOUT_USERNAME, TEXT_TOO_LONG or TEXT_CHARACTERS.
        """
        trimmed = typed.strip()
        if len(trimmed) > _LONGEST_LOGIN:
            raise InvalidValueError(ProblemCode.TEXT_TOO_LONG, f"At most {_LONGEST_LOGIN} characters fit here.")
        username, _, provider_id = trimmed.rpartition(":")
        username, provider_id = username.strip(), provider_id.strip()
        if ":" not in typed or not provider_id:
            raise InvalidValueError(
                ProblemCode.LOGIN_WITHOUT_PROVIDER_ID,
                "Type your username, a colon and your provider's name.",
                hint="For example 1000:AcmeInc.",
            )
        if not username:
            raise InvalidValueError(
                ProblemCode.LOGIN_WITHOUT_USERNAME,
                "Type your username before the colon.",
                hint="For example 1000:AcmeInc.",
            )
        return cls(parse_opaque(username), parse_opaque(provider_id))

    @classmethod
    def of_whitelabel(cls, username: str, provider_id: str) -> Self:
        """Rule P5: the username is taken whole, colon or not; the ProviderId comes from the app.

        Raises InvalidValueError REQUIRED, TEXT_TOO_LONG or TEXT_CHARACTERS.
        """
        return cls(parse_opaque(username), provider_id)
