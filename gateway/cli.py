"""The command line: `gateway`, also as `python -m gateway`. Answers go to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import asyncio
import os
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import people, tokens, verification
from gateway.command import add_command, connected
from gateway.context import utc_now
from gateway.environment import ensure_key, key_ring, load_settings
from gateway.garbage import loading
from gateway.logs import configure_logging
from gateway.settings import PREFIX, Profile, SettingError
from tenants import database
from tenants.errors import InvalidValueError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.settings import Settings

# What stands on the command line wins over the environment, under the same names.
_OVERRIDES = ("host", "port", "database_url", "workers", "profile")


_MOCK_PORT = 8443


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 done, 1 refused, 2 called wrongly."""
    os.umask(0o077)  # database, lock and key are for this user alone
    asked = _parser().parse_args(arguments)
    overrides = {
        PREFIX + name.upper(): str(getattr(asked, name))
        for name in _OVERRIDES
        if getattr(asked, name, None) is not None
    }
    try:
        settings = load_settings(os.environ, overrides)
        configure_logging(settings.log_level)
        return _said(int(asked.run(asked, settings, overrides)))
    except SettingError as error:
        return _fail(str(error), 2)
    except InvalidValueError as error:
        return _fail(error.message, 2)
    except (UnavailableError, ValueError) as error:
        return _fail(str(error) or "The database cannot be reached.", 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        if not _reader_is_gone():
            raise
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway", description="The configuration gateway for white-label softphones."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = add_command(commands, "serve", "run the gateway", _serve)
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (8000); 0 takes a free one")
    serve.add_argument("--workers", help="processes that answer (1)")
    serve.add_argument("--profile", choices=[profile.value for profile in Profile])
    serve.add_argument("--demo", action="store_true", help="at the first start in development, add three demo tenants")
    serve.add_argument(
        "--mock-provider",
        nargs="?",
        const=_MOCK_PORT,
        type=_port,
        metavar="PORT",
        help=f"in development, beside it a provider to sign in with ({_MOCK_PORT}), and a tenant that uses it",
    )

    migrate = add_command(commands, "migrate", "bring the database up to date", _migrate)
    migrate.add_argument("--check", action="store_true", help="only say what is missing; exit code 1 when anything is")

    imports = add_command(commands, "import", "take tenants from a YAML file, all or nothing", _import)
    imports.add_argument("file", metavar="FILE")
    imports.add_argument("--publish", action="store_true", help="publish what changed")
    imports.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    add_command(commands, "export", "print all tenants as YAML that import reads", _export)

    tokens.add_commands(commands)
    people.add_commands(commands)
    verification.add_commands(commands)

    keys = commands.add_parser("keys", help="the keys that encrypt stored values").add_subparsers(
        required=True, metavar="COMMAND"
    )
    add_command(keys, "list", "print the ids of the keys and how many values each encrypts", _list_keys)
    add_command(keys, "rotate", "encrypt with the current key whatever an older one encrypts", _rotate_keys)

    check = add_command(
        commands, "check", "look at a deployment: one line a thing, exit code 1 when one is wrong", _check
    )
    check.add_argument("--profile", choices=[profile.value for profile in Profile])

    grants = add_command(commands, "grants", "print the SQL that gives PostgreSQL's two roles what they need", _grants)
    grants.add_argument("--serving", required=True, metavar="ROLE", help="whom the gateway connects as")
    grants.add_argument("--system", required=True, metavar="ROLE", help="GATEWAY_SYSTEM_ROLE: its own work")

    add_command(commands, "schema", "print the GraphQL schema", _schema)
    _mock_provider_parser(commands)
    return parser


def _mock_provider_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "run a provider to try sign-in with, good, slow, broken or hostile by username; for development"
    mock = commands.add_parser("mock-provider", help=words, description=words.capitalize() + ".")
    mock.add_argument("--list", action="store_true", help="print everything that it can do, and stop")
    mock.add_argument("--host", dest="mock_address", default="127.0.0.1", help="loopback address to listen on")
    mock.add_argument(
        "--port",
        dest="mock_port",
        default=str(_MOCK_PORT),
        help=f"port to listen on ({_MOCK_PORT}); 0 takes a free one",
    )
    mock.add_argument("--name", default="mock.localhost", help="its host name (mock.localhost)")
    mock.add_argument("--folder", default="mock-provider", help="where its certificate authority is kept")
    mock.add_argument("--secret-file", help="file with the tenant's signing secret, to check every call's signature")
    mock.set_defaults(run=_mock_provider)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 0xFFFF:  # noqa: PLR2004 - the largest
        return int(text)
    message = "must be a number from 0 to 65535"
    raise argparse.ArgumentTypeError(message)


def _serve(asked: argparse.Namespace, settings: Settings, overrides: dict[str, str]) -> int:
    with loading():
        from gateway.serve import serve  # noqa: PLC0415 - the other commands need no server

    return serve(settings, overrides, is_demo=asked.demo, mock_port=asked.mock_provider)


def _migrate(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    if asked.check:
        pending = asyncio.run(database.pending_migrations(settings.database_url))
        _print_all(pending, "The database is up to date.")
        return 1 if pending else 0
    _print_all(asyncio.run(database.migrate(settings.database_url)), "The database was up to date.")
    return 0


def _import(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway.exchange import import_file  # noqa: PLC0415 - the other commands read no YAML

    keys = key_ring(ensure_key(settings))
    return connected(
        settings,
        lambda: import_file(
            asked.file,
            publish=asked.publish,
            dry_run=asked.dry_run,
            admitted=settings.admit_hosts,
            keys=keys,
            now=utc_now(),
        ),
    )


def _export(_asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway.exchange import export  # noqa: PLC0415 - as above

    return connected(settings, lambda: export(sys.stdout, key_ring(ensure_key(settings))), is_new_welcome=False)


def _list_keys(_asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway.rotation import list_keys  # noqa: PLC0415 - as above

    return connected(settings, lambda: list_keys(key_ring(ensure_key(settings))), is_new_welcome=False)


def _rotate_keys(_asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway.rotation import rotate  # noqa: PLC0415 - as above

    return connected(settings, lambda: rotate(key_ring(ensure_key(settings))), is_new_welcome=False)


def _check(_asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway import deployment  # noqa: PLC0415 - as above

    return asyncio.run(deployment.run(settings))


def _grants(asked: argparse.Namespace, _settings: Settings, _overrides: dict[str, str]) -> int:
    from tenants.grants import statements  # noqa: PLC0415 - as above

    _print_all(statements(asked.serving, asked.system), "")
    return 0


def _schema(_asked: argparse.Namespace, _settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway.api import make_schema  # noqa: PLC0415 - as above

    print(make_schema().as_str())
    return 0


def _mock_provider(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    from gateway.mock_provider import command  # noqa: PLC0415 - the other commands need no provider

    if settings.is_production:
        return _fail("The mock provider is for development and refused in production.", 2)
    if asked.list:
        return command.list_modes()
    return command.run(
        command.Wishes(
            name=asked.name,
            address=asked.mock_address,
            port=asked.mock_port,
            folder=Path(asked.folder),
            secret_file=Path(asked.secret_file) if asked.secret_file else None,
        )
    )


def _print_all(lines: Sequence[str], otherwise: str) -> None:
    print("\n".join(lines) or otherwise)


def _fail(message: str, code: int) -> int:
    print(f"gateway: {message}", file=sys.stderr)
    return code


def _said(code: int) -> int:
    """Raises BrokenPipeError here, where it can be answered, rather than at the end of the process."""
    sys.stdout.flush()
    return code


def _reader_is_gone() -> bool:
    """As with `… | head`; then nothing more is written at the end of the process."""
    poll = select.poll()
    poll.register(sys.stdout, 0)  # errors alone
    if not poll.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True
