"""A request may be cancelled anywhere: nothing half done stays behind, no lock and no connection."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from dataclasses import replace
from types import coroutine
from typing import TYPE_CHECKING, Any

import httpx2
import orjson
import pytest

from gateway.app import create_app
from gateway.context import utc_now
from gateway.schema.node import read_id_of
from tenants import database
from tenants.access import Role
from tests.api.documents import CREATE, PUBLISH, SAVE_HELP
from tests.cast import join, sign_in, sign_up, signed_in
from tests.servers import run_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator

    from gateway.settings import Settings

pytestmark = [
    pytest.mark.anyio,
    # graphql-core leaves sibling fields that had not begun when their request was cancelled; they hold nothing
    pytest.mark.filterwarnings("ignore:coroutine .*_async_resolver' was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine object .*_async_resolver:pytest.PytestUnraisableExceptionWarning"
    ),
]

POINTS = 40
FEWEST_WAITS = 10
"""Of a request that reads once and writes nothing."""
AT_ONCE_SECONDS = 2.0
"""Less than the five that a writer waits for a lock and a reader for a connection."""
STATE = """
query($id: ID!) { node(id: $id) { ... on Tenant {
  status
  draft { version config { help { menuTitle } } }
  published { number config { help { menuTitle } } }
  revisions { edges { node { number } } }
} } }
"""
BY_NAME = "query($id: String!) { tenant(providerId: $id) { status draft { version } published { number } } }"


class Application:
    """The real one, on a single database connection, so that one that is not given back is missed at once."""

    def __init__(self, client: httpx2.AsyncClient, person: int) -> None:
        self.client, self._person = client, person

    async def ask(self, document: str, variables: dict[str, Any]) -> Any:
        """The root field's data, at once and without errors."""
        async with asyncio.timeout(AT_ONCE_SECONDS):
            answer = await self.client.post("/graphql", json={"query": document, "variables": variables})
        body = answer.json()
        assert "errors" not in body, body
        (data,) = body["data"].values()
        return data

    async def create(self, provider_id: str) -> dict[str, Any]:
        """What the creation answered. The caller owns what was made."""
        made = dict(await self.ask(CREATE, {"input": {"providerId": provider_id, "app": "GENERIC"}}))
        if "tenant" in made:
            await join("admin", self._person, [read_id_of("Tenant", made["tenant"]["id"])], Role.OWNER, utc_now())
        return made

    async def save(self, tenant: str, title: str) -> None:
        """A save on the version that is there must work at once."""
        version = (await self.ask(STATE, {"id": tenant}))["draft"]["version"]
        saved = await self.ask(SAVE_HELP, {"input": help_input(tenant, version, title)})
        assert saved["draft"]["version"] == version + 1

    async def check_free(self, tenant: str) -> None:
        """No lock and no connection is missing: a save, and more reads at once than there are connections."""
        await self.save(tenant, "Free")
        await asyncio.gather(*(self.ask(STATE, {"id": tenant}) for _ in range(2)))


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[Application]:
    settings = replace(settings, database_pool=1)
    await database.connect(settings.database_url, pool_size=1)
    person = await sign_up("admin", utc_now(), is_platform_admin=True)
    headers = signed_in(await sign_in(person, utc_now()))
    transport = httpx2.ASGITransport(app=create_app(settings))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.example", headers=headers) as client:
        yield Application(client, person)
    await database.disconnect()


def help_input(tenant: str, version: int, title: str) -> dict[str, Any]:
    return {"tenantId": tenant, "expectedVersion": version, "help": {"menuTitle": title}}


class Steps:
    """Counts how often any task that is started meanwhile begins to wait, and cancels the request at one of them."""

    def __init__(self, point: int) -> None:
        self._left = point
        self.request: asyncio.Task[Any] | None = None

    def make_task(self, loop: asyncio.AbstractEventLoop, work: Any, /, **options: Any) -> asyncio.Task[Any]:
        """A task factory: as the event loop's own, and counted."""

        async def run() -> Any:
            return await self._counted(work)

        task = asyncio.Task(run(), loop=loop, **options)
        task.add_done_callback(lambda _: work.close())  # what was cancelled before it began is still to be closed
        return task

    @coroutine
    def _counted(self, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        sent: Any = None
        error: BaseException | None = None
        while True:
            try:
                awaited = work.throw(error) if error else work.send(sent)
            except StopIteration as end:
                return end.value
            self._count()
            error = None
            try:
                sent = yield awaited
            except BaseException as raised:  # noqa: BLE001 - whatever it is, it is handed on to the work
                error = raised

    def _count(self) -> None:
        if self._left == 0 and self.request is not None:
            self.request.cancel()  # when it is the one that waits: as soon as it does
        self._left -= 1


async def is_cancelled_at(work: Coroutine[Any, Any, Any], point: int) -> bool:
    """Whether the request still ran when its tasks had waited so many times; if so it has been cancelled there."""
    before = asyncio.all_tasks()
    steps = Steps(point)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(steps.make_task)
    try:
        steps.request = asyncio.ensure_future(work)
        with suppress(asyncio.CancelledError):
            await steps.request
        await _settle(before)
    finally:
        loop.set_task_factory(None)
    return steps.request.cancelled()


async def is_cancelled_after(work: Coroutine[Any, Any, Any], seconds: float) -> bool:
    """Whether the request still ran at that time; if so it has been cancelled then."""
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(work)
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await _settle(before)
    return task.cancelled()


async def _settle(before: set[asyncio.Task[Any]]) -> None:
    """What the request has started may end after it, as a COMMIT does that is under way; but it must end."""
    left = asyncio.all_tasks() - before
    if left:
        _, pending = await asyncio.wait(left, timeout=AT_ONCE_SECONDS)
        assert not pending


async def sweep(
    make: Callable[[], Awaitable[Coroutine[Any, Any, Any]]], check: Callable[[], Awaitable[None]]
) -> tuple[int, int]:
    """Cancels the request at each point where one of its tasks waits, then at 40 moments.

    How many cancellations of either kind there were.
    """
    waits = 0
    while await is_cancelled_at(await make(), waits):
        await check()
        waits += 1
    await check()
    work = await make()
    started = time.monotonic()
    await work
    seconds = time.monotonic() - started
    moments = 0
    for number in range(10 * POINTS):
        if moments == POINTS:
            break
        # Multiples of the golden ratio spread evenly, however many of them find the request done already.
        moments += await is_cancelled_after(await make(), seconds * (number * 0.618034 % 1))
        await check()
    return waits, moments


async def test_a_save_that_is_cancelled_is_done_or_not_done(application: Application) -> None:
    tenant = (await application.create("AcmeInc"))["tenant"]["id"]
    before: dict[str, Any] = {}
    titles = iter(range(100_000))

    async def make() -> Coroutine[Any, Any, Any]:
        before.update((await application.ask(STATE, {"id": tenant}))["draft"])
        before["sent"] = f"Title {next(titles)}"
        sent = help_input(tenant, before["version"], before["sent"])
        return application.client.post("/graphql", json={"query": SAVE_HELP, "variables": {"input": sent}})

    async def check() -> None:
        draft = (await application.ask(STATE, {"id": tenant}))["draft"]
        unchanged = (before["version"], before["config"]["help"]["menuTitle"])
        changed = (before["version"] + 1, before["sent"])
        assert (draft["version"], draft["config"]["help"]["menuTitle"]) in (unchanged, changed)
        await application.check_free(tenant)

    waits, moments = await sweep(make, check)

    assert waits >= FEWEST_WAITS
    assert moments == POINTS


async def test_a_publish_that_is_cancelled_is_done_or_not_done(application: Application) -> None:
    tenant = (await application.create("AcmeInc"))["tenant"]["id"]
    numbers = iter(range(100_000))
    before: dict[str, Any] = {}

    async def make() -> Coroutine[Any, Any, Any]:
        await application.save(tenant, f"Title {next(numbers)}")
        before.update(await application.ask(STATE, {"id": tenant}))
        sent = {"tenantId": tenant, "expectedVersion": before["draft"]["version"]}
        return application.client.post("/graphql", json={"query": PUBLISH, "variables": {"input": sent}})

    async def check() -> None:
        after = await application.ask(STATE, {"id": tenant})
        if after["draft"]["version"] == before["draft"]["version"]:
            assert after == before
        else:
            number = before["published"]["number"] + 1 if before["published"] else 1
            assert after["draft"] == {**before["draft"], "version": before["draft"]["version"] + 1}
            assert after["published"] == {"number": number, "config": before["draft"]["config"]}
            assert after["revisions"]["edges"][0] == {"node": {"number": number}}
            assert after["status"] == "LIVE"
        await application.check_free(tenant)

    waits, moments = await sweep(make, check)

    assert waits >= FEWEST_WAITS
    assert moments == POINTS


async def test_a_creation_that_is_cancelled_leaves_a_whole_tenant_or_a_free_name(application: Application) -> None:
    other = (await application.create("Other"))["tenant"]["id"]
    names: list[str] = []

    async def make() -> Coroutine[Any, Any, Any]:
        names.append(f"Acme-{len(names)}")
        sent = {"providerId": names[-1], "app": "GENERIC"}
        return application.client.post("/graphql", json={"query": CREATE, "variables": {"input": sent}})

    async def check() -> None:
        found = await application.ask(BY_NAME, {"id": names[-1]})
        whole = {"status": "UNPUBLISHED", "draft": {"version": 1}, "published": None}
        assert found in (None, whole)
        again = await application.create(names[-1])
        assert ("tenant" in again) is (found is None)
        await application.check_free(other)

    waits, moments = await sweep(make, check)

    assert waits >= FEWEST_WAITS
    assert moments == POINTS


async def test_a_query_that_is_cancelled_gives_its_connection_back(application: Application) -> None:
    tenant = (await application.create("AcmeInc"))["tenant"]["id"]

    async def make() -> Coroutine[Any, Any, Any]:
        return application.client.post("/graphql", json={"query": STATE, "variables": {"id": tenant}})

    async def check() -> None:
        await application.check_free(tenant)

    waits, moments = await sweep(make, check)

    assert waits >= FEWEST_WAITS
    assert moments == POINTS


async def test_clients_that_hang_up_leave_nothing_behind(application: Application, settings: Settings) -> None:
    tenant = (await application.create("AcmeInc"))["tenant"]["id"]
    cookie = application.client.headers["Cookie"]
    body = orjson.dumps({"query": SAVE_HELP, "variables": {"input": help_input(tenant, 1, "Title")}})
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: gateway.example\r\nCookie: {cookie}\r\n"
        "GraphQL-Require-Preflight: 1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    await database.disconnect()

    with run_server(create_app(replace(settings, database_pool=1))) as server:
        for point in range(POINTS):
            await asyncio.to_thread(_hang_up, server.port, request, point)
    await database.connect(settings.database_url, pool_size=1)

    draft = (await application.ask(STATE, {"id": tenant}))["draft"]
    assert (draft["version"], draft["config"]["help"]["menuTitle"]) == (2, "Title")
    await application.check_free(tenant)


def _hang_up(port: int, request: bytes, point: int) -> None:
    """Sends a part of the request, or all of it, and is gone at once or a little later."""
    sent = len(request) * (point + 10) // POINTS
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request[:sent])
        time.sleep(0.0005 * (point % 8))
