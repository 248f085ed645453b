"""`gateway serve`: make the database ready, take the port, run until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import uvicorn

from gateway import exchange
from gateway.app import check_documents, create_app
from gateway.context import utc_now
from gateway.edge.known_good import is_of_use
from gateway.edge.snapshot import SnapshotFile
from gateway.environment import ensure_key, key_path, key_ring, shared_snapshot
from gateway.http.fast_lane import FastLaneProtocol
from gateway.http.worker_metrics import bury_counters, shared_counters
from gateway.jobs.arrival import ObstacleError
from gateway.mock_provider.beside import PROVIDER_ID, start_beside
from gateway.preparation import prepare
from gateway.workers import GentleServer, Supervisor
from tenants import address, database
from tenants.actions.invitations import invite_admin
from tenants.errors import UnavailableError
from tenants.one_time_links import INVITATION_LASTS
from tenants.store.people import find_first_admin
from tenants.store.tenants import has_tenants
from tenants.system import SystemScope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.mock_provider.beside import Beside
    from gateway.settings import Settings
    from tenants.one_time_links import OneTimeToken

_GRACE_SECONDS = 10
_SCOPE = SystemScope("first start")
_WELCOME = """
The gateway is ready.

  GraphiQL    {url}/graphql
  The rules   {url}/docs/rules
"""
_QUERIES = """
Two queries worth pasting into GraphiQL:

  { softphoneConfig(providerId: "AcmeInc", app: GENERIC) {
      __typename ... on SoftphoneConfig { name branding { themeColor } help { links { title url } } } } }

  { softphoneConfig(providerId: "BrightTel", app: WHITELABEL) {
      __typename ... on SoftphoneConfig {
        signIn { ... on ProvisioningForm { usernamePlaceholder passwordPlaceholder } }
        help { menuTitle } } } }
"""
_SIGN_IN = f"""
Beside it runs a mock provider, whose tenant is {PROVIDER_ID}. Sign a user in, with any password:

  mutation {{ provision(input: {{
      deviceId: "my-first-phone"
      credentials: {{ generic: {{ login: "accounts:{PROVIDER_ID}", password: "any" }} }} }}) {{
    __typename
    ... on Provisioned {{ action notice sipAccounts {{ username password host transport }} }}
    ... on Refusal {{ message }} }} }}

and see it fail: "wrong-password:{PROVIDER_ID}" is refused, "hang:{PROVIDER_ID}" never gets an answer from the provider.
Many more: {sys.executable} -m gateway mock-provider --list
"""
_NOBODY_YET = """
  Nobody is a platform admin yet. Whoever opens this link first becomes one, within {hours} hours:

    {link}

  It works once and is shown this once; the next start without an admin prints another.
"""
_WITHOUT_DATABASE = """
gateway: Until it is there, softphones are answered with what {snapshot} holds, and everything else with 503.
gateway: Its schema and the keys are looked at as soon as it is there; what else a start does is left to the next.
"""
_RETURNING = """
  Sign in     {url}/sign-in
  For another admin, or a token for a program:

    {command} people invite-admin{database}
    {command} token create --role platform-admin{database}
"""


def serve(settings: Settings, overrides: Mapping[str, str], *, is_demo: bool, mock_port: int | None = None) -> int:
    """Run until a signal comes, with a mock provider beside it when that is given a port. Returns the exit code."""
    settings = settings if settings.is_production else ensure_key(settings)
    check_documents(settings)
    if mock_port is None:
        return _serve(settings, overrides, is_demo=is_demo, mock=None)
    folder = key_path(settings.database_url).with_name("mock-provider")
    with ExitStack() as stack:
        try:
            mock = stack.enter_context(start_beside(settings, folder, mock_port))
        except OSError as error:
            print(f"gateway: The mock provider cannot start: {os.strerror(error.errno or 0)}.", file=sys.stderr)
            return 1
        variables = {**overrides, **mock.variables(settings)}
        return _serve(mock.admitted_by(settings), variables, is_demo=is_demo, mock=mock)


def _serve(settings: Settings, overrides: Mapping[str, str], *, is_demo: bool, mock: Beside | None) -> int:
    os.environ.update(overrides)  # for the workers
    snapshot = _snapshot_of_use(settings)
    try:
        asyncio.run(_prepare(settings, is_demo=is_demo, mock=mock, is_hasty=snapshot is not None))
        is_away = False
    except ObstacleError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    except UnavailableError as error:
        if snapshot is None:
            raise
        print(f"gateway: {error}{_WITHOUT_DATABASE.format(snapshot=snapshot)}", file=sys.stderr)
        is_away = True
    listening = _listen(settings)
    if listening is None:
        return 1
    if is_away:
        return _run(settings, listening, f"The gateway is at {_url_of(settings, listening)}, without its database.")
    # Only now, so that a start that fails leaves no link.
    sign_up = asyncio.run(_invite_first_admin(settings, is_demo=is_demo or mock is not None))
    return _run(settings, listening, _welcome(settings, listening, sign_up, is_demo=is_demo, mock=mock))


def _snapshot_of_use(settings: Settings) -> Path | None:
    """The file from which softphones can be answered without the database."""
    path = settings.snapshot_path
    is_found = path is not None and is_of_use(SnapshotFile(path, key_ring(settings)).load(), time.time())
    return path if is_found else None


class _Server(GentleServer):
    """Says that it is ready when it is."""

    def __init__(self, config: uvicorn.Config, welcome: str) -> None:
        super().__init__(config)
        self._welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the library does, and then the welcome."""
        await super().startup(sockets)
        print(self._welcome, flush=True)


async def _prepare(settings: Settings, *, is_demo: bool, mock: Beside | None, is_hasty: bool) -> None:
    """As each start, and in development the tenants to try. Raises ObstacleError, UnavailableError and ValueError."""
    await prepare(settings, is_hasty=is_hasty)
    await database.connect(settings.database_url, system_role=settings.system_role)
    try:
        if is_demo and not settings.is_production and not await has_tenants(_SCOPE):
            await _import_demo(settings)
        if mock is not None:
            await mock.ensure_tenant(key_ring(settings), utc_now())
    finally:
        await database.disconnect()


async def _invite_first_admin(settings: Settings, *, is_demo: bool) -> OneTimeToken | None:
    """A link for the first platform admin, at each start while there is none. A demo's gives its tenants to them."""
    await database.connect(settings.database_url, system_role=settings.system_role)
    try:
        if await find_first_admin(_SCOPE) is not None:
            return None
        is_demo = is_demo and not settings.is_production
        platform = _SCOPE.platform(key_ring(settings))
        return await invite_admin(platform, now=utc_now(), is_of_start=True, is_of_demo=is_demo)
    finally:
        await database.disconnect()


async def _import_demo(settings: Settings) -> None:
    demo = str(files("gateway").joinpath("data/demo.yaml"))
    await exchange.import_file(
        demo,
        publish=True,
        dry_run=False,
        admitted=settings.admit_hosts,
        keys=key_ring(settings),
        now=utc_now(),
    )


def _listen(settings: Settings) -> socket.socket | None:
    """The port, taken before anything is promised."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        print(f"gateway: It cannot listen on {place}: {os.strerror(error.errno or 0)}.", file=sys.stderr)
        listening.close()
        return None
    listening.set_inheritable(True)
    return listening


def _run(settings: Settings, listening: socket.socket, welcome: str) -> int:
    options: dict[str, Any] = {
        "http": "gateway.http.fast_lane:FastLaneProtocol",
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "workers": settings.workers,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }
    if settings.workers > 1:
        with shared_snapshot(settings):
            config = uvicorn.Config("gateway.app:create_from_env", factory=True, **options)
            return _run_workers(config, listening, welcome)
    options["http"] = FastLaneProtocol
    config = uvicorn.Config(create_app(settings), **options)
    # The server raises the signal again once it has stopped, and a clean stop is no failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # and not under nohup
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    _Server(config, welcome).run([listening])
    return 0


def _run_workers(config: uvicorn.Config, listening: socket.socket, welcome: str) -> int:
    listening.listen(config.backlog)  # by all of them, so that no connection is lost with one
    with shared_counters() as folder:
        supervisor = Supervisor(
            config,
            [listening],
            on_ready=lambda: print(welcome, flush=True),
            on_end=lambda pid: bury_counters(folder, pid),
        )
        supervisor.run()
    if supervisor.exit_code:
        print("gateway: A worker did not start; the log says why.", file=sys.stderr)
    return supervisor.exit_code


def _welcome(
    settings: Settings, listening: socket.socket, sign_up: OneTimeToken | None, *, is_demo: bool, mock: Beside | None
) -> str:
    url = _url_of(settings, listening)
    people = _words_on_people(settings, url, sign_up)
    if settings.is_production:
        return f"The gateway is ready at {url}" + (f"\n{people}" if sign_up else "")
    return _WELCOME.format(url=url) + people + (_QUERIES if is_demo else "") + (_SIGN_IN if mock else "")


def _url_of(settings: Settings, listening: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def _words_on_people(settings: Settings, url: str, sign_up: OneTimeToken | None) -> str:
    if sign_up is None:
        command = f"{sys.executable} -m gateway"
        return _RETURNING.format(url=url, command=command, database=_database_option(settings))
    hours = INVITATION_LASTS // timedelta(hours=1)
    return _NOBODY_YET.format(hours=hours, link=sign_up.welcome_url(settings.public_url or url))


def _database_option(settings: Settings) -> str:
    """So that the command is about this database wherever it is typed; a PostgreSQL URL may hold a password."""
    place = address.parse(settings.database_url)
    if isinstance(place, address.SqliteAddress):
        return f" --database sqlite:///{place.path.absolute()}"
    return " (with the same GATEWAY_DATABASE_URL)"
