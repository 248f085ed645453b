"""Invitations and reset links as domain code: when they end, what is stored of them, what the log says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tenants.access import CREDENTIALS, Permission, Principal, Role, TenantScope
from tenants.access_rows import MembershipRow, OneTimeLinkRow
from tenants.actions import acceptance, invitations, members, password_reset
from tenants.actions.acceptance import Browser, Entered, SignUp
from tenants.actions.create import create_tenant
from tenants.actions.one_time_links import peek_one_time_link
from tenants.audit_rows import AuditEventRow
from tenants.email import EmailAddress
from tenants.errors import OneTimeLinkUnusableError
from tenants.model import AppKind
from tenants.one_time_links import LinkKind, OneTimeToken
from tenants.store.people import find_person_by_email
from tests import make
from tests.databases import looking_at_rows

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOURS = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
HOME = Browser("192.0.2.1", "Firefox on Linux")
STRANGER = Principal(make.ORIGIN)
FORM = SignUp(name="Jane Doe", password="four-words-nobody-guesses")


@pytest.fixture
async def acme(connected: str) -> TenantScope:
    """A tenant, beside a neighbour with an invitation."""
    scopes = []
    for name in ("NeighbourTel", "AcmeInc"):
        made = await create_tenant(
            make.ADMIN.authorize_platform(), provider_id=name, name=None, app=AppKind.GENERIC, now=NOW
        )
        scopes.append(make.ADMIN.authorize(made.id, Permission.MANAGE_MEMBERS))
    await invitations.invite_member(scopes[0], "n@n.example", Role.OWNER, now=NOW)
    return scopes[1]


async def accept(token: OneTimeToken, now: datetime = NOW) -> Entered:
    return await acceptance.accept_invitation(STRANGER, token, FORM, HOME, now=now)


async def log_of(chain: int) -> list[tuple[str, str, str, list[list[str | None]]]]:
    """Action, actor, subject and the changes' before and after, oldest first."""
    with looking_at_rows():
        rows = await AuditEventRow.filter(chain=chain).order_by("number")
    found = []
    for row in rows:
        name, _, subject, changes = orjson.loads(row.personal or "")
        found.append((row.action, name, subject, [[before, after] for _, _, before, after, _ in changes]))
    return found


async def test_an_invitation_ends_after_72_hours(acme: TenantScope) -> None:
    late = await invitations.invite_member(acme, "late@a.example", Role.VIEWER, now=NOW)
    soon = await invitations.invite_member(acme, "soon@a.example", Role.VIEWER, now=NOW)

    with pytest.raises(OneTimeLinkUnusableError):
        await accept(late.token, NOW + 72 * HOURS)
    done = await accept(soon.token, NOW + 72 * HOURS - MOMENT)

    assert done.principal.roles == {acme.tenant: Role.VIEWER}


async def test_a_sign_up_link_ends_after_72_hours_and_a_reset_link_after_24(acme: TenantScope) -> None:
    platform = make.ADMIN.authorize_platform()
    admin = await invitations.invite_admin(platform, now=NOW)
    await accept((await invitations.invite_member(acme, "jane@a.example", Role.VIEWER, now=NOW)).token)
    reset = await password_reset.create_password_reset(platform, "jane@a.example", now=NOW)

    ends = [
        [await peek_one_time_link(STRANGER, token, NOW + life * HOURS - before) for before in (MOMENT, timedelta())]
        for token, life in ((admin, 72), (reset, 24))
    ]

    assert [[link.kind if link else None for link in each] for each in ends] == [
        [LinkKind.ADMIN, None],
        [LinkKind.RESET, None],
    ]


async def test_what_a_page_shows_names_tenant_role_and_address_and_changes_nothing(acme: TenantScope) -> None:
    invited = await invitations.invite_member(acme, "jane@a.example", Role.EDITOR, now=NOW)

    shown = [await peek_one_time_link(STRANGER, invited.token, NOW) for _ in range(30)]

    assert shown[0] == shown[-1]
    assert shown[0] is not None
    assert (shown[0].tenant_name, shown[0].role, shown[0].email) == (
        "AcmeInc",
        Role.EDITOR,
        EmailAddress("jane@a.example"),
    )
    assert shown[0].person is None
    assert (await accept(invited.token)).session is not None


async def test_of_a_token_only_its_digest_is_stored(acme: TenantScope) -> None:
    invited = await invitations.invite_member(acme, "jane@a.example", Role.EDITOR, now=NOW)
    admin = await invitations.invite_admin(make.ADMIN.authorize_platform(), now=NOW)

    with looking_at_rows():
        membership = await MembershipRow.get(email_key="jane@a.example")
        link = await OneTimeLinkRow.get()

    assert bytes(membership.token_sha256 or b"") == invited.token.sha256()
    assert bytes(link.token_sha256) == admin.sha256()
    assert invited.token.text not in repr(invited)


async def test_each_change_of_members_is_in_the_tenants_log_with_the_role_before_and_after(acme: TenantScope) -> None:
    owner = await accept((await invitations.invite_member(acme, "anna@a.example", Role.OWNER, now=NOW)).token)
    scope = owner.principal.authorize(acme.tenant, Permission.MANAGE_MEMBERS)
    before = len(await log_of(acme.tenant))

    invited = await invitations.invite_member(scope, "jane@a.example", Role.VIEWER, now=NOW)
    await invitations.invite_member(scope, "jane@a.example", Role.EDITOR, now=NOW)
    await members.change_role(scope, invited.member.id, Role.PUBLISHER, expected=2, now=NOW)
    await members.change_role(scope, invited.member.id, Role.PUBLISHER, expected=3, now=NOW)
    await members.remove_member(scope, invited.member.id, now=NOW)

    jane = "member jane@a.example"
    assert (await log_of(acme.tenant))[before - 1] == (
        "INVITATION_ACCEPTED",
        "Jane Doe",
        "member anna@a.example",
        [[None, "OWNER"]],
    )
    assert (await log_of(acme.tenant))[before:] == [
        ("MEMBER_INVITED", "Jane Doe", jane, [[None, "VIEWER"]]),
        ("MEMBER_INVITED", "Jane Doe", jane, [["VIEWER", "EDITOR"]]),
        ("ROLE_CHANGED", "Jane Doe", jane, [["EDITOR", "PUBLISHER"]]),
        ("MEMBER_REMOVED", "Jane Doe", jane, [["PUBLISHER", None]]),
    ]


async def test_reset_links_new_passwords_and_admins_are_in_the_platforms_log(acme: TenantScope) -> None:
    platform = make.ADMIN.authorize_platform()
    await accept((await invitations.invite_member(acme, "jane@a.example", Role.VIEWER, now=NOW)).token)
    before = len(await log_of(0))

    admin = await invitations.invite_admin(platform, now=NOW)
    await acceptance.accept_invitation(STRANGER, admin, FORM, HOME, now=NOW)
    reset = await password_reset.create_password_reset(platform, "jane@a.example", now=NOW)
    await password_reset.set_password(STRANGER, reset, "quite another four words", HOME, now=NOW)

    assert (await log_of(0))[before:] == [
        ("MEMBER_INVITED", "admin", "platform admin", []),
        ("INVITATION_ACCEPTED", "Jane Doe", "platform admin admin@gateway.example", []),
        ("PASSWORD_RESET_CREATED", "admin", "person jane@a.example", []),
        ("PASSWORD_CHANGED", "Jane Doe", "person jane@a.example", []),
    ]


async def test_a_refused_sign_up_leaves_no_account(acme: TenantScope) -> None:
    invited = await invitations.invite_member(acme, "jane@a.example", Role.VIEWER, now=NOW)
    await members.remove_member(acme, invited.member.id, now=NOW)

    with pytest.raises(OneTimeLinkUnusableError):
        await accept(invited.token)

    assert await find_person_by_email(CREDENTIALS, EmailAddress("jane@a.example")) is None
