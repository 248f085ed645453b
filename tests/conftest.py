"""What several test files share: the real application on a real database, a real server process, and `ask`."""

from __future__ import annotations

import gc
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.context import utc_now
from gateway.settings import Secret, Settings
from tests.cast import Cast
from tests.operators import SignedIn, create_token, sign_up
from tests.servers import RunningProcess, gateway_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tests.cast import Run

pytest_plugins = ["tests.databases", "tests.served", "tests.needs", "tests.hypothesis_profiles"]

CREATE = "mutation($input: CreateTenantInput!) { createTenant(input: $input) { __typename \
... on TenantCreated { tenant { id draft { version } } } ... on InvalidInput { problems { code path } } } }"
PUBLISH = "mutation($input: PublishInput!) { publish(input: $input) { __typename ... on Refusal { message } } }"
SAVE_HELP = "mutation($input: SaveHelpInput!) { saveHelp(input: $input) { __typename ... on Refusal { message } } }"


def pytest_configure() -> None:
    """A request leaves little garbage and many objects: to look after each 700 of them takes a tenth of the time."""
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture
def anyio_backend() -> str:
    """Tortoise and uvicorn run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> None:
    """What the developer has set for a gateway of their own is none of the tests' business."""
    for name in [name for name in os.environ if re.match("GATEWAY_(?!TEST_|PROOF_)", name)]:
        del os.environ[name]


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Development's, on a fresh database."""
    return Settings(database_url=database_url, secret_key=Secret("a key for tests, 32 characters long"))


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The real application, in this process. A bug is answered as it is in service, not raised."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


class Ask:
    """Sends documents to the application, unless told otherwise as a platform admin who owns the tenants made here.

    `as_` names others: the people and tokens of `tests.cast`, or `anonymous`.
    """

    def __init__(self, client: TestClient, *, now: Callable[[], datetime] = utc_now, run: Run | None = None) -> None:
        """`run` puts people in where the database is connected; None: in the application, which is in this process."""
        if run is None:
            assert client.portal is not None
            run = client.portal.call
        self.client, self.staff = client, Cast(run, now)

    def raw(self, query: str, variables: dict[str, Any] | None = None, *, as_: str = "admin") -> dict[str, Any]:
        """The whole answer."""
        headers = self.staff.headers(as_)
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        return dict(answer.json())

    def __call__(self, query: str, variables: dict[str, Any] | None = None, *, as_: str = "admin") -> Any:
        """The data of the one root field; there must be no errors."""
        answer = self.raw(query, variables, as_=as_)
        assert "errors" not in answer, answer["errors"]
        (data,) = answer["data"].values()
        return data

    def create(self, provider_id: str, app: str = "GENERIC", name: str | None = None) -> str:
        """A new tenant's id. Everybody who may work on it is a member."""
        created = self(CREATE, {"input": {"providerId": provider_id, "app": app, "name": name}})
        assert created["__typename"] == "TenantCreated", created
        self.staff.hire(created["tenant"]["id"])
        return str(created["tenant"]["id"])

    def version(self, tenant_id: str) -> int:
        """The draft's version now."""
        found = self("query($id: ID!) { node(id: $id) { ... on Tenant { draft { version } } } }", {"id": tenant_id})
        return int(found["draft"]["version"])

    def publish(self, tenant_id: str) -> None:
        """Make the draft live."""
        done = self(PUBLISH, {"input": {"tenantId": tenant_id, "expectedVersion": self.version(tenant_id)}})
        assert done["__typename"] == "ConfigPublished", done


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """A way to ask, with a neighbour tenant in the database whose data must never turn up elsewhere."""
    ask = Ask(client)
    neighbour = ask.create("NeighbourTel", name="N-Name")
    ask.staff.leave_to_neighbours(neighbour)
    link = {"title": "N-Title", "url": "https://neighbour.example/n"}
    saved = ask(SAVE_HELP, {"input": {"tenantId": neighbour, "expectedVersion": 1, "help": {"links": [link]}}})
    assert saved["__typename"] == "DraftSaved"
    ask.publish(neighbour)
    return ask


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the demo's tenants are."""
    return f"sqlite:///{tmp_path_factory.mktemp('demo') / 'gateway.db'}"


@pytest.fixture(scope="session")
def demo_server(demo_database: str) -> Iterator[RunningProcess]:
    """A gateway as `scripts/serve` starts it, on SQLite, with the three demo tenants."""
    with gateway_process("serve", "--demo", "--port", "0", "--database", demo_database, env={}) as server:
        yield server


@pytest.fixture(scope="session")
def gateway_url(demo_server: RunningProcess) -> str:
    """The address of a real server process with the demo tenants."""
    return f"http://127.0.0.1:{demo_server.ready['port']}"


@pytest.fixture(scope="session")
def demo_admin(demo_server: RunningProcess) -> SignedIn:
    """Whoever signed up first by the link that was printed: a platform admin who owns the demo tenants."""
    return sign_up(demo_server)


@pytest.fixture(scope="session")
def admin_token(demo_server: RunningProcess, demo_database: str) -> str:
    """A platform admin's token that the operator made."""
    assert demo_server.popen.poll() is None
    return create_token(demo_database)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parent.parent
