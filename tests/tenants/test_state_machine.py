"""Tenants live their lives in any order, beside a simple model of what must come of it."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as counting
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tenants import database
from tenants.access import PUBLIC, Permission, TenantScope
from tenants.actions import create, publish, save
from tenants.actions import tenant as actions
from tenants.codes import ProblemCode
from tenants.errors import InvalidInputError, NotFoundError, NothingToPublishError, TenantsError, VersionConflictError
from tenants.model import AppKind, TenantStatus
from tenants.store import drafts, published, revisions, tenants
from tests import make
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from tests.databases import PostgresServer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADMIN = make.ADMIN
NAMES = ("AcmeInc", "acmeinc", "Bright-Tel", "BRIGHT-TEL", "Cosy_Phone")
"""Few, and some differ in case only, so that they meet."""
COLORS = ("#111111", "#222222", "#1565c0")

provider_ids = st.sampled_from(NAMES)
shown_names = st.sampled_from(("Acme Telecom", "Bright", None))
positions = st.integers(min_value=0, max_value=9)
lags = st.sampled_from((0, 0, 0, 0, 1, 2, -1))
"""How far the version that is sent lies behind the current one."""


@dataclass(slots=True)
class Content:
    """What phones would see."""

    name: str
    app: AppKind
    color: str


@dataclass(slots=True)
class Life:
    """What the model knows of a tenant."""

    id: int
    provider_id: str
    own_name: str | None
    app: AppKind
    color: str = "#1565c0"
    version: int = 1
    is_suspended: bool = False
    published: list[Content] = field(default_factory=list)
    published_version: int | None = None

    @property
    def content(self) -> Content:
        return Content(self.own_name or self.provider_id, self.app, self.color)

    @property
    def status(self) -> TenantStatus:
        if self.is_suspended:
            return TenantStatus.SUSPENDED
        return TenantStatus.LIVE if self.published else TenantStatus.UNPUBLISHED

    @property
    def scope(self) -> TenantScope:
        return ADMIN.authorize(self.id, Permission.EDIT_DRAFT)


class Lives(RuleBasedStateMachine):
    """Each rule does something to the database and to the model, and compares what came of it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.run(database.connect(url))
        self.lives: list[Life] = []
        self.gone: list[Life] = []
        self.retired: set[str] = set()
        self.ids: set[int] = set()

    def teardown(self) -> None:
        self.run(database.disconnect())
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def refusal(self, work: Coroutine[Any, Any, Any]) -> TenantsError | None:
        """Why it was refused; None when it was done."""
        try:
            self.run(work)
        except TenantsError as error:
            return error
        return None

    def at(self, position: int) -> Life:
        return self.lives[position % len(self.lives)]

    def is_taken(self, provider_id: str) -> bool:
        return provider_id.lower() in self.retired | {life.provider_id.lower() for life in self.lives}

    @rule(provider_id=provider_ids, name=shown_names, app=st.sampled_from(AppKind))
    def is_created(self, provider_id: str, name: str | None, app: AppKind) -> None:
        work = create.create_tenant(ADMIN.authorize_platform(), provider_id=provider_id, name=name, app=app, now=NOW)
        if self.is_taken(provider_id):
            assert codes(self.refusal(work)) == [ProblemCode.PROVIDER_ID_TAKEN]
            return
        tenant = self.run(work)
        assert tenant.id not in self.ids
        self.ids.add(tenant.id)
        self.lives.append(Life(tenant.id, provider_id, name, app))

    @precondition(lambda self: self.lives)
    @rule(position=positions, color=st.sampled_from(COLORS), lag=lags)
    def is_saved(self, position: int, color: str, lag: int) -> None:
        life = self.at(position)
        sent = {"branding": {"themeColor": color}}
        refusal = self.refusal(
            save.save_section(life.scope, sent, expected=life.version - lag, keys=make.KEYS, now=NOW)
        )
        if not conflicts(refusal, life, lag):
            life.color, life.version = color, life.version + 1

    @precondition(lambda self: self.lives)
    @rule(position=positions, app=st.sampled_from(AppKind), lag=lags)
    def changes_its_kind(self, position: int, app: AppKind, lag: int) -> None:
        life = self.at(position)
        refusal = self.refusal(save.change_app_kind(life.scope, app, expected=life.version - lag, now=NOW))
        if not conflicts(refusal, life, lag):
            life.app, life.version = app, life.version + 1

    @precondition(lambda self: self.lives)
    @rule(position=positions, lag=lags)
    def is_published(self, position: int, lag: int) -> None:
        life = self.at(position)
        expected = life.version - lag
        refusal = self.refusal(publish.publish(life.scope, expected=expected, now=NOW))
        is_live = bool(life.published) and life.content == life.published[-1]
        if life.published and (expected == life.published_version or (lag == 0 and is_live)):
            assert isinstance(refusal, NothingToPublishError)
            assert refusal.revision.number == len(life.published)
        elif not conflicts(refusal, life, lag):
            life.published.append(life.content)
            life.published_version, life.version = expected, expected + 1

    @precondition(lambda self: self.lives)
    @rule(position=positions, name=shown_names, lag=lags)
    def is_renamed(self, position: int, name: str | None, lag: int) -> None:
        life = self.at(position)
        refusal = self.refusal(actions.rename_tenant(life.scope, {"name": name}, expected=life.version - lag, now=NOW))
        if not conflicts(refusal, life, lag):
            life.own_name, life.version = name, life.version + 1

    @precondition(lambda self: self.lives)
    @rule(position=positions, provider_id=provider_ids)
    def gets_another_provider_id(self, position: int, provider_id: str) -> None:
        life = self.at(position)
        is_own = provider_id.lower() == life.provider_id.lower()
        refusal = self.refusal(
            actions.rename_tenant(life.scope, {"providerId": provider_id}, expected=life.version, now=NOW)
        )
        if provider_id != life.provider_id and life.published:
            assert codes(refusal) == [ProblemCode.PROVIDER_ID_FIXED]
        elif self.is_taken(provider_id) and not is_own:
            assert codes(refusal) == [ProblemCode.PROVIDER_ID_TAKEN]
        else:
            assert refusal is None
            life.provider_id, life.version = provider_id, life.version + 1

    @precondition(lambda self: self.lives)
    @rule(position=positions)
    def is_suspended(self, position: int) -> None:
        life = self.at(position)
        assert self.run(actions.suspend_tenant(life.scope, "unpaid", now=NOW)).status is TenantStatus.SUSPENDED
        life.is_suspended = True

    @precondition(lambda self: self.lives)
    @rule(position=positions)
    def is_resumed(self, position: int) -> None:
        life = self.at(position)
        life.is_suspended = False
        assert self.run(actions.resume_tenant(life.scope, now=NOW)).status is life.status

    @precondition(lambda self: self.lives)
    @rule(position=positions, confirmation=st.none() | provider_ids)
    def is_deleted(self, position: int, confirmation: str | None) -> None:
        life = self.at(position)
        typed = confirmation or life.provider_id
        refusal = self.refusal(actions.delete_tenant(life.scope, typed, now=NOW))
        if typed != life.provider_id:
            assert codes(refusal) == [ProblemCode.CONFIRMATION_MISMATCH]
            return
        assert refusal is None
        self.lives.remove(life)
        self.gone.append(life)
        self.retired |= {life.provider_id.lower()} if life.published else set()

    @precondition(lambda self: self.gone)
    @rule(position=positions)
    def is_gone_for_good(self, position: int) -> None:
        life = self.gone[position % len(self.gone)]
        for work in (
            save.change_app_kind(life.scope, AppKind.GENERIC, expected=life.version, now=NOW),
            publish.publish(life.scope, expected=life.version, now=NOW),
            actions.rename_tenant(life.scope, {"name": "Back"}, expected=life.version, now=NOW),
            actions.suspend_tenant(life.scope, "unpaid", now=NOW),
            actions.resume_tenant(life.scope, now=NOW),
            actions.delete_tenant(life.scope, life.provider_id, now=NOW),
        ):
            assert isinstance(self.refusal(work), NotFoundError)
        assert self.run(revisions.list_revisions(life.scope, first=10)) == []

    @invariant()
    def phones_see_what_was_published_last(self) -> None:
        by_name = {life.provider_id.lower(): life for life in self.lives}
        for name in NAMES:
            life = by_name.get(name.lower())
            for app in AppKind:
                seen = self.run(published.find_published(PUBLIC, name, app))
                live = life.published[-1] if life and life.published and not life.is_suspended else None
                if life is None or live is None or live.app is not app:
                    assert seen is None
                else:
                    assert seen.provider_id.text == life.provider_id
                    assert (seen.revision.number, content_of(seen.revision)) == (len(life.published), live)

    @invariant()
    def staff_see_each_tenant_as_it_is(self) -> None:
        for life in self.lives:
            tenant, draft = self.run(tenants.get_tenant(life.scope)), self.run(drafts.get_draft(life.scope))
            assert (tenant.provider_id.text, tenant.name, tenant.status) == (
                life.provider_id,
                life.content.name,
                life.status,
            )
            assert tenant.app is (life.published[-1].app if life.published else life.app)
            assert (draft.version, draft.name, draft.config.app) == (life.version, life.own_name, life.app)
            assert draft.config.branding.theme_color.hex == life.color

    @invariant()
    def history_is_never_rewritten(self) -> None:
        for life in self.lives:
            history = self.run(revisions.list_revisions(life.scope, first=100))
            assert [revision.number for revision in history] == list(range(len(life.published), 0, -1))
            assert [content_of(revision) for revision in reversed(history)] == life.published

    @invariant()
    def the_list_holds_everybody_in_order(self) -> None:
        found = self.run(tenants.list_tenants(ADMIN.authorize_platform(), tenants.TenantFilter(), first=100))
        expected = sorted(self.lives, key=lambda life: (life.content.name.casefold(), life.id))
        assert [tenant.id for _, tenant, _ in found] == [life.id for life in expected]


def codes(refusal: TenantsError | None) -> list[ProblemCode]:
    assert isinstance(refusal, InvalidInputError)
    return [problem.code for problem in refusal.problems]


def conflicts(refusal: TenantsError | None, life: Life, lag: int) -> bool:
    """Whether it was refused for the version that was sent, as it must be for any but the current one."""
    if lag == 0:
        assert refusal is None
        return False
    assert isinstance(refusal, VersionConflictError)
    assert refusal.current_version == life.version
    return True


def content_of(revision: Any) -> Content:
    return Content(revision.name, revision.config.app, revision.config.branding.theme_color.hex)


def live(make_url: Callable[[], str], *, lives: int, steps: int) -> None:
    """Runs that many lives of that many steps, each on a database of its own."""
    limits = settings(max_examples=lives, stateful_step_count=steps)
    run_state_machine_as_test(lambda: Lives(make_url()), settings=limits)  # type: ignore[arg-type]  # any factory will do


def files(template: Path, folder: Path) -> Callable[[], str]:
    numbers = counting()
    return lambda: f"sqlite:///{shutil.copy(template, folder / f'{next(numbers)}.db')}"


@pytest.mark.slow
def test_tenants_live_as_the_model_says(migrated_sqlite: Path, tmp_path: Path) -> None:
    live(files(migrated_sqlite, tmp_path), lives=15, steps=25)


@pytest.mark.proof
def test_state_machine_proof_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    live(files(migrated_sqlite, tmp_path), lives=count(full=1000, ci=25), steps=50)


@pytest.mark.proof
def test_state_machine_proof_on_postgresql(postgres_server: PostgresServer, migrated_postgres: str) -> None:
    urls: list[str] = []

    def make_url() -> str:
        while urls:
            postgres_server.drop(urls.pop())
        urls.append(postgres_server.make(migrated_postgres))
        return urls[-1]

    live(make_url, lives=count(full=400, ci=10), steps=50)

    while urls:
        postgres_server.drop(urls.pop())
