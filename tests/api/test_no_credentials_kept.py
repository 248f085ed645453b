"""After many sign-ins, no credential is in the database, its log, its backup, our log or the metrics (must-show 4)."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.proofs import count
from tests.provider_process import gateway_env, import_tenants, mock_process, tenant
from tests.secret_search import find, spellings, stored
from tests.servers import gateway_process
from tests.signing_in import PROVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import RunningProcess

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

METHODS = ("GET", "POST_JSON", "POST_FORM")
APPS = ("GENERIC", "WHITELABEL")
TENANTS = [
    (f"T{number}-{method.replace('_', '')}-{app}", method, app)
    for number in range(3)
    for method in METHODS
    for app in APPS
]
OFF, NOBODY, DEAD, BUSY = "StandardTel", "NoSuchTel", "DeadTel", "BusyTel"
MODES = (
    "accounts",
    "all-fields",
    "keep",
    "log-out",
    "no-lines",
    "forbidden-message",
    "500",
    "html",
    "message",
    "unknown-fields",
)
SIP_SECRETS = ("29de?8", "29de?9")
WHOLE = {"REPLACE", "KEEP", "LOG_OUT", "PROVIDER_MESSAGE", "CREDENTIALS_REJECTED", "FAILED", "BAD_ANSWER"}
REST = {"NO_ACCOUNTS", "UNREACHABLE", "BUSY", "ProvisioningOff", "UnknownProvider", "TooManyAttempts", "InvalidInput"}
METRICS_TOKEN = "a-token-for-the-metrics-of-this-test"
MARK = "SECRET-typed"
"""Every text of a login begins with it, or has it behind the mode."""
AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Case:
    """One sign-in."""

    number: int
    mode: str
    provider_id: str
    app: str
    reprovision: bool
    is_literal: bool
    address: str

    @property
    def login(self) -> dict[str, str]:
        """Every text of it can be recognised."""
        username = f"{self.mode}+{MARK}-user-{self.number}"
        password = f"{MARK}-password-{self.number}"
        if self.app == "WHITELABEL":
            return {"providerId": self.provider_id, "username": username, "password": password}
        return {"login": f"{username}:{self.provider_id}", "password": password}

    def body(self) -> dict[str, Any]:
        """A request with variables, or with the login written into the document."""
        wanted = {
            "credentials": {self.app.lower(): self.login},
            "deviceId": f"{MARK}-device-{self.number}",
            "reprovision": self.reprovision,
        }
        if not self.is_literal:
            return {"query": PROVISION, "variables": {"input": wanted}}
        document = PROVISION.replace("($input: ProvisionInput!)", "").replace("$input", literal(wanted))
        return {"query": document}


def literal(value: Any) -> str:
    """In GraphQL's own notation."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)


def cases(total: int) -> list[Case]:
    """Of every kind; those of a tenant are mixed, so that no breaker opens."""
    whole = [
        (mode, *place, reprovision, is_literal)
        for mode in MODES
        for place in [(one, app) for one, _, app in TENANTS]
        for reprovision in (False, True)
        for is_literal in (False, True)
    ]
    random.Random(4).shuffle(whole)  # noqa: S311 - the same every time
    return [
        Case(number, mode, provider_id, app, reprovision, is_literal, f"10.{number % 250}.{number // 250}.1")
        for number, (mode, provider_id, app, reprovision, is_literal) in enumerate(islice(cycle(whole), total))
    ]


def rare_cases() -> list[Case]:
    """What does not come about by the modes of a provider: an outage of it, a flood, typing errors."""

    def case(number: int, mode: str, provider_id: str, address: str = "10.251.0.1") -> Case:
        return Case(10_000 + number, mode, provider_id, "GENERIC", number % 2 == 0, number % 3 == 0, address)

    found = [case(number, "accounts", place) for number, place in enumerate((OFF, NOBODY, DEAD) * 2)]
    found += [case(number, "log-out", TENANTS[0][0], f"10.252.{number}.1") for number in (11, 13)]
    found += [case(20, "control\x07character", TENANTS[0][0])]
    return found + [case(100 + number, "hang", BUSY) for number in range(30)]


def stubborn_cases() -> list[Case]:
    """One name, again and again."""
    one = rare_cases()[0]
    return [
        replace(one, number=20_000, mode="forbidden", provider_id=TENANTS[0][0], is_literal=is_literal)
        for is_literal in (True, False) * 4
    ]


@pytest.fixture
def gateway(database_url: str, tmp_path: Path) -> Iterator[RunningProcess]:
    """A process that logs whatever it can, behind a proxy, and a provider's process."""
    with mock_process(tmp_path) as mock:
        env = gateway_env(database_url, mock.authority) | {
            "GATEWAY_LOG_LEVEL": "debug",
            "GATEWAY_TRUSTED_PROXIES": "127.0.0.1",
            "GATEWAY_METRICS_TOKEN": METRICS_TOKEN,
        }
        tenants = [tenant(name, mock.url(), method, app) for name, method, app in TENANTS]
        tenants += [tenant(DEAD, mock.url("slammed")), tenant(BUSY, mock.url(), "POST_JSON")]
        tenants.append(f"  - providerId: {OFF}\n    app: GENERIC\n")
        import_tenants("".join(tenants), env, tmp_path)
        with gateway_process("serve", "--port", "0", env=env) as server:
            yield server
        assert mock.wrong_calls == []


async def sign_in_all(gateway: RunningProcess, wanted: list[Case]) -> Counter[str]:
    """How often each outcome came; nothing may be a 5xx."""
    turn, outcomes = asyncio.Semaphore(AT_ONCE), Counter[str]()
    async with httpx2.AsyncClient(base_url=gateway.ready[0], timeout=20) as client:

        async def sign_in(case: Case) -> None:
            async with turn:
                answer = await client.post("/graphql", json=case.body(), headers={"X-Forwarded-For": case.address})
            assert answer.status_code == 200
            told = answer.json()["data"]["provision"]
            keys = ("action", "refusal", "failure", "__typename")
            outcomes[next(told[key] for key in keys if key in told)] += 1

        await asyncio.gather(*map(sign_in, wanted))
    return outcomes


async def send_broken(gateway: RunningProcess) -> None:
    """A login in a request that is none."""
    body = Case(
        30_000, "accounts", "AcmeInc", "GENERIC", reprovision=False, is_literal=True, address="10.254.0.1"
    ).body()
    async with httpx2.AsyncClient(base_url=gateway.ready[0], timeout=20) as client:
        for query in (
            body["query"].replace("deviceId", "device"),
            body["query"].replace("reprovision", "again"),
            body["query"][:-9],
        ):
            answer = await client.post("/graphql", json={"query": query})
            assert "errors" in answer.json()
            assert MARK not in answer.text


def metrics_of(gateway: RunningProcess) -> bytes:
    answer = httpx2.get(f"{gateway.ready[0]}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert answer.status_code == 200
    return answer.content


async def check(gateway: RunningProcess, database_url: str, total: int) -> None:
    outcomes = await sign_in_all(gateway, cases(total))
    outcomes += await sign_in_all(gateway, rare_cases())
    for stubborn in stubborn_cases():
        outcomes += await sign_in_all(gateway, [stubborn])
    await send_broken(gateway)

    places = {
        **await asyncio.to_thread(stored, database_url),
        "log": (gateway.output + gateway.errors).encode(),
        "metrics": metrics_of(gateway),
    }
    assert set(outcomes) == WHOLE | REST, outcomes
    assert places["log"].count(b'"event": "request"') > total
    assert places["metrics"].count(b"gateway_provisionings_total{") >= 13
    assert find((MARK, *SIP_SECRETS), places) == set()
    sizes = {name: len(content) for name, content in places.items()}
    print(f"{outcomes.total():,} sign-ins: {dict(outcomes)}; searched {sizes}")  # noqa: T201 - for the log of the proof


@pytest.mark.proof
async def test_no_credentials_kept_proof(gateway: RunningProcess, database_url: str) -> None:
    await check(gateway, database_url, count(full=1000, ci=150))


@pytest.mark.parametrize("spelling", sorted(spellings("SECRET-user-1")))
def test_the_search_finds_every_spelling(spelling: bytes) -> None:
    places = {"other": b"nothing", "here": b"\x00\x01" + spelling.upper() + b"..."}

    assert find(["SECRET-user-1"], places) == {"here"}


@pytest.mark.parametrize("prefix", ["", "a", "ab", "abc"])
def test_base64_is_found_wherever_it_begins(prefix: str) -> None:
    from base64 import b64encode  # noqa: PLC0415

    content = b64encode(f"{prefix}x=SECRET-user-1&y=1".encode())

    assert find(["SECRET-user"], {"here": content}) == {"here"}


def test_what_is_in_a_write_ahead_log_or_a_table_is_found(database_url: str) -> None:
    plant(database_url)

    found = find(["SECRET-planted"], stored(database_url))

    assert found
    assert any("wal" in name or "backup" in name or name == "tenant" for name in found)


def plant(url: str) -> None:
    """A tenant with a secret in its name, its columns as the migrations made them."""
    insert = (
        "INSERT INTO tenant (id, provider_id, provider_key, name_key, app, is_suspended, suspended_reason, created_at)"
        " VALUES (7, 'A', 'a', 'a', 'GENERIC', {no}, 'SECRET-planted', '2026-01-01')"
    )
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute(insert.format(no=0))
        connection.commit()
        connection.close()
        return

    async def run() -> None:
        import asyncpg  # noqa: PLC0415

        connection = await asyncpg.connect(url)
        await connection.execute(insert.format(no="false"))
        await connection.close()

    asyncio.run(run())
