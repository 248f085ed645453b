"""Sessions in the store: how long they last, how many one may have, and whose they are; a neighbour beside each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tortoise.exceptions import IntegrityError

from tenants.access import CREDENTIALS, Actor, ActorKind, Principal
from tenants.access_rows import SessionRow
from tenants.credentials import SessionToken, digest
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.scoping import bound, extent_of
from tenants.store.people import find_person_by_email, insert_person
from tenants.store.sessions import (
    delete_session,
    delete_sessions,
    find_principal_of_session,
    find_session,
    list_sessions,
    start_session,
)
from tests import make

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("connected")]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def new_person(email: str = "jane@acme.example", *, is_platform_admin: bool = False) -> int:
    async with transaction():
        return await insert_person(
            CREDENTIALS,
            email=EmailAddress.parse(email),
            name=email.split("@", maxsplit=1)[0],
            password_hash="SECRET-hash",
            is_platform_admin=is_platform_admin,
            now=NOW,
        )


async def sign_in(person: int, now: datetime = NOW, device: str = "Firefox on Debian") -> SessionToken:
    async with transaction():
        return await start_session(CREDENTIALS, person, address="192.0.2.7", device=device, now=now)


async def whose(token: SessionToken, now: datetime = NOW) -> Principal:
    return await find_principal_of_session(CREDENTIALS, token.text, make.ORIGIN, now)


async def test_a_session_says_whose_it_is() -> None:
    await sign_in(await new_person("neighbour@acme.example", is_platform_admin=True))
    person = await new_person("Jane@acme.example")

    found = await whose(await sign_in(person))

    assert found.actor == Actor(ActorKind.PERSON, "Jane", f"person:{person}")
    assert (found.person, found.email, found.is_platform_admin) == (person, "Jane@acme.example", False)


async def test_only_a_hash_of_what_the_cookie_holds_is_stored() -> None:
    token = await sign_in(await new_person())

    with bound(extent_of(CREDENTIALS)):
        row = await SessionRow.get()
    assert len(token.text) == 43
    assert bytes(row.sha256) == digest(token.text)


@pytest.mark.parametrize("text", ["", "x" * 43, "é"])
async def test_what_no_session_has_is_nobodys(text: str) -> None:
    await sign_in(await new_person())

    found = await find_principal_of_session(CREDENTIALS, text, make.ORIGIN, NOW)

    assert found == Principal(make.ORIGIN)


async def test_a_session_that_is_not_used_ends_after_half_an_hour() -> None:
    token = await sign_in(await new_person())

    before, after = (
        await whose(token, NOW + timedelta(minutes=30) - SECOND),
        await whose(token, NOW + timedelta(minutes=30)),
    )

    assert (before.actor is None, after.actor is None) == (False, True)


async def test_a_session_that_is_used_all_the_time_ends_after_twelve_hours() -> None:
    token = await sign_in(await new_person())
    with bound(extent_of(CREDENTIALS)):
        async with transaction():
            await SessionRow.all().update(last_used_at=NOW + timedelta(hours=12))

    before, after = (
        await whose(token, NOW + timedelta(hours=12) - SECOND),
        await whose(token, NOW + timedelta(hours=12)),
    )

    assert (before.actor is None, after.actor is None) == (False, True)


async def test_one_more_sign_in_than_one_may_have_ends_the_session_that_was_used_longest_ago() -> None:
    neighbour, person = await new_person("neighbour@acme.example"), await new_person()
    theirs = [await sign_in(neighbour, NOW - timedelta(minutes=29)) for _ in range(20)]
    mine = [await sign_in(person, NOW - timedelta(minutes=number)) for number in range(20)]

    new = await sign_in(person)

    alive = [(await whose(token)).actor is not None for token in [*mine, new]]
    assert alive == [True] * 19 + [False, True]
    assert [(await whose(token)).person for token in theirs] == [neighbour] * 20


async def test_a_list_has_ones_own_living_sessions_last_used_first() -> None:
    neighbour, person = await new_person("neighbour@acme.example"), await new_person()
    await sign_in(neighbour)
    for minutes in (1, 31, 0, 2):
        await sign_in(person, NOW - timedelta(minutes=minutes), f"{minutes}")
    me = (await whose(await sign_in(person, device="this"))).own()

    found = await list_sessions(me, NOW)

    assert [session.device for session in found] == ["this", "0", "1", "2"]


async def test_nobody_ends_or_finds_the_session_of_somebody_else() -> None:
    theirs = (await whose(await sign_in(await new_person("neighbour@acme.example")))).own()
    me = (await whose(await sign_in(await new_person()))).own()

    async with transaction():
        is_ended = await delete_session(me, theirs.session, NOW)

    assert (is_ended, await find_session(me, theirs.session, NOW)) == (False, None)
    assert await find_session(theirs, theirs.session, NOW) is not None


async def test_all_sessions_but_one_are_ended_and_those_that_were_over_are_not_counted() -> None:
    neighbour, person = await sign_in(await new_person("neighbour@acme.example")), await new_person()
    await sign_in(person, NOW - timedelta(hours=1))
    kept = (await whose(await sign_in(person))).own()
    await sign_in(person)

    async with transaction():
        ended = await delete_sessions(CREDENTIALS, person, NOW, keep=kept.session)

    assert ended == 1
    assert [session.id for session in await list_sessions(kept, NOW)] == [kept.session]
    assert (await whose(neighbour)).actor is not None


async def test_an_account_is_found_by_its_address_in_any_case_and_has_it_alone() -> None:
    person = await new_person("Jane@acme.example")

    found = await find_person_by_email(CREDENTIALS, EmailAddress.parse("JANE@ACME.example"))

    assert found is not None
    assert (found.id, found.email) == (person, "Jane@acme.example")
    assert "SECRET" not in repr(found)
    with pytest.raises(IntegrityError):
        await new_person("jANE@acme.example")
