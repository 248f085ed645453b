"""What a stored answer is found by: how a request is spelt, and what it asks."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tenants.app_keys import SentAppKey
    from tenants.keys import KeyRing

_DIGEST_BYTES = 16

ACCEPT, CODINGS, CONTENT_TYPE, CONDITION, LENGTH, _LONG_WAY = range(6)
_PLACES = {
    b"accept": ACCEPT,
    b"accept-encoding": CODINGS,
    b"content-type": CONTENT_TYPE,
    b"if-none-match": CONDITION,
    b"content-length": LENGTH,
    **dict.fromkeys(
        (b"authorization", b"cookie", b"x-app-key", b"origin", b"content-encoding", b"transfer-encoding"), _LONG_WAY
    ),
}


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes] | None:
    """The headers that an answer to a softphone may hang on, by their places above; None: it hangs on others too.

    Or on one that stands there twice.
    """
    found: list[bytes | None] = [None, None, None, None, None]
    for name, value in headers:
        place = _PLACES.get(name)
        if place is None:
            continue
        if place == _LONG_WAY or found[place] is not None:
            return None
        found[place] = value
    return [value or b"" for value in found]


class Question(NamedTuple):
    """Everything that an answer to the softphone query hangs on, but the state of the tenant."""

    document: str
    operation_name: str | None
    variables: Mapping[str, Any] | None
    media_type: str
    coding: str
    is_get: bool
    app_key: SentAppKey


class Digests:
    """Keyed, so that nobody outside can make two requests meet."""

    def __init__(self, keys: KeyRing) -> None:
        self._spelling = blake2b(key=keys.derive("edge/spelling"), digest_size=_DIGEST_BYTES)
        """Begun once: a copy of it costs less than to begin anew."""
        self._question = keys.derive("edge/question")

    def spelling(self, method: str, head: list[bytes], query_string: bytes, body: bytes = b"") -> bytes:
        """Of a request as it came. Headers and query strings hold no line feeds."""
        parts = (method.encode("latin-1"), head[ACCEPT], head[CODINGS], head[CONTENT_TYPE], query_string, body)
        hashed = self._spelling.copy()
        hashed.update(b"\n".join(parts))
        return hashed.digest()

    def question(self, question: Question) -> bytes | None:
        """Equal for requests that ask the same, however they spell it; None for variables that no JSON holds."""
        try:
            text = json.dumps(question[:-1], sort_keys=True, separators=(",", ":"), allow_nan=False)
        except (ValueError, RecursionError):
            return None
        hashed = blake2b(question.app_key.sha256, key=self._question, digest_size=_DIGEST_BYTES)
        hashed.update(text.encode())
        return hashed.digest()
