"""A platform admin's token for tests, put where the command line puts it, without an entry in the audit log."""

from __future__ import annotations

from gateway.context import utc_now
from tenants.credentials import NewToken
from tenants.database import transaction
from tenants.store.tokens import insert_admin_token
from tenants.system import SystemScope


async def make_admin_token(name: str) -> str:
    """Its text. No key is needed, since nothing is recorded."""
    token = NewToken.random()
    async with transaction():
        await insert_admin_token(SystemScope("a test needs an admin"), token, name=name, now=utc_now())
    return token.text
