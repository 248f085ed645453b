"""Setup links as domain code: one phone wins, the same phone may repeat, and what is over is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenants.access import CREDENTIALS, Origin, Permission, TenantScope
from tenants.accounts import Accounts, LoginPair
from tenants.actions import publish, save
from tenants.actions import setup_links as actions
from tenants.actions import tenant as tenant_actions
from tenants.actions.create import create_tenant
from tenants.actions.redeem import peek, redeem
from tenants.actions.setup_links import MadeSetupLink
from tenants.codes import WrongStateReason
from tenants.database import transaction
from tenants.errors import (
    InvalidInputError,
    NotFoundError,
    SetupLinkUnusableError,
    TooManyAttemptsError,
    UnreadableSecretError,
    WrongStateError,
)
from tenants.model import AppKind
from tenants.rows import RefusedAttemptRow, SetupLinkRow
from tenants.setup_links import Asker, Redeemed, SetupLinkStatus, SetupToken
from tenants.store import drafts, setup_codes, setup_links
from tenants.store.setup_links import Position
from tests import make

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEYS = make.KEYS
ADMIN = make.ADMIN
HOME = "192.0.2.1"
PHONE, SECOND, THIRD = (Asker(f"phone-{n}", AppKind.GENERIC) for n in (1, 2, 3))
SIP = {"username": "user1", "password": "SECRET-sip", "transport": "TLS", "subdomain": "pbx"}
ACCOUNTS = {"accounts": {"sipAccounts": [SIP], "xmppAccounts": []}}
LOGIN = {"login": {"username": "1000", "password": "SECRET-login"}}
PROVISIONING = {"isEnabled": True, "url": "https://pbx.acme.example/p", "sipDomain": "acme.example"}
OFF = {"provisioning": {"isEnabled": False}}


@dataclass(frozen=True, slots=True)
class Pair:
    """A tenant with external provisioning, and its neighbour."""

    a: TenantScope
    n: TenantScope


async def make_tenant(provider_id: str, app: AppKind = AppKind.GENERIC, **sections: Any) -> TenantScope:
    made = await create_tenant(ADMIN.authorize_platform(), provider_id=provider_id, name=None, app=app, now=NOW)
    scope = ADMIN.authorize(made.id, Permission.MANAGE_SETUP_LINKS)
    await change(scope, **(sections or {"provisioning": PROVISIONING}))
    return scope


async def change(scope: TenantScope, **sections: Any) -> None:
    version = (await drafts.get_draft(scope)).version
    await save.save_section(scope, sections, expected=version, keys=KEYS, now=NOW)
    await publish.publish(scope, expected=version + 1, now=NOW)


@pytest.fixture
async def pair(connected: str) -> Pair:
    neighbour = await make_tenant("NeighbourTel")
    await make_link(neighbour, note="N-Note")
    return Pair(await make_tenant("AcmeInc"), neighbour)


async def make_link(
    scope: TenantScope, content: Any = ACCOUNTS, *, now: datetime = NOW, **fields: Any
) -> MadeSetupLink:
    sent = {"content": content, "lifetimeHours": 24, "canMove": False, "note": None, **fields}
    return await actions.create_setup_link(scope, KEYS, sent, now=now)


async def try_code(
    link: MadeSetupLink | SetupToken, asker: Asker = PHONE, *, after: float = 0, home: str = HOME
) -> Redeemed:
    """Redeems, so many seconds after NOW."""
    token = link if isinstance(link, SetupToken) else link.token
    return await redeem(Origin(KEYS, home), token, asker, now=NOW + timedelta(seconds=after))


async def works(link: MadeSetupLink, asker: Asker = PHONE, *, after: float = 0) -> bool:
    return isinstance(await try_code(link, asker, after=after), Redeemed)


async def is_refused(link: MadeSetupLink | SetupToken, asker: Asker = PHONE, *, after: float = 0) -> bool:
    """Whether the one text is said, at an address of its own that was never refused before."""
    with pytest.raises(SetupLinkUnusableError):
        await try_code(link, asker, after=after, home=f"198.51.100.{abs(hash((asker, after))) % 250}")
    return True


async def row_of(link: MadeSetupLink) -> SetupLinkRow:
    return await SetupLinkRow.get(id=link.link.id)


async def test_a_phone_gets_the_accounts_with_the_live_settings(pair: Pair) -> None:
    link = await make_link(pair.a)
    await change(pair.a, provisioning={"sipDomain": "new.example", "isEnabled": False})

    given = await try_code(link)

    assert isinstance(given.content, Accounts)
    (account,) = given.content.sip
    assert (account.username, account.password) == ("user1", "SECRET-sip")
    assert account.register_at(given.settings.sip_domain, given.settings.subdomain) == ("pbx.new.example", None)
    assert given.provider_id.text == "AcmeInc"


async def test_a_phone_gets_the_login(pair: Pair) -> None:
    link = await make_link(pair.a, LOGIN)

    given = await try_code(link)

    assert given.content == LoginPair("1000", "SECRET-login")


@pytest.mark.parametrize("content", [ACCOUNTS, LOGIN], ids=["accounts", "login"])
async def test_a_code_works_for_one_phone_which_may_repeat_for_two_minutes(pair: Pair, content: Any) -> None:
    link = await make_link(pair.a, content)
    first = await try_code(link)

    again = await try_code(link, after=119)

    assert again == first
    assert await is_refused(link, SECOND, after=1)
    assert await is_refused(link, PHONE, after=120)


async def test_a_repeat_does_not_prolong_the_time_to_repeat(pair: Pair) -> None:
    link = await make_link(pair.a)
    await try_code(link)
    await try_code(link, after=100)

    assert await is_refused(link, after=121)


async def test_a_phone_may_repeat_past_the_end_of_the_life(pair: Pair) -> None:
    link = await make_link(pair.a, lifetimeHours=1)
    last = timedelta(hours=1).total_seconds() - 1
    first = await try_code(link, after=last)

    assert await try_code(link, after=last + 100) == first
    assert await is_refused(link, SECOND, after=last + 100)


async def test_a_code_ends_with_its_life(pair: Pair) -> None:
    link = await make_link(pair.a, lifetimeHours=1)

    assert await is_refused(link, after=3600)
    assert (await setup_links.get_link(pair.a, link.link.id, NOW)).status(NOW + timedelta(hours=1)).value == "EXPIRED"
    assert await works(link, after=3599)


async def test_a_code_may_move_once_and_the_first_phone_is_out(pair: Pair) -> None:
    link = await make_link(pair.a, canMove=True)
    first = await try_code(link)

    second = await try_code(link, SECOND, after=60)

    assert second == first
    assert await is_refused(link, PHONE, after=61)
    assert await is_refused(link, THIRD, after=61)
    assert await try_code(link, SECOND, after=100) == second
    assert not (await setup_links.get_link(pair.a, link.link.id, NOW)).can_move


async def test_the_phone_that_has_a_code_that_can_move_may_always_repeat(pair: Pair) -> None:
    link = await make_link(pair.a, canMove=True)
    first = await try_code(link)

    assert await try_code(link, after=3600) == first
    assert await try_code(link, SECOND, after=3601) == first


async def test_a_code_cannot_move_once_it_has_expired(pair: Pair) -> None:
    link = await make_link(pair.a, canMove=True, lifetimeHours=1)
    await try_code(link, after=3590)

    assert await is_refused(link, SECOND, after=3601)
    assert await works(link, PHONE, after=3601)


async def test_a_code_of_another_kind_of_app_or_brand_is_refused_and_not_used_up(pair: Pair) -> None:
    bright = await make_tenant("BrightTel", AppKind.WHITELABEL)
    link, generic = await make_link(bright), await make_link(pair.a)
    own = Asker("phone-1", AppKind.WHITELABEL, "brighttel")

    for stranger in (PHONE, replace(own, provider_id="AcmeInc"), replace(own, provider_id=None)):
        assert await is_refused(link, stranger)
    assert await is_refused(generic, replace(own, provider_id="AcmeInc"))

    assert (await try_code(link, own)).provider_id.text == "BrightTel"
    assert (await try_code(generic)).provider_id.text == "AcmeInc"


async def test_another_makers_softphone_belongs_to_no_brand(pair: Pair) -> None:
    bright = await make_tenant("BrightTel", AppKind.WHITELABEL)
    links = [await make_link(bright), await make_link(pair.a)]

    given = [await try_code(link, Asker("linphone")) for link in links]

    assert [one.provider_id.text for one in given] == ["BrightTel", "AcmeInc"]


async def test_a_suspended_tenants_codes_work_again_once_it_is_resumed(pair: Pair) -> None:
    link, used = await make_link(pair.a), await make_link(pair.a)
    await try_code(used)

    await tenant_actions.suspend_tenant(pair.a, "unpaid", now=NOW)

    assert await is_refused(link)
    assert await is_refused(used, after=1)
    await tenant_actions.resume_tenant(pair.a, now=NOW)
    assert await works(link)


async def test_a_deleted_tenants_codes_are_gone_and_the_neighbours_stay(pair: Pair) -> None:
    link = await make_link(pair.a)

    await tenant_actions.delete_tenant(pair.a, "AcmeInc", now=NOW)

    assert await is_refused(link)
    assert [row.note for row in await SetupLinkRow.all()] == ["N-Note"]


async def test_an_unpublished_tenants_code_waits_for_the_first_publish(connected: str) -> None:
    made = await create_tenant(
        ADMIN.authorize_platform(), provider_id="NewTel", name=None, app=AppKind.GENERIC, now=NOW
    )
    scope = ADMIN.authorize(made.id, Permission.MANAGE_SETUP_LINKS)
    link = await make_link(scope)

    assert await is_refused(link)
    await publish.publish(scope, expected=1, now=NOW)
    assert await works(link)


async def test_a_login_needs_external_provisioning_to_be_live(pair: Pair) -> None:
    link = await make_link(pair.a, LOGIN)
    await change(pair.a, **OFF)

    with pytest.raises(WrongStateError) as caught:
        await make_link(pair.a, LOGIN)

    assert caught.value.reason is WrongStateReason.NO_PROVISIONING
    assert await is_refused(link)
    await change(pair.a, provisioning={"isEnabled": True})
    assert await works(link)


async def test_a_draft_with_provisioning_is_not_enough_for_a_login(pair: Pair) -> None:
    await change(pair.a, **OFF)
    draft = await drafts.get_draft(pair.a)
    await save.save_section(pair.a, {"provisioning": {"isEnabled": True}}, expected=draft.version, keys=KEYS, now=NOW)

    with pytest.raises(WrongStateError):
        await make_link(pair.a, LOGIN)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"lifetimeHours": 0}, [("NUMBER_OUT_OF_RANGE", "lifetimeHours")]),
        ({"lifetimeHours": 169}, [("NUMBER_OUT_OF_RANGE", "lifetimeHours")]),
        ({"note": "  "}, [("REQUIRED", "note")]),
        ({"note": "x" * 61}, [("TEXT_TOO_LONG", "note")]),
        ({"note": "a\u202eb"}, [("TEXT_CHARACTERS", "note")]),
        (
            {"content": {"login": {"username": "", "password": "a\tb"}}, "lifetimeHours": -1, "note": ""},
            [
                ("REQUIRED", "content.login.username"),
                ("TEXT_CHARACTERS", "content.login.password"),
                ("NUMBER_OUT_OF_RANGE", "lifetimeHours"),
                ("REQUIRED", "note"),
            ],
        ),
        ({"content": {"accounts": {}}}, [("REQUIRED", "content.accounts")]),
    ],
    ids=lambda value: None if isinstance(value, list) else "-".join(value),
)
async def test_every_problem_is_told_at_once_and_nothing_is_stored(pair: Pair, fields: Any, expected: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await make_link(pair.a, **fields)

    assert [(problem.code.name, ".".join(problem.path)) for problem in caught.value.problems] == expected
    assert await SetupLinkRow.all().count() == 1  # the neighbour's


async def test_the_longest_and_the_shortest_life_are_allowed(pair: Pair) -> None:
    short, long = await make_link(pair.a, lifetimeHours=1), await make_link(pair.a, lifetimeHours=168)

    assert short.link.expires_at == NOW + timedelta(hours=1)
    assert long.link.expires_at == NOW + timedelta(days=7)


async def test_a_revoked_link_is_useless_at_once_also_to_its_phone(pair: Pair) -> None:
    link, used = await make_link(pair.a), await make_link(pair.a)
    await try_code(used)

    for one in (link, used, link):
        revoked = await actions.revoke_setup_link(pair.a, one.link.id, now=NOW)
        assert revoked.status(NOW) is SetupLinkStatus.REVOKED

    assert await is_refused(link)
    assert await is_refused(used, after=1)


async def test_revoking_twice_keeps_the_first_time(pair: Pair) -> None:
    link = await make_link(pair.a)
    first = await actions.revoke_setup_link(pair.a, link.link.id, now=NOW)

    again = await actions.revoke_setup_link(pair.a, link.link.id, now=NOW + timedelta(hours=1))

    assert again == first


async def test_revoking_all_ends_what_works_and_keeps_what_was_redeemed(pair: Pair) -> None:
    links = [await make_link(pair.a) for _ in range(2)]
    moving, used = await make_link(pair.a, canMove=True), await make_link(pair.a)
    expired = await make_link(pair.a, lifetimeHours=1, now=NOW - timedelta(hours=2))
    for one in (moving, used):
        await try_code(one)

    count = await actions.revoke_all_setup_links(pair.a, now=NOW)

    assert count == 2
    assert await actions.revoke_all_setup_links(pair.a, now=NOW) == 0
    for one in (*links, moving, used, expired):
        assert await is_refused(one, after=1)
    assert await is_refused(moving, SECOND)
    stand = [(await setup_links.get_link(pair.a, one.link.id, NOW)).status(NOW).value for one in (*links, moving, used)]
    assert stand == ["REVOKED", "REVOKED", "REDEEMED", "REDEEMED"]
    (neighbour,) = await setup_links.list_links(pair.n, NOW, first=9)
    assert neighbour.status(NOW) is SetupLinkStatus.OPEN


async def test_the_neighbours_link_is_not_there_to_be_read_or_revoked(pair: Pair) -> None:
    (other,) = await setup_links.list_links(pair.n, NOW, first=9)

    with pytest.raises(NotFoundError):
        await setup_links.get_link(pair.a, other.id, NOW)
    with pytest.raises(NotFoundError):
        await actions.revoke_setup_link(pair.a, other.id, now=NOW)

    assert (await setup_links.get_link(pair.n, other.id, NOW)).status(NOW) is SetupLinkStatus.OPEN
    assert await setup_links.list_links(pair.a, NOW, first=9) == []
    assert await setup_links.find_tenant_of(ADMIN.authorize_platform(), other.id) == pair.n.tenant


async def test_links_are_listed_newest_first_in_pages_that_stay(pair: Pair) -> None:
    moments = [NOW, NOW, NOW + timedelta(microseconds=1), NOW + timedelta(seconds=1), NOW + timedelta(days=1)]
    made = [(await make_link(pair.a, now=moment)).link for moment in moments]
    newest_first = sorted(made, key=lambda link: (link.created_at, link.id), reverse=True)

    later = NOW + timedelta(days=1)
    first = await setup_links.list_links(pair.a, later, first=2)
    await make_link(pair.a, now=later + timedelta(hours=1))
    place = Position(first[-1].created_at, first[-1].id)
    rest = await setup_links.list_links(pair.a, later, first=9, after=place)

    assert [*first, *rest] == newest_first


async def test_the_list_is_narrowed_by_how_links_stand(pair: Pair) -> None:
    links = {
        "OPEN": await make_link(pair.a),
        "REDEEMED": await make_link(pair.a),
        "EXPIRED": await make_link(pair.a, lifetimeHours=1, now=NOW - timedelta(hours=1)),
        "REVOKED": await make_link(pair.a),
    }
    await try_code(links["REDEEMED"])
    await actions.revoke_setup_link(pair.a, links["REVOKED"].link.id, now=NOW)

    for name, made in links.items():
        (found,) = await setup_links.list_links(pair.a, NOW, status=SetupLinkStatus(name), first=9)
        assert (found.id, found.status(NOW).value) == (made.link.id, name)


async def test_what_is_over_is_listed_for_thirty_days_and_then_deleted(pair: Pair) -> None:
    used, expired, revoked = await make_link(pair.a), await make_link(pair.a), await make_link(pair.a)
    await try_code(used)
    await actions.revoke_setup_link(pair.a, revoked.link.id, now=NOW)
    month = NOW + timedelta(days=30)

    before = await setup_links.list_links(pair.a, month - timedelta(seconds=1), first=9)
    after = await setup_links.list_links(pair.a, month, first=9)
    await make_link(pair.a, now=month)
    kept = await SetupLinkRow.filter(tenant_id=pair.a.tenant).count()

    assert {link.id for link in before} == {used.link.id, expired.link.id, revoked.link.id}
    assert [link.id for link in after] == [expired.link.id]
    assert kept == 2
    with pytest.raises(NotFoundError):
        await setup_links.get_link(pair.a, used.link.id, month)


async def test_a_content_is_erased_as_soon_as_no_phone_can_get_it(pair: Pair) -> None:
    revoked, used, repeated = [await make_link(pair.a) for _ in range(3)]
    moving, expired = await make_link(pair.a, canMove=True), await make_link(pair.a, lifetimeHours=1)
    await actions.revoke_setup_link(pair.a, revoked.link.id, now=NOW)
    at_once = bytes((await row_of(revoked)).sealed)
    await try_code(used)
    await try_code(moving)
    await try_code(repeated, after=7100)

    await make_link(pair.a, now=NOW + timedelta(hours=2))

    left = [one for one in (revoked, used, repeated, moving, expired) if bytes((await row_of(one)).sealed)]
    assert at_once == b""
    assert left == [repeated, moving]


async def test_no_content_and_no_token_stands_in_the_table(pair: Pair) -> None:
    link = await make_link(pair.a, LOGIN)
    await try_code(link)

    stored = repr([vars(row) for row in await SetupLinkRow.all()])

    assert not [text for text in ("SECRET", "1000", link.token.text, "phone-1") if text in stored]
    assert link.token.text not in repr(link)
    assert "phone-1" not in repr(PHONE)


async def test_a_content_that_was_put_elsewhere_does_not_open_and_is_not_used_up(pair: Pair) -> None:
    link, other = await make_link(pair.a), await make_link(pair.a)
    async with transaction():
        await SetupLinkRow.filter(id=link.link.id).update(sealed=(await row_of(other)).sealed)

    with pytest.raises(UnreadableSecretError):
        await try_code(link)

    assert (await row_of(link)).redeemed_at is None


async def test_a_code_is_read_as_scanned_as_pasted_and_as_its_token(pair: Pair) -> None:
    token = SetupToken.random()
    spellings = [token.code, f"  {token.code}\n", token.text, f"https://gw.example/x/setup/{token.text}"]
    others = ["", "scloc:", f"scloc:?v=1&token={token.text}", f"{token.text}x", token.text[:-1], f"{token.code}&x=1"]

    assert {SetupToken.of_code(one).text for one in spellings} == {token.text}
    assert {SetupToken.of_code(one).text for one in others} == {""}
    assert await is_refused(SetupToken.of_code(""))


async def test_only_refused_codes_are_counted_and_a_good_one_always_works(pair: Pair) -> None:
    link, used = await make_link(pair.a), await make_link(pair.a)
    await try_code(used)
    for _ in range(30):
        await try_code(used, after=1)
    for _ in range(20):
        with pytest.raises(SetupLinkUnusableError):
            await try_code(SetupToken.random())

    with pytest.raises(TooManyAttemptsError) as caught:
        await try_code(SetupToken.random(), after=15)

    assert caught.value.retry_after_seconds == 45
    assert await is_refused(SetupToken.random())
    assert await works(link, after=15)
    with pytest.raises(SetupLinkUnusableError):
        await try_code(SetupToken.random(), after=61)
    assert await RefusedAttemptRow.filter(tenant_id=None).count() == 1


async def test_neighbouring_addresses_of_one_subscriber_are_one_sender(pair: Pair) -> None:
    for number in range(20):
        with pytest.raises(SetupLinkUnusableError):
            await try_code(SetupToken.random(), home=f"2001:db8::{number}")

    with pytest.raises(TooManyAttemptsError):
        await try_code(SetupToken.random(), home="2001:db8::ffff")
    with pytest.raises(SetupLinkUnusableError):
        await try_code(SetupToken.random(), home="2001:db8:0:1::1")


async def test_the_address_of_a_refused_attempt_is_not_stored(pair: Pair) -> None:
    with pytest.raises(SetupLinkUnusableError):
        await try_code(SetupToken.random(), home="203.0.113.77")

    (row,) = await RefusedAttemptRow.all()
    assert (row.tenant_id, row.name_mac, len(bytes(row.address_mac))) == (None, None, 16)
    assert b"203.0" not in bytes(row.address_mac)


async def test_of_many_phones_at_once_one_wins(pair: Pair) -> None:
    link = await make_link(pair.a)
    phones = [Asker(f"phone-{n}", AppKind.GENERIC) for n in range(30)]

    told = await asyncio.gather(*(try_code(link, phone) for phone in phones), return_exceptions=True)

    winners = [phone for phone, one in zip(phones, told, strict=True) if isinstance(one, Redeemed)]
    assert len(winners) == 1
    assert sum(isinstance(one, SetupLinkUnusableError) for one in told) == 29
    assert await works(link, winners[0], after=5)


async def test_one_phone_that_asks_twice_at_once_gets_its_answer_twice(pair: Pair) -> None:
    link = await make_link(pair.a)

    told = await asyncio.gather(*(try_code(link) for _ in range(10)))

    assert len(told) == 10
    assert all(one == told[0] for one in told)


async def test_a_look_changes_nothing(pair: Pair) -> None:
    link = await make_link(pair.a)
    before = vars(await row_of(link))

    seen = await peek(Origin(KEYS, HOME), link.token, PHONE, now=NOW)
    shown = [await setup_codes.find_invitation(CREDENTIALS, link.token, NOW) for _ in range(50)]

    assert str(vars(await row_of(link))) == str(before)
    assert seen == await try_code(link)
    assert shown[0] is not None
    assert (shown[0].name, shown[0].app, shown[0].expires_at) == ("AcmeInc", AppKind.GENERIC, link.link.expires_at)


async def test_the_page_of_a_link_is_there_as_long_as_a_phone_could_redeem_it(pair: Pair) -> None:
    link, login, moving = await make_link(pair.a), await make_link(pair.a, LOGIN), await make_link(pair.a, canMove=True)

    async def shown(one: MadeSetupLink, after: float = 0) -> bool:
        now = NOW + timedelta(seconds=after)
        return await setup_codes.find_invitation(CREDENTIALS, one.token, now) is not None

    before = [await shown(link), await shown(login), await shown(moving)]
    await try_code(link)
    await try_code(moving)
    after = [await shown(link), await shown(login), await shown(moving), await shown(moving, 24 * 3600)]
    await change(pair.a, **OFF)

    assert before == [True, True, True]
    assert after == [False, True, True, False]
    assert not await shown(login)
    await tenant_actions.suspend_tenant(pair.a, "unpaid", now=NOW)
    assert not await shown(moving)
