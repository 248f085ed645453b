"""`gateway token`: bearer tokens of programs, made, listed and revoked by whoever runs the gateway."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.command import add_command, connected
from gateway.context import utc_now
from gateway.environment import ensure_key, key_ring
from tenants.access import Role
from tenants.access_tokens import LIFETIMES_DAYS
from tenants.actions import tokens as actions
from tenants.errors import InvalidInputError, NotFoundError
from tenants.store.tenants import find_tenant
from tenants.store.tokens import list_working
from tenants.system import SystemScope

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings
    from tenants.access_tokens import WorkingToken
    from tenants.keys import KeyRing

_SCOPE = SystemScope("tokens of programs")
_PLATFORM_ADMIN = "platform-admin"
_ROLES = [_PLATFORM_ADMIN, *(role.value.lower() for role in reversed(Role))]
_DAYS = 90
_MOMENT = "%Y-%m-%dT%H:%MZ"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands about tokens."""
    token = commands.add_parser("token", help="access tokens for programs").add_subparsers(
        required=True, metavar="COMMAND"
    )
    create = add_command(token, "create", "make a token and print it, alone, once", _create)
    create.add_argument("--role", required=True, choices=_ROLES)
    create.add_argument("--tenant", metavar="PROVIDER_ID", help="of which tenant; needed by every role but the first")
    create.add_argument("--days", type=int, help=f"how long it works in a tenant, 1 to {LIFETIMES_DAYS[-1]} ({_DAYS})")
    create.add_argument("--name", default="command line", help="what it is for")
    add_command(token, "list", "print the tokens that work, without their secrets", _list)
    revoke = add_command(token, "revoke", "make a token useless within a second", _revoke)
    revoke.add_argument("id", type=int, metavar="ID", help="as `gateway token list` prints it")


def _create(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    is_admin = asked.role == _PLATFORM_ADMIN
    if is_admin and asked.tenant is not None:
        return _fail("A platform admin's token is for no one tenant: leave --tenant out, or choose another role.", 2)
    if is_admin and asked.days is not None:
        return _fail("A platform admin's token works until it is revoked: leave --days out.", 2)
    if not is_admin and asked.tenant is None:
        return _fail(f"A token with the role {asked.role} needs --tenant PROVIDER_ID.", 2)

    async def create() -> str:
        keys = key_ring(ensure_key(settings))
        if is_admin:
            return (await actions.issue_admin_token(_SCOPE, keys, asked.name, now=utc_now())).text
        return await _create_in_tenant(asked, keys)

    return _run(settings, create, "There is no tenant by this ProviderId.")


async def _create_in_tenant(asked: argparse.Namespace, keys: KeyRing) -> str:
    tenant = await find_tenant(_SCOPE.platform(keys), asked.tenant)
    if tenant is None:
        raise NotFoundError
    scope, days = _SCOPE.tenant(tenant.id, keys), _DAYS if asked.days is None else asked.days
    issued = await actions.issue_token(scope, asked.name, Role(asked.role.upper()), days, now=utc_now())
    return issued.secret.text


def _list(_asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    async def list_all() -> str:
        found = await list_working(_SCOPE, utc_now())
        return "\n".join(map(_line, found)) or "No token works."

    return _run(settings, list_all)


def _line(token: WorkingToken) -> str:
    end = f"until {token.expires_at.strftime(_MOMENT)}" if token.expires_at else "without end"
    used = f"last used {token.last_used_at.strftime(_MOMENT)}" if token.last_used_at else "never used"
    of = f"{token.role.lower()} of {token.provider_id}" if token.provider_id else token.role
    return f"{token.id}  {token.prefix}…  {of}, {end}, {used}: {token.name}"


def _revoke(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    async def revoke() -> str:
        await actions.revoke_by_operator(_SCOPE, key_ring(ensure_key(settings)), asked.id, now=utc_now())
        return "Revoked."

    return _run(settings, revoke, "There is no token with this id that works.")


def _run(settings: Settings, make: Callable[[], Awaitable[str]], absent: str = "") -> int:
    async def run() -> int:
        try:
            print(await make())
        except NotFoundError:
            return _fail(absent, 1)
        except InvalidInputError as error:
            (problem, *_) = error.problems
            return _fail(f"--{'days' if problem.path == ('lifetimeDays',) else 'name'}: {problem.message}", 2)
        return 0

    return connected(settings, run, is_new_welcome=False)


def _fail(message: str, code: int) -> int:
    print(f"gateway: {message}", file=sys.stderr)
    return code
