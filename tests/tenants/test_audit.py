"""Each change of a tenant goes on record in its own transaction: who, what, before and after, from where."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import asyncpg
import pytest

from gateway.exchange import import_file
from tenants.access import PLATFORM_CHAIN, Actor, ActorKind, Origin, TenantScope
from tenants.actions import publish, save, setup_links
from tenants.actions import tenant as tenant_actions
from tenants.actions.redeem import redeem
from tenants.actions.rotation import rotate_keys
from tenants.actions.signing import rotate_signing_secret
from tenants.actions.verification import Fault, FaultKind
from tenants.audit import LARGEST_CHAIN, LARGEST_NUMBER, AuditAction, AuditEvent, chain_of, event_id
from tenants.changes import Change
from tenants.errors import UnreadableSecretError
from tenants.keys import KeyRing
from tenants.model import AppKind
from tenants.setup_links import Asker
from tenants.store import audit_log, drafts, tenants
from tenants.store.audit_log import AuditFilter, Position
from tests import make
from tests.tenants.auditing import ADMIN, NOW, SYSTEM, Pair, fault_of, live, log_of, make_tenant
from tests.tenants.inspection import execute, fetch
from tests.tenants.writing import elsewhere

pytestmark = pytest.mark.anyio

CONTENT = {"accounts": {"sipAccounts": [{"username": "1000", "password": "SECRET-sip", "transport": "TLS"}]}}
LINK = {"content": CONTENT, "lifetimeHours": 24, "canMove": False, "note": "J. Bloggs"}
NEW_KEYS = KeyRing("SECRET-another-key-0123456789-ab", ["SECRET-key-for-tests-0123456789-ab"])
FILE = """
tenants:
  - providerId: AcmeInc
    app: GENERIC
    name: Acme Telecom
    branding: {themeColor: "#123456"}
  - providerId: OtherTel
    app: WHITELABEL
"""


@pytest.fixture
async def pair(connected: str) -> Pair:
    return Pair(await make_tenant("AcmeInc"), await live(await make_tenant("NeighbourTel")))


def words(event: AuditEvent) -> tuple[AuditAction, str]:
    return event.action, event.subject


async def save_headers(scope: TenantScope, *values: str) -> tuple[Change, ...]:
    """What is on record about it."""
    headers = [{"name": f"X-{place}", "value": value} for place, value in enumerate(values)]
    version = (await drafts.get_draft(scope)).version
    sent = {"provisioning": {"headers": headers}}
    await save.save_section(scope, sent, expected=version, keys=make.KEYS, now=NOW)
    return (await log_of(scope))[-1].changes


async def test_an_entry_says_who_did_what_from_where_and_when(pair: Pair) -> None:
    await save.save_section(
        pair.a, {"help": {"menuTitle": "Billing"}}, expected=1, keys=make.KEYS, now=NOW + timedelta(hours=1)
    )

    event = (await log_of(pair.a))[-1]

    assert words(event) == (AuditAction.DRAFT_SAVED, "draft")
    assert (event.actor, event.at) == (ADMIN.actor, NOW + timedelta(hours=1))
    assert (event.address, event.request_id) == (make.ORIGIN.address, make.ORIGIN.request_id)
    assert event.changes == (
        Change(path=("help", "menuTitle"), label="Title of the Help menu", before="Help", after="Billing"),
    )


async def test_each_thing_that_is_done_to_a_tenant_is_one_entry(pair: Pair) -> None:
    await save.change_app_kind(pair.a, AppKind.WHITELABEL, expected=1, now=NOW)
    await tenant_actions.rename_tenant(pair.a, {"name": "Acme"}, expected=2, now=NOW)
    await publish.publish(pair.a, expected=3, note="First", now=NOW)
    await rotate_signing_secret(pair.a, make.KEYS, NOW)
    await tenant_actions.suspend_tenant(pair.a, "unpaid", now=NOW)
    await tenant_actions.resume_tenant(pair.a, now=NOW)
    await tenant_actions.delete_tenant(pair.a, "AcmeInc", now=NOW)

    actions = [event.action for event in await log_of(pair.a)]

    assert actions == [
        AuditAction.TENANT_CREATED,
        AuditAction.DRAFT_SAVED,
        AuditAction.TENANT_RENAMED,
        AuditAction.CONFIG_PUBLISHED,
        AuditAction.SIGNING_SECRET_ROTATED,
        AuditAction.TENANT_SUSPENDED,
        AuditAction.TENANT_RESUMED,
        AuditAction.TENANT_DELETED,
    ]
    assert await fault_of(pair.a) is None


async def test_what_is_done_twice_is_on_record_once(pair: Pair) -> None:
    made = await setup_links.create_setup_link(pair.n, make.KEYS, LINK, now=NOW)

    for _ in range(2):
        await setup_links.revoke_setup_link(pair.n, made.link.id, now=NOW)
        await setup_links.revoke_all_setup_links(pair.n, now=NOW)
        await tenant_actions.suspend_tenant(pair.n, "again", now=NOW)
    for _ in range(2):
        await tenant_actions.resume_tenant(pair.n, now=NOW)

    assert [event.action for event in (await log_of(pair.n))[5:]] == [
        AuditAction.SETUP_LINK_CREATED,
        AuditAction.SETUP_LINK_REVOKED,
        AuditAction.TENANT_RESUMED,
    ]


async def test_a_phone_that_redeems_a_link_is_on_record_once_in_the_tenant_s_own_chain(pair: Pair) -> None:
    await tenant_actions.resume_tenant(pair.n, now=NOW)
    made = await setup_links.create_setup_link(pair.n, make.KEYS, LINK, now=NOW)
    phone, asker = Origin(make.KEYS, "198.51.100.9", "a-phone-s-request"), Asker("phone-1", AppKind.GENERIC)

    for _ in range(2):
        await redeem(phone, made.token, asker, now=NOW)

    event = (await log_of(pair.n))[-1]
    assert words(event) == (AuditAction.SETUP_LINK_REDEEMED, "setup link “J. Bloggs”")
    assert (event.actor, event.address) == (Actor(ActorKind.SOFTPHONE, "softphone"), "198.51.100.9")
    assert len(await log_of(pair.n)) == 8
    assert await fault_of(pair.n) is None


async def test_a_header_s_value_is_on_record_as_a_fingerprint_by_which_equal_ones_are_recognised(pair: Pair) -> None:
    first = await save_headers(pair.a, "SECRET-one")
    second = await save_headers(pair.a, "SECRET-two")
    third = await save_headers(pair.a, "SECRET-one")
    gone = await save_headers(pair.a)
    neighbour = await save_headers(pair.n, "SECRET-one")

    values = [[change for change in told if change.path[-1] == "value"] for told in (first, second, third, gone)]

    assert [len(each) for each in values] == [1, 1, 1, 1]
    one, two = values[0][0].after, values[1][0].after
    assert [(each.before, each.after) for (each,) in values] == [(None, one), (one, two), (two, one), (one, None)]
    assert one != neighbour[-1].after
    assert "SECRET" not in str([first, second, third, gone])


async def test_a_header_whose_value_is_lost_can_be_saved_anew(pair: Pair, connected: str) -> None:
    await save_headers(pair.a, "SECRET-one")
    await execute(connected, "UPDATE secret SET key_id = '00000000'")

    told = await save_headers(pair.a, "SECRET-one")

    (value,) = [change for change in told if change.path[-1] == "value"]
    assert value.before == "••••"
    assert (value.after or "").startswith("fingerprint ")


async def test_an_entry_that_cannot_be_written_undoes_its_change(pair: Pair, connected: str) -> None:
    await execute(connected, REFUSE[connected.partition(":")[0]])
    before = await drafts.get_draft(pair.a)

    with pytest.raises(Exception, match="no room in the log"):
        await save.save_section(pair.a, {"help": {"menuTitle": "Billing"}}, expected=1, keys=make.KEYS, now=NOW)

    assert await drafts.get_draft(pair.a) == before
    assert len(await log_of(pair.a)) == 1


REFUSE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'no room in the log'); END",
    "postgresql": "DO $do$ BEGIN CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'no room in the log'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION refuse(); END $do$",
}
"""What the database says of every further entry."""


async def test_nothing_is_changed_while_the_chain_s_key_does_not_open(pair: Pair) -> None:
    stranger = replace(pair.a, origin=Origin(KeyRing("not the key that the chain was made by")))

    with pytest.raises(UnreadableSecretError):
        await tenant_actions.suspend_tenant(stranger, "unpaid", now=NOW)

    assert len(await log_of(pair.a)) == 1
    assert (await tenant_actions.resume_tenant(pair.a, now=NOW)).status.value == "UNPUBLISHED"


async def test_a_deletion_forgets_names_and_values_and_the_chain_still_verifies(pair: Pair, connected: str) -> None:
    await save.save_section(pair.a, {"help": {"menuTitle": "A-Title"}}, expected=1, keys=make.KEYS, now=NOW)
    await tenant_actions.delete_tenant(pair.a, "AcmeInc", now=NOW)

    created, saved, deleted = await log_of(pair.a)

    assert words(created) == (AuditAction.TENANT_CREATED, "tenant AcmeInc")
    assert words(deleted) == (AuditAction.TENANT_DELETED, "tenant AcmeInc")
    assert deleted.actor == ADMIN.actor
    assert (saved.subject, saved.changes, saved.address) == ("", (), None)
    assert saved.actor == replace(ADMIN.require(), name="")
    rows = await fetch(connected, f"SELECT personal FROM audit_event WHERE chain = {pair.a.tenant}")
    assert "A-Title" not in str(rows)
    assert await fault_of(pair.a) is None
    assert await fault_of(pair.n) is None
    assert all(event.subject for event in await log_of(pair.n))


async def test_a_chain_verifies_after_a_rotation_and_without_the_former_key(pair: Pair) -> None:
    await rotate_keys(SYSTEM, NEW_KEYS)
    renewed = replace(pair.a, origin=Origin(KeyRing("SECRET-another-key-0123456789-ab")))

    await tenant_actions.suspend_tenant(renewed, "unpaid", now=NOW)

    assert await fault_of(pair.a, renewed.origin.keys) is None
    assert await fault_of(pair.n, renewed.origin.keys) is None
    assert await fault_of(pair.a) == Fault(FaultKind.KEY)


async def test_the_platform_s_log_shows_its_own_chain_and_what_concerns_it(pair: Pair) -> None:
    await tenant_actions.delete_tenant(pair.n, "NeighbourTel", now=NOW + timedelta(hours=1))
    platform = ADMIN.authorize_platform()

    told = await audit_log.list_of_platform(platform, AuditFilter(), first=100)
    of_nobody = await audit_log.list_of_platform(replace(platform, tenants=frozenset()), AuditFilter(), first=100)
    of_one = await audit_log.list_of_platform(
        replace(platform, tenants=frozenset({pair.a.tenant})), AuditFilter(), first=100
    )

    assert words(told[0]) == (AuditAction.TENANT_DELETED, "tenant NeighbourTel")
    assert sorted(map(str, map(words, told[1:]))) == sorted(
        map(
            str,
            [
                (AuditAction.TENANT_CREATED, "tenant AcmeInc"),
                (AuditAction.TENANT_CREATED, "tenant NeighbourTel"),
                (AuditAction.TENANT_SUSPENDED, "tenant NeighbourTel"),
            ],
        )
    )
    assert of_nobody == []
    assert [words(event) for event in of_one] == [(AuditAction.TENANT_CREATED, "tenant AcmeInc")]


async def import_text(tmp_path: Path, text: str, *, publish: bool = False, dry_run: bool = False) -> int:
    path = tmp_path / "tenants.yaml"
    path.write_text(text, "utf-8")
    return await import_file(str(path), publish=publish, dry_run=dry_run, admitted=frozenset(), keys=make.KEYS, now=NOW)


async def test_of_entries_of_one_moment_the_later_written_comes_first_and_pages_show_each_once(pair: Pair) -> None:
    await live(pair.a)
    whole = await audit_log.list_of_tenant(pair.a, AuditFilter(), first=100)
    places = [Position(one.at, one.id) for one in whole]

    pages = [await audit_log.list_of_tenant(pair.a, AuditFilter(), first=1, after=place) for place in places]

    assert {one.at for one in whole} == {NOW}
    assert len(whole) > 1
    assert [one.id for one in whole] == sorted((one.id for one in whole), reverse=True)
    assert [[one.id for one in page] for page in pages] == [*([one.id] for one in whole[1:]), []]


@pytest.mark.parametrize(
    ("narrow", "is_shown"),
    [
        (AuditFilter(since=NOW), True),
        (AuditFilter(since=NOW + timedelta(microseconds=1)), False),
        (AuditFilter(until=NOW), False),
        (AuditFilter(until=NOW + timedelta(microseconds=1)), True),
    ],
)
async def test_the_first_moment_is_in_a_span_and_the_last_is_not(
    pair: Pair, narrow: AuditFilter, *, is_shown: bool
) -> None:
    assert bool(await audit_log.list_of_tenant(pair.a, narrow, first=100)) == is_shown


async def test_each_tenant_of_an_imported_file_is_on_record_in_its_own_chain(pair: Pair, tmp_path: Path) -> None:
    assert await import_text(tmp_path, FILE, dry_run=True) == 0
    assert await import_text(tmp_path, FILE, publish=True) == 0
    assert await import_text(tmp_path, FILE, publish=True) == 0

    found = await tenants.find_tenant(SYSTEM.platform(make.KEYS), "OtherTel")
    assert found is not None
    other = SYSTEM.tenant(found.id, make.KEYS)
    told = await log_of(pair.a)

    assert [words(event) for event in told[1:]] == [
        (AuditAction.DRAFT_SAVED, "draft"),
        (AuditAction.TENANT_RENAMED, "tenant AcmeInc"),
        (AuditAction.CONFIG_PUBLISHED, "revision 1"),
    ]
    assert {event.actor.kind for event in told[1:]} == {ActorKind.COMMAND_LINE}
    assert [words(event) for event in await log_of(other)] == [
        (AuditAction.TENANT_CREATED, "tenant OtherTel"),
        (AuditAction.CONFIG_PUBLISHED, "revision 1"),
    ]
    assert [await fault_of(scope) for scope in (pair.a, other, pair.n)] == [None] * 3


async def test_the_first_two_changes_of_a_tenant_from_before_the_log_make_one_chain(pair: Pair, connected: str) -> None:
    await execute(connected, f"DELETE FROM audit_event WHERE chain = {pair.a.tenant}")
    await execute(connected, f"DELETE FROM audit_chain WHERE id = {pair.a.tenant}")
    links = [setup_links.create_setup_link(pair.a, make.KEYS, LINK, now=NOW) for _ in range(4)]

    await asyncio.gather(*map(elsewhere, links))

    assert [event.action for event in await log_of(pair.a)] == [AuditAction.SETUP_LINK_CREATED] * 4
    assert await fault_of(pair.a) is None


async def test_changes_at_once_stand_one_after_the_other(pair: Pair) -> None:
    links = [
        setup_links.create_setup_link(scope, make.KEYS, LINK, now=NOW) for scope in (pair.a, pair.n) for _ in range(10)
    ]

    await asyncio.gather(*map(elsewhere, links))

    assert [len(await log_of(scope)) for scope in (pair.a, pair.n)] == [11, 15]
    assert [await fault_of(scope) for scope in (pair.a, pair.n)] == [None, None]


async def test_a_held_head_keeps_nobody_else_s_tenant_waiting(postgres_pair: Pair, connected_postgres: str) -> None:
    rival = await asyncpg.connect(connected_postgres, timeout=10)
    held = rival.transaction()
    await held.start()
    await rival.execute("SELECT * FROM audit_chain WHERE id = $1 FOR UPDATE", postgres_pair.a.tenant)

    waiting = elsewhere(tenant_actions.suspend_tenant(postgres_pair.a, "unpaid", now=NOW))
    await elsewhere(save.change_app_kind(postgres_pair.n, AppKind.WHITELABEL, expected=1, now=NOW))
    is_waiting = not waiting.done()
    await held.rollback()
    await rival.close()
    await waiting

    assert is_waiting
    assert [len(await log_of(scope)) for scope in (postgres_pair.a, postgres_pair.n)] == [2, 2]


@pytest.fixture
async def postgres_pair(connected_postgres: str) -> Pair:
    return Pair(await make_tenant("AcmeInc"), await make_tenant("NeighbourTel"))


class _Plans(logging.Handler):
    """How SQLite goes about each query of the log that Tortoise logs."""

    def __init__(self, path: str) -> None:
        super().__init__(logging.DEBUG)
        self._path = path
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        statement, values = record.args[0], cast("list[object] | None", record.args[1])
        if "audit_event" in str(statement):
            with closing(sqlite3.connect(self._path)) as file:
                plan = file.execute(f"EXPLAIN QUERY PLAN {statement}", [str(one) for one in values or ()])
                self.seen.append(" / ".join(str(line[3]) for line in plan))


async def test_no_page_of_a_log_or_of_a_check_sorts_the_whole_chain(connected_sqlite: str) -> None:
    scope, platform = await live(await make_tenant("AcmeInc")), ADMIN.authorize_platform()
    after = Position(NOW, event_id(scope.tenant, 4))
    narrowed = [
        AuditFilter(),
        AuditFilter(actor_id="token:1"),
        AuditFilter(actions=(AuditAction.DRAFT_SAVED,)),
        AuditFilter(since=NOW, until=NOW),
    ]
    log, plans = logging.getLogger("tortoise.db_client"), _Plans(connected_sqlite.removeprefix("sqlite:///"))
    level, propagates = log.level, log.propagate
    log.addHandler(plans)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        for narrow in narrowed:
            await audit_log.list_of_tenant(scope, narrow, first=2, after=after)
            await audit_log.list_of_platform(platform, narrow, first=2, after=after)
        assert await fault_of(scope) is None
    finally:
        log.removeHandler(plans)
        log.setLevel(level)
        log.propagate = propagates

    assert len(plans.seen) >= 10
    assert [plan for plan in plans.seen if "TEMP B-TREE" in plan or "SCAN" in plan] == []


def test_entries_of_the_platform_s_own_chain_have_ids_of_their_own() -> None:
    places = [(PLATFORM_CHAIN, 1), (1, 0), (1, LARGEST_NUMBER), (2, 1), (LARGEST_CHAIN, LARGEST_NUMBER)]

    assert [chain_of(event_id(*place)) for place in places] == [chain for chain, _ in places]
    assert event_id(*places[-1]) < 10**18
    with pytest.raises(OverflowError):
        event_id(1, LARGEST_NUMBER + 1)
