"""Every function of the store as A calls it, naming what is B's where it can: what comes of that is as without B."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from tortoise.exceptions import DoesNotExist, IntegrityError, MultipleObjectsReturned

from tenants import database
from tenants.access import CREDENTIALS, PLATFORM_CHAIN, PUBLIC, Role, Trail
from tenants.audit import AuditAction, event_id
from tenants.credentials import Credential, Use
from tenants.email import EmailAddress
from tenants.errors import TenantsError
from tenants.identity import ProviderId
from tenants.keys import Place, Sealed
from tenants.model import AppKind
from tenants.one_time_links import OneTimeToken
from tenants.rows import RevisionRow
from tenants.setup_links import Asker
from tenants.store import (
    app_keys,
    attempts,
    audit,
    audit_chains,
    audit_log,
    drafts,
    members,
    one_time_links,
    people,
    published,
    revisions,
    sealed,
    secrets,
    sessions,
    setup_codes,
    setup_links,
    sight,
    stamps,
    tenants,
    tokens,
)
from tenants.store.audit_log import AuditFilter
from tenants.store.members import NewInvitation
from tenants.store.setup_codes import Found
from tenants.store.tenants import TenantFilter
from tests.isolation.worlds import ATTEMPT, LATER, STAFF_ATTEMPT, SYSTEM, World, key_of
from tests.make import KEYS, ORIGIN, config
from tests.tenants.writing import NOW

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Call: TypeAlias = "Callable[[World], Awaitable[Any]]"
ALL = 1000
NOTHING_NARROWS = AuditFilter()
A_CONFIG = config(AppKind.WHITELABEL)
A_NAME = ProviderId.parse("A-Other")


def name_of(twin: Any) -> ProviderId:
    return ProviderId.parse(f"{twin.name}-Tel")


def invitation() -> NewInvitation:
    return NewInvitation(
        email=EmailAddress.parse("new@a.example"), role=Role.OWNER, token=OneTimeToken("A-token"), expires_at=LATER
    )


async def start(w: World) -> Any:
    await sessions.start_session(CREDENTIALS, w.a.person, address="192.0.2.1", device="A-New", now=NOW)
    return len(await sessions.list_sessions(w.a.own, NOW))


async def check_version(w: World) -> None:
    await drafts.check_version(w.a.scope, await drafts.get_draft(w.a.scope), 1)


def new_chain(w: World) -> Trail:
    return Trail(w.a.tenant + 10**6, w.a.scope.actor, ORIGIN)


async def reset_link(w: World) -> None:
    platform = SYSTEM.platform(KEYS)
    await one_time_links.insert_reset_link(platform, w.a.person, OneTimeToken("A-Reset"), NOW)


async def find_published(w: World) -> Any:
    """B's config, for an app that has A's key."""
    return await published.find_published(PUBLIC, name_of(w.b).text, AppKind.WHITELABEL, key_of(w.a))


async def find_for_phone(w: World) -> Any:
    """What B's link carries, for an app that has A's key."""
    asker = Asker("A-Phone", AppKind.WHITELABEL, name_of(w.b).text, key_of(w.a))
    return await setup_codes.find_for_phone(CREDENTIALS, KEYS, w.b.setup_token, asker, NOW)


async def mark_redeemed(w: World) -> None:
    found = Found(w.a.link, w.a.tenant, None, is_repeat=False, is_move=False, words="A-Link")
    await setup_codes.mark_redeemed(CREDENTIALS, w.a.setup_token, Asker("A-Phone"), found, NOW)


async def whose_session(w: World) -> Any:
    found = await sessions.find_principal_of_session(CREDENTIALS, w.a.session_text, ORIGIN, NOW)
    return found, dict(found.roles)


def place(w: World) -> Place:
    return Place(w.a.tenant, "secret", "sealed", w.a.unpublished)


HELD: list[tuple[str, Call]] = [
    # ---- With leave for one tenant
    ("app_keys.list_app_keys", lambda w: app_keys.list_app_keys(w.a.scope)),
    ("app_keys.get_app_key", lambda w: app_keys.get_app_key(w.a.scope, w.b.app_key)),
    ("app_keys.delete_app_key", lambda w: app_keys.delete_app_key(w.a.scope, w.b.app_key)),
    ("audit.blank", lambda w: audit.blank(w.a.scope)),
    ("audit_log.list_of_tenant", lambda w: audit_log.list_of_tenant(w.a.scope, NOTHING_NARROWS, first=ALL)),
    ("audit_log.get_of_tenant", lambda w: audit_log.get_of_tenant(w.a.scope, event_id(w.b.tenant, 1))),
    ("drafts.get_draft", lambda w: drafts.get_draft(w.a.scope)),
    ("drafts.claim_draft", lambda w: drafts.claim_draft(w.a.scope)),
    ("drafts.list_drafts", lambda w: drafts.list_drafts([w.a.scope])),
    ("drafts.check_version", check_version),
    ("drafts.replace_draft", lambda w: drafts.replace_draft(w.a.scope, 2, "A-Taken", A_CONFIG, NOW)),
    ("drafts.raise_version", lambda w: drafts.raise_version(w.a.scope, 2)),
    ("members.get_member", lambda w: members.get_member(w.a.scope, w.b.owner.id)),
    ("members.find_member", lambda w: members.find_member(w.a.scope, w.b.owner.email)),
    ("members.list_members", lambda w: members.list_members(w.a.scope, first=ALL)),
    ("members.count_owners", lambda w: members.count_owners(w.a.scope)),
    ("members.renew_invitation", lambda w: members.renew_invitation(w.a.scope, w.b.invited, invitation(), NOW)),
    ("members.check_member_version", lambda w: members.check_member_version(w.a.scope, w.b.owner, 7)),
    ("members.set_role", lambda w: members.set_role(w.a.scope, w.b.owner, Role.VIEWER, NOW)),
    ("members.delete_member", lambda w: members.delete_member(w.a.scope, w.b.owner.id)),
    ("members.join_invited", lambda w: members.join_invited(w.a.scope, w.b.invitation, w.a.person, "A-Name", NOW)),
    ("revisions.find_live", lambda w: revisions.find_live(w.a.scope)),
    ("revisions.list_live", lambda w: revisions.list_live([w.a.scope])),
    ("revisions.get_by_id", lambda w: revisions.get_by_id(w.a.scope, w.b.revision)),
    ("revisions.list_numbers", lambda w: revisions.list_numbers([(w.a.scope, 1)])),
    ("revisions.list_revisions", lambda w: revisions.list_revisions(w.a.scope, first=ALL)),
    ("secrets.open_headers", lambda w: secrets.open_headers(w.a.scope, KEYS, w.b.headers)),
    ("secrets.list_stored_headers", lambda w: secrets.list_stored_headers(w.a.scope, w.b.headers)),
    ("secrets.mark_published", lambda w: secrets.mark_published(w.a.scope, w.b.unpublished_header)),
    ("secrets.delete_unpublished_headers", lambda w: secrets.delete_unpublished_headers(w.a.scope, but=())),
    ("secrets.delete_unpublished_headers", lambda w: secrets.delete_unpublished_headers(w.a.scope, but={1})),
    ("secrets.list_signing_secrets", lambda w: secrets.list_signing_secrets(w.a.scope, KEYS, NOW)),
    ("secrets.retire_signing_secret", lambda w: secrets.retire_signing_secret(w.a.scope, KEYS, NOW, LATER)),
    ("secrets.list_signing_dates", lambda w: secrets.list_signing_dates([w.a.scope])),
    ("setup_links.get_link", lambda w: setup_links.get_link(w.a.scope, w.b.link, NOW)),
    ("setup_links.list_links", lambda w: setup_links.list_links(w.a.scope, NOW, first=ALL)),
    ("setup_links.revoke_link", lambda w: setup_links.revoke_link(w.a.scope, w.b.link, NOW)),
    ("setup_links.revoke_all", lambda w: setup_links.revoke_all(w.a.scope, NOW)),
    ("setup_links.forget_spent", lambda w: setup_links.forget_spent(w.a.scope, NOW)),
    ("tenants.get_tenant", lambda w: tenants.get_tenant(w.a.scope)),
    ("tenants.list_by_id", lambda w: tenants.list_by_id([w.a.scope])),
    ("tenants.change_provider_id", lambda w: tenants.change_provider_id(w.a.scope, name_of(w.b), A_NAME)),
    ("tenants.change_shown_name", lambda w: tenants.change_shown_name(w.a.scope, "A-Shown")),
    ("tenants.change_shown_app", lambda w: tenants.change_shown_app(w.a.scope, AppKind.GENERIC)),
    ("tenants.set_live", lambda w: tenants.set_live(w.a.scope, 9, AppKind.GENERIC)),
    ("tenants.require_app_key", lambda w: tenants.require_app_key(w.a.scope, is_required=False)),
    ("tenants.suspend", lambda w: tenants.suspend(w.a.scope, "A-Reason")),
    ("tenants.resume", lambda w: tenants.resume(w.a.scope)),
    ("tenants.delete_tenant", lambda w: tenants.delete_tenant(w.a.scope)),
    ("tokens.get_token", lambda w: tokens.get_token(w.a.scope, w.b.token, NOW)),
    ("tokens.list_tokens", lambda w: tokens.list_tokens(w.a.scope, NOW, first=ALL)),
    ("tokens.revoke_token", lambda w: tokens.revoke_token(w.a.scope, w.b.token, NOW)),
    ("tokens.forget_tokens", lambda w: tokens.forget_tokens(w.a.scope, NOW)),
    # ---- With leave to write to one chain
    ("audit.record", lambda w: audit.record(w.a.trail, AuditAction.TENANT_RENAMED, "A-Subject", now=NOW)),
    ("audit.record", lambda w: audit.record(new_chain(w), AuditAction.TENANT_RENAMED, "A-Subject", now=NOW)),
    ("audit.take_fingerprints", lambda w: audit.take_fingerprints(w.a.trail, ["A-Secret"])),
    # ---- With leave for those tenants that a member may see
    ("app_keys.find_tenant_of", lambda w: app_keys.find_tenant_of(w.a.seen, w.b.app_key)),
    ("audit_log.list_of_platform", lambda w: audit_log.list_of_platform(w.a.seen, NOTHING_NARROWS, first=ALL)),
    ("audit_log.get_of_platform", lambda w: audit_log.get_of_platform(w.a.seen, event_id(w.b.tenant, 1))),
    ("members.find_tenant_of_member", lambda w: members.find_tenant_of_member(w.a.seen, w.b.owner.id)),
    ("revisions.find_tenant_of", lambda w: revisions.find_tenant_of(w.a.seen, w.b.revision)),
    ("sight.seen_tenant_of", lambda w: sight.seen_tenant_of(w.a.seen, RevisionRow, w.b.revision)),
    ("setup_links.find_tenant_of", lambda w: setup_links.find_tenant_of(w.a.seen, w.b.link)),
    ("tenants.find_tenant", lambda w: tenants.find_tenant(w.a.seen, name_of(w.b).text)),
    ("tenants.list_tenants", lambda w: tenants.list_tenants(w.a.seen, TenantFilter(), first=ALL)),
    ("tenants.list_tenants", lambda w: tenants.list_tenants(w.a.seen, TenantFilter(search="b-"), first=ALL)),
    ("tokens.find_tenant_of", lambda w: tokens.find_tenant_of(w.a.seen, w.b.token)),
    # ---- With leave for one's own account
    ("people.get_person", lambda w: people.get_person(w.a.own)),
    ("sessions.list_sessions", lambda w: sessions.list_sessions(w.a.own, NOW)),
    ("sessions.find_session", lambda w: sessions.find_session(w.a.own, w.b.session, NOW)),
    ("sessions.delete_session", lambda w: sessions.delete_session(w.a.own, w.b.session, NOW)),
    # ---- With leave to sign somebody in at one tenant
    ("attempts.list_refusals", lambda w: attempts.list_refusals(w.a.signing_in, ATTEMPT, NOW)),
    ("attempts.insert_refusal", lambda w: attempts.insert_refusal(w.a.signing_in, ATTEMPT, NOW)),
    ("attempts.is_proven", lambda w: attempts.is_proven(w.a.signing_in, ATTEMPT)),
    ("attempts.insert_proof", lambda w: attempts.insert_proof(w.a.signing_in, ATTEMPT, NOW)),
    ("secrets.open_headers", lambda w: secrets.open_headers(w.a.signing_in, KEYS, w.b.headers)),
    ("secrets.list_signing_secrets", lambda w: secrets.list_signing_secrets(w.a.signing_in, KEYS, NOW)),
]
"""What row level security holds, too: the scope says which tenants or whose account."""
FREE: list[tuple[str, Call]] = [
    ("attempts.find_end_of_wait", lambda w: attempts.find_end_of_wait(CREDENTIALS, ATTEMPT.address, NOW)),
    ("attempts.insert_refused_code", lambda w: attempts.insert_refused_code(CREDENTIALS, ATTEMPT.address, NOW)),
    ("attempts.list_staff_refusals", lambda w: attempts.list_staff_refusals(CREDENTIALS, STAFF_ATTEMPT, NOW)),
    ("attempts.insert_staff_refusal", lambda w: attempts.insert_staff_refusal(CREDENTIALS, STAFF_ATTEMPT, NOW)),
    ("audit_chains.find_head", lambda w: audit_chains.find_head(SYSTEM, w.a.tenant)),
    ("audit_chains.list_entries", lambda w: audit_chains.list_entries(SYSTEM, w.a.tenant, up_to=ALL, first=ALL)),
    ("audit_chains.find_ends", lambda w: audit_chains.find_ends(SYSTEM, PLATFORM_CHAIN)),
    ("one_time_links.insert_reset_link", reset_link),
    (
        "one_time_links.use_reset_link",
        lambda w: one_time_links.use_reset_link(CREDENTIALS, w.b.reset, w.a.person),
    ),
    ("one_time_links.delete_reset_links", lambda w: one_time_links.delete_reset_links(CREDENTIALS, w.a.person)),
    ("people.lock_person", lambda w: people.lock_person(CREDENTIALS, w.a.person)),
    ("people.update_password", lambda w: people.update_password(CREDENTIALS, w.a.person, "A-Hash")),
    ("people.make_admin", lambda w: people.make_admin(CREDENTIALS, w.a.person)),
    ("published.find_published", find_published),
    ("published.list_known", lambda w: published.list_known(PUBLIC, [name_of(w.a).key])),
    ("published.find_live", lambda w: published.find_live(PUBLIC, w.a.tenant, AppKind.WHITELABEL)),
    ("sealed.replace", lambda w: sealed.replace(SYSTEM, place(w), Sealed("A-Key", b"A-Sealed"))),
    ("sessions.start_session", start),
    ("sessions.find_principal_of_session", whose_session),
    ("sessions.delete_sessions", lambda w: sessions.delete_sessions(CREDENTIALS, w.a.person, NOW)),
    (
        "sessions.delete_sessions",
        lambda w: sessions.delete_sessions(CREDENTIALS, w.a.person, NOW, keep=w.a.session),
    ),
    ("setup_codes.find_for_phone", find_for_phone),
    ("setup_codes.mark_redeemed", mark_redeemed),
    ("stamps.stamp", lambda w: stamps.stamp(CREDENTIALS, Use(Credential.TOKEN, w.a.token), NOW)),
    ("tokens.revoke_admin_token", lambda w: tokens.revoke_admin_token(SYSTEM, w.b.token, NOW)),
]
"""What needs a row without knowing whose it is, and finds it by what was sent: the filters alone hold it."""


class _RollBackError(Exception):
    """Every call finds the world as it was made."""

    def __init__(self, result: str, rows: list[list[str]]) -> None:
        super().__init__()
        self.outcome = result, rows


async def outcome(call: Call, world: World) -> tuple[str, list[list[str]]]:
    """What a call gives back or raises, and what is B's afterwards."""
    try:
        async with database.transaction():
            result = await _result(call, world)
            _roll_back(result, await world.b.rows())
    except _RollBackError as end:
        return end.outcome
    except IntegrityError:  # only of a function that lacks a filter: the transaction is over, and nothing has changed
        return IntegrityError.__name__, []


async def alone(call: Call, world: World) -> str:
    """What it gives back or raises where there is no B."""
    try:
        async with database.transaction():
            await world.b.erase()
            _roll_back(await _result(call, world), [])
    except _RollBackError as end:
        return end.outcome[0]


def _roll_back(result: str, rows: list[list[str]]) -> NoReturn:
    raise _RollBackError(result, rows)


async def _result(call: Call, world: World) -> str:
    try:
        return repr(await call(world))
    except (TenantsError, DoesNotExist, MultipleObjectsReturned) as error:
        return f"{type(error).__name__} {vars(error)}"
