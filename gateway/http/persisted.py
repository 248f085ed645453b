"""Persisted queries, as Apollo's and urql's clients speak them: the hash first, the document when it is not known."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from graphql import GraphQLSyntaxError

from gateway.http.body import BadBodyError
from gateway.refusals import ErrorCode, RefusedError
from gateway.segments import Item, SegmentedMap

if TYPE_CHECKING:
    from graphql import DocumentNode

    from gateway.documents import Documents
    from gateway.http.body import GraphQLRequest
    from gateway.http.trusted import TrustedDocuments

MOST_DOCUMENTS = 1_000
MOST_BYTES = 2 * 1024 * 1024


class _Registered(Item):
    """A document, which weighs its bytes, its hash and its place."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__(len(text.encode()) + 256)
        self.text = text


class PersistedDocuments:
    """What clients may call by its hash: the trusted documents always, and those lately registered."""

    def __init__(self, documents: Documents, trusted: TrustedDocuments, *, is_trusted_only: bool = False) -> None:
        """`is_trusted_only` refuses other documents to callers without a credential."""
        self._documents, self._trusted, self._is_trusted_only = documents, trusted, is_trusted_only
        self._registered = SegmentedMap[str, _Registered](MOST_BYTES, most=MOST_DOCUMENTS)

    def find(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with its document. Raises RefusedError when there is none, BadBodyError."""
        sent_hash = _hash_of(asked)
        if sent_hash is None:
            return asked
        if asked.query is not None:
            if sha256(asked.query.encode()).hexdigest() != sent_hash:
                raise RefusedError("The query has another SHA-256 than was sent with it.", ErrorCode.BAD_REQUEST)
            return asked
        text = self._trusted.find(sent_hash) or self._find_registered(sent_hash)
        if text is None:
            raise RefusedError("PersistedQueryNotFound", ErrorCode.PERSISTED_QUERY_NOT_FOUND)
        return replace(asked, query=text)

    def _find_registered(self, sent_hash: str) -> str | None:
        found = self._registered.get(sent_hash)
        return found.text if found else None

    def check(self, asked: GraphQLRequest, *, is_anonymous: bool) -> None:
        """Raises RefusedError where the caller may run trusted documents only, and this is none."""
        if not self._is_trusted_only or not is_anonymous or asked.query is None:
            return
        try:
            is_trusted = self._trusted.holds(asked.query, self._read)
        except (RefusedError, GraphQLSyntaxError):
            return  # it does not run, and the answer says why
        if not is_trusted:
            message = "This gateway runs only documents that it was told of, unless you sign in or send a token."
            raise RefusedError(message, ErrorCode.UNTRUSTED_DOCUMENT)

    def _read(self, text: str) -> DocumentNode:
        return self._documents.peek(text) or self._documents.parse(text)

    def keep(self, asked: GraphQLRequest) -> None:
        """Register the document of a request that has been run and that carried its hash.

        Only a sound one, and none in which somebody may have written a password: what the schema remembers is both.
        """
        sent_hash = _hash_of(asked)
        if sent_hash is None or asked.query is None:
            return
        is_known = self._trusted.find(sent_hash) is not None or self._find_registered(sent_hash) is not None
        if not is_known and self._documents.peek(asked.query) is not None:
            self._registered.put(sent_hash, _Registered(asked.query))


def _hash_of(asked: GraphQLRequest) -> str | None:
    """The hash that was sent, which may be no hash; other keys are for others. Raises RefusedError, BadBodyError."""
    if not asked.is_persisted:
        return None
    sent = (asked.extensions or {})["persistedQuery"]
    if not isinstance(sent, dict) or not isinstance(sent.get("sha256Hash"), str):
        raise BadBodyError(400, "`persistedQuery` must be an object with a `version` and a `sha256Hash`.")
    if isinstance(sent.get("version"), bool) or sent.get("version") != 1:
        raise RefusedError("Only version 1 of persisted queries is spoken here.", ErrorCode.BAD_REQUEST)
    return str(sent["sha256Hash"])
