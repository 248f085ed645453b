"""Every query with a neighbour beside it: a filter that was forgotten finds too much."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.exceptions import IntegrityError

from tenants.access import CREDENTIALS, PUBLIC, Actor, ActorKind, Permission, Principal, TenantScope
from tenants.access_rows import AccessTokenRow
from tenants.actions import publish, save
from tenants.actions.create import create_tenant
from tenants.credentials import NewToken
from tenants.database import transaction
from tenants.errors import NotFoundError, VersionConflictError
from tenants.identity import ProviderId
from tenants.model import AppKind, Config, TenantStatus
from tenants.rows import DraftRow, ProviderIdRow, RevisionRow, TenantRow
from tenants.store import drafts, published, revisions, tenants, tokens
from tenants.store.actors import from_stored, to_stored
from tenants.store.tenants import Position, TenantFilter
from tenants.system import SystemScope
from tests import make
from tests.tenants.writing import elsewhere

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADMIN = make.ADMIN
OTHER_ADMIN = make.principal("other", 2)
SYSTEM = SystemScope("the tests' own")
NOBODY = 999_999


@dataclass(frozen=True, slots=True)
class Pair:
    """A tenant and its neighbour, each with two revisions."""

    a: TenantScope
    n: TenantScope


def scope_of(tenant: int, principal: Principal = ADMIN) -> TenantScope:
    return principal.authorize(tenant, Permission.EDIT_DRAFT)


async def make_tenant(provider_id: str, name: str | None, *colors: str) -> TenantScope:
    """Published once for each colour."""
    made = await create_tenant(
        ADMIN.authorize_platform(), provider_id=provider_id, name=name, app=AppKind.GENERIC, now=NOW
    )
    scope = scope_of(made.id)
    for number, color in enumerate(colors):
        sent = {"branding": {"themeColor": color}}
        await save.save_section(scope, sent, expected=2 * number + 1, keys=make.KEYS, now=NOW)
        await publish.publish(scope, expected=2 * number + 2, now=NOW)
    return scope


@pytest.fixture
async def pair(connected: str) -> Pair:
    neighbour = await make_tenant("NeighbourTel", "N-Name", "#aaaaaa", "#bbbbbb")
    return Pair(await make_tenant("AcmeInc", "A-Name", "#111111", "#222222"), neighbour)


async def test_what_a_scope_reads_is_its_own_tenants(pair: Pair) -> None:
    tenant, draft = await tenants.get_tenant(pair.a), await drafts.get_draft(pair.a)
    live, history = await revisions.find_live(pair.a), await revisions.list_revisions(pair.a, first=10)

    assert (tenant.provider_id.text, tenant.name, tenant.live_revision) == ("AcmeInc", "A-Name", 2)
    assert (draft.tenant, draft.config.branding.theme_color.hex) == (pair.a.tenant, "#222222")
    assert live is not None
    assert (live.tenant, live.number, live.config) == (pair.a.tenant, 2, draft.config)
    assert [(one.tenant, one.number) for one in history] == [(pair.a.tenant, 2), (pair.a.tenant, 1)]


async def test_a_revision_is_found_by_its_own_tenant_only(pair: Pair) -> None:
    own, foreign = await revisions.find_live(pair.a), await revisions.find_live(pair.n)
    assert own is not None
    assert foreign is not None

    with pytest.raises(NotFoundError):
        await revisions.get_by_id(pair.a, foreign.id)

    assert await revisions.get_by_id(pair.a, own.id) == own
    numbered = await revisions.list_numbers([(pair.a, 1), (pair.n, 1), (pair.a, 3)])
    assert numbered[(pair.a.tenant, 1)] != numbered[(pair.n.tenant, 1)]
    assert (pair.a.tenant, 3) not in numbered
    assert await revisions.find_tenant_of(ADMIN.authorize_platform(), foreign.id) == pair.n.tenant


async def test_several_are_read_at_once_each_under_its_own_tenant(pair: Pair) -> None:
    third = await make_tenant("Third", None)
    scopes = [pair.a, third, scope_of(NOBODY)]

    assert set(await tenants.list_by_id(scopes)) == {pair.a.tenant, third.tenant}
    assert set(await drafts.list_drafts(scopes)) == {pair.a.tenant, third.tenant}
    assert {tenant: one.number for tenant, one in (await revisions.list_live(scopes)).items()} == {pair.a.tenant: 2}
    found = await revisions.list_numbers([(pair.a, number) for number in (1, 2, 3)])
    assert {one.tenant for one in found.values()} == {pair.a.tenant}


async def test_revisions_come_newest_first_from_behind_a_number(pair: Pair) -> None:
    first = await revisions.list_revisions(pair.a, first=1)
    second = await revisions.list_revisions(pair.a, first=5, before=first[-1].number)

    assert [one.number for one in (*first, *second)] == [2, 1]


async def test_what_does_not_exist_is_not_found(pair: Pair) -> None:
    nobody = scope_of(NOBODY)

    for work in (
        tenants.get_tenant(nobody),
        drafts.get_draft(nobody),
        revisions.get_by_id(nobody, 1),
        revisions.find_tenant_of(ADMIN.authorize_platform(), NOBODY),
    ):
        with pytest.raises(NotFoundError):
            await work

    assert await revisions.find_live(nobody) is None
    assert await tenants.find_tenant(ADMIN.authorize_platform(), "NoSuchTenant") is None
    assert await tenants.find_tenant(ADMIN.authorize_platform(), "no tenant's name\n") is None


async def test_a_tenant_is_found_by_its_name_in_any_case(pair: Pair) -> None:
    found = await tenants.find_tenant(ADMIN.authorize_platform(), "aCMEiNC")

    assert found is not None
    assert found.provider_id == ProviderId("AcmeInc")


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        (TenantFilter(), ["A-Name", "N-Name", "Straße"]),
        (TenantFilter(search="STRASSE"), ["Straße"]),
        (TenantFilter(search="neighbourtel"), ["N-Name"]),
        (TenantFilter(search="\\"), []),
        (TenantFilter(search="%"), []),
        (TenantFilter(app=AppKind.WHITELABEL), []),
        (TenantFilter(status=TenantStatus.LIVE), ["A-Name", "N-Name"]),
        (TenantFilter(status=TenantStatus.UNPUBLISHED, search="s"), ["Straße"]),
    ],
)
async def test_the_list_is_narrowed_and_in_order(pair: Pair, narrow: TenantFilter, expected: list[str]) -> None:
    await make_tenant("Street", "Straße")

    found = await tenants.list_tenants(ADMIN.authorize_platform(), narrow, first=10)

    assert [tenant.name for _, tenant, _ in found] == expected


async def test_a_page_begins_behind_a_position_whether_or_not_somebody_stands_there(pair: Pair) -> None:
    platform = ADMIN.authorize_platform()
    (place, *_), *_ = await tenants.list_tenants(platform, TenantFilter(), first=1)

    behind = await tenants.list_tenants(platform, TenantFilter(), first=9, after=place)
    between = await tenants.list_tenants(platform, TenantFilter(), first=9, after=Position("b", 0))

    assert [tenant.name for _, tenant, _ in behind] == ["N-Name"] == [tenant.name for _, tenant, _ in between]


async def test_a_draft_is_replaced_on_the_version_that_was_read_and_on_no_other(pair: Pair) -> None:
    async with transaction():
        await drafts.replace_draft(pair.a, 5, "A-New", Config(app=AppKind.WHITELABEL), NOW)

    with pytest.raises(VersionConflictError) as caught:
        await _replace(pair.a, 5)

    draft, neighbour = await drafts.get_draft(pair.a), await drafts.get_draft(pair.n)
    assert (draft.version, draft.name, draft.config) == (6, "A-New", Config(app=AppKind.WHITELABEL))
    assert (neighbour.version, neighbour.name) == (5, "N-Name")
    assert caught.value.current_version == 6


async def test_a_conflict_names_the_editor_or_the_publisher_who_was_first(pair: Pair) -> None:
    later = NOW + timedelta(hours=1)
    other = scope_of(pair.a.tenant, OTHER_ADMIN)
    await save.save_section(other, {"help": {"menuTitle": "New"}}, expected=5, keys=make.KEYS, now=later)
    with pytest.raises(VersionConflictError) as edited:
        await _replace(pair.a, 5)
    await publish.publish(pair.a, expected=6, now=later + timedelta(hours=1))
    with pytest.raises(VersionConflictError) as live:
        await _replace(pair.a, 5)

    assert (edited.value.changed_by, edited.value.changed_at) == (OTHER_ADMIN.actor, later)
    assert (live.value.changed_by, live.value.changed_at) == (ADMIN.actor, later + timedelta(hours=1))


async def _replace(scope: TenantScope, expected: int) -> None:
    async with transaction():
        await drafts.replace_draft(scope, expected, None, Config(app=AppKind.GENERIC), NOW)


async def test_whoever_claims_a_draft_has_it_until_the_end(pair: Pair) -> None:
    async with transaction():
        await drafts.claim_draft(pair.a)
        second = elsewhere(_claim_and_read(pair.a))
        await asyncio.sleep(0.1)
        assert not second.done()
        await drafts.raise_version(pair.a, 5)

    assert await second == 6


async def test_nobody_claims_what_is_gone(pair: Pair) -> None:
    with pytest.raises(NotFoundError):
        await _claim_and_read(scope_of(NOBODY))


async def _claim_and_read(scope: TenantScope) -> int:
    async with transaction():
        return (await drafts.claim_draft(scope)).version


async def test_a_config_comes_back_as_it_went_in(pair: Pair) -> None:
    config = make.full_config()

    async with transaction():
        await drafts.replace_draft(pair.a, 5, None, config, NOW)

    draft = await drafts.get_draft(pair.a)
    assert draft.config == config
    assert (draft.edited_at, draft.edited_by, draft.name) == (NOW, ADMIN.actor, None)


async def test_phones_find_a_live_tenant_of_their_kind_and_nothing_else(pair: Pair) -> None:
    await make_tenant("Unpublished", None)
    found = await published.find_published(PUBLIC, "ACMEINC", AppKind.GENERIC)
    assert found is not None
    async with transaction():
        await tenants.suspend(pair.n, "unpaid")

    misses = [
        await published.find_published(PUBLIC, name, app)
        for name, app in (
            ("AcmeInc", AppKind.WHITELABEL),
            ("Unpublished", AppKind.GENERIC),
            ("NeighbourTel", AppKind.GENERIC),
            ("AcmeInc\n", AppKind.GENERIC),
            ("", AppKind.GENERIC),
        )
    ]

    assert (found.provider_id.text, found.revision.tenant, found.revision.number) == ("AcmeInc", pair.a.tenant, 2)
    assert misses == [None] * 5


async def test_a_config_is_read_by_hand_as_the_library_reads_it(pair: Pair) -> None:
    found = await published.find_published(PUBLIC, "AcmeInc", AppKind.GENERIC)

    assert found is not None
    assert found == await published.find_live(PUBLIC, pair.a.tenant, AppKind.GENERIC)
    assert found.revision.published_at.utcoffset() == timedelta(0)


async def test_another_makers_softphone_finds_live_tenants_of_either_kind_and_no_others(pair: Pair) -> None:
    await make_tenant("Unpublished", None)
    found = await published.find_published(PUBLIC, "acmeinc", None)
    async with transaction():
        await tenants.suspend(pair.n, "unpaid")

    misses = [await published.find_published(PUBLIC, name, None) for name in ("Unpublished", "NeighbourTel", "Nobody")]

    assert found is not None
    assert (found.provider_id.text, found.revision.tenant, found.revision.number) == ("AcmeInc", pair.a.tenant, 2)
    assert misses == [None] * 3


async def test_a_second_reason_does_not_replace_the_first(pair: Pair) -> None:
    async with transaction():
        await tenants.suspend(pair.a, "unpaid")
        await tenants.suspend(pair.a, "fraud")
    first = await TenantRow.get(id=pair.a.tenant)
    async with transaction():
        await tenants.resume(pair.a)

    row, neighbour = await TenantRow.get(id=pair.a.tenant), await TenantRow.get(id=pair.n.tenant)
    assert (first.suspended_reason, first.is_suspended) == ("unpaid", True)
    assert not row.suspended_reason
    assert not row.is_suspended
    assert (await tenants.get_tenant(pair.a)).status is TenantStatus.LIVE
    assert not neighbour.is_suspended


async def test_the_shown_kind_follows_the_draft_until_something_is_live(pair: Pair) -> None:
    unpublished = await make_tenant("Unpublished", None)
    async with transaction():
        await tenants.change_shown_app(unpublished, AppKind.WHITELABEL)
        await tenants.change_shown_app(pair.a, AppKind.WHITELABEL)

    assert (await tenants.get_tenant(unpublished)).app is AppKind.WHITELABEL
    assert (await tenants.get_tenant(pair.a)).app is AppKind.GENERIC
    assert (await tenants.get_tenant(pair.n)).app is AppKind.GENERIC


async def test_a_deleted_tenant_leaves_no_row_but_its_name_once_published(pair: Pair) -> None:
    unpublished = await make_tenant("Unpublished", None)

    async with transaction():
        await tenants.delete_tenant(pair.a)
        await tenants.delete_tenant(unpublished)

    gone = [pair.a.tenant, unpublished.tenant]
    assert await TenantRow.filter(id__in=gone).count() == 0
    assert await DraftRow.filter(tenant_id__in=gone).count() == 0
    assert await RevisionRow.filter(tenant_id__in=gone).count() == 0
    names = {row.key: row for row in await ProviderIdRow.all()}
    assert set(names) == {"acmeinc", "neighbourtel"}
    assert names["acmeinc"].tenant_id is None
    assert await RevisionRow.filter(tenant_id=pair.n.tenant).count() == 2


async def test_the_id_of_a_deleted_tenant_is_never_given_to_another(pair: Pair) -> None:
    last = await make_tenant("Last", None)
    async with transaction():
        await tenants.delete_tenant(last)

    assert (await make_tenant("Next", None)).tenant != last.tenant


async def test_a_changed_provider_id_returns_to_the_pool_and_the_neighbours_cannot_be_had(pair: Pair) -> None:
    scope = await make_tenant("Unpublished", None)
    async with transaction():
        await tenants.change_provider_id(scope, ProviderId("Unpublished"), ProviderId("Better"))
    with pytest.raises(IntegrityError):
        await _take_name(scope, "neighbourtel")

    platform = ADMIN.authorize_platform()
    assert (await tenants.get_tenant(scope)).provider_id.text == "Better"
    assert not await tenants.is_provider_id_taken(platform, ProviderId("Unpublished"))
    assert await tenants.is_provider_id_taken(platform, ProviderId("BETTER"))


async def _take_name(scope: TenantScope, name: str) -> None:
    async with transaction():
        await tenants.change_provider_id(scope, ProviderId("Better"), ProviderId(name))


async def test_a_token_opens_until_it_is_revoked_and_is_not_stored(connected: str) -> None:
    token, other = NewToken.random(), NewToken.random()
    async with transaction():
        await tokens.insert_admin_token(SYSTEM, token, name="deploy-bot", now=NOW)
        await tokens.insert_admin_token(SYSTEM, other, name="other", now=NOW)
    principal = await tokens.find_principal(CREDENTIALS, token.text, make.ORIGIN, NOW)
    row = await AccessTokenRow.get(name="deploy-bot")
    async with transaction():
        await AccessTokenRow.filter(id=row.id).update(revoked_at=NOW)

    actor = Actor(ActorKind.TOKEN, "deploy-bot", f"token:{row.id}")
    assert replace(principal, use=None) == Principal(make.ORIGIN, actor, is_platform_admin=True)
    assert token.text.encode() not in bytes(row.sha256)
    assert (await tokens.find_principal(CREDENTIALS, token.text, make.ORIGIN, NOW)).actor is None
    assert (await tokens.find_principal(CREDENTIALS, other.text, make.ORIGIN, NOW)).actor is not None
    assert (await tokens.find_principal(CREDENTIALS, "gwt_nobodys", make.ORIGIN, NOW)).actor is None


@pytest.mark.parametrize(
    "actor", [Actor(ActorKind.TOKEN, "“déploy” 🤖", "token:7"), Actor(ActorKind.COMMAND_LINE, "command line")]
)
def test_who_did_it_is_read_back_as_it_was(actor: Actor) -> None:
    assert from_stored(to_stored(actor)) == actor
