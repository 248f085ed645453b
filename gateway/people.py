"""`gateway people`: one-time links for people, made by whoever runs the gateway."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.command import add_command, connected
from gateway.context import utc_now
from gateway.environment import ensure_key, key_ring
from tenants.access import Role
from tenants.actions.invitations import invite_admin, invite_member
from tenants.actions.password_reset import create_password_reset
from tenants.errors import InvalidInputError, NotFoundError, WrongStateError
from tenants.store.tenants import find_tenant
from tenants.system import SystemScope

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gateway.settings import Settings

_SCOPE = SystemScope("links for people")
_HANDED_OVER = "Hand the link over yourself; nothing is mailed. It is shown this once."


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands about people."""
    words = "one-time links for people"
    people = commands.add_parser("people", help=words, description=f"{words.capitalize()}. {_HANDED_OVER}")
    some = people.add_subparsers(required=True, metavar="COMMAND")
    add_command(some, "invite-admin", "print a link by which somebody becomes a platform admin", _invite_admin)
    invite = add_command(some, "invite", "print a link by which somebody joins a tenant", _invite)
    invite.add_argument("email", metavar="EMAIL")
    invite.add_argument("--tenant", required=True, metavar="PROVIDER_ID")
    invite.add_argument("--role", choices=[role.value.lower() for role in Role], default="owner", help="(owner)")
    words = "print a link by which somebody who has an account sets a new password"
    reset = add_command(some, "reset-password", words, _reset_password)
    reset.add_argument("email", metavar="EMAIL")


def base_url(settings: Settings) -> str:
    """Where people reach the gateway, as far as its settings say."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"


def _invite_admin(_asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    async def make() -> str:
        token = await invite_admin(_SCOPE.platform(key_ring(ensure_key(settings))), now=utc_now())
        return token.welcome_url(base_url(settings))

    return _print_link(settings, make)


def _invite(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    async def make() -> str:
        keys = key_ring(ensure_key(settings))
        tenant = await find_tenant(_SCOPE.platform(keys), asked.tenant)
        if tenant is None:
            raise NotFoundError
        scope, role = _SCOPE.tenant(tenant.id, keys), Role(asked.role.upper())
        invited = await invite_member(scope, asked.email, role, now=utc_now(), admitted=settings.admit_hosts)
        return invited.token.welcome_url(base_url(settings))

    return _print_link(settings, make, "There is no tenant by this ProviderId.")


def _reset_password(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    async def make() -> str:
        scope = _SCOPE.platform(key_ring(ensure_key(settings)))
        token = await create_password_reset(scope, asked.email, now=utc_now(), admitted=settings.admit_hosts)
        return token.password_url(base_url(settings))

    return _print_link(settings, make, "Nobody has an account by this address.")


def _print_link(settings: Settings, make: Callable[[], Awaitable[str]], absent: str = "") -> int:
    """The link alone on stdout, or on stderr why there is none. 0 done, 1 refused."""

    async def run() -> int:
        try:
            print(await make())
        except NotFoundError:
            return _refuse(absent)
        except InvalidInputError as error:
            return _refuse(error.problems[0].message)
        except WrongStateError as error:
            return _refuse(error.message)
        return 0

    return connected(settings, run, is_new_welcome=False)


def _refuse(message: str) -> int:
    print(f"gateway: {message}", file=sys.stderr)
    return 1
