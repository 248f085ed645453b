"""A provider's server may do anything: every mode of the mock provider, over real TLS, through a real gateway."""

from __future__ import annotations

import asyncio
import os
import statistics
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from gateway.mock_provider.catalogue import MODES
from gateway.mock_provider.doors import DOORS
from tests.fail_static import ACTIONS, EXPECTED, FAILURES, FLOODS, LOSES_A_POST, REFUSALS, SLOW
from tests.provider_process import (
    NEIGHBOUR,
    PASSWORD,
    SIP_PASSWORD,
    Memory,
    RunningMock,
    Signed,
    client_of,
    gateway_env,
    gather,
    import_tenants,
    mock_process,
    provision,
    tenant,
)
from tests.servers import gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import RunningProcess

pytestmark = pytest.mark.anyio
LONGEST_SECONDS = 5.0
MOST_MEMORY = 5 * 1024 * 1024
APART = 0.05
METHODS = ("GET", "POST_JSON", "POST_FORM")
CASES = [(mode, method, reprovision) for mode in EXPECTED for method in METHODS for reprovision in (False, True)]
NUMBERS = {name: number for number, name in enumerate([*EXPECTED, *(door.name for door in DOORS)])}


def provider_id(name: str, method: str = "GET") -> str:
    """Each mode and each door has tenants of its own, so that none is held back for what another did."""
    return f"{method.replace('_', '')}-{NUMBERS[name]}"


def expected_word(mode: str, method: str, *, reprovision: bool) -> str:
    by_table = EXPECTED[mode].when(reprovision=reprovision)
    return by_table if method == "GET" else LOSES_A_POST.get(mode, by_table)


@dataclass(frozen=True)
class Place:
    """Where the tests call."""

    gateway: RunningProcess
    env: dict[str, str]
    mock: RunningMock
    neighbours_mock: RunningMock


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("hostile")
    with mock_process(folder) as mock, mock_process(folder) as neighbours_mock:
        tenants = [tenant(provider_id(mode, method), mock.url(), method) for mode in EXPECTED for method in METHODS]
        tenants += [tenant(provider_id(door.name), mock.url(door.name)) for door in DOORS]
        tenants.append(tenant(NEIGHBOUR, neighbours_mock.url()))
        env = gateway_env(f"sqlite:///{folder / 'gateway.db'}", mock.authority)
        import_tenants("".join(tenants), env, folder)
        with gateway_process("serve", "--port", "0", env=env) as server:
            yield Place(server, env, mock, neighbours_mock)


@pytest.fixture
def new_gateway(place: Place) -> Iterator[RunningProcess]:
    """Another process on the same database, whose memory has not grown yet."""
    with gateway_process("serve", "--port", "0", env=place.env) as server:
        yield server


def test_the_table_knows_every_mode_and_says_when_a_phone_is_logged_out() -> None:
    log_outs = {mode for mode, expected in EXPECTED.items() if "LOG_OUT" in (expected.first, expected.later)}

    assert set(EXPECTED) == set(MODES)
    assert {word for one in EXPECTED.values() for word in (one.first, one.later)} <= ACTIONS | REFUSALS | FAILURES
    assert log_outs == {"log-out", "log-out-message", "string-true-empty", "many-keys"}
    assert not any(expected.first in {"LOG_OUT", "KEEP"} for expected in EXPECTED.values())


QUICK, WAITING = [one for one in CASES if one[0] not in SLOW], [one for one in CASES if one[0] in SLOW]


@pytest.mark.slow
@pytest.mark.parametrize(("cases", "apart_seconds"), [(QUICK, 0.0), (WAITING, APART)], ids=["quick", "slow"])
async def test_whatever_a_provider_does_is_answered_in_time_and_by_the_table(
    place: Place, cases: list[tuple[str, str, bool]], apart_seconds: float
) -> None:
    calls = [(mode, provider_id(mode, method), later) for mode, method, later in cases]
    async with client_of(place.gateway) as client:
        signed = await gather(
            [provision(client, mode, name, reprovision=later) for mode, name, later in calls],
            apart_seconds=apart_seconds,
        )
    answered = dict(zip(cases, signed, strict=True))

    wanted = {case: expected_word(case[0], case[1], reprovision=case[2]) for case in cases}
    assert {case: one.word for case, one in answered.items() if one.word != wanted[case]} == {}
    assert {case: one.seconds for case, one in answered.items() if one.seconds > LONGEST_SECONDS} == {}
    assert [case for case, one in answered.items() if not is_lawful(one)] == []
    assert place.mock.wrong_calls == []


def is_lawful(signed: Signed) -> bool:
    """Accounts come with REPLACE and never else; texts are plain and short; a wait ends on the same day."""
    result = signed.result
    accounts = [*result.get("sipAccounts", []), *result.get("xmppAccounts", [])]
    texts = [text for text in (result.get("message"), result.get("notice")) if text is not None]
    return (
        bool(accounts) == (signed.word == "REPLACE")
        and all(account["password"] == SIP_PASSWORD or "jid" in account for account in accounts)
        and all(account["transport"] in {"UDP", "TCP", "TLS"} for account in result.get("sipAccounts", []))
        and all(0 < len(text) <= 200 for text in texts)
        and not any(unicodedata.category(sign) in {"Cc", "Cf", "Cs"} for text in texts for sign in text)
        and 1 <= result.get("retryAfterSeconds", 1) <= 86400
    )


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("message", "Maintenance tonight at ten."),
        ("contact-support", "Contact Support"),
        ("empty-message", None),
        ("wrong-charset", "Grüße"),
        ("markup-message", "<script>alert(1)</script><b>Hello</b>"),
        ("unauthorized", "Wrong PIN."),
        ("not-found-message", "No such user."),
        ("no-lines", "No Lines Enabled"),
        ("redirect-drops", "Bad Request"),
    ],
)
async def test_the_providers_own_words_reach_the_user(place: Place, mode: str, text: str | None) -> None:
    async with client_of(place.gateway) as client:
        signed = await provision(client, f"{mode}+words", provider_id(mode), reprovision=False)

    assert signed.result.get("notice", signed.result.get("message")) == text


@pytest.mark.parametrize(
    ("mode", "least"), [("503", 120), ("429", 20), ("500", 1), ("503-for-ever", 120), ("503-no-date", 60)]
)
async def test_a_provider_that_asks_for_patience_gets_it(place: Place, mode: str, least: int) -> None:
    async with client_of(place.gateway) as client:
        signed = await provision(client, f"{mode}+patience", provider_id(mode), reprovision=True)

    assert least <= signed.result["retryAfterSeconds"] <= 86400


@pytest.mark.slow
async def test_no_secure_connection_is_no_answer(place: Place) -> None:
    cases = [(door.name, reprovision) for door in DOORS for reprovision in (False, True)]
    async with client_of(place.gateway) as client:
        signed = await gather(
            [provision(client, "log-out", provider_id(door), reprovision=later) for door, later in cases],
            apart_seconds=APART,
        )

    assert dict(zip(cases, (one.word for one in signed), strict=True)) == dict.fromkeys(cases, "UNREACHABLE")
    assert max(one.seconds for one in signed) <= LONGEST_SECONDS


@pytest.mark.slow
async def test_no_answer_costs_more_than_five_mebibytes_of_memory(place: Place, new_gateway: RunningProcess) -> None:
    memory = Memory(new_gateway.pid)
    async with client_of(new_gateway) as client:
        await provision(client, "accounts", provider_id("accounts"), reprovision=False)  # loads what all calls need
        await memory.be_still()
        first = memory.forget()
        costs = {}
        for mode in EXPECTED.keys() - SLOW:
            before = memory.forget()
            await provision(client, f"{mode}+memory", provider_id(mode), reprovision=False)
            costs[mode] = memory.peak() - before
        all_of_them = memory.peak() - first

    assert max(costs.values()) <= MOST_MEMORY
    assert all_of_them <= 2 * MOST_MEMORY  # nor does what one leaves behind add up


@pytest.mark.slow
async def test_many_floods_and_hanging_calls_at_once_cost_no_more_each(
    place: Place, new_gateway: RunningProcess
) -> None:
    memory, modes = Memory(new_gateway.pid), sorted(SLOW | FLOODS)
    async with client_of(new_gateway) as client:
        await provision(client, "accounts", provider_id("accounts"), reprovision=False)
        await memory.be_still()
        before = memory.forget()
        calls = [provision(client, f"{mode}+many", provider_id(mode), reprovision=True) for mode in modes]
        await gather(calls, apart_seconds=0.001)
        at_once = memory.peak() - before

    assert at_once <= MOST_MEMORY * len(modes)


def test_memory_that_was_used_for_a_moment_is_seen() -> None:
    memory = Memory(os.getpid())
    before = memory.forget()

    bytearray(os.urandom(1024) * 32 * 1024)

    assert memory.peak() - before > 24 * 1024 * 1024


@pytest.mark.slow
async def test_a_neighbour_signs_in_quickly_while_floods_are_coming_in(place: Place) -> None:
    async with client_of(place.gateway) as client:
        quiet = [await sign_in_next_door(client) for _ in range(10)]
        is_over = asyncio.Event()
        floods = [asyncio.create_task(keep_calling(client, mode, is_over)) for mode in sorted(FLOODS)]
        await asyncio.sleep(0.5)
        seconds = [await sign_in_next_door(client) for _ in range(20)]
        is_over.set()
        calls = sum(await asyncio.gather(*floods))
        quiet += [await sign_in_next_door(client) for _ in range(10)]

    assert calls > len(FLOODS)
    # Each waits while the others are worked on: with twelve floods at a time some ten times as long, 0.1 s for 0.01 s.
    assert statistics.median(seconds) < 25 * statistics.median(quiet)
    assert max(seconds) < LONGEST_SECONDS


async def sign_in_next_door(client: httpx2.AsyncClient) -> float:
    signed = await provision(client, "accounts", NEIGHBOUR, reprovision=False)
    assert signed.word == "REPLACE"
    return signed.seconds


async def keep_calling(client: httpx2.AsyncClient, mode: str, is_over: asyncio.Event) -> int:
    """One flood after the other, whether or not the breaker lets it through; how many it were."""
    count = 0
    while not is_over.is_set():
        method = METHODS[count % len(METHODS)]
        signed = await provision(client, f"{mode}+flood", provider_id(mode, method), reprovision=True)
        assert signed.word in {"BAD_ANSWER", "BUSY"}
        count += 1
    return count


def test_no_log_holds_a_login_or_an_account(place: Place) -> None:
    logs = place.gateway.errors + place.mock.process.errors + place.gateway.output + place.mock.process.output

    assert logs.count('"event": "request"') > len(CASES)
    for secret in (PASSWORD, SIP_PASSWORD, "accounts:GET"):
        is_there = secret in logs
        assert not is_there
