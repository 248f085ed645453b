"""The composition root: settings in, an ASGI application out."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.api import make_schema
from gateway.context import utc_now
from gateway.edge.answers import Answers
from gateway.edge.cache import EdgeCache
from gateway.edge.keeping import Keeping
from gateway.edge.known_good import KnownGood
from gateway.edge.lane import Lane
from gateway.edge.purges import Purges
from gateway.edge.serving import Serving
from gateway.edge.snapshot import SnapshotFile
from gateway.environment import key_ring, load_serving_settings
from gateway.http.account_pages import AccountEndpoint
from gateway.http.cross_origin import graphql_routes
from gateway.http.deadline import Deadline
from gateway.http.graphql import GraphQLEndpoint
from gateway.http.guards import Guards, security_headers
from gateway.http.health import livez, readyz
from gateway.http.link_pages import PasswordPage, WelcomePage
from gateway.http.linphone import LinphoneEndpoint
from gateway.http.metrics import MetricsEndpoint, Tallying
from gateway.http.pages import IndexPage, rules
from gateway.http.persisted import PersistedDocuments
from gateway.http.provisioning_endpoints import AcrobitsEndpoint
from gateway.http.rendering import refuse
from gateway.http.setup_pages import SetupPage
from gateway.http.short_way import ShortWay
from gateway.http.sign_in_page import SignInPage, SignOutPage
from gateway.http.static import static_routes
from gateway.http.trusted import load_trusted
from gateway.jobs.arrival import Arrival
from gateway.jobs.feed import Feed
from gateway.jobs.huge_pages import HugePages
from gateway.jobs.supervision import end
from gateway.logs import configure_logging
from gateway.preparation import look, prepare
from gateway.provisioning.provisioner import Provisioner
from gateway.refusals import ErrorCode
from gateway.settings import SettingError, Switch
from gateway.stamps import Stamps
from gateway.upstream.client import Upstream
from gateway.upstream.resolver import DnsResolver
from tenants import database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from gateway.guard import GatewaySchema
    from gateway.http.account_pages import Page
    from gateway.jobs.feed import Listener
    from gateway.settings import Settings
    from gateway.upstream.resolver import Resolver
    from tenants.keys import KeyRing

_WARM_UP_AFTER_SECONDS = 1.0

log = structlog.get_logger("gateway")


def create_app(
    settings: Settings, *, now: Callable[[], datetime] = utc_now, resolver: Resolver | None = None
) -> ASGIApp:
    """The gateway. Connects to the database when it starts, and lets go of it when it stops.

    `resolver` is how the names of providers' servers are looked up; None: in the DNS.
    """
    keys = key_ring(settings)
    upstream = Upstream(resolver=resolver or DnsResolver(), admitted=settings.admit_hosts, ca_file=settings.upstream_ca)
    stamps = Stamps()
    provisioner = Provisioner(upstream, keys, stamps)
    schema = _make_schema(settings)

    documents = PersistedDocuments(
        schema.documents, load_trusted(settings, schema), is_trusted_only=settings.is_trusted_only
    )
    listeners: list[Listener] = []
    feed = Feed(listeners, settings.database_url)
    cache = EdgeCache(settings.cache_bytes, is_current=lambda: feed.is_current)
    tallying = Tallying(cache)
    huge_pages = HugePages(lambda: cache.weight)
    headers = security_headers(is_production=settings.is_production)
    known = KnownGood(feed)
    serving = Serving(
        cache,
        schema.documents,
        keys,
        stamps,
        now,
        known=known,
        answers=Answers(keys, headers, is_for_other_origins=bool(settings.cors_origins)),
    )
    purges = Purges(settings, keys, upstream.trust)
    # In this order: caches in front ask again as soon as they hear.
    listeners += [serving.cells.on_changes, known.on_changes, purges.on_changes]
    keeping = Keeping(
        known,
        SnapshotFile(settings.snapshot_path, keys) if settings.snapshot_path else None,
        serving.cells.has,
    )
    arrival = Arrival(
        look=lambda: look(settings), prepare=lambda: prepare(settings, is_hasty=True), reach=database.reach
    )
    deadline = Deadline(lambda: feed.is_away, feed.look)
    graphql = GraphQLEndpoint(schema, settings, keys, provisioner, stamps, documents, serving, now)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await database.attach(
            settings.database_url,
            pool_size=settings.database_pool,
            system_role=settings.system_role,
            on_commit=feed.hear,
        )
        await keeping.load()
        async with _or_disconnect():
            await arrival.start(can_wait=known.is_of_use)
        await feed.start()
        keeping.start()
        purges.start()
        log.info("started", sqlite=database.sqlite_version(), profile=settings.profile.value)
        tallying.start()
        huge_pages.start()
        warming = asyncio.create_task(_warm_up(upstream))
        try:
            yield
        finally:
            await end(warming)
            await tallying.close()
            await huge_pages.close()
            await upstream.close()
            await stamps.close()
            await keeping.close()
            await feed.close()
            await arrival.close()
            await purges.close()
            await database.disconnect()

    app = Starlette(
        routes=[
            *graphql_routes(_endpoint(graphql), settings),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", _endpoint(MetricsEndpoint(settings, keys, stamps, tallying, now))),
            Route("/docs/rules", rules),
            Route("/setup/{token}", _endpoint(SetupPage(deadline, now))),
            Route(
                "/provisioning/linphone/{code}",
                _endpoint(LinphoneEndpoint(settings, keys, provisioner, stamps, deadline, now)),
            ),
            Route(
                "/provisioning/acrobits/{provider_id}",
                _endpoint(AcrobitsEndpoint(settings, keys, provisioner, deadline, now)),
                methods=["GET", "POST"],
            ),
            *_account_routes(settings, keys, deadline, now),
            Route("/", _endpoint(IndexPage(settings, keys, now))),
            *static_routes(),
        ],
        lifespan=lifespan,
        exception_handlers={Exception: _on_bug},
    )
    app.router.redirect_slashes = False
    short_way = ShortWay(schema, documents, serving, settings) if settings.cache_bytes else None
    return Lane(Guards(app, headers), cache, serving.digests, short_way, is_fast=settings.fast_lane is Switch.ON)


@asynccontextmanager
async def _or_disconnect() -> AsyncIterator[None]:
    """A start that fails leaves nothing behind."""
    try:
        yield
    except BaseException:
        await database.disconnect()
        raise


def check_documents(settings: Settings) -> None:
    """Raises SettingError when the manifest of trusted documents is bad; better before anything is started."""
    if settings.trusted_documents is not None:
        load_trusted(settings, _make_schema(settings))


def _make_schema(settings: Settings) -> GatewaySchema:
    is_open = not settings.is_production
    return make_schema(settings.limits, is_introspecting=is_open, is_suggesting=is_open)


def create_from_env() -> ASGIApp:
    """What a worker process runs: the environment also has what the command line was given."""
    try:
        settings = load_serving_settings(os.environ)
        configure_logging(settings.log_level)
        return create_app(settings)
    except SettingError as error:  # by a file that was changed since the command line looked
        configure_logging("error")
        log.error("settings cannot be used", why=str(error))  # noqa: TRY400 - whose file it is, and no bug
        sys.exit(1)


def _endpoint(callable_object: Callable[[Request], object]) -> Callable[[Request], Awaitable[Response]]:
    """Starlette takes an object for an ASGI application and a function for an endpoint."""

    async def endpoint(request: Request) -> Response:
        return await callable_object(request)  # type: ignore[misc,no-any-return]  # both endpoints are coroutines

    return endpoint


def _account_routes(settings: Settings, keys: KeyRing, deadline: Deadline, now: Callable[[], datetime]) -> list[Route]:
    """The pages with forms."""
    pages: dict[str, Page] = {
        "/sign-in": SignInPage(),
        "/sign-out": SignOutPage(),
        "/welcome/{token}": WelcomePage(settings.admit_hosts),
        "/password/{token}": PasswordPage(),
    }
    return [
        Route(path, _endpoint(AccountEndpoint(page, settings, keys, deadline, now)), methods=["GET", "POST"])
        for path, page in pages.items()
    ]


async def _warm_up(upstream: Upstream) -> None:
    """Load what somebody would wait for later, once those are answered who have waited for the start."""
    await asyncio.sleep(_WARM_UP_AFTER_SECONDS)
    await asyncio.to_thread(upstream.warm_up)
    await asyncio.to_thread(import_module, "coloraide")


async def _on_bug(_request: Request, _error: Exception) -> Response:
    """The log has it, by the server that re-raises; the client is told nothing but that."""
    return refuse(500, "Something went wrong.", code=ErrorCode.INTERNAL)
