"""A phone with the reference client, and what a gateway may say to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from softphone import Softphone

from tests.kit.stub_gateway import Reply, StubGateway

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = {"username": "1000", "password": "29de?8", "host": "acme.example", "transport": "UDP"}
OTHER = {**ACCOUNT, "username": "2000"}
LOGIN = ("1000:AcmeInc", "SECRET-1234")


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Device:
    """A phone whose app can be started again and again."""

    def __init__(self, gateway: StubGateway, store: Path, clock: Clock) -> None:
        self._gateway, self._store, self._clock = gateway, store, clock

    def start(self, chance: float = 0.0, **more: Any) -> Softphone:
        return Softphone(self._gateway.url, self._store, clock=self._clock, chance=lambda: chance, **more)

    def signed_in(self) -> Softphone:
        """Set up with one account."""
        self._gateway.answers(provisioned("REPLACE", [ACCOUNT]))
        phone = self.start()
        phone.sign_in(*LOGIN)
        self._gateway.asked.clear()
        return phone


def answer(**found: Any) -> Reply:
    return Reply({"data": {"field": found}})


def provisioned(action: str, accounts: list[dict[str, Any]], notice: str | None = None) -> Reply:
    return answer(
        __typename="Provisioned",
        providerId="AcmeInc",
        username="1000",
        action=action,
        sipAccounts=accounts,
        xmppAccounts=[],
        notice=notice,
    )


def config(revision: int = 1, screen: str = "ProvisioningForm", etag: str | None = None, **more: Any) -> Reply:
    found = {"__typename": "SoftphoneConfig", "providerId": "AcmeInc", "revision": revision, **more}
    headers = {"ETag": etag} if etag else {}
    return Reply({"data": {"field": {**found, "signIn": {"__typename": screen}}}}, headers=headers)


def redeemed(content: dict[str, Any], provider_id: str = "AcmeInc") -> Reply:
    return answer(__typename="SetupLinkRedeemed", providerId=provider_id, content=content)
