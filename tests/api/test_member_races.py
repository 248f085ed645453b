"""One-time links and the last owner under two processes; and the log of a process that links went through."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.api.people import ACCEPT, CHANGE_ROLE, INVITE, MEMBERS, REMOVE, SET_PASSWORD
from tests.api.test_concurrent_saves import KEY
from tests.operators import EMAIL, PASSWORD, SignedIn, printed_token, run_gateway, sign_up
from tests.servers import RunningProcess, gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ROUNDS = 5
GUESTS = 12
ENV = {"GATEWAY_SECRET_KEY": KEY, "GATEWAY_LOG_LEVEL": "debug"}
SESSION = "__Host-gateway"


@pytest.fixture
def servers(database_url: str) -> Iterator[list[RunningProcess]]:
    """Two processes on one database, in which nobody has signed up."""
    with ExitStack() as stack:
        arguments = ("serve", "--port", "0", "--database", database_url)
        running = [stack.enter_context(gateway_process(*arguments, env=ENV)) for _ in range(2)]
        yield running
        assert not [server.errors for server in running if "operation_failed" in server.errors]


async def send(server: RunningProcess, document: str, sent: dict[str, Any], who: SignedIn | None = None) -> Any:
    """A mutation's answer, and the session that it began."""
    headers = who.headers if who else {}
    async with httpx2.AsyncClient(
        base_url=str(server.ready[0]), headers=headers, trust_env=False, timeout=30
    ) as client:
        answer = await client.post("/graphql", json={"query": document, "variables": {"input": sent}})
    (data,) = answer.json()["data"].values()
    return data | {"session": answer.cookies.get(SESSION)}


def kinds(answers: list[Any]) -> dict[str, int]:
    found = [answer["__typename"] for answer in answers]
    return {kind: found.count(kind) for kind in sorted(set(found))}


async def test_of_many_who_use_one_invitation_at_once_one_gets_in(servers: list[RunningProcess]) -> None:
    admin = await asyncio.to_thread(sign_up, servers[0])
    tenant = await asyncio.to_thread(admin.create_tenant, "AcmeInc")
    made = await send(servers[0], INVITE, {"tenantId": tenant, "email": "g@a.example", "role": "VIEWER"}, admin)
    form = {"token": made["url"], "name": "Guest", "password": PASSWORD}

    answers = await asyncio.gather(*(send(servers[number % 2], ACCEPT, form) for number in range(GUESTS)))

    assert kinds(answers) == {"InvitationAccepted": 1, "OneTimeLinkUnusable": GUESTS - 1}
    members = await asyncio.to_thread(admin.ask, MEMBERS, {"id": tenant})
    assert [edge["node"]["name"] for edge in members["members"]["edges"]] == ["Admin", "Guest"]


async def test_of_two_first_admins_with_a_link_each_one_signs_up(servers: list[RunningProcess]) -> None:
    forms = [
        {"token": printed_token(server), "name": "Admin", "password": PASSWORD, "email": f"admin{number}@a.example"}
        for number, server in enumerate(servers)
    ]

    answers = await asyncio.gather(
        *(send(servers[number % 2], ACCEPT, forms[number // 2 % 2]) for number in range(8)),
    )

    assert kinds(answers) == {"InvitationAccepted": 1, "OneTimeLinkUnusable": 7}


async def test_of_many_who_use_one_reset_link_at_once_one_sets_the_password(
    servers: list[RunningProcess], database_url: str
) -> None:
    await asyncio.to_thread(sign_up, servers[0])
    link = await asyncio.to_thread(run_gateway, "people", "reset-password", EMAIL, database=database_url, **ENV)

    answers = await asyncio.gather(
        *(
            send(servers[number % 2], SET_PASSWORD, {"token": link, "newPassword": f"{number} words that nobody knows"})
            for number in range(GUESTS)
        )
    )

    assert kinds(answers) == {"OneTimeLinkUnusable": GUESTS - 1, "PasswordSet": 1}


@pytest.mark.parametrize("mutation", [CHANGE_ROLE, REMOVE], ids=["changeRole", "removeMember"])
async def test_of_two_last_owners_who_turn_on_each_other_one_stays(
    servers: list[RunningProcess], mutation: str
) -> None:
    admin = await asyncio.to_thread(sign_up, servers[0])
    rest = {"expectedVersion": 1, "role": "EDITOR"} if mutation is CHANGE_ROLE else {}
    jane: SignedIn | None = None

    for number in range(ROUNDS):
        tenant = await asyncio.to_thread(admin.create_tenant, f"Acme{number}")
        invited = {"tenantId": tenant, "email": "jane@a.example", "role": "OWNER"}
        made = await send(servers[0], INVITE, invited, admin)
        joined = await send(servers[1], ACCEPT, {"token": made["url"], "name": "Jane", "password": PASSWORD}, jane)
        jane = jane or SignedIn(str(servers[1].ready[0]), joined["session"])
        found = await asyncio.to_thread(admin.ask, MEMBERS, {"id": tenant})
        admins, janes = (edge["node"]["id"] for edge in found["members"]["edges"])

        answers = await asyncio.gather(
            send(servers[0], mutation, {"memberId": janes, **rest}, admin),
            send(servers[1], mutation, {"memberId": admins, **rest}, jane),
        )

        lists = [await asyncio.to_thread(roles, who, tenant) for who in (admin, jane)]
        assert [each.count("OWNER") for each in lists if each] in ([1], [1, 1])
        assert sorted(answer["__typename"] in {"RoleChanged", "MemberRemoved"} for answer in answers) == [False, True]


def roles(who: SignedIn, tenant: str) -> list[str]:
    """All that there are; none for whoever may not see them."""
    found = who.raw(MEMBERS, {"id": tenant})["data"]["node"]
    members = found["members"] if found else None
    return [edge["node"]["role"] for edge in members["edges"]] if members else []


async def test_the_token_of_a_link_is_in_no_log_and_no_answer(servers: list[RunningProcess]) -> None:
    server = servers[0]
    admin = await asyncio.to_thread(sign_up, server)
    tenant = await asyncio.to_thread(admin.create_tenant, "AcmeInc")
    made = await send(server, INVITE, {"tenantId": tenant, "email": "g@a.example", "role": "VIEWER"}, admin)
    token = made["url"].rpartition("/")[2]
    async with httpx2.AsyncClient(base_url=str(server.ready[0]), trust_env=False, timeout=30) as client:
        pages = [(await client.get(f"/{page}/{token}")).status_code for page in ("welcome", "password", "nowhere")]
    form = {"token": made["url"], "name": "", "password": PASSWORD}
    wrong = await send(server, ACCEPT, form)
    done = await send(server, ACCEPT, form | {"name": "Guest"})
    again = await send(server, ACCEPT, form | {"name": "Guest"})

    log = server.errors
    is_logged = [secret in log for secret in (token, PASSWORD, admin.session, done["session"])]
    is_told = [token in str(answer) for answer in (wrong, again)]
    assert len(pages) == 3
    assert '"route"' in log
    assert done["__typename"] == "InvitationAccepted"
    assert is_logged == [False] * 4
    assert is_told == [False, False]
