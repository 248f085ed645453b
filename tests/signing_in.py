"""The application with a provider that can be called: what tests of signing in share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.context import utc_now
from gateway.mock_provider.doors import DOORS
from tests.conftest import Ask
from tests.fake_resolver import FakeResolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gateway.mock_provider.server import MockProvider
    from gateway.settings import Settings

PROVISION = """
mutation Provision($input: ProvisionInput!) {
  provision(input: $input) {
    __typename
    ... on Provisioned {
      providerId username action notice
      sipAccounts {
        username password authUsername host subdomain transport srtp messaging video callRecording
      }
      xmppAccounts {
        jid password domain server port resource useTls verifyCertificate priority displayName accountName
      }
    }
    ... on ProvisioningOff { providerId username signIn { host subdomain } }
    ... on ProvisioningRefused { refusal }
    ... on ProvisioningUnavailable { failure retryAfterSeconds }
    ... on TooManyAttempts { retryAfterSeconds }
    ... on InvalidInput { problems { code path message hint } }
    ... on Refusal { message }
  }
}
"""
SAVE = (
    "mutation($input: SaveProvisioningInput!) { saveProvisioning(input: $input) "
    "{ __typename ... on InvalidInput { problems { code path } } } }"
)
PASSWORD = "SECRET-1234"
DEVICE = "3kQs875391li29"
HOME = "192.0.2.1"
_PROXY = "127.0.0.1"


class Phone:
    """Signs users in at one gateway, each time over the real API."""

    def __init__(self, ask: Ask, provider: MockProvider) -> None:
        self.ask, self.provider = ask, provider

    def set_up(self, provider_id: str, app: str = "GENERIC", **provisioning: Any) -> str:
        """A published tenant with external provisioning on, unless told otherwise; its id."""
        tenant = self.ask.create(provider_id, app)
        self.change(tenant, **{"isEnabled": True, "url": self.provider.url(), **provisioning})
        return tenant

    def change(self, tenant: str, **provisioning: Any) -> None:
        """Save and publish."""
        self.save(tenant, **provisioning)
        self.ask.publish(tenant)

    def save(self, tenant: str, **provisioning: Any) -> None:
        """Into the draft alone."""
        sent = {"tenantId": tenant, "expectedVersion": self.ask.version(tenant), "provisioning": provisioning}
        saved = self.ask(SAVE, {"input": sent})
        assert saved["__typename"] == "DraftSaved", saved

    def generic(self, login: str, *, password: str = PASSWORD, **more: Any) -> Any:
        """A generic app's user."""
        return self.send({"generic": {"login": login, "password": password}}, **more)

    def whitelabel(self, provider_id: str, username: str, *, password: str = PASSWORD, **more: Any) -> Any:
        """A whitelabel app's user."""
        typed = {"providerId": provider_id, "username": username, "password": password}
        return self.send({"whitelabel": typed}, **more)

    def send(
        self, credentials: dict[str, Any], *, device: str = DEVICE, reprovision: bool = False, address: str = HOME
    ) -> Any:
        """What the phone is told."""
        sent = {"credentials": credentials, "deviceId": device, "reprovision": reprovision}
        body = {"query": PROVISION, "variables": {"input": sent}}
        answer = self.ask.client.post("/graphql", json=body, headers={"X-Forwarded-For": address})
        assert list(answer.json()) == ["data"], (answer.status_code, list(answer.json()))
        return answer.json()["data"]["provision"]


@contextmanager
def gateway_with(
    provider: MockProvider, settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> Iterator[Phone]:
    """The real application behind a proxy that it trusts, whose resolver knows the provider alone."""
    changed = replace(
        settings,
        admit_hosts=frozenset({provider.host}),
        upstream_ca=provider.authority,
        trusted_proxies=(ip_network(_PROXY),),
    )
    names = {name: ["127.0.0.1"] for name in (provider.host, *(f"{door.name}.{provider.host}" for door in DOORS))}
    app = create_app(changed, now=now, resolver=FakeResolver(names))
    with TestClient(app, raise_server_exceptions=False, client=(_PROXY, 50_000)) as client:
        yield Phone(Ask(client, now=now), provider)
