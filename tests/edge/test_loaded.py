"""A config that was read is shown again without the database, as long as it is known to be live and at that door."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from gateway.edge.cells import Cells, Door
from gateway.edge.known_good import KnownGood
from gateway.edge.loaded import Loaded, Seen
from gateway.edge.misses import Misses
from gateway.edge.reading import Reading
from gateway.jobs.feed import Feed
from tenants import documents
from tenants.app_keys import NO_APP_KEY
from tenants.model import AppKind
from tests.api.documents import ISSUE_APP_KEY, REQUIRE_APP_KEY, REVOKE_APP_KEY, SUSPEND
from tests.api.test_sql_cost import statements
from tests.edge.published import KEY, OTHER_KEY, change, published
from tests.edge.test_stored_answers import change_color, get, until_told

if TYPE_CHECKING:
    import httpx2

    from tests.conftest import Ask

OPEN = Door(AppKind.GENERIC, NO_APP_KEY)
OTHER_DOCUMENT = """query($app: AppKind!) { softphoneConfig(providerId: "AcmeInc", app: $app) {
__typename ... on SoftphoneConfig { revision } } }"""


LINK = "https://carrier.example/call-forwarding-%d?line=%%user%%"


@pytest.fixture
def cells() -> Cells:
    return Cells()


@pytest.fixture
def loaded(cells: Cells) -> Loaded:
    """AcmeInc's and a neighbour's."""
    loaded = Loaded(1_000_000, lambda: True)
    load(loaded, cells, "acmeinc")
    load(loaded, cells, "neighbourtel", tenant=2)
    return loaded


def load(loaded: Loaded, cells: Cells, key: str, **which: Any) -> None:
    cell, found = cells.of(key), published(**which)
    loaded.keep(key, OPEN, Seen(cell, found, cells.begin(cell).finish(found, OPEN)))


def test_what_was_read_is_found_at_the_same_door_and_at_no_other(loaded: Loaded) -> None:
    found = loaded.find("acmeinc", OPEN)

    assert found
    assert found.published == published()
    assert loaded.find("acmeinc", Door(AppKind.WHITELABEL, NO_APP_KEY)) is None
    assert loaded.find("acmeinc", Door(AppKind.GENERIC, KEY)) is None
    assert loaded.find("cosyphone", OPEN) is None


def test_a_change_ends_it_and_a_neighbours_stays(loaded: Loaded, cells: Cells) -> None:
    cells.on_changes([change()])

    assert loaded.find("acmeinc", OPEN) is None
    assert loaded.find("neighbourtel", OPEN)


def test_a_read_that_shows_another_revision_ends_it(loaded: Loaded, cells: Cells) -> None:
    load(loaded, cells, "acmeinc", number=2)

    found = loaded.find("acmeinc", OPEN)

    assert found
    assert found.published
    assert found.published.revision.number == 2


def test_a_read_that_shows_nobody_ends_it(loaded: Loaded, cells: Cells) -> None:
    cells.begin(cells.of("acmeinc")).finish(None, OPEN)

    assert loaded.find("acmeinc", OPEN) is None


def test_nothing_is_shown_while_changes_are_not_heard_of(cells: Cells) -> None:
    heard = [True]
    loaded = Loaded(1_000_000, lambda: heard[0])
    load(loaded, cells, "acmeinc")
    heard[0] = False

    assert loaded.find("acmeinc", OPEN) is None


def test_what_may_be_over_already_and_that_there_is_nobody_is_not_kept(cells: Cells) -> None:
    loaded, cell = Loaded(1_000_000, lambda: True), cells.of("acmeinc")
    nobody = cells.begin(cell).finish(None, OPEN)
    loaded.keep("acmeinc", OPEN, Seen(cell, None, nobody))
    loaded.keep("acmeinc", OPEN, Seen(cell, published(), None))

    assert loaded.find("acmeinc", OPEN) is None
    assert loaded.weight == 0


def test_without_room_nothing_is_held(cells: Cells) -> None:
    loaded = Loaded(0, lambda: True)
    load(loaded, cells, "acmeinc")

    assert loaded.find("acmeinc", OPEN) is None


@pytest.mark.anyio
async def test_an_answer_made_of_it_is_not_joined_after_a_change(loaded: Loaded, cells: Cells) -> None:
    known = KnownGood(Feed([], "sqlite:///not-there.db"))
    reading = Reading(cells, Misses(), "192.0.2.7", known, loaded)
    shown = await reading.find("AcmeInc", AppKind.GENERIC, NO_APP_KEY)
    at_first = [read.is_latest for read in reading.reads]

    cells.on_changes([change()])

    assert shown == published()
    assert at_first == [True]
    assert [read.is_latest for read in reading.reads] == [False]


@pytest.mark.parametrize("links", [0, 5])
def test_a_config_takes_no_more_than_it_weighs(links: int) -> None:
    cells, loaded = Cells(), Loaded(100_000_000, lambda: True)
    stored = json.loads(documents.to_document(published().revision.config))
    stored["help"]["links"] = [{"title": "Call forwarding", "url": LINK % number} for number in range(links)]
    texts = [json.dumps({**stored, "number": number}) for number in range(500)]
    documents.from_document.cache_clear()  # and not the last of them, which are remembered elsewhere, beside it
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    for number, text in enumerate(texts):
        found, cell = published(tenant=number), cells.of(f"tenant-{number}")
        revision = found.revision
        object.__setattr__(revision, "config", documents.from_document(text))  # its own, as a read makes it
        loaded.keep(f"tenant-{number}", OPEN, Seen(cell, found, cells.begin(cell).finish(found, OPEN)))
    documents.from_document.cache_clear()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert taken <= loaded.weight <= 1.5 * taken


# Through the application


def ask_otherwise(ask: Ask, app_key: str | None = None) -> httpx2.Response:
    head = {} if app_key is None else {"X-App-Key": app_key}
    asked = {"query": OTHER_DOCUMENT, "variables": json.dumps({"app": "WHITELABEL"})}
    return ask.client.get("/graphql", params=asked, headers=head)


@pytest.fixture
def acme(ask: Ask) -> str:
    """Live. A neighbour's is loaded."""
    tenant = ask.create("AcmeInc", "WHITELABEL")
    ask.publish(tenant)
    get(ask, "NeighbourTel")
    until_told(ask)
    return tenant


def test_another_question_about_a_tenant_asks_no_database(ask: Ask, acme: str) -> None:
    get(ask)

    with statements() as seen:
        answer = ask_otherwise(ask)

    assert seen == []
    assert answer.json() == {"data": {"softphoneConfig": {"__typename": "SoftphoneConfig", "revision": 1}}}


def test_another_question_after_a_publish_is_answered_by_what_was_published(ask: Ask, acme: str) -> None:
    get(ask)
    change_color(ask, acme)
    ask.publish(acme)

    answer = ask_otherwise(ask)

    assert answer.json()["data"]["softphoneConfig"]["revision"] == 2


def test_another_question_about_a_suspended_tenant_finds_nobody(ask: Ask, acme: str) -> None:
    get(ask)
    ask(SUSPEND, {"input": {"tenantId": acme, "reason": "unpaid"}})

    answer = ask_otherwise(ask)

    assert answer.json() == {"data": {"softphoneConfig": {"__typename": "UnknownProvider"}}}


def test_a_config_behind_a_key_is_shown_again_by_that_key_alone_until_it_is_revoked(ask: Ask, acme: str) -> None:
    issued, _ = (ask(ISSUE_APP_KEY, {"input": {"tenantId": acme, "name": name}}) for name in ("iOS", "Android"))
    ask(REQUIRE_APP_KEY, {"id": acme, "isRequired": True})
    until_told(ask)
    get(ask, X_App_Key=issued["secret"])

    with statements() as seen:
        by_key = ask_otherwise(ask, issued["secret"])
    others = [ask_otherwise(ask, key) for key in (None, "gwa_" + "A" * 43)]
    ask(REVOKE_APP_KEY, {"id": issued["appKey"]["id"]})
    revoked = ask_otherwise(ask, issued["secret"])

    assert [one for one in seen if "UPDATE" not in one] == []
    assert "SoftphoneConfig" in by_key.text
    assert ["UnknownProvider" in answer.text for answer in (*others, revoked)] == [True] * 3


def test_keys_of_others_are_no_door_of_this_tenant(loaded: Loaded) -> None:
    assert loaded.find("acmeinc", Door(AppKind.GENERIC, OTHER_KEY)) is None
