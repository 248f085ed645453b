"""What is known to be good of the tenants served lately, for times when the database cannot be asked.

It hears of every change, so what it holds is as true as the feed is current; what was changed is let go at once and
read anew by a job. What was suspended, deleted or has another config is never answered from here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tenants.feed import ChangeKind
from tenants.identity import ProviderId
from tenants.known import Known
from tenants.store.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tenants.app_keys import SentAppKey
    from tenants.feed import Change
    from tenants.model import AppKind

LONGEST_SECONDS = 24 * 3_600
"""How old a config may be that is answered from here."""
MOST_TENANTS = 10_000
MOST_BYTES = 16 * 1024 * 1024
_KEPT_BYTES = 400
"""What one takes beside its ProviderId and its document: measured, see the test."""
TOMBSTONE_SECONDS = 3_600
"""How long others are told that a tenant was let go."""


class Hearing(Protocol):
    """The feed, as far as it matters here."""

    @property
    def is_away(self) -> bool:
        """Whether the database cannot be had."""

    @property
    def read_at(self) -> float:
        """Up to when all changes were heard of, on the monotonic clock."""

    def look(self) -> None:
        """Read now."""


class Kept(NamedTuple):
    """One tenant's."""

    tenant: int
    document: bytes | None
    """None: whatever was known before `as_of` is not so any more."""
    as_of: float
    """When it was last known to be so; seconds since 1970."""
    served: float
    revision: int = 0
    """Which the document is of."""


class Found(NamedTuple):
    """A config that was good so many seconds ago."""

    published: Published
    seconds: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day, and how much of it goes by."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


class KnownGood:
    """By ProviderId in lower case; bounded in tenants and bytes, those served longest ago go first."""

    def __init__(self, feed: Hearing, clocks: Clocks = Clocks()) -> None:
        self._feed, self._clocks = feed, clocks
        self._kept: dict[str, Kept] = {}
        self._wanted: dict[str, None] = {}
        self.changes = 0
        """How often what is kept became another."""

    @property
    def is_away(self) -> bool:
        """Whether the database cannot be had, as far as is known."""
        return self._feed.is_away

    def doubt(self) -> None:
        """Find out soon whether it is away."""
        self._feed.look()

    @property
    def seconds_deaf(self) -> float:
        """How long ago it was that all changes were heard of."""
        return self._clocks.monotonic() - self._feed.read_at

    @property
    def is_of_use(self) -> bool:
        """Whether anybody can be answered from here."""
        return is_of_use(self._kept, self._clocks.now())

    def note(self, provider_key: str, tenant: int, revision: int) -> None:
        """A softphone was just shown this. Whatever contradicts it may be older, and is not shown afterwards."""
        now, kept = self._clocks.now(), self._kept.get(provider_key)
        if kept is None or kept.document is None:
            self._wanted[provider_key] = None
        elif kept.revision == revision:
            self._kept[provider_key] = kept._replace(served=now)
        else:
            self._kept[provider_key] = Kept(tenant, None, now, now)
            self._wanted[provider_key] = None

    def holds(self, provider_id: str) -> bool:
        """Whether something is kept of this one, for whomever."""
        kept = self._kept.get(ProviderId.key_of(provider_id) or "")
        return kept is not None and kept.document is not None

    def find(self, provider_id: str, app: AppKind, sent: SentAppKey) -> Found | None:
        """What whoever asks like that is shown; None when that is not known. Nobody is told that there is nobody."""
        key = ProviderId.key_of(provider_id) or ""
        kept = self._kept.get(key)
        if kept is None or kept.document is None:
            return None
        seconds = max(0.0, self._clocks.now() - self._as_of(key, kept, self._heard()))
        known = Known.from_bytes(kept.document)
        if seconds > LONGEST_SECONDS or not known.admits(app, sent):
            return None
        published = Published(known.provider_id, known.revision, is_key_demanded=known.is_key_demanded)
        return Found(published, int(seconds))

    # Of the feed

    def on_changes(self, changes: Sequence[Change] | None) -> None:
        """Whatever these may have changed is let go; None: nobody knows, so all is to be read anew."""
        if changes is None:
            self._doubt_all()
            return
        for change in changes:
            if change.kind is ChangeKind.ACCESS:
                continue
            keys = [change.provider_key] if change.provider_key else self._keys_of(change.tenant)
            for key in keys:
                self._let_go(key, change)

    def _let_go(self, key: str, change: Change) -> None:
        now = self._clocks.now()
        kept = self._kept.get(key)
        self._kept[key] = Kept(change.tenant, None, now, kept.served if kept else now)
        self.changes += 1
        if kept is not None and change.kind is not ChangeKind.SUSPENDED:
            self._wanted[key] = None

    def _keys_of(self, tenant: int) -> list[str]:
        return [key for key, kept in self._kept.items() if kept.tenant == tenant]

    def _doubt_all(self) -> None:
        heard = self._heard()
        for key, kept in self._kept.items():
            if kept.document is not None:
                self._kept[key] = kept._replace(as_of=self._as_of(key, kept, heard))
                self._wanted[key] = None

    # Of the job

    def take_wanted(self, most: int) -> list[str]:
        """Those to be read now. Whichever changes before `learn` is wanted again by then."""
        keys = list(self._wanted)[:most]
        for key in keys:
            del self._wanted[key]
        return keys

    def want(self, keys: Iterable[str]) -> None:
        """These could not be read."""
        self._wanted.update(dict.fromkeys(keys))

    def learn(self, asked: Sequence[str], shown: Mapping[str, Known], began: float) -> None:
        """What the database says of those that were asked for, by a read that began at that time of day."""
        for key in asked:
            kept, known = self._kept.get(key), shown.get(key)
            if key in self._wanted or (kept is not None and kept.document is None and kept.as_of > began):
                continue  # it has changed meanwhile
            if known is None and kept is None:
                continue
            tenant = known.revision.tenant if known else kept.tenant if kept else 0
            document = known.to_bytes() if known else None
            self.changes += kept is None or kept.document != document
            revision = known.revision.id if known else 0
            self._kept[key] = Kept(tenant, document, began, kept.served if kept else began, revision)

    def load(self, kept: Mapping[str, Kept]) -> None:
        """What a file says, where nothing is known, or less. It is to be read anew."""
        now = self._clocks.now()
        for key, one in kept.items():
            mine = self._kept.get(key)
            if mine is None or (mine.document is None and one.document is not None and one.as_of > mine.as_of):
                self._kept[key] = one._replace(as_of=min(one.as_of, now))
                if one.document is not None:
                    self._wanted[key] = None

    def to_save(self, is_served: Callable[[str], bool]) -> dict[str, Kept]:
        """All that is kept, each as of when it was last known to be so; `is_served` is asked by ProviderId.

        Everybody waits meanwhile, so nothing here looks at more than what is kept, and `_replace` is too slow for it.
        """
        now, heard = self._clocks.now(), self._heard()
        for key, (tenant, document, as_of, _, revision) in self._kept.items():
            if is_served(key):
                self._kept[key] = Kept(tenant, document, as_of, now, revision)
        self._kept = prune(self._kept, now)
        return {
            key: Kept(kept.tenant, kept.document, self._as_of(key, kept, heard), kept.served, kept.revision)
            for key, kept in self._kept.items()
        }

    def _heard(self) -> float:
        """Up to when all changes were heard of, as the time of day."""
        return self._clocks.now() - self.seconds_deaf

    def _as_of(self, key: str, kept: Kept, heard: float) -> float:
        return kept.as_of if kept.document is None or key in self._wanted else max(kept.as_of, heard)


def is_of_use(kept: Mapping[str, Kept], now: float) -> bool:
    """Whether there is a config that may be shown."""
    return any(one.document is not None and now - one.as_of <= LONGEST_SECONDS for one in kept.values())


def weight_of(key: str, one: Kept) -> int:
    """In bytes."""
    return _KEPT_BYTES + len(key) + len(one.document or b"")


def prune(kept: Mapping[str, Kept], now: float) -> dict[str, Kept]:
    """Those that are of use and for which there is room."""
    left, room = dict[str, Kept](), MOST_BYTES
    for key, one in sorted(kept.items(), key=lambda item: item[1].served, reverse=True):
        longest = TOMBSTONE_SECONDS if one.document is None else LONGEST_SECONDS
        room -= weight_of(key, one)
        if now - one.as_of > longest:
            continue
        if room < 0 or len(left) >= MOST_TENANTS:
            break
        left[key] = one
    return left
