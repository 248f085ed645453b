"""Configs as reads find them, made without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from tenants.access import Actor, ActorKind
from tenants.app_keys import NO_APP_KEY, NewAppKey, SentAppKey
from tenants.credentials import Credential, Use
from tenants.feed import Change, ChangeKind
from tenants.identity import ProviderId
from tenants.model import AppKind, Revision
from tenants.store.published import Published
from tests import make

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
