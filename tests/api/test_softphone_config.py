from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.context import utc_now
from gateway.exchange import import_file
from tests import make
from tests.api.documents import DELETE, SCREENS, SUSPEND
from tests.conftest import Ask

SCREENS_FOLDER = Path(__file__).parent / "screens"
KINDS = {
    "GenericForm": "GENERIC",
    "GenericStandard": "GENERIC",
    "WhitelabelForm": "WHITELABEL",
    "WhitelabelStandard": "WHITELABEL",
}


@pytest.fixture
def screens(ask: Ask) -> Ask:
    """The four tenants of screens/tenants.yaml, published."""

    async def load() -> int:
        file = str(SCREENS_FOLDER / "tenants.yaml")
        return await import_file(file, publish=True, dry_run=False, admitted=frozenset(), keys=make.KEYS, now=utc_now())

    assert ask.client.portal is not None
    assert ask.client.portal.call(load) == 0
    return ask


@pytest.mark.parametrize("provider_id", KINDS)
def test_a_tenant_gets_from_its_file_to_the_phones_screen(screens: Ask, provider_id: str) -> None:
    answer = screens.raw(SCREENS, {"providerId": provider_id, "app": KINDS[provider_id]}, as_="anonymous")

    assert answer == json.loads((SCREENS_FOLDER / f"{provider_id}.json").read_text("utf-8"))


def test_unknown_unpublished_suspended_deleted_and_wrong_kind_are_the_same_bytes(screens: Ask) -> None:
    screens.create("NeverPublished")
    suspended = screens.create("Suspended")
    screens.publish(suspended)
    screens(SUSPEND, {"input": {"tenantId": suspended, "reason": "unpaid"}})
    deleted = screens.create("Deleted")
    screens.publish(deleted)
    screens(DELETE, {"input": {"tenantId": deleted, "confirmProviderId": "Deleted"}})
    asked = [
        ("NoSuchProvider", "GENERIC"),
        ("NeverPublished", "GENERIC"),
        ("Suspended", "GENERIC"),
        ("Deleted", "GENERIC"),
        ("GenericForm", "WHITELABEL"),
        ("WhitelabelForm", "GENERIC"),
        ("AcmeInc*7KQ4MX2P", "GENERIC"),
        ("no such name: 100% wrong\n", "GENERIC"),
        ("x" * 5000, "GENERIC"),
        ("", "WHITELABEL"),
    ]

    answers = [_bytes(screens, provider_id, app) for provider_id, app in asked]

    assert len(set(answers)) == 1
    assert json.loads(answers[0][1])["data"]["softphoneConfig"] == {
        "__typename": "UnknownProvider",
        "message": "No provider is known by this name. Check the spelling.",
    }


def _bytes(ask: Ask, provider_id: str, app: str) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """Everything of an answer but the request's own id."""
    body = {"query": SCREENS, "variables": {"providerId": provider_id, "app": app}}
    answer = ask.client.post("/graphql", json=body)
    headers = tuple(sorted((name, value) for name, value in answer.headers.items() if name != "x-request-id"))
    return answer.status_code, answer.content, headers


def test_look_up_ignores_case_and_answers_in_the_tenants_own_spelling(screens: Ask) -> None:
    answer = screens(SCREENS, {"providerId": "genericFORM", "app": "GENERIC"}, as_="anonymous")

    assert answer["providerId"] == "GenericForm"


def test_a_save_reaches_no_phone_before_it_is_published(ask: Ask) -> None:
    tenant = ask.create("AcmeInc", name="Before")
    ask.publish(tenant)
    before = _config(ask)
    rename = "mutation($input: RenameTenantInput!) { renameTenant(input: $input) { __typename } }"
    ask(rename, {"input": {"tenantId": tenant, "expectedVersion": ask.version(tenant), "name": "After"}})
    between = _config(ask)

    ask.publish(tenant)

    assert before == between
    assert _config(ask) == before | {"name": "After", "revision": 2}


def test_an_admins_token_shows_no_draft_here(ask: Ask) -> None:
    ask.create("AcmeInc")

    answer = ask(SCREENS, {"providerId": "AcmeInc", "app": "GENERIC"}, as_="admin")

    assert answer["__typename"] == "UnknownProvider"


def test_the_query_works_by_get_as_softphones_send_it(screens: Ask) -> None:
    params = {"query": SCREENS, "variables": json.dumps({"providerId": "GenericForm", "app": "GENERIC"})}

    answer = screens.client.get("/graphql", params=params)

    assert answer.json()["data"]["softphoneConfig"]["name"] == "Acme Telecom"


def _config(ask: Ask) -> Any:
    return ask(SCREENS, {"providerId": "AcmeInc", "app": "GENERIC"}, as_="anonymous")
