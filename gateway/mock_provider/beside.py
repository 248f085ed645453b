"""The mock provider beside `gateway serve`, with a tenant that uses it: a sign-in to try at once. Development only."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.settings import PREFIX, SettingError
from tenants.actions.acceptance import own_tenant
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.actions.save import save_section
from tenants.model import AppKind
from tenants.store.people import find_first_admin
from tenants.store.tenants import find_tenant
from tenants.system import SystemScope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gateway.mock_provider.server import MockProvider
    from gateway.settings import Settings
    from tenants.keys import KeyRing

PROVIDER_ID = "MockTel"
_SCOPE = SystemScope("a tenant to try sign-in with")
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Beside:
    """A mock provider that runs, and what the gateway has to know of it."""

    url: str
    host: str
    authority: Path

    def admitted_by(self, settings: Settings) -> Settings:
        """The same settings, by which it may be called."""
        return replace(settings, admit_hosts=settings.admit_hosts | {self.host}, upstream_ca=self.authority)

    def variables(self, settings: Settings) -> dict[str, str]:
        """The same for worker processes."""
        admitted = self.admitted_by(settings).admit_hosts
        return {f"{PREFIX}ADMIT_HOSTS": ",".join(sorted(admitted)), f"{PREFIX}UPSTREAM_CA": str(self.authority)}

    async def ensure_tenant(self, keys: KeyRing, now: datetime) -> None:
        """A published tenant that uses it, once; what was made of it since is left alone."""
        platform = _SCOPE.platform(keys)
        if await find_tenant(platform, PROVIDER_ID) is not None:
            return
        made = await create_tenant(platform, provider_id=PROVIDER_ID, name="Mock Tel", app=AppKind.GENERIC, now=now)
        settings = {"isEnabled": True, "url": self.url, "sipDomain": "mocktel.example"}
        scope, hosts = _SCOPE.tenant(made.id, keys), frozenset({self.host})
        await save_section(scope, {"provisioning": settings}, expected=1, keys=keys, now=now, admitted=hosts)
        await publish(scope, expected=2, now=now, admitted=hosts)
        admin = await find_first_admin(_SCOPE)
        if admin is not None:  # who comes later signs up by a link that gives it to them
            await own_tenant(scope, admin, now)


@contextmanager
def start_beside(settings: Settings, folder: Path, port: int) -> Iterator[Beside]:
    """Raises SettingError where it must not or cannot run, OSError when its port is taken."""
    if settings.is_production:
        message = "The mock provider is for development and refused in production."
        raise SettingError(message)
    if settings.upstream_ca is not None:
        message = f"{PREFIX}UPSTREAM_CA is set, and the mock provider brings a certificate authority of its own."
        raise SettingError(message)
    try:
        from gateway.mock_provider.server import MockProvider  # noqa: PLC0415 - needs the extra `mock`
    except ModuleNotFoundError as error:
        if error.name != "trustme":
            raise
        message = "The mock provider makes certificates with trustme: pip install 'softphone-gateway[mock]'."
        raise SettingError(message) from error
    provider = MockProvider(folder.absolute(), port=port)
    with run_in_thread(provider):
        yield Beside(provider.url(), provider.host, provider.authority)


@contextmanager
def run_in_thread(provider: MockProvider) -> Iterator[None]:
    """It listens while the context is open. Raises OSError when it cannot."""
    started: Future[None] = Future()
    stop = threading.Event()

    async def serve() -> None:
        async with provider:
            started.set_result(None)
            await asyncio.to_thread(stop.wait)

    def run() -> None:
        try:
            asyncio.run(serve())
        except OSError as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="mock provider", daemon=True)
    thread.start()
    try:
        started.result(_STOP_SECONDS)
        yield
    finally:
        stop.set()
        thread.join(_STOP_SECONDS)
