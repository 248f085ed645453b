"""Making bearer tokens from the command line."""

from __future__ import annotations

from gateway.context import utc_now
from tenants.credentials import NewToken
from tenants.database import transaction
from tenants.store.tokens import insert_admin_token
from tenants.system import SystemScope
from tenants.text import parse_line

_LONGEST_NAME = 60
_SCOPE = SystemScope("make a token")


async def make_admin_token(name: str) -> str:
    """The text of a new platform admin's token, seen this once. Raises InvalidValueError for a name that is none."""
    token = NewToken.random()
    parsed_name = parse_line(name, _LONGEST_NAME)
    async with transaction():
        await insert_admin_token(_SCOPE, token, name=parsed_name, now=utc_now())
    return token.text
