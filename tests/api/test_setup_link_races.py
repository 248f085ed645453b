"""Setup codes under two processes: of a hundred phones one wins, and no death of a process costs it the answer."""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.api.documents import CREATE_SETUP_LINK, PUBLISH, REDEEM_SETUP_LINK
from tests.api.test_concurrent_saves import KEY, Gateways, addresses, gateways_at
from tests.proofs import count
from tests.servers import process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.operators import SignedIn

__all__ = ["addresses"]  # the fixture

pytestmark = [pytest.mark.anyio, pytest.mark.proof]

PHONES = 100
CONTENT = {"accounts": {"sipAccounts": [{"username": "user1", "password": "SECRET-sip", "transport": "TLS"}]}}
LATEST_KILL_SECONDS = 0.05


async def make_tenant(gateways: Gateways) -> str:
    tenant = await gateways.create("AcmeInc")
    await gateways.ask(0, PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": 1}})
    return tenant


async def make_code(gateways: Gateways, tenant: str) -> str:
    made = await gateways.ask(0, CREATE_SETUP_LINK, {"input": {"tenantId": tenant, "content": CONTENT}})
    return str(made["setupCode"])


def request_of(code: str, phone: int) -> dict[str, Any]:
    return {"setupCode": code, "deviceId": f"phone-{phone}", "app": "GENERIC"}


async def check_race(gateways: Gateways, code: str) -> None:
    """All at once, half to one process and half to the other; then the winner and a loser once more, elsewhere."""
    answers = await gateways.at_once([(REDEEM_SETUP_LINK, request_of(code, phone)) for phone in range(PHONES)])

    winners = [phone for phone, answer in enumerate(answers) if answer["__typename"] == "SetupLinkRedeemed"]
    assert len(winners) == 1
    assert [answer["__typename"] for answer in answers].count("SetupLinkUnusable") == PHONES - 1
    (winner,) = winners
    again = await gateways.ask(winner + 1, REDEEM_SETUP_LINK, {"input": request_of(code, winner)})
    late = await gateways.ask(winner, REDEEM_SETUP_LINK, {"input": request_of(code, PHONES)})
    assert again == answers[winner]
    assert late["__typename"] == "SetupLinkUnusable"


async def test_setup_code_races(addresses: tuple[list[str], SignedIn]) -> None:
    rounds = count(full=200, ci=2)
    async with gateways_at(addresses) as gateways:
        tenant = await make_tenant(gateways)
        for _ in range(rounds):
            await check_race(gateways, await make_code(gateways, tenant))

    sys.stdout.write(f"{rounds} rounds of {PHONES} phones at two processes: one winner each\n")


@asynccontextmanager
async def dying_gateway(database_url: str) -> AsyncIterator[tuple[str, Any]]:
    """One more process on the same database, which can be killed; its address and its process."""
    env = {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_SECRET_KEY": KEY}
    command = [sys.executable, "-m", "tests.dying_gateway"]
    with process(command, env=env, ready=r"http://127\.0\.0\.1:(?P<port>\d+)") as running:
        yield f"http://127.0.0.1:{running.ready['port']}", running.popen


async def send(url: str, code: str, *, is_fatal: bool) -> None:
    """A redeem whose answer never comes, or comes just before the end."""
    headers = {"X-Die": "1"} if is_fatal else {}
    body = {"query": REDEEM_SETUP_LINK, "variables": {"input": request_of(code, 1)}}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=20, trust_env=False) as client:
        with suppress(httpx2.TransportError):
            answer = await client.post("/graphql", json=body)
            assert not is_fatal, answer.status_code


async def check_afterwards(gateways: Gateways, code: str) -> None:
    """Whatever was stored before the end: the same phone gets its answer, and nobody else does."""
    mine = await gateways.ask(0, REDEEM_SETUP_LINK, {"input": request_of(code, 1)})
    other = await gateways.ask(1, REDEEM_SETUP_LINK, {"input": request_of(code, 2)})

    assert mine["__typename"] == "SetupLinkRedeemed"
    assert mine["content"]["sipAccounts"][0]["password"] == "SECRET-sip"
    assert other["__typename"] == "SetupLinkUnusable"


async def check_death_before_the_reply(gateways: Gateways, tenant: str, database_url: str) -> None:
    code = await make_code(gateways, tenant)
    async with dying_gateway(database_url) as (url, popen):
        await send(url, code, is_fatal=True)
        assert popen.wait(10) == -9

    taken = await gateways.ask(1, REDEEM_SETUP_LINK, {"input": request_of(code, 2)})
    assert taken["__typename"] == "SetupLinkUnusable"  # so it was stored
    await check_afterwards(gateways, code)


async def check_death_at_any_moment(gateways: Gateways, tenant: str, database_url: str, delay: float) -> None:
    code = await make_code(gateways, tenant)
    async with dying_gateway(database_url) as (url, popen):
        sending = asyncio.create_task(send(url, code, is_fatal=False))
        await asyncio.sleep(delay)
        popen.kill()
        await sending

    await check_afterwards(gateways, code)


async def test_setup_code_kills(addresses: tuple[list[str], SignedIn], database_url: str) -> None:
    rounds, delays = count(full=50, ci=1), random.Random(7)  # noqa: S311 - moments, no secrets
    async with gateways_at(addresses) as gateways:
        tenant = await make_tenant(gateways)
        for _ in range(rounds):
            await check_death_before_the_reply(gateways, tenant, database_url)
            delay = delays.uniform(0, LATEST_KILL_SECONDS)
            await check_death_at_any_moment(gateways, tenant, database_url, delay)

    sys.stdout.write(
        f"{rounds} kills before the reply and {rounds} at any moment: the phone got its answer each time\n"
    )
