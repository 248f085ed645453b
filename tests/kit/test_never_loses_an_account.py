"""The reference client against a live gateway and the mock provider: what the table keeps is kept, whatever fails."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from softphone import Softphone

from tests.fail_static import EXPECTED, SLOW
from tests.proofs import count
from tests.provider_process import PASSWORD, RunningMock, gateway_env, import_tenants, mock_process, tenant
from tests.servers import RunningProcess, gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODES = sorted(EXPECTED)
FAST = sorted(set(MODES) - SLOW)
SETS_UP = sorted(mode for mode in FAST if EXPECTED[mode].first == "REPLACE")
STEPS = count(full=400, ci=30)
MOST_CALLS = 12
"""To one tenant: twenty that fail within ten seconds would open its breaker."""
AT_ONCE = 50

ACCOUNTS = {
    "new-account": ("2000",),
    "ten-accounts": tuple(str(number) for number in range(1000, 1010)),
    "xmpp-only": (),
}
CHATS = {"all-fields", "with-xmpp", "xmpp-only", "empty-texts"}


def accounts_of(mode: str) -> tuple[str, ...]:
    """What a mode that sets a phone up gives it."""
    return (*ACCOUNTS.get(mode, ("1000",)), *(("user1@chat.acme.example",) if mode in CHATS else ()))


def accounts_on(phone: Softphone) -> tuple[str, ...]:
    """What the phone has."""
    sip = [account["username"] for account in phone.state.sip_accounts]
    return (*sip, *(account["jid"] for account in phone.state.xmpp_accounts))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("phones")


@pytest.fixture(scope="module")
def mock(folder: Path) -> Iterator[RunningMock]:
    with mock_process(folder) as mock:
        yield mock


@pytest.fixture(scope="module")
def env(folder: Path, mock: RunningMock) -> dict[str, str]:
    """Of gateways on one database, in which each mode has a tenant, and the walk as many as it may need."""
    env = gateway_env(f"sqlite:///{folder / 'gateway.db'}", mock.authority)
    names = [*(f"M-{number}" for number in range(len(MODES))), *(f"W-{number}" for number in range(STEPS))]
    import_tenants("".join(tenant(name, mock.url()) for name in names), env, folder)
    return env


@pytest.mark.slow
def test_a_phone_has_after_any_answer_what_the_table_says(env: dict[str, str], folder: Path) -> None:
    with gateway_process("serve", "--port", "0", env=env) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(MODES, pool.map(lambda mode: live(server.ready[0], folder, mode), MODES), strict=True))

    assert found == {mode: lives_by_table(mode) for mode in MODES}


Life = list[tuple[str, ...]]


def live(gateway: str, folder: Path, mode: str) -> Life:
    """Set up well; started again; asked again, with this mode's answer; and another user's sign-in with it."""
    store, provider_id = folder / f"{mode}.json", f"M-{MODES.index(mode)}"
    Softphone(gateway, store).sign_in(f"accounts/{mode}:{provider_id}", PASSWORD)
    phone = Softphone(gateway, store)
    life = [accounts_on(phone)]
    phone.refresh()
    life.append(accounts_on(Softphone(gateway, store)))
    phone.sign_in(f"{mode}+another:{provider_id}", PASSWORD)
    life.append(accounts_on(Softphone(gateway, store)))
    return life


def lives_by_table(mode: str) -> Life:
    expected, first = EXPECTED[mode], accounts_of("accounts")
    later = {"REPLACE": accounts_of(mode), "LOG_OUT": ()}.get(expected.later, first)
    return [first, later, accounts_of(mode) if expected.first == "REPLACE" else later]


@dataclass
class Model:
    """What a phone must have."""

    accounts: tuple[str, ...] = ()
    mode: str | None = None
    """What its provider will answer when it asks again; None: nobody is signed in."""
    tenants: int = 0
    calls: int = 0

    def later(self) -> Model:
        """After asking again."""
        word = EXPECTED[self.mode].later if self.mode else "KEEP"
        if word == "LOG_OUT":
            return Model((), None, self.tenants)
        accounts = accounts_of(self.mode) if self.mode and word == "REPLACE" else self.accounts
        return Model(accounts, self.mode, self.tenants, self.calls + 1)


@dataclass
class World:
    """A phone, and a gateway that is there or not."""

    env: dict[str, str]
    store: Path
    chance: random.Random
    port: int
    model: Model = field(default_factory=Model)
    now: float = field(default_factory=time.time)
    gateway: RunningProcess | None = None
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """The gateway, at the same place as ever."""
        self.gateway = self._running.enter_context(gateway_process("serve", "--port", str(self.port), env=self.env))

    def kill(self) -> None:
        """The gateway, with nothing put in order."""
        assert self.gateway is not None
        self.gateway.popen.kill()
        self._running.close()
        self.gateway = None

    def phone(self) -> Softphone:
        """The app, started anew; so much later that nobody is to be waited for."""
        self.now += 3 * 86400
        return Softphone(f"http://127.0.0.1:{self.port}", self.store, clock=lambda: self.now)

    def check(self, *allowed: Model) -> None:
        """The phone is as one of these says; that one is true from now on."""
        has = accounts_on(self.phone())
        assert has in {model.accounts for model in allowed}
        self.model = next(model for model in allowed if model.accounts == has)

    # What can happen

    def sign_in(self) -> None:
        """With a user of whom nobody has heard, at a tenant of whom nobody has."""
        first, later, number = self.chance.choice(FAST), self.chance.choice(FAST), self.model.tenants
        if self.chance.random() < 0.7:
            first = self.chance.choice(SETS_UP)
        self.phone().sign_in(f"{first}/{later}+{number}:W-{number}", PASSWORD)
        signed_in = Model(accounts_of(first), later, number + 1)
        failed = Model(self.model.accounts, self.model.mode, number + 1, self.model.calls)
        self.check(signed_in if EXPECTED[first].first == "REPLACE" else failed)

    def ask_again(self) -> None:
        """As at every start."""
        self.phone().refresh()
        self.check(self.model.later())

    def ask_a_dead_gateway(self) -> None:
        """And whatever the user tries meanwhile."""
        self.kill()
        self.phone().refresh()
        self.phone().sign_in("accounts:W-0", PASSWORD)
        self.phone().redeem("scloc:?v=2&token=none")
        self.start()
        self.check(self.model)

    def lose_the_gateway_while_asking(self) -> None:
        """It may have answered already."""
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self.phone().refresh)
            time.sleep(self.chance.uniform(0, 0.05))
            self.kill()
            asking.result()
        self.start()
        self.check(self.model, self.model.later())

    def lose_the_phone_while_asking(self) -> None:
        """Its process is killed: before it asked, while it waits or writes, or after."""
        command = [sys.executable, "kit/python/phone.py", "--gateway", f"http://127.0.0.1:{self.port}"]
        popen = subprocess.Popen([*command, "--store", str(self.store), "refresh"], stdout=subprocess.DEVNULL)
        time.sleep(self.chance.uniform(0.1, 0.4))
        popen.kill()
        popen.wait()
        self.check(self.model, self.model.later())


ORDINARY = (World.sign_in, World.ask_again, World.ask_again, World.ask_again)
RARE = (World.ask_a_dead_gateway, World.lose_the_gateway_while_asking, World.lose_the_phone_while_asking)


@pytest.mark.proof
def test_no_account_is_lost_on_a_long_walk_with_kills_on_both_sides(env: dict[str, str], folder: Path) -> None:
    chance = random.Random(20261125)  # noqa: S311 - a walk to repeat
    world = World(env, folder / "walk.json", chance, free_port())
    world.start()
    try:
        for _ in range(STEPS):
            happens = chance.choice(RARE if chance.random() < 0.2 else ORDINARY)
            (World.sign_in if world.model.calls >= MOST_CALLS else happens)(world)
    finally:
        world.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
