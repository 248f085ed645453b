"""What lets others keep an answer and ask whether it still holds: RFC 9110 (validators) and RFC 9111 (caching)."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.app_keys import SentAppKey
    from tenants.keys import KeyRing
    from tenants.store.published import Published

PUBLIC = b"public, max-age=0, s-maxage=60, stale-if-error=86400"
PUBLIC_STALE = b"public, max-age=0"
OF_KEY_HOLDERS = b"private, no-cache"
"""No shared cache may answer in our place, or it would undo a revocation."""
NO_STORE = b"private, no-store"
VARY = b"Accept, Accept-Encoding, X-App-Key"
VARY_BY_ORIGIN = VARY + b", Origin"
"""Where pages of other origins may read: what is kept for phones does not say so."""

_TAG_BYTES = 18
_TAG = rb'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_EACH_TAG = re.compile(_TAG)
_LIST = re.compile(rb"[ \t,]*(?:%b[ \t]*(?:,[ \t,]*|\Z))+" % _TAG)


class Validators:
    """Makes tags that nobody can make or guess who has not seen the answer."""

    def __init__(self, keys: KeyRing) -> None:
        self._key = keys.derive("edge/etag")
        self._surrogate = keys.derive("edge/surrogate")

    def etag(self, published: Published, app_key: SentAppKey, coding: str, body: bytes) -> bytes:
        """A strong one of a representation, quotes and all: the same in every worker and after every start."""
        revision = published.revision
        about = b"%d|%d|%b|%b|" % (revision.tenant, revision.number, app_key.sha256, coding.encode())
        digest = hmac.digest(self._key, about + body, "sha256")[:_TAG_BYTES]
        return b'"%b"' % urlsafe_b64encode(digest)

    def surrogate_key(self, tenant: int) -> bytes:
        """What a shared cache knows all answers about a tenant by, to forget them at once."""
        digest = hmac.digest(self._surrogate, b"%d" % tenant, "sha256")[:_TAG_BYTES]
        return urlsafe_b64encode(digest)


def matches(condition: bytes, etag: bytes) -> bool:
    """Whether If-None-Match names the tag: `*`, or a list compared weakly. One that cannot be read names none."""
    if condition == etag:
        return True
    condition = condition.strip(b" \t")
    if condition == b"*":
        return True
    return bool(_LIST.fullmatch(condition)) and etag[1:-1] in _EACH_TAG.findall(condition)
