"""Two gateways on one database: of many who write at once one wins, and the others are told so."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.api.documents import CREATE, PUBLISH, RENAME, SAVE_BRANDING, SUSPEND, TENANT
from tests.operators import SignedIn, sign_up
from tests.proofs import count
from tests.servers import gateway_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WRITERS = 50
KEY = "a key for tests, 32 characters long"
HISTORY = """
query($id: ID!) { node(id: $id) { ... on Tenant {
  status
  draft { version hasChanges config { branding { themeColor } } }
  revisions(first: 100) { edges { node { number config { branding { themeColor } } } } }
} } }
"""


class Gateways:
    """Two processes that serve the same database."""

    def __init__(self, clients: list[httpx2.AsyncClient], admin: SignedIn) -> None:
        self._clients, self._admin = clients, admin

    async def ask(self, number: int, document: str, variables: dict[str, Any]) -> Any:
        """The root field's data, from one process or the other in turn. Nothing may fail."""
        client = self._clients[number % len(self._clients)]
        answer = await client.post("/graphql", json={"query": document, "variables": variables})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "errors" not in body, body
        (data,) = body["data"].values()
        return data

    async def at_once(self, requests: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        """Sends all at the same time, one to one process, the next to the other; their answers in that order."""
        work = [self.ask(number, document, {"input": sent}) for number, (document, sent) in enumerate(requests)]
        return await asyncio.gather(*work)

    async def create(self, provider_id: str) -> str:
        """A new tenant's id; the admin owns it."""
        return await asyncio.to_thread(self._admin.create_tenant, provider_id)

    async def state(self, tenant: str) -> Any:
        """The tenant now, as both processes see it."""
        seen = [await self.ask(number, HISTORY, {"id": tenant}) for number in range(len(self._clients))]
        assert seen[0] == seen[1]
        return seen[0]


@pytest.fixture
def addresses(database_url: str) -> Iterator[tuple[list[str], SignedIn]]:
    """Where the two processes listen, and the admin."""
    with ExitStack() as stack:
        arguments = ("serve", "--port", "0", "--database", database_url)
        env = {"GATEWAY_SECRET_KEY": KEY}
        servers = [stack.enter_context(gateway_process(*arguments, env=env)) for _ in range(2)]
        yield [f"http://127.0.0.1:{server.ready['port']}" for server in servers], sign_up(servers[0])
        assert not [server.errors for server in servers if "operation_failed" in server.errors]


@asynccontextmanager
async def gateways_at(addresses: tuple[list[str], SignedIn]) -> AsyncIterator[Gateways]:
    urls, admin = addresses
    limits = httpx2.Limits(max_connections=WRITERS)
    headers = admin.headers
    async with AsyncExitStack() as stack:
        clients = [
            httpx2.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=20, trust_env=False)
            for url in urls
        ]
        for client in clients:
            await stack.enter_async_context(client)
        yield Gateways(clients, admin)


def color(number: int) -> str:
    return f"#{number:06x}"


def count_by_type(answers: list[Any]) -> dict[str, int]:
    """How often each kind of answer came; the documents ask for `__typename` of refusals only."""
    kinds = [answer.get("__typename", "success") for answer in answers]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


async def save_at_once(gateways: Gateways, tenant: str, version: int) -> list[Any]:
    return await gateways.at_once(
        [
            (
                SAVE_BRANDING,
                {"tenantId": tenant, "expectedVersion": version, "branding": {"themeColor": color(version * 100 + n)}},
            )
            for n in range(WRITERS)
        ]
    )


async def check_saves(gateways: Gateways, tenant: str, rounds: int) -> None:
    """Each round's saves start from the version that the round before left."""
    for version in range(1, rounds + 1):
        answers = await save_at_once(gateways, tenant, version)

        assert count_by_type(answers) == {"VersionConflict": WRITERS - 1, "success": 1}
        assert {answer["currentVersion"] for answer in answers if "draft" not in answer} == {version + 1}
        (winner,) = [number for number, answer in enumerate(answers) if "draft" in answer]
        draft = (await gateways.state(tenant))["draft"]
        assert draft["version"] == version + 1
        assert draft["config"]["branding"]["themeColor"] == color(version * 100 + winner)


async def check_publishes(gateways: Gateways, tenant: str, rounds: int) -> None:
    """Each round changes the draft and then publishes it many times at once."""
    version = (await gateways.state(tenant))["draft"]["version"]
    published = len((await gateways.state(tenant))["revisions"]["edges"])
    for done in range(1, rounds + 1):
        change = {"tenantId": tenant, "expectedVersion": version, "branding": {"themeColor": color(0x800000 + done)}}
        await gateways.ask(0, SAVE_BRANDING, {"input": change})

        answers = await gateways.at_once([(PUBLISH, {"tenantId": tenant, "expectedVersion": version + 1})] * WRITERS)

        kinds = count_by_type(answers)
        assert kinds.pop("success") == 1
        assert set(kinds) <= {"NothingToPublish", "VersionConflict"}
        edges = (await gateways.state(tenant))["revisions"]["edges"]
        assert [edge["node"]["number"] for edge in edges] == list(range(published + done, 0, -1))
        assert edges[0]["node"]["config"]["branding"]["themeColor"] == color(0x800000 + done)
        version += 2


async def check_creations(gateways: Gateways, name: str) -> None:
    spellings = [name.upper(), name.lower()]
    answers = await gateways.at_once(
        [(CREATE, {"providerId": spellings[number // 2 % 2], "app": "GENERIC"}) for number in range(WRITERS)]
    )

    assert count_by_type(answers) == {"InvalidInput": WRITERS - 1, "success": 1}
    codes = [[one["code"] for one in answer["problems"]] for answer in answers if "tenant" not in answer]
    assert codes == [["PROVIDER_ID_TAKEN"]] * (WRITERS - 1)
    (winner,) = [answer["tenant"] for answer in answers if "tenant" in answer]
    assert (await gateways.ask(1, TENANT, {"providerId": name}))["id"] == winner["id"]


async def check_deletion(gateways: Gateways, name: str) -> None:
    """Saves, publishes, renames and suspensions meet deletions: each is done or refused in words."""
    tenant = await gateways.create(name)
    change = {"tenantId": tenant, "expectedVersion": 1}
    mix: list[tuple[str, dict[str, Any]]] = [
        (only_typename("saveBranding"), {**change, "branding": {"themeColor": "#abcdef"}}),
        (only_typename("publish"), change),
        (only_typename("renameTenant"), {**change, "name": "Another"}),
        (only_typename("suspendTenant"), {"tenantId": tenant, "reason": "unpaid"}),
        (only_typename("deleteTenant"), {"tenantId": tenant, "confirmProviderId": name}),
    ]

    answers = await gateways.at_once([mix[number % 5] for number in range(WRITERS)])

    kinds = count_by_type(answers)
    assert kinds.pop("TenantDeleted") == 1
    changes = {"DraftSaved", "ConfigPublished", "TenantRenamed", "TenantSuspended"}
    assert set(kinds) <= changes | {"NotFound", "VersionConflict", "NothingToPublish"}
    assert await gateways.ask(1, HISTORY, {"id": tenant}) is None


def only_typename(field: str) -> str:
    """What was changed may be gone before an answer could be read from it."""
    kind = f"{field[0].upper()}{field[1:]}Input"
    return f"mutation($input: {kind}!) {{ {field}(input: $input) {{ __typename }} }}"


async def check_suspension(gateways: Gateways, name: str) -> None:
    tenant = await gateways.create(name)
    publish = (PUBLISH, {"tenantId": tenant, "expectedVersion": 1})
    suspend = (SUSPEND, {"tenantId": tenant, "reason": "unpaid"})

    answers = await gateways.at_once([publish, publish, suspend, suspend] * (WRITERS // 4))

    published = [answer for answer in answers if "revision" in answer and "tenant" in answer]
    suspended = [answer for answer in answers if answer.get("tenant") == {"status": "SUSPENDED"}]
    state = await gateways.state(tenant)
    assert (len(published), len(suspended)) == (1, 2 * (WRITERS // 4))
    assert state["status"] == "SUSPENDED"
    assert [edge["node"]["number"] for edge in state["revisions"]["edges"]] == [1]


async def check_names(gateways: Gateways, name: str) -> None:
    """A rename and a creation that want the same name must not wait for each other."""
    tenants = [await gateways.create(f"{name}-{number}") for number in range(2)]
    rename = [(RENAME, {"tenantId": one, "expectedVersion": 1, "providerId": name}) for one in tenants]
    create = (CREATE, {"providerId": name, "app": "WHITELABEL"})

    answers = await gateways.at_once([rename[0], create, rename[1], create] * 3)

    owners = [answer for answer in answers if answer.get("tenant", {}).get("providerId") == name]
    assert len(owners) == 1
    assert set(count_by_type(answers)) <= {"success", "InvalidInput", "VersionConflict"}


async def test_of_fifty_saves_on_one_version_exactly_one_wins(addresses: tuple[list[str], SignedIn]) -> None:
    async with gateways_at(addresses) as gateways:
        await check_saves(gateways, await gateways.create("AcmeInc"), rounds=3)


async def test_of_fifty_publishes_exactly_one_makes_a_revision(addresses: tuple[list[str], SignedIn]) -> None:
    async with gateways_at(addresses) as gateways:
        await check_publishes(gateways, await gateways.create("AcmeInc"), rounds=2)


async def test_writers_of_different_kinds_refuse_each_other_in_words(addresses: tuple[list[str], SignedIn]) -> None:
    async with gateways_at(addresses) as gateways:
        await check_creations(gateways, "AcmeInc")
        await check_deletion(gateways, "Deleted")
        await check_suspension(gateways, "Suspended")
        await check_names(gateways, "Wanted")


@pytest.mark.proof
async def test_concurrent_writers_proof(addresses: tuple[list[str], SignedIn]) -> None:
    rounds = count(full=40, ci=8)
    async with gateways_at(addresses) as gateways:
        tenant = await gateways.create("AcmeInc")
        await check_saves(gateways, tenant, rounds)
        await check_publishes(gateways, tenant, rounds)
        for number in range(rounds):
            await check_creations(gateways, f"created-{number}")
            await check_deletion(gateways, f"deleted-{number}")
            await check_suspension(gateways, f"suspended-{number}")
            await check_names(gateways, f"wanted-{number}")
