"""What can be done to a tenant, and that a refusal changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tortoise.models import Model

from tenants.access import Permission, TenantScope
from tenants.access_rows import AccessTokenRow
from tenants.actions import publish, save
from tenants.actions import tenant as actions
from tenants.actions.create import create_tenant
from tenants.codes import ProblemCode, WarningCode
from tenants.errors import (
    InvalidInputError,
    NothingToPublishError,
    TenantsError,
    UnacceptedWarningsError,
    VersionConflictError,
)
from tenants.model import AppKind, Tenant, TenantStatus
from tenants.rows import (
    DraftRow,
    ProviderIdRow,
    RevisionRow,
    SecretRow,
    SetupLinkRow,
    TenantRow,
)
from tenants.store import drafts, revisions, tenants
from tests import make
from tests.tenants.writing import elsewhere

if TYPE_CHECKING:
    from collections.abc import Coroutine

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADMIN = make.ADMIN
TABLES: tuple[type[Model], ...] = (
    TenantRow,
    ProviderIdRow,
    DraftRow,
    RevisionRow,
    AccessTokenRow,
    SecretRow,
    SetupLinkRow,
)
YELLOW = {"branding": {"themeColor": "#ffeb3b"}}
"""Warns about contrast on white, as text and as a control."""


async def created(provider_id: str, name: str | None = None, app: AppKind = AppKind.GENERIC) -> Tenant:
    return await create_tenant(ADMIN.authorize_platform(), provider_id=provider_id, name=name, app=app, now=NOW)


def scope_of(tenant: Tenant) -> TenantScope:
    return ADMIN.authorize(tenant.id, Permission.EDIT_DRAFT)


@pytest.fixture
async def neighbour(connected: str) -> TenantScope:
    """Published, and present in every test."""
    scope = scope_of(await created("NeighbourTel", "N-Name"))
    await publish.publish(scope, expected=1, now=NOW)
    return scope


@pytest.fixture
async def acme(neighbour: TenantScope) -> TenantScope:
    """Whitelabel, unpublished."""
    return scope_of(await created("AcmeInc", app=AppKind.WHITELABEL))


async def everything() -> list[str]:
    """Every row of every table."""
    rows = [(table.__name__, await table.all().values()) for table in TABLES]
    return sorted(f"{name} {row}" for name, found in rows for row in found)


async def refused(work: Coroutine[Any, Any, Any]) -> TenantsError:
    """Why it was refused; every row of the database must be as before."""
    before = await everything()
    try:
        await work
    except TenantsError as error:
        assert await everything() == before
        return error
    raise AssertionError("this was not refused")


def codes(error: TenantsError) -> list[tuple[ProblemCode, tuple[str, ...]]]:
    assert isinstance(error, InvalidInputError)
    return [(problem.code, problem.path) for problem in error.problems]


async def test_a_new_tenant_has_a_draft_of_defaults(acme: TenantScope) -> None:
    tenant, draft = await tenants.get_tenant(acme), await drafts.get_draft(acme)

    assert (tenant.name, tenant.app, tenant.status) == ("AcmeInc", AppKind.WHITELABEL, TenantStatus.UNPUBLISHED)
    assert (draft.version, draft.name, draft.config) == (1, None, make.config(AppKind.WHITELABEL))
    assert (draft.edited_at, draft.edited_by, tenant.created_at) == (NOW, ADMIN.actor, NOW)


async def test_a_refused_creation_names_every_problem_and_leaves_nothing(acme: TenantScope) -> None:
    taken = await refused(created("ACMEINC", ""))
    broken = await refused(created("a b", "\0"))

    assert codes(taken) == [(ProblemCode.REQUIRED, ("name",)), (ProblemCode.PROVIDER_ID_TAKEN, ("providerId",))]
    assert codes(broken) == [
        (ProblemCode.PROVIDER_ID_SYNTAX, ("providerId",)),
        (ProblemCode.TEXT_CHARACTERS, ("name",)),
    ]


async def test_of_many_creations_at_once_one_wins_and_the_others_are_told_so(neighbour: TenantScope) -> None:
    tasks = [elsewhere(created(name)) for name in ("AcmeInc", "acmeinc") * 5]

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    errors = [one for one in outcomes if isinstance(one, TenantsError)]
    assert [codes(error) for error in errors] == [[(ProblemCode.PROVIDER_ID_TAKEN, ("providerId",))]] * 9
    assert sum(isinstance(one, Tenant) for one in outcomes) == 1


async def test_a_save_changes_what_was_sent_and_answers_the_draft_as_it_is_stored(acme: TenantScope) -> None:
    await save.save_section(acme, make.FULL_SETTINGS, expected=1, keys=make.KEYS, now=NOW)

    answered = await save.save_section(acme, {"help": {"menuTitle": None}}, expected=2, keys=make.KEYS, now=LATER)

    stored = await drafts.get_draft(acme)
    assert answered == stored
    assert (stored.version, stored.edited_at, stored.config.help.menu_title) == (3, LATER, "Help")
    assert stored.config.help.links == make.full_config().help.links
    assert stored.config.provisioning == make.full_config().provisioning


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"branding": {"themeColor": "red"}}, [(ProblemCode.COLOR_SYNTAX, ("branding", "themeColor"))]),
        ({"provisioning": {"isEnabled": True}}, [(ProblemCode.PROVISIONING_URL_REQUIRED, ("provisioning", "url"))]),
        (
            {"help": {"menuTitle": "", "links": [{"title": "T", "url": "http://acme.example/"}]}},
            [(ProblemCode.REQUIRED, ("help", "menuTitle")), (ProblemCode.LINK_HTTP, ("help", "links", "0", "url"))],
        ),
    ],
)
async def test_a_refused_save_leaves_the_draft_as_it_was(
    acme: TenantScope, sent: dict[str, Any], expected: list[Any]
) -> None:
    assert codes(await refused(save.save_section(acme, sent, expected=1, keys=make.KEYS, now=NOW))) == expected


async def test_a_stale_version_is_refused_before_its_contents_are_looked_at(acme: TenantScope) -> None:
    stale = await refused(
        save.save_section(acme, {"branding": {"themeColor": "red"}}, expected=7, keys=make.KEYS, now=NOW)
    )

    assert isinstance(stale, VersionConflictError)
    assert (stale.current_version, stale.changed_by, stale.changed_at) == (1, ADMIN.actor, NOW)


async def test_a_link_to_an_admitted_host_is_saved_and_published_where_it_is_admitted(acme: TenantScope) -> None:
    sent = {"help": {"links": [{"title": "Test", "url": "https://pbx.test/"}]}}
    hosts = frozenset({"pbx.test"})

    strict = await refused(save.save_section(acme, sent, expected=1, keys=make.KEYS, now=NOW))
    await save.save_section(acme, sent, expected=1, keys=make.KEYS, now=NOW, admitted=hosts)
    gate = await refused(publish.publish(acme, expected=2, now=NOW))
    revision = await publish.publish(acme, expected=2, now=NOW, admitted=hosts)

    assert codes(strict) == codes(gate) == [(ProblemCode.LINK_HOST_NOT_PUBLIC, ("help", "links", "0", "url"))]
    assert revision.number == 1


async def test_a_whitelabel_tenant_that_turns_generic_loses_its_placeholders_only(acme: TenantScope) -> None:
    await save.save_section(acme, make.FULL_SETTINGS, expected=1, keys=make.KEYS, now=NOW)

    draft = await save.change_app_kind(acme, AppKind.GENERIC, expected=2, now=NOW)

    assert draft == await drafts.get_draft(acme)
    assert draft.config.provisioning.username_placeholder is None
    assert draft.config.provisioning.password_placeholder is None
    assert draft.config.provisioning.url == make.full_config().provisioning.url
    assert (await tenants.get_tenant(acme)).app is AppKind.GENERIC


async def test_a_publish_copies_name_and_config_and_moves_the_version(acme: TenantScope) -> None:
    await save.save_section(acme, make.FULL_SETTINGS, expected=1, keys=make.KEYS, now=NOW)

    revision = await publish.publish(acme, expected=2, now=LATER, note="  The first  ")

    assert revision == await revisions.find_live(acme)
    assert (revision.number, revision.draft_version, revision.name) == (1, 2, "AcmeInc")
    assert (revision.note, revision.published_by, revision.published_at) == ("The first", ADMIN.actor, LATER)
    assert revision.config == make.full_config() == (await drafts.get_draft(acme)).config
    assert (await drafts.get_draft(acme)).version == 3


async def test_a_repeated_publish_is_told_that_it_is_live(acme: TenantScope) -> None:
    revision = await publish.publish(acme, expected=1, now=NOW)

    lost = await refused(publish.publish(acme, expected=1, now=LATER))
    again = await refused(publish.publish(acme, expected=2, now=LATER))

    assert isinstance(lost, NothingToPublishError)
    assert isinstance(again, NothingToPublishError)
    assert lost.revision == again.revision == revision


async def test_a_draft_that_was_changed_back_has_nothing_to_publish(acme: TenantScope) -> None:
    await publish.publish(acme, expected=1, now=NOW)
    await save.save_section(acme, YELLOW, expected=2, keys=make.KEYS, now=NOW)
    await save.save_section(acme, {"branding": {"themeColor": None}}, expected=3, keys=make.KEYS, now=NOW)

    assert isinstance(await refused(publish.publish(acme, expected=4, now=NOW)), NothingToPublishError)


async def test_a_new_name_alone_can_be_published(acme: TenantScope) -> None:
    await publish.publish(acme, expected=1, now=NOW)
    await actions.rename_tenant(acme, {"name": "Acme Telecom"}, expected=2, now=NOW)

    revision = await publish.publish(acme, expected=3, now=NOW)

    assert (revision.number, revision.name) == (2, "Acme Telecom")


async def test_warnings_stop_a_publish_only_when_it_was_asked_about_them(acme: TenantScope) -> None:
    await save.save_section(acme, YELLOW, expected=1, keys=make.KEYS, now=NOW)
    text, control = WarningCode.COLOR_CONTRAST_TEXT, WarningCode.COLOR_CONTRAST_CONTROL

    none = await refused(publish.publish(acme, expected=2, now=NOW, accepted=[]))
    half = await refused(publish.publish(acme, expected=2, now=NOW, accepted=[text]))
    revision = await publish.publish(acme, expected=2, now=NOW, accepted=[text, control])

    assert isinstance(none, UnacceptedWarningsError)
    assert {warning.code for warning in none.warnings} >= {control}
    assert isinstance(half, UnacceptedWarningsError)
    assert {warning.code for warning in half.warnings} == {control}
    assert revision.number == 1


@pytest.mark.parametrize(
    ("note", "code"), [("x" * 501, ProblemCode.TEXT_TOO_LONG), ("a\u202eb", ProblemCode.TEXT_CHARACTERS)]
)
async def test_a_note_has_its_limits(acme: TenantScope, note: str, code: ProblemCode) -> None:
    refusal = await refused(publish.publish(acme, expected=1, now=NOW, note=note))

    assert codes(refusal) == [(code, ("note",))]


async def test_a_blank_note_is_none(acme: TenantScope) -> None:
    assert (await publish.publish(acme, expected=1, now=NOW, note=" \n ")).note is None


async def test_a_rename_answers_and_stores_both_names(acme: TenantScope) -> None:
    names = {"name": " Acme Telecom ", "providerId": "AcmeTel"}

    tenant = await actions.rename_tenant(acme, names, expected=1, now=LATER)

    assert tenant == await tenants.get_tenant(acme)
    assert (tenant.name, tenant.provider_id.text) == ("Acme Telecom", "AcmeTel")
    assert (await drafts.get_draft(acme)).version == 2
    assert await tenants.find_tenant(ADMIN.authorize_platform(), "AcmeInc") is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"providerId": "neighbourtel"}, [(ProblemCode.PROVIDER_ID_TAKEN, ("providerId",))]),
        ({"providerId": None}, [(ProblemCode.REQUIRED, ("providerId",))]),
        ({"providerId": "API"}, [(ProblemCode.PROVIDER_ID_RESERVED, ("providerId",))]),
        (
            {"name": "", "providerId": "a:b"},
            [(ProblemCode.REQUIRED, ("name",)), (ProblemCode.PROVIDER_ID_SYNTAX, ("providerId",))],
        ),
    ],
)
async def test_a_refused_rename_changes_neither_name(
    acme: TenantScope, names: dict[str, str | None], expected: list[Any]
) -> None:
    assert codes(await refused(actions.rename_tenant(acme, names, expected=1, now=NOW))) == expected


async def test_a_spelling_may_change_until_it_was_published(acme: TenantScope) -> None:
    respelt = await actions.rename_tenant(acme, {"providerId": "ACMEINC"}, expected=1, now=NOW)
    await publish.publish(acme, expected=2, now=NOW)

    fixed = await refused(actions.rename_tenant(acme, {"providerId": "AcmeInc"}, expected=3, now=NOW))
    same = await actions.rename_tenant(acme, {"providerId": "ACMEINC"}, expected=3, now=NOW)

    assert respelt.provider_id.text == same.provider_id.text == "ACMEINC"
    assert codes(fixed) == [(ProblemCode.PROVIDER_ID_FIXED, ("providerId",))]


async def test_a_rename_meets_a_creation_of_the_same_name(acme: TenantScope) -> None:
    rename = elsewhere(actions.rename_tenant(acme, {"providerId": "Wanted"}, expected=1, now=NOW))
    create = elsewhere(created("wanted"))

    outcomes = await asyncio.gather(rename, create, return_exceptions=True)

    (error,) = [one for one in outcomes if isinstance(one, TenantsError)]
    assert codes(error) == [(ProblemCode.PROVIDER_ID_TAKEN, ("providerId",))]
    assert await ProviderIdRow.filter(key="wanted").count() == 1


@pytest.mark.parametrize(("reason", "code"), [(" ", ProblemCode.REQUIRED), ("x" * 501, ProblemCode.TEXT_TOO_LONG)])
async def test_a_suspension_needs_a_reason_within_limits(acme: TenantScope, reason: str, code: ProblemCode) -> None:
    assert codes(await refused(actions.suspend_tenant(acme, reason, now=NOW))) == [(code, ("reason",))]


async def test_a_suspended_tenant_is_edited_and_published_and_stays_suspended(acme: TenantScope) -> None:
    await actions.suspend_tenant(acme, "unpaid", now=NOW)

    await save.save_section(acme, YELLOW, expected=1, keys=make.KEYS, now=NOW)
    await publish.publish(acme, expected=2, now=NOW)

    assert (await tenants.get_tenant(acme)).status is TenantStatus.SUSPENDED
    assert (await actions.resume_tenant(acme, now=NOW)).status is TenantStatus.LIVE


async def test_a_deletion_is_confirmed_letter_by_letter(acme: TenantScope, neighbour: TenantScope) -> None:
    for typed in ("acmeinc", "AcmeInc ", "", "NeighbourTel"):
        refusal = await refused(actions.delete_tenant(acme, typed, now=NOW))
        assert codes(refusal) == [(ProblemCode.CONFIRMATION_MISMATCH, ("confirmProviderId",))]

    await actions.delete_tenant(acme, "AcmeInc", now=NOW)

    assert [row.id for row in await TenantRow.all()] == [neighbour.tenant]


async def test_of_two_deletions_at_once_one_is_told_that_there_is_nothing(acme: TenantScope) -> None:
    tasks = [elsewhere(actions.delete_tenant(acme, "AcmeInc", now=NOW)) for _ in range(2)]

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "NotFoundError"]
