"""Where a provider's name leads is the provider's choice, and must not lead the gateway astray."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.fake_resolver import FakeResolver, Never, Turns
from tests.mock_providers import mock_provider
from tests.provider_process import gateway_env, import_tenants, provision, tenant
from tests.servers import RunningServer, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mock_provider.server import MockProvider

pytestmark = pytest.mark.anyio
GOOD, METADATA, PRIVATE = "127.0.0.1", "169.254.169.254", "10.0.0.5"
ASTRAY = {
    "private": [PRIVATE],
    "metadata": [METADATA],
    "carrier": ["100.64.0.1"],
    "this-network": ["0.0.0.0"],  # noqa: S104 - one of the traps
    "broadcast": ["255.255.255.255"],
    "multicast": ["224.0.0.251"],
    "private-v6": ["fd00::5"],
    "link-local-v6": ["fe80::1"],
    "mapped": ["::ffff:10.0.0.5"],
    "mapped-loopback": ["::ffff:127.0.0.1"],
    "translated": ["64:ff9b::7f00:1"],
    "six-to-four": ["2002:7f00:1::1"],
    "one-bad": [GOOD, PRIVATE],
    "one-bad-first": [METADATA, GOOD],
    "one-bad-v6": [GOOD, "fe80::1"],
    "no-address": ["localhost"],
    "empty": [],
}
"""Names below the admitted one, which may lead to the loopback and nowhere else that is not public."""
OUTSIDE = {"not-admitted": [GOOD], "not-admitted-v6": ["::1"], "not-admitted-range": ["127.0.0.9"]}
"""Names that nobody admitted: the loopback is not for them."""


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock"), host="mock.example") as provider:
        yield provider


@pytest.fixture
def provider(mock: MockProvider) -> MockProvider:
    """Nobody has called it yet."""
    mock.calls.clear()
    return mock


def host_of(name: str) -> str:
    """The admitted names lie below the mock provider's own, for which its certificate is good."""
    return f"{name}.example" if name in OUTSIDE else f"{name}.mock.example"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, mock: MockProvider) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("gateway")
    database_url = f"sqlite:///{folder / 'gateway.db'}"
    names = [*ASTRAY, *OUTSIDE, "rebinding", "rebound", "silent-names", "unknown-name", "good"]
    tenants = [tenant(name, f"https://{host_of(name)}:{mock.port}/provisioning") for name in names]
    import_tenants("".join(tenants), gateway_env(database_url, mock.authority, admitted="mock.example"), folder)
    table = {host_of(name): addresses for name, addresses in (ASTRAY | OUTSIDE).items()}
    turns = {host_of("rebinding"): Turns([GOOD], [PRIVATE]), host_of("rebound"): Turns([METADATA], [GOOD])}
    resolver = FakeResolver({**table, **turns, host_of("silent-names"): Never(), host_of("good"): [GOOD]})
    settings = Settings(
        database_url=database_url,
        secret_key=Secret("a key for tests, 32 characters long"),
        admit_hosts=frozenset({"mock.example"}),
        upstream_ca=mock.authority,
    )
    with run_server(create_app(settings, resolver=resolver)) as server:
        yield server


async def test_an_address_that_is_not_public_is_never_called(gateway: RunningServer, provider: MockProvider) -> None:
    async with httpx2.AsyncClient(base_url=gateway.url, timeout=20) as client:
        words = {
            name: (await provision(client, "log-out", name, reprovision=True)).word for name in [*ASTRAY, *OUTSIDE]
        }
        good = await provision(client, "accounts", "good", reprovision=False)

    assert words == dict.fromkeys([*ASTRAY, *OUTSIDE], "UNREACHABLE")
    assert good.word == "REPLACE"
    assert provider.calls == {"accounts": 1}


async def test_what_listens_on_the_loopback_hears_nothing_of_a_name_that_leads_there(
    gateway: RunningServer, provider: MockProvider
) -> None:
    with socket.create_server(("127.0.0.9", provider.port)) as listening:
        async with httpx2.AsyncClient(base_url=gateway.url, timeout=20) as client:
            signed = await provision(client, "log-out", "not-admitted-range", reprovision=True)
        listening.setblocking(False)  # noqa: FBT003 - its only argument
        with pytest.raises(BlockingIOError):
            listening.accept()

    assert signed.word == "UNREACHABLE"


async def test_a_name_that_changes_its_mind_is_believed_once_a_call_and_checked_each_time(
    gateway: RunningServer, provider: MockProvider
) -> None:
    async with httpx2.AsyncClient(base_url=gateway.url, timeout=20) as client:
        redirected = await provision(client, "three-hops", "rebinding", reprovision=False)
        rebound = await provision(client, "log-out", "rebinding", reprovision=True)
        before = await provision(client, "log-out", "rebound", reprovision=True)
        after = await provision(client, "accounts", "rebound", reprovision=False)

    assert redirected.word == "REPLACE"  # four connections, one look-up
    assert (rebound.word, before.word) == ("UNREACHABLE", "UNREACHABLE")
    assert after.word == "REPLACE"
    assert provider.calls == {"three-hops": 1, "accounts": 1}


@pytest.mark.slow
async def test_names_that_are_unknown_or_unanswered_are_told_apart_by_nobody_outside(gateway: RunningServer) -> None:
    async with httpx2.AsyncClient(base_url=gateway.url, timeout=20) as client:
        unknown = await provision(client, "log-out", "unknown-name", reprovision=True)
        silent = await provision(client, "log-out", "silent-names", reprovision=True)

    assert unknown.word == silent.word == "UNREACHABLE"
    assert unknown.result["message"] == silent.result["message"].replace("silent-names", "unknown-name")
    assert silent.seconds < 3
