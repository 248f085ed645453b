"""Makes an answer to the softphone query ready for the wire: its coding, and what others may keep of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gateway.edge.codings import encode
from gateway.edge.entries import Answer, kind
from gateway.edge.validators import NO_STORE, OF_KEY_HOLDERS, PUBLIC, PUBLIC_STALE, VARY, VARY_BY_ORIGIN, Validators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from gateway.edge.entries import Headers
    from gateway.edge.keys import Question
    from tenants.keys import KeyRing
    from tenants.store.published import Published

_OURS = frozenset({b"cache-control", b"content-length"})


class Outcome(NamedTuple):
    """What the schema has made of a request."""

    response: Response
    is_whole: bool
    """Whether it is data, without an error."""
    asks_for_config: bool | None = None
    """Whether a softphone's config is asked for and nothing else; None: the document tells, if it is remembered."""


class Answers:
    """Makes them. They carry every header that the application puts around its answers, since not all go through it."""

    def __init__(
        self, keys: KeyRing, security_headers: Mapping[str, str], *, is_for_other_origins: bool = False
    ) -> None:
        """`is_for_other_origins`: pages of some may read the answers, which they are told by a header of their own."""
        self._validators = Validators(keys)
        self._vary = VARY_BY_ORIGIN if is_for_other_origins else VARY
        self._security = [(name.lower().encode(), value.encode()) for name, value in security_headers.items()]

    def of(self, question: Question, outcome: Outcome, published: Published | None) -> Answer:
        """The answer; `published` is the one config that was read for it, if there is one."""
        response = outcome.response
        body, is_encoded = encode(bytes(response.body), question.coding)
        headers = [header for header in response.raw_headers if header[0] not in _OURS]
        if is_encoded:
            headers.append((b"content-encoding", question.coding.encode()))
        etag = None
        if outcome.is_whole and published is not None and question.is_get:
            etag = self._validators.etag(published, question.app_key, question.coding if is_encoded else "", body)
            headers += [(b"etag", etag), *self._caching(published)]
        else:
            headers.append((b"cache-control", NO_STORE))
        headers += [(b"vary", self._vary), (b"content-length", b"%d" % len(body)), *self._security]
        return Answer(response.status_code, sorted(headers, key=kind), body, etag)

    def _caching(self, published: Published) -> Headers:
        if published.is_key_demanded:
            return [(b"cache-control", OF_KEY_HOLDERS)]
        surrogate_key = self._validators.surrogate_key(published.revision.tenant)
        return [(b"cache-control", PUBLIC), (b"surrogate-key", surrogate_key)]


def stale(answer: Answer, seconds: int) -> Answer:
    """The same, marked as what was good so long ago: nobody is to keep it in our place."""
    caching = {PUBLIC: PUBLIC_STALE}
    headers = [(name, caching.get(value, value)) for name, value in answer.headers]
    return replace(answer, headers=[*headers, (b"gateway-stale", b"%d" % seconds)])
