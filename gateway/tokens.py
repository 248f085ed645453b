"""Making bearer tokens from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.context import utc_now
from tenants.credentials import NewToken
from tenants.database import transaction
from tenants.store.tokens import insert_token
from tenants.system import SystemScope
from tenants.text import parse_line

if TYPE_CHECKING:
    from tenants.access import Role

_LONGEST_NAME = 60
_SCOPE = SystemScope("make a token")


async def make_token(name: str, role: Role) -> str:
    """A new token's text: the only time that it is seen. Raises InvalidValueError for a name that is none."""
    token = NewToken.random()
    parsed_name = parse_line(name, _LONGEST_NAME)
    async with transaction():
        await insert_token(_SCOPE, token, name=parsed_name, role=role, now=utc_now())
    return token.text
