"""Making bearer tokens from the command line."""

from __future__ import annotations

from gateway.context import utc_now
from tenants.access import Role, SystemScope
from tenants.credentials import NewToken
from tenants.database import transaction
from tenants.store.tokens import insert_token

_SCOPE = SystemScope("make a token")


async def make_token(name: str, role: Role) -> str:
    """A new token's text: the only time that it is seen."""
    token = NewToken.random()
    async with transaction():
        await insert_token(_SCOPE, token, name=name, role=role, now=utc_now())
    return token.text
