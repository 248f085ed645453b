"""`rotateSigningSecret`: shown once, and every call signed with it and, for a day, with the one before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.documents import ROTATE_SIGNING_SECRET
from tests.conftest import Ask
from tests.mock_providers import mock_provider
from tests.signing_in import Phone, gateway_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.settings import Settings

SHOWN = "query($id: ID!) { node(id: $id) { ... on Tenant { signingSecretRotatedAt } } }"
MANY = "{ tenants { edges { node { providerId signingSecretRotatedAt } } } }"


def rotate(ask: Ask, tenant: str) -> Any:
    return ask(ROTATE_SIGNING_SECRET, {"tenantId": tenant})


def test_a_secret_is_shown_once_and_when_it_was_stays(ask: Ask) -> None:
    acme = ask.create("AcmeInc")
    before = ask(SHOWN, {"id": acme})["signingSecretRotatedAt"]

    rotated = rotate(ask, acme)

    shown_at = datetime.fromisoformat(rotated["tenant"]["signingSecretRotatedAt"])
    assert before is None
    assert rotated["__typename"] == "SigningSecretRotated"
    assert len(rotated["secret"]) == len("gws_") + 43
    assert datetime.fromisoformat(rotated["previousValidUntil"]) - shown_at == timedelta(days=1)
    assert ask(SHOWN, {"id": acme}) == {"signingSecretRotatedAt": rotated["tenant"]["signingSecretRotatedAt"]}


def test_a_list_of_tenants_tells_each_its_own_date(ask: Ask) -> None:
    acme = ask.create("AcmeInc")
    rotated = rotate(ask, acme)

    nodes = [edge["node"] for edge in ask(MANY)["edges"]]

    assert {node["providerId"]: node["signingSecretRotatedAt"] for node in nodes} == {
        "AcmeInc": rotated["tenant"]["signingSecretRotatedAt"],
        "NeighbourTel": None,
    }


@pytest.fixture
def phone(tmp_path: Path, settings: Settings) -> Iterator[Phone]:
    with mock_provider(tmp_path / "mock") as provider, gateway_with(provider, settings) as phone:
        yield phone


@pytest.mark.parametrize("method", ["GET", "POST_JSON", "POST_FORM"])
def test_calls_are_signed_with_the_new_secret_and_with_the_one_before(
    phone: Phone, tmp_path: Path, method: str
) -> None:
    acme = phone.set_up("AcmeInc", method=method)
    secrets = tuple(rotate(phone.ask, acme)["secret"] for _ in range(3))

    with mock_provider(tmp_path / "mock", secrets=secrets[1:]) as strict:
        phone.change(acme, url=strict.url())
        told = phone.generic("accounts:AcmeInc")
        complaints = dict(strict.complaints)
    with mock_provider(tmp_path / "mock", secrets=secrets[:1]) as stricter:
        phone.change(acme, url=stricter.url())
        phone.generic("accounts:AcmeInc")
        complaints_of_the_oldest = dict(stricter.complaints)

    assert (told["__typename"], complaints) == ("Provisioned", {})
    assert sum(complaints_of_the_oldest.values()) == 1
