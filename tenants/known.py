"""What the database last said of a live config, whole enough to answer softphones without it, as bytes and back."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

import orjson

from tenants.access import Actor, ActorKind
from tenants.documents import from_document, to_document
from tenants.identity import ProviderId
from tenants.model import Revision

if TYPE_CHECKING:
    from tenants.app_keys import SentAppKey
    from tenants.model import AppKind

_NOBODY = Actor(ActorKind.COMMAND_LINE, "not kept")
_WINDOW_BITS, _MEMORY_LEVEL, _LEVEL = -13, 6, 6
WORDS = (
    rb'%user%\"},{\"title\":\"\",\"url\":\"http://www.{\"providerId\":\"","isKeyDemanded":true,"appKeys":["'
    rb'","isKeyDemanded":false,"appKeys":[],"tenant":1,"revision":1,"number":1,"draftVersion":1,"name":"",'
    rb'"config":"{\"app\":\"GENERIC\"WHITELABEL\",\"branding\":{\"darkThemeColor\":null,\"shownDarkThemeColor\":\"#'
    rb"\",\"themeColor\":\"#\"},\"help\":{\"contactEmail\":null\"help@support@info@example.com\","
    rb"\"credentialsSource\":null\"PROVISIONING\",\"links\":[{\"title\":\"\",\"url\":\"https://www..com/\"}],"
    rb"\"menuTitle\":\"Help\"},\"provisioning\":{\"headers\":[{\"masked\":\"\",\"name\":\"\",\"secret\":\"],"
    rb"\"isEnabled\":true,\"method\":\"GETPOST\",\"passwordPlaceholder\":\"Password\",\"sipDomain\":null,"
    rb'\"subdomain\":null,\"url\":null,\"usernamePlaceholder\":\"Username\"},\"shape\":1}",'
    rb'"publishedAt":"2026-01-01T00:00:00+00:00"}'
)
"""What stands in every document, which is told once: a config takes a quarter. Other words, other bytes."""


@dataclass(frozen=True, slots=True)
class Known:
    """A live config, and who is shown it."""

    provider_id: ProviderId
    revision: Revision
    """Without who published it and why, which is nothing to softphones."""
    is_key_demanded: bool
    app_keys: frozenset[bytes]
    """Digests of all the tenant's keys."""

    def admits(self, app: AppKind, sent: SentAppKey) -> bool:
        """Whether who asks like this is shown it."""
        return app is self.revision.config.app and (not self.is_key_demanded or sent.sha256 in self.app_keys)

    def to_bytes(self) -> bytes:
        """What `from_bytes` of the same `WORDS` reads; the same for the same."""
        revision = self.revision
        document = orjson.dumps(
            {
                "providerId": self.provider_id.text,
                "isKeyDemanded": self.is_key_demanded,
                "appKeys": sorted(key.hex() for key in self.app_keys),
                "tenant": revision.tenant,
                "revision": revision.id,
                "number": revision.number,
                "draftVersion": revision.draft_version,
                "name": revision.name,
                "config": to_document(revision.config),
                "publishedAt": revision.published_at.isoformat(),
            }
        )
        packing = zlib.compressobj(
            _LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, zdict=WORDS
        )
        return packing.compress(document) + packing.flush()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote."""
        stored = orjson.loads(zlib.decompressobj(_WINDOW_BITS, zdict=WORDS).decompress(data))
        revision = Revision(
            id=stored["revision"],
            tenant=stored["tenant"],
            number=stored["number"],
            draft_version=stored["draftVersion"],
            name=stored["name"],
            config=from_document(stored["config"]),
            published_at=datetime.fromisoformat(stored["publishedAt"]),
            published_by=_NOBODY,
            note=None,
        )
        keys = frozenset(map(bytes.fromhex, stored["appKeys"]))
        return cls(ProviderId(stored["providerId"]), revision, stored["isKeyDemanded"], keys)
