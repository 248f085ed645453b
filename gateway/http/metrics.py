"""Counters for Prometheus. No tenant, no user, no path: only the route's template."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram
from starlette.responses import PlainTextResponse, Response

from gateway.http.auth import BadCredentialError, find_token, principal_of
from gateway.http.caller import caller_of, origin_of
from gateway.http.worker_metrics import print_metrics
from tenants.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from starlette.requests import Request

    from gateway.edge.cache import EdgeCache, Tally
    from gateway.settings import Settings
    from gateway.stamps import Stamps
    from tenants.keys import KeyRing

REQUESTS = Counter("gateway_http_requests_total", "HTTP requests answered.", ("route", "method", "status"))
DURATIONS = Histogram(
    "gateway_http_request_seconds",
    "Time from the head of a request to the end of its answer.",
    ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
# Of several workers only those that live are added up: gauges are "livesum".
OPERATIONS_RUNNING = Gauge(
    "gateway_graphql_operations_running", "GraphQL operations under way.", multiprocess_mode="livesum"
)
WORKERS = Gauge("gateway_workers", "Worker processes, those that start or drain included.", multiprocess_mode="livesum")
WORKERS.set(1)
CONFIGS = Counter("gateway_config_cache_total", "Softphone queries, by whether their answer was stored.", ("result",))
NOT_MODIFIED = Counter("gateway_config_not_modified_total", "Softphones that were told that they have it (304).")
STALE = Counter(
    "gateway_config_stale_total", "Softphones that were answered with what was known to be good: the database was away."
)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_TALLY_SECONDS = 1.0


def method_label(method: str) -> str:
    """Methods that nobody should send share one label, so that none can be invented."""
    return method if method in _METHODS else "other"


def operation() -> AbstractContextManager[object]:
    """Count an operation while it runs."""
    return OPERATIONS_RUNNING.track_inprogress()


def observe(*, route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request; `method` is a `method_label`."""
    REQUESTS.labels(route, method, str(status)).inc()
    DURATIONS.labels(route).observe(seconds)


def add(tally: Tally) -> None:
    """Count what stored answers were given for. How long they took is not measured."""
    CONFIGS.labels("hit").inc(tally.hits)
    CONFIGS.labels("miss").inc(tally.misses)
    NOT_MODIFIED.inc(tally.not_modified)
    STALE.inc(tally.stale)
    for (method, status), count in tally.answered.items():
        REQUESTS.labels("/graphql", method, str(status)).inc(count)


class Tallying:
    """Takes what the cache has counted, each second: a hit itself must not cost so much."""

    def __init__(self, cache: EdgeCache) -> None:
        self._cache = cache
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """The rest of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self.take()

    def take(self) -> None:
        """What was counted up to now."""
        add(self._cache.take_tally())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_TALLY_SECONDS)
            self.take()


class MetricsEndpoint:
    """GET /metrics, behind the operator's token or a platform admin's."""

    def __init__(
        self, settings: Settings, keys: KeyRing, stamps: Stamps, tallying: Tallying, now: Callable[[], datetime]
    ) -> None:
        self._settings, self._keys, self._stamps, self._now = settings, keys, stamps, now
        self._tallying = tallying

    async def __call__(self, request: Request) -> Response:
        """The counters of this process, or of all workers; 401 without a token."""
        if not await self._is_allowed(request):
            message = "Send Authorization: Bearer <GATEWAY_METRICS_TOKEN>, or a platform admin's token.\n"
            return PlainTextResponse(message, 401, {"WWW-Authenticate": "Bearer"})
        self._tallying.take()
        return Response(print_metrics(), media_type=CONTENT_TYPE_LATEST)

    async def _is_allowed(self, request: Request) -> bool:
        token = find_token(request)
        own = self._settings.metrics_token
        if own and token and hmac.compare_digest(token.encode(), own.reveal().encode()):
            return True
        try:
            origin = origin_of(request, caller_of(request, self._settings), self._keys)
            return (await principal_of(request, origin, self._stamps, self._now())).is_platform_admin
        except (BadCredentialError, UnavailableError):
            return False
