"""Configs as reads find them, and answers as the cache keeps them, made without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

from gateway.edge.answers import Outcome
from gateway.edge.cells import Door
from gateway.edge.entries import Entry
from gateway.edge.keys import Question
from tenants.access import Actor, ActorKind
from tenants.app_keys import NO_APP_KEY, NewAppKey, SentAppKey
from tenants.credentials import Credential, Use
from tenants.feed import Change, ChangeKind
from tenants.identity import ProviderId
from tenants.model import AppKind, Revision
from tenants.store.published import Published
from tests import make

if TYPE_CHECKING:
    from gateway.edge.answers import Answers
    from gateway.edge.cache import EdgeCache
    from gateway.edge.cells import Cells
    from gateway.edge.keys import Digests

KEY = SentAppKey.of([NewAppKey.random().text])
OTHER_KEY = SentAppKey.of([NewAppKey.random().text])


def published(
    number: int = 1,
    *,
    tenant: int = 1,
    app: AppKind = AppKind.GENERIC,
    key: SentAppKey = NO_APP_KEY,
    is_key_demanded: bool = False,
) -> Published:
    """A live config; by a `key` of the tenant's own."""
    revision = Revision(
        id=tenant * 1_000 + number,
        tenant=tenant,
        number=number,
        draft_version=number,
        name="Acme Telecom",
        config=make.config(app),
        published_at=datetime(2026, 11, 28, tzinfo=UTC),
        published_by=Actor(ActorKind.TOKEN, "admin", "token:1"),
        note=None,
    )
    use = None if key == NO_APP_KEY else Use(Credential.APP_KEY, 1)
    return Published(ProviderId("AcmeInc"), revision, use, is_key_demanded)


def change(provider_key: str | None = "acmeinc", *, tenant: int = 1, kind: ChangeKind = ChangeKind.PUBLISHED) -> Change:
    """What a process hears of."""
    return Change(0, tenant, provider_key, kind)


def store(cache: EdgeCache, cells: Cells, answers: Answers, digests: Digests, number: int) -> Entry:
    """A config of a tenant, found in one spelling and known in one request's bytes, as the application stores it."""
    question = Question("{ a }", None, {"n": number}, "application/json", "gzip", is_get=True, app_key=NO_APP_KEY)
    found, cell = published(tenant=number), cells.of(f"tenant-{number}")
    standing = cells.begin(cell).finish(found, Door(AppKind.GENERIC, NO_APP_KEY))
    key = digests.question(question)
    assert standing
    assert key
    response = Response(b'{"data":%d}' % number + b"x" * 200, media_type="application/json")
    entry = Entry(key, answers.of(question, Outcome(response, is_whole=True), found), cell, standing, None, None)
    cache.keep(entry)
    cache.keep_spelling(digests.spelling("GET", [b"", b"gzip", b"", b"", b""], b"n=%d" % number), entry)
    for _ in range(2):
        cache.keep_received(b"GET /graphql?n=%d%b" % (number, b" " * 300), "GET", entry, 200)
    return entry
