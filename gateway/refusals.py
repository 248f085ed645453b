"""Errors whose words are ours: the only ones that a client ever reads."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from graphql import Node, Source


class ErrorCode(StrEnum):
    """What `extensions.code` of an error can say."""

    BAD_REQUEST = "BAD_REQUEST"
    TOO_COSTLY = "TOO_COSTLY"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    UNTRUSTED_DOCUMENT = "UNTRUSTED_DOCUMENT"
    INTERNAL = "INTERNAL"


class RefusedError(GraphQLError):
    """An error written here: its message repeats no value, its `extensions` carry the code."""

    def __init__(
        self,
        message: str,
        code: ErrorCode,
        *,
        nodes: Collection[Node] | None = None,
        source: Source | None = None,
        positions: Collection[int] | None = None,
        path: Collection[str | int] | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        extensions = {"code": code.value, **(details or {})}
        super().__init__(message, nodes, source, positions, path, extensions=extensions)
        self.code = code

    def without_place(self) -> RefusedError:
        """The same, shorter: a path holds the aliases that the client chose, of any length."""
        return RefusedError(self.message, self.code, details=self.extensions)


def request_error(message: str, code: ErrorCode) -> dict[str, Any]:
    """The body of an answer to a request that never became an operation."""
    return {"errors": [{"message": message, "extensions": {"code": code.value}}]}


def count_bytes(errors: Sequence[GraphQLError]) -> int:
    """What the errors weigh as JSON in UTF-8, give or take the escapes."""
    return sum(len(str(error.formatted).encode()) for error in errors)
