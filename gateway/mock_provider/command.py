"""`gateway mock-provider`: what it prints, and its exit codes."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.mock_provider.catalogue import print_table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.mock_provider.server import MockProvider

_NO_CERTIFICATES = "gateway: The mock provider makes certificates with trustme: pip install 'softphone-gateway[mock]'."
_WELCOME = """
The mock provider is ready. Start the gateway with these two settings:

  GATEWAY_ADMIT_HOSTS={host}
  GATEWAY_UPSTREAM_CA={authority}

and give a tenant this provisioning URL:

  {url}

Then sign in: the username chooses what happens, and any password will do. `accounts` sets a phone up, `log-out` signs
it out, `accounts/hang` sets it up and never answers again. All of them: gateway mock-provider --list
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line was given."""

    name: str
    address: str
    port: str
    folder: Path
    secret_file: Path | None


def list_modes() -> int:
    """Print the table. Always 0."""
    print(print_table())
    return 0


def run(wishes: Wishes) -> int:
    """Until told to stop. 0 stopped, 1 refused by the machine, 2 called wrongly."""
    address, port = _loopback(wishes.address), _port(wishes.port)
    if address is None or port is None:
        what = "--port is a number from 0 to 65535" if address else "--host is an address of the loopback"
        return _fail(f"gateway: {what}.", 2)
    try:
        provider = _make(wishes, address, port)
        return asyncio.run(_serve(provider))
    except ModuleNotFoundError as error:
        if error.name != "trustme":
            raise
        return _fail(_NO_CERTIFICATES, 1)
    except OSError as error:
        return _fail(f"gateway: The mock provider cannot start: {os.strerror(error.errno or 0)}.", 1)


def _make(wishes: Wishes, address: str, port: int) -> MockProvider:
    from gateway.mock_provider.server import MockProvider  # noqa: PLC0415 - needs the extra `mock`

    secrets = (wishes.secret_file.read_text("utf-8").strip(),) if wishes.secret_file else ()
    return MockProvider(wishes.folder.absolute(), host=wishes.name, address=address, port=port, secrets=secrets)


async def _serve(provider: MockProvider) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with provider:
        print(_WELCOME.format(host=provider.host, authority=provider.authority, url=provider.url()), flush=True)
        await stopping.wait()
    return 0


def _loopback(text: str) -> str | None:
    try:
        return text if ipaddress.ip_address(text).is_loopback else None
    except ValueError:
        return None


def _port(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= 0xFFFF else None  # noqa: PLR2004 - the largest


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
