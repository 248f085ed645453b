"""Signing a user in, through the real API and over real TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mock_providers import mock_provider
from tests.signing_in import Phone, gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mock_provider.server import MockProvider
    from gateway.settings import Settings

UNKNOWN = {
    "__typename": "UnknownProvider",
    "message": "No provider is known by this name. Check the spelling.",
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock")) as provider:
        yield provider


@pytest.fixture
def phone(provider: MockProvider, settings: Settings) -> Iterator[Phone]:
    with gateway_with(provider, settings) as phone:
        yield phone


def test_a_user_of_a_generic_app_signs_in(phone: Phone) -> None:
    phone.set_up("AcmeInc", sipDomain="acme.example:5070", subdomain="pbx")

    told = phone.generic("accounts:acmeinc")

    assert told == {
        "__typename": "Provisioned",
        "providerId": "AcmeInc",
        "username": "accounts",
        "action": "REPLACE",
        "notice": None,
        "sipAccounts": [
            {
                "username": "1000",
                "password": "29de?8",
                "authUsername": None,
                "host": "pbx.acme.example:5070",
                "subdomain": None,
                "transport": "UDP",
                "srtp": None,
                "messaging": None,
                "video": None,
                "callRecording": None,
            }
        ],
        "xmppAccounts": [],
    }
