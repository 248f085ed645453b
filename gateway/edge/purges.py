"""Tells the caches in front, which the operator has named, whose configs they are to forget.

Each worker tells each cache after its own answers have ended: whoever is last leaves nobody behind who would answer as
before. Forgetting twice does no harm. A cache is told at once, and once more when every answer that was under way has
gone out, since one of those may have been stored after the first time. Nobody waits for it.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from typing import TYPE_CHECKING, NamedTuple

import structlog
from prometheus_client import Counter

from gateway.edge.validators import Validators
from gateway.jobs.supervision import Supervised
from gateway.upstream.operators import CallFailedError, call
from tenants.feed import ChangeKind

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence

    from gateway.settings import Settings
    from tenants.feed import Change
    from tenants.keys import KeyRing

log = structlog.get_logger("gateway.purges")

PURGES = Counter("gateway_purges_total", "Calls to the caches in front, to forget configs.", ("result",))

ALL = "all"
"""In place of keys: anything may have changed. The cache asks again before it answers with what it has."""
MOST_KEPT = 10_000
"""Keys that wait for one cache; with more, it is told to ask for all anew."""
_MOST_AT_ONCE = 100
_PATIENCE_SECONDS = 60.0
"""By then the cache has asked again by itself (s-maxage)."""
_WAITS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


class _Due(NamedTuple):
    at: float
    until: float
    is_echo: bool


class Purges:
    """A listener of the feed. One object a process."""

    def __init__(self, settings: Settings, keys: KeyRing, trust: Callable[[], ssl.SSLContext]) -> None:
        token = settings.purge_token
        headers = {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}
        echo_seconds = settings.deadline_seconds + 1
        self._caches = [_Cache(url, headers, trust, echo_seconds=echo_seconds) for url in settings.purge_urls]
        self._validators = Validators(keys)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """From now on, in the running event loop; not in the context of whoever starts it."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(cache.run(), context=Context()) for cache in self._caches]

    async def close(self) -> None:
        """What has not been told is not told any more: the next start tells all caches to ask again."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def on_changes(self, changes: Sequence[Change] | None) -> None:
        """Something has changed; None: anything may have."""
        if changes is None:
            self._note([ALL])
            return
        tenants = {change.tenant for change in changes if change.kind is not ChangeKind.ACCESS}
        self._note([self._validators.surrogate_key(tenant).decode() for tenant in sorted(tenants)])

    def _note(self, keys: list[str]) -> None:
        for cache in self._caches:
            cache.note(keys)


class _Cache:
    """One of them, and what it has to be told."""

    def __init__(
        self, url: str, headers: dict[str, str], trust: Callable[[], ssl.SSLContext], *, echo_seconds: float
    ) -> None:
        self._url, self._headers, self._trust, self._echo_seconds = url, headers, trust, echo_seconds
        self._place = "/".join(url.split("/")[:3])
        self._due: dict[str, _Due] = {}
        self._news = asyncio.Event()
        self._failures = 0

    def note(self, keys: Iterable[str]) -> None:
        """Costs nothing but memory, and of that no more than a bound."""
        now = time.monotonic()
        for key in keys:
            self._due[key] = _Due(now, now + _PATIENCE_SECONDS, is_echo=False)
        if len(self._due) > MOST_KEPT:
            self._due = {ALL: _Due(now, now + _PATIENCE_SECONDS, is_echo=False)}
        self._news.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        supervised = Supervised("purges")
        while True:
            with supervised:
                await self._step()
                continue
            await asyncio.sleep(_WAITS[-1])  # of a bug, which is logged

    async def _step(self) -> None:
        now = time.monotonic()
        batch = {key: due for key, due in self._due.items() if due.at <= now}
        # All at once are told alone: the word is none of the keys.
        keys = [ALL] if ALL in batch else list(batch)[:_MOST_AT_ONCE]
        if not keys:
            await self._wait(min((due.at for due in self._due.values()), default=None))
        elif await self._tell(keys):
            self._told({key: batch[key] for key in keys})
        else:
            self._forget_old()
            await asyncio.sleep(_WAITS[min(self._failures, len(_WAITS)) - 1])

    async def _wait(self, until: float | None) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(None if until is None else max(0, until - time.monotonic())):
                await self._news.wait()
        except TimeoutError:
            return

    async def _tell(self, keys: list[str]) -> bool:
        """Whether it has heard. What went wrong is logged when it begins; of the URL no more than the server."""
        reason = await self._call(keys)
        if reason is None:
            if self._failures:
                log.info("a cache hears again what changed", cache=self._place)
            self._failures = 0
            PURGES.labels("told").inc()
            return True
        if not self._failures:
            log.warning("a cache does not hear what changed", cache=self._place, reason=reason)
        self._failures += 1
        PURGES.labels("failed").inc()
        return False

    async def _call(self, keys: list[str]) -> str | None:
        try:
            status = await call("PURGE", self._url, {**self._headers, "Surrogate-Key": " ".join(keys)}, self._trust)
        except CallFailedError as error:
            return str(error)
        return None if status in (200, 204) else f"status {status}"

    def _told(self, batch: dict[str, _Due]) -> None:
        again = time.monotonic() + self._echo_seconds
        for key, due in batch.items():
            if self._due.get(key) is not due:
                continue  # it has changed once more meanwhile
            if due.is_echo:
                del self._due[key]
            else:
                self._due[key] = _Due(again, again + _PATIENCE_SECONDS, is_echo=True)

    def _forget_old(self) -> None:
        now = time.monotonic()
        old = [key for key, due in self._due.items() if due.until < now]
        for key in old:
            del self._due[key]
        if old:
            log.error("a cache was not told what changed", cache=self._place, keys=len(old))
            PURGES.labels("given_up").inc(len(old))
