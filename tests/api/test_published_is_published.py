"""Law 12: what was published is read back as it was published, even where today's rules would refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tenants.database import transaction
from tenants.documents import from_document, to_mapping
from tenants.errors import InvalidInputError
from tenants.model import AppKind, Config
from tenants.parsing import apply
from tenants.rows import DraftRow, RevisionRow, TenantRow
from tests.api.documents import PUBLISH, SAVE_HELP, SAVE_PROVISIONING, SCREENS
from tests.databases import looking_at_rows

if TYPE_CHECKING:
    from tests.conftest import Ask

OLD: dict[str, Any] = {
    "shape": 1,
    "app": "GENERIC",
    "branding": {"themeColor": "#1565c0", "darkThemeColor": None, "shownDarkThemeColor": "#010203"},
    "provisioning": {
        "isEnabled": False,
        "url": "https://127.0.0.1/old?username=x",
        "method": "GET",
        "usernamePlaceholder": None,
        "passwordPlaceholder": None,
        "sipDomain": "old domain",
        "subdomain": None,
    },
    "help": {
        "menuTitle": "A title that today is much too long",
        "contactEmail": "Old Contact <help@acme.example>",
        "credentialsSource": None,
        "links": [{"title": f"Link {number}", "url": f"https://10.0.0.{number}/?u=%user%"} for number in range(6)],
    },
}
"""A config of which today's rules refuse nearly everything; its dark shade is none that the library would derive."""
BOTH_KINDS = """
query($id: ID!) { node(id: $id) { ... on Tenant {
  published { ...Content }
  revision(number: 1) { ...Content }
  draft { hasChanges config { ...Settings } changes { path } warnings { code } }
} } }
fragment Content on Revision { number config { ...Settings } changes { path } }
fragment Settings on TenantConfig {
  branding { themeColor darkThemeColor isDarkThemeColorDerived }
  provisioning { url sipDomain }
  help { menuTitle contactEmail links { title url displayHost placeholders } }
}
"""


@pytest.fixture
def tenant(ask: Ask) -> str:
    """The id of a published tenant whose live revision and draft are the old config."""
    tenant_id = ask.create("AcmeInc")
    ask.publish(tenant_id)
    assert ask.client.portal is not None
    ask.client.portal.call(_write_old)
    return tenant_id


async def _write_old() -> None:
    text = orjson.dumps(OLD, option=orjson.OPT_SORT_KEYS).decode()
    with looking_at_rows():
        async with transaction():
            row = await TenantRow.get(provider_key="acmeinc")
            await RevisionRow.filter(tenant_id=row.id).update(config=text)
            await DraftRow.filter(tenant_id=row.id).update(config=text)


def test_the_old_config_is_one_that_todays_rules_refuse() -> None:
    config = from_document(orjson.dumps(OLD).decode())

    with pytest.raises(InvalidInputError) as caught:
        apply(Config(app=AppKind.GENERIC), to_mapping(config))

    assert len(caught.value.problems) >= 5


def test_phones_get_it_as_it_was_published(ask: Ask, tenant: str) -> None:
    screens = ask(SCREENS, {"providerId": "AcmeInc", "app": "GENERIC"}, as_="anonymous")

    assert screens["branding"] == {
        "themeColor": "#1565c0",
        "darkThemeColor": "#010203",
        "isDarkThemeColorDerived": True,
    }
    assert screens["help"]["menuTitle"] == OLD["help"]["menuTitle"]
    assert screens["help"]["contactEmail"] == OLD["help"]["contactEmail"]
    assert [link["url"] for link in screens["help"]["links"]] == [
        f"https://10.0.0.{number}/?u=%user%" for number in range(6)
    ]
    assert screens["help"]["links"][0]["displayHost"] == "10.0.0.0"
    assert screens["help"]["links"][0]["placeholders"] == ["USER"]


def test_staff_read_the_same_in_the_live_revision_the_history_and_the_draft(ask: Ask, tenant: str) -> None:
    found = ask(BOTH_KINDS, {"id": tenant})

    config = found["published"]["config"]
    assert found["published"] == found["revision"]
    assert found["draft"]["config"] == config
    assert found["draft"]["hasChanges"] is False
    assert found["draft"]["changes"] == []
    assert config["branding"]["darkThemeColor"] == "#010203"
    assert config["provisioning"] == {
        "url": "https://127.0.0.1/old?username=x",
        "sipDomain": "old domain",
    }


def test_a_draft_that_todays_rules_refuse_is_not_published_again(ask: Ask, tenant: str) -> None:
    _change_the_live_one(ask)
    version = ask.version(tenant)

    refused = ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": version}})

    assert refused["__typename"] == "InvalidInput"
    paths = {tuple(problem["path"]): problem["code"] for problem in refused["problems"]}
    assert paths["help", "menuTitle"] == "TEXT_TOO_LONG"
    assert paths["help", "contactEmail"] == "EMAIL_SYNTAX"
    assert paths["help", "links"] == "TOO_MANY"
    assert paths["provisioning", "url"] == "LINK_HOST_IS_ADDRESS"
    assert ask.version(tenant) == version
    assert ask(SCREENS, {"providerId": "AcmeInc", "app": "GENERIC"})["revision"] == 1


def test_a_draft_that_todays_rules_refuse_can_be_mended_and_published(ask: Ask, tenant: str) -> None:
    version = ask.version(tenant)
    reset = {"menuTitle": None, "contactEmail": None, "links": None}
    settings = {"url": None, "sipDomain": None}

    ask(SAVE_HELP, {"input": {"tenantId": tenant, "expectedVersion": version, "help": reset}})
    ask(SAVE_PROVISIONING, {"input": {"tenantId": tenant, "expectedVersion": version + 1, "provisioning": settings}})
    ask.publish(tenant)

    screens = ask(SCREENS, {"providerId": "AcmeInc", "app": "GENERIC"})
    assert (screens["revision"], screens["help"]["menuTitle"], screens["help"]["links"]) == (2, "Help", [])


def _change_the_live_one(ask: Ask) -> None:
    """So that there is something to publish."""

    async def change() -> None:
        text = orjson.dumps({**OLD, "app": "WHITELABEL"}, option=orjson.OPT_SORT_KEYS).decode()
        with looking_at_rows():
            async with transaction():
                row = await TenantRow.get(provider_key="acmeinc")
                await DraftRow.filter(tenant_id=row.id).update(config=text)

    assert ask.client.portal is not None
    ask.client.portal.call(change)
