"""What the client's tests share: an authority, servers with its certificates, and a client that believes it."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from gateway.upstream.client import OutboundAnswer, OutboundRequest, Upstream, UpstreamLimits
from tests.fake_resolver import FakeResolver
from tests.upstream.raw_server import HOST, RawServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.upstream.resolver import Resolver
    from gateway.upstream.watch import Watch

SHORT = UpstreamLimits(connect_seconds=0.2, total_seconds=0.3)


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both event loops that a gateway may run on: the client reads its sockets by hand."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def context(authority: trustme.CA) -> ssl.SSLContext:
    """A server's, with a good certificate for the host."""
    return context_of(authority.issue_cert(HOST))


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's, with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def serve(context: ssl.SSLContext) -> Iterator[Callable[..., RawServer]]:
    """Starts a server that runs a script for each connection."""
    with ExitStack() as running:

        def start(script: Any, context: ssl.SSLContext | None = context) -> RawServer:
            return running.enter_context(RawServer(script, context).running())

        yield start


class Client:
    """An `Upstream` that believes the authority, and for which the host is this machine."""

    def __init__(self, ca_file: Path) -> None:
        self._ca_file = ca_file
        self.resolver = FakeResolver({HOST: ["127.0.0.1"]})
        self.upstream = self.with_(self.resolver)

    def with_(self, resolver: Resolver, *, limits: UpstreamLimits | None = None) -> Upstream:
        """Another, with another resolver or other limits."""
        return Upstream(
            resolver=resolver,
            admitted=frozenset({"acme.example"}),
            ca_file=self._ca_file,
            limits=limits or UpstreamLimits(),
        )

    def hurried(self) -> Upstream:
        """One that gives up soon."""
        return self.with_(FakeResolver({HOST: ["127.0.0.1"]}), limits=SHORT)

    async def get(self, url: str, *, watch: Watch | None = None) -> OutboundAnswer:
        return await self.upstream.call(1, request(url), watch=watch)


def request(url: str, method: str = "GET", body: bytes = b"") -> OutboundRequest:
    """What a test asks."""
    return OutboundRequest(method, url, (("User-Agent", "test"),), body)


@pytest.fixture
def client(ca_file: Path) -> Client:
    return Client(ca_file)
