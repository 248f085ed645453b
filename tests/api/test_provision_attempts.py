"""How often a sign-in may fail: refusals count, over windows that slide, and nothing else does."""

from __future__ import annotations

import asyncio
import fcntl
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx2
import pytest

from tenants.access import PUBLIC
from tenants.actions.attempts import note_refusal
from tenants.attempts import Attempt
from tenants.keys import KeyRing
from tenants.rows import ProvenDeviceRow, RefusedAttemptRow
from tests.api.documents import REDEEM_SETUP_LINK
from tests.databases import looking_at_rows
from tests.mock_providers import mock_provider
from tests.signing_in import PROVISION, Phone, gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mock_provider.server import MockProvider
    from gateway.settings import Settings

WRONG = "wrong-password"
RIGHT = "accounts"
AWAY = "192.0.2.2"
_names = count(1)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = field(default_factory=lambda: datetime(2026, 11, 25, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock")) as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def phone(provider: MockProvider, settings: Settings, clock: Clock) -> Iterator[Phone]:
    with gateway_with(provider, settings, now=clock) as phone:
        phone.set_up("NeighbourTel")
        phone.set_up("AcmeInc", method="POST_JSON")
        yield phone


def somebody(mode: str = WRONG) -> str:
    """A name that nobody had before."""
    return f"{mode}+{next(_names)}"


def refuse(phone: Phone, clock: Clock, user: str, times: int, **options: Any) -> None:
    """Refusals, a second apart."""
    for _ in range(times):
        told = phone.generic(f"{user}:AcmeInc", **options)
        assert told["__typename"] == "ProvisioningRefused", told
        clock.pass_by(seconds=1)


def waits(told: dict[str, Any]) -> int | None:
    return told.get("retryAfterSeconds") if told["__typename"] == "TooManyAttempts" else None


def test_the_sixth_attempt_of_a_name_waits_until_the_first_is_a_quarter_of_an_hour_old(
    phone: Phone, clock: Clock
) -> None:
    user = somebody()
    refuse(phone, clock, user, 5)
    before = phone.provider.calls.total()

    told = phone.generic(f"{user}:AcmeInc")
    clock.pass_by(seconds=894.5)
    still = phone.generic(f"{user}:AcmeInc")
    clock.pass_by(seconds=0.5)
    again = phone.generic(f"{user}:AcmeInc")

    assert told == {
        "__typename": "TooManyAttempts",
        "message": "Too many attempts failed. Wait 895 seconds and try again.",
        "retryAfterSeconds": 895,
    }
    assert waits(still) == 1
    assert again["__typename"] == "ProvisioningRefused"
    assert phone.provider.calls.total() == before + 1


def test_other_names_addresses_and_tenants_are_not_held_up(phone: Phone, clock: Clock) -> None:
    user = somebody()
    refuse(phone, clock, user, 5)

    told = [
        phone.generic(f"{user}:AcmeInc", address=AWAY),
        phone.generic(f"{somebody()}:AcmeInc"),
        phone.generic(f"{user}:NeighbourTel"),
    ]

    assert waits(phone.generic(f"{user}:AcmeInc")) is not None
    assert [one["__typename"] for one in told] == ["ProvisioningRefused"] * 3


def test_a_name_is_the_same_in_capitals(phone: Phone, clock: Clock) -> None:
    user = somebody("unknown-User")
    refuse(phone, clock, user, 4)
    refuse(phone, clock, user.upper(), 1)

    assert waits(phone.generic(f"{user.lower()}:AcmeInc")) is not None


@pytest.mark.parametrize("mode", ["accounts", "keep", "500", "html", "not-http"])
def test_successes_and_outages_are_free(phone: Phone, clock: Clock, mode: str) -> None:
    user = somebody(mode)

    told = [phone.generic(f"{user}:AcmeInc", reprovision=True) for _ in range(8)]

    assert {one["__typename"] for one in told} <= {"Provisioned", "ProvisioningUnavailable"}


def test_an_address_is_refused_twenty_times_a_minute_whatever_the_names(phone: Phone, clock: Clock) -> None:
    for _ in range(20):
        refuse(phone, clock, somebody(), 1)

    told = phone.generic(f"{somebody()}:AcmeInc")
    elsewhere = phone.generic(f"{somebody()}:AcmeInc", address=AWAY)
    clock.pass_by(seconds=40)
    again = phone.generic(f"{somebody()}:AcmeInc")

    assert waits(told) == 40
    assert [elsewhere["__typename"], again["__typename"]] == ["ProvisioningRefused"] * 2


def test_all_addresses_of_an_ipv6_site_are_one(phone: Phone, clock: Clock) -> None:
    user = somebody()
    for number in range(5):
        refuse(phone, clock, user, 1, address=f"2001:db8:1:2::{number}")

    told = phone.generic(f"{user}:AcmeInc", address="2001:db8:1:2:ffff::1")
    neighbour = phone.generic(f"{user}:AcmeInc", address="2001:db8:1:3::1")

    assert waits(told) is not None
    assert neighbour["__typename"] == "ProvisioningRefused"


def test_a_tenant_is_refused_ten_times_a_second_wherever_from(phone: Phone, clock: Clock) -> None:
    for number in range(10):
        told = phone.generic(f"{somebody()}:AcmeInc", address=f"192.0.2.{number + 10}")
        assert told["__typename"] == "ProvisioningRefused"

    held_up = phone.generic(f"{somebody()}:AcmeInc", address=AWAY)
    neighbour = phone.generic(f"{somebody()}:NeighbourTel", address=AWAY)
    clock.pass_by(seconds=1)
    again = phone.generic(f"{somebody()}:AcmeInc", address=AWAY)

    assert waits(held_up) == 1
    assert [neighbour["__typename"], again["__typename"]] == ["ProvisioningRefused"] * 2


def test_a_device_that_signed_its_user_in_before_passes(phone: Phone, clock: Clock) -> None:
    user = somebody("accounts/wrong-password")
    first = phone.generic(f"{user}:AcmeInc", device="mine")
    for _ in range(5):
        phone.generic(f"{user}:AcmeInc", device="another", reprovision=True)
        clock.pass_by(seconds=1)

    mine = phone.generic(f"{user}:AcmeInc", device="mine")
    others = phone.generic(f"{user}:AcmeInc", device="another")

    assert [first["action"], mine["action"]] == ["REPLACE", "REPLACE"]
    assert waits(others) is not None


def test_what_a_device_that_passes_is_refused_holds_nobody_up_for_longer(phone: Phone, clock: Clock) -> None:
    user = somebody("accounts/wrong-password")
    phone.generic(f"{user}:AcmeInc", device="mine")
    for _ in range(5):
        phone.generic(f"{user}:AcmeInc", device="mine", reprovision=True)

    clock.pass_by(minutes=14)
    beyond = [phone.generic(f"{user}:AcmeInc", device="mine", reprovision=True) for _ in range(5)]
    clock.pass_by(minutes=1)
    others = phone.generic(f"{user}:AcmeInc", device="another")

    assert [one["__typename"] for one in beyond] == ["ProvisioningRefused"] * 5
    assert others["__typename"] == "Provisioned"


def test_an_answer_without_accounts_proves_no_device(phone: Phone, clock: Clock) -> None:
    user = somebody("wrong-password/keep")
    kept = phone.generic(f"{user}:AcmeInc", reprovision=True)
    refuse(phone, clock, user, 5)

    assert kept["action"] == "KEEP"
    assert waits(phone.generic(f"{user}:AcmeInc")) is not None


def test_another_process_and_a_restart_remember(
    phone: Phone, clock: Clock, provider: MockProvider, settings: Settings
) -> None:
    user = somebody()
    refuse(phone, clock, user, 5)

    with gateway_with_same_database(phone, provider, settings, clock) as other:
        told = other.generic(f"{user}:AcmeInc")

    assert waits(told) == 895


@contextmanager
def gateway_with_same_database(
    phone: Phone, provider: MockProvider, settings: Settings, clock: Clock
) -> Iterator[Phone]:
    """A new process knows what the database knows; here it is the old one, stopped and started."""
    client = phone.ask.client
    client.__exit__()
    try:
        with gateway_with(provider, settings, now=clock) as other:
            yield other
    finally:
        client.__enter__()


def test_a_flood_of_one_name_gets_no_further_than_the_limit(phone: Phone) -> None:
    user = somebody()
    sent = {"credentials": {"generic": {"login": f"{user}:AcmeInc", "password": "SECRET"}}, "deviceId": "d"}
    before = phone.provider.calls.total()

    told = at_once(phone, sent, times=40)
    afterwards = phone.generic(f"{user}:AcmeInc", address="127.0.0.1")

    kinds = Counter(one["__typename"] for one in told)
    assert kinds.pop("ProvisioningRefused") == phone.provider.calls.total() - before <= 5
    assert set(kinds) <= {"TooManyAttempts", "ProvisioningUnavailable"}  # the latter where the provider takes long
    assert waits(afterwards) is not None


@pytest.mark.parametrize(
    ("mode", "kind"), [(RIGHT, "Provisioned"), ("keep", "Provisioned"), ("500", None), ("hang", None)]
)
def test_what_is_under_way_was_not_refused(phone: Phone, mode: str, kind: str | None) -> None:
    sent = {
        "credentials": {"generic": {"login": f"{somebody(mode)}:AcmeInc", "password": "SECRET"}},
        "deviceId": "d",
        "reprovision": True,
    }

    told = at_once(phone, sent, times=12)

    kinds = Counter(one["__typename"] for one in told)
    assert kinds.pop(kind or "ProvisioningUnavailable") >= 5
    assert set(kinds) <= {"ProvisioningUnavailable"}


def at_once(phone: Phone, sent: dict[str, Any], *, times: int) -> list[dict[str, Any]]:
    """The same call many times, all under way together."""

    async def flood() -> list[dict[str, Any]]:
        transport = httpx2.ASGITransport(app=phone.ask.client.app, client=("127.0.0.1", 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
            body = {"query": PROVISION, "variables": {"input": sent}}
            answers = await asyncio.gather(*(client.post("/graphql", json=body) for _ in range(times)))
        return [one.json()["data"]["provision"] for one in answers]

    assert phone.ask.client.portal is not None
    return phone.ask.client.portal.call(flood)


def test_what_left_the_longest_window_is_forgotten(phone: Phone, clock: Clock) -> None:
    refuse(phone, clock, somebody(), 3)
    clock.pass_by(minutes=16)
    refuse(phone, clock, somebody(), 1)

    assert run(phone, RefusedAttemptRow.all().count) == 1


def test_refusals_of_a_clock_that_was_wrong_hold_nobody_up_for_longer(phone: Phone, clock: Clock) -> None:
    user = somebody()
    clock.pass_by(days=365)
    refuse(phone, clock, user, 5)
    for number in range(10):
        phone.generic(f"{somebody()}:AcmeInc", address=f"192.0.2.{number + 10}")
    clock.pass_by(days=-365)

    told = [phone.generic(f"{user}:AcmeInc"), phone.generic(f"{somebody()}:AcmeInc", address=AWAY)]

    assert [one["__typename"] for one in told] == ["ProvisioningRefused"] * 2
    assert run(phone, RefusedAttemptRow.all().count) == 2


def test_a_refusal_by_the_provider_of_a_tenant_that_is_gone_meanwhile_is_nothing_to_note(phone: Phone) -> None:
    keys = KeyRing("SECRET-key-one-0123456789-abcdefg")
    attempt = Attempt.of(keys, 10**6, username="1000", device_id="d", address=AWAY)

    run(phone, lambda: note_refusal(PUBLIC.signing_in(10**6), attempt, datetime.now(UTC)))

    assert run(phone, RefusedAttemptRow.all().count) == 0


def test_a_first_success_is_written_once_and_later_ones_not_at_all(phone: Phone) -> None:
    user = somebody(RIGHT)
    for _ in range(3):
        phone.generic(f"{user}:AcmeInc")

    assert run(phone, ProvenDeviceRow.all().count) == 1
    assert run(phone, RefusedAttemptRow.all().count) == 0


def test_proofs_of_other_devices_stay_for_a_year(phone: Phone, clock: Clock) -> None:
    for device in ("one", "two"):
        phone.generic(f"{somebody(RIGHT)}:AcmeInc", device=device)
    both = run(phone, ProvenDeviceRow.all().count)

    clock.pass_by(days=365)
    phone.generic(f"{somebody(RIGHT)}:AcmeInc", device="three")

    assert (both, run(phone, ProvenDeviceRow.all().count)) == (2, 1)


def test_a_refused_setup_code_makes_no_tenant_s_refusals_forgotten(phone: Phone, clock: Clock) -> None:
    user = somebody()
    refuse(phone, clock, user, 5)
    clock.pass_by(minutes=2)

    phone.ask(REDEEM_SETUP_LINK, {"input": {"setupCode": "none", "deviceId": "d", "app": "GENERIC"}}, as_="anonymous")

    assert waits(phone.generic(f"{user}:AcmeInc")) is not None


def run(phone: Phone, work: Any) -> Any:
    """In the application's event loop."""

    async def call() -> Any:
        with looking_at_rows():
            return await work()

    assert phone.ask.client.portal is not None
    return phone.ask.client.portal.call(call)


def test_a_sign_in_whose_end_cannot_be_written_down_still_succeeds(phone: Phone, settings: Settings) -> None:
    with nobody_can_write(settings.database_url):
        right = phone.generic(f"{somebody(RIGHT)}:AcmeInc")
        wrong = phone.generic(f"{somebody(WRONG)}:AcmeInc")

    assert (right["__typename"], wrong["__typename"]) == ("Provisioned", "ProvisioningRefused")
    assert run(phone, ProvenDeviceRow.all().count) == run(phone, RefusedAttemptRow.all().count) == 0


@contextmanager
def nobody_can_write(url: str) -> Iterator[None]:
    """Another process holds what every writer needs."""
    if url.startswith("sqlite"):
        with Path(f"{url.removeprefix('sqlite:///')}.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return

    async def lock() -> asyncpg.Connection:
        connection = await asyncpg.connect(url)
        await connection.execute("BEGIN; LOCK TABLE proven_device, refused_attempt IN EXCLUSIVE MODE")
        return connection

    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(lock())
    try:
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
