"""Reads documents within the limits, and remembers the sound ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLSyntaxError, validate

from gateway.limits import check_document, is_introspection, is_sensitive
from gateway.parsing import parse_document
from gateway.plan import is_softphone_query, make_plan
from gateway.refusals import ErrorCode, RefusedError
from gateway.segments import Item, SegmentedMap
from gateway.soundness import is_surely_sound
from gateway.validation import AllRules

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLError, GraphQLSchema

    from gateway.limits import Limits
    from gateway.plan import Plan

_CACHED_DOCUMENTS = 512
_CACHED_CHARACTERS = 64 * 1024  # of source text; the densest documents take 16 to 30 MB for it
_PERHAPS_INTROSPECTION = re.compile(r"__(?:schema|type)\b")
_SHARE = 4  # of them are kept for new ones, so that the longest document that is allowed fits in


class _Sound(Item):
    """A document that passed, which weighs its characters."""

    __slots__ = ("asks_for_config", "document", "has_plan", "plan")

    def __init__(self, text: str, document: DocumentNode) -> None:
        super().__init__(len(text))
        self.document = document
        self.asks_for_config = is_softphone_query(document)
        self.has_plan: bool | None = None
        """Not known as long as nobody has asked."""
        self.plan: Plan | None = None


class _Examined(NamedTuple):
    """A document, and what is wrong with it."""

    text: str
    document: DocumentNode
    errors: list[GraphQLError]


class Documents:
    """Reads documents of one schema, and remembers those that passed by their text.

    Those that are sent once make room first, so that a flood of them leaves what clients send again.
    """

    def __init__(self, limits: Limits, *, is_introspecting: bool, is_suggesting: bool) -> None:
        self.limits = limits
        self._is_introspecting = is_introspecting
        self._is_suggesting = is_suggesting
        self._latest: _Examined | None = None
        self._valid = SegmentedMap[str, _Sound](_CACHED_CHARACTERS, most=_CACHED_DOCUMENTS, share=_SHARE)

    def find(self, text: str) -> DocumentNode | None:
        """The document if it passed before, for a request that sends it."""
        found = self._valid.get(text)
        return found.document if found else None

    def peek(self, text: str) -> DocumentNode | None:
        """The same for the request that it may have passed in: to look again is not to send it again."""
        found = self._valid.peek(text)
        return found.document if found else None

    def asks_for_config(self, text: str) -> bool:
        """Whether it passed before, and asks for a softphone's config and for nothing else."""
        found = self._valid.peek(text)
        return found is not None and found.asks_for_config

    def find_plan(self, text: str, schema: GraphQLSchema) -> Plan | None:
        """How a sound document is answered that asks for a softphone's config in a plain way.

        One that is new is parsed and validated, and what was found out is kept for who executes it if there is no plan;
        but none that may hold a password. Raises RefusedError, GraphQLSyntaxError.
        """
        found = self._valid.get(text)
        if found is None and '"' not in text:
            document = self.parse(text)
            self._latest = _Examined(text, document, self.validate(text, document, schema))
            found = self._valid.peek(text)
        if found is None or not found.asks_for_config:
            return None
        if found.has_plan is None:
            found.plan = make_plan(schema, text, found.document)
            found.has_plan = found.plan is not None
        return found.plan

    def parse(self, text: str, *, may_introspect: bool = False) -> DocumentNode:
        """Parse and measure; raises `RefusedError` or `GraphQLSyntaxError`.

        `may_introspect` is for a caller who may where others may not.
        """
        latest = self._latest
        if latest is not None and latest.text == text:
            return latest.document
        if len(text) > self.limits.document_characters:
            allowed = f"at most {self.limits.document_characters:,} are allowed."
            message = f"The document has {len(text):,} characters; {allowed}"
            raise RefusedError(message, ErrorCode.TOO_COSTLY)
        document = self._parse_tokens(text)
        check_document(document, self.limits, is_introspecting=self._is_introspecting or may_introspect)
        return document

    def _parse_tokens(self, text: str) -> DocumentNode:
        try:
            return parse_document(text, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            if error.description.startswith("Document contains more than "):
                message = f"The document has more tokens than the {self.limits.tokens:,} that are allowed."
                raise RefusedError(message, ErrorCode.TOO_COSTLY) from None
            raise

    def validate(self, text: str, document: DocumentNode, schema: GraphQLSchema) -> list[GraphQLError]:
        """What is wrong with the document, at most as many errors as an answer holds.

        A sound one is remembered for whoever sends it next, unless somebody may have written a password into it, or it
        is an introspection that not everybody may send.
        """
        latest, self._latest = self._latest, None
        if latest is not None and latest.document is document:
            return latest.errors
        errors = [] if is_surely_sound(document, schema) else self._list_errors(document, schema)
        if not errors and self._is_for_everybody(text, document):
            self._valid.put(text, _Sound(text, document))
        return errors

    def _list_errors(self, document: DocumentNode, schema: GraphQLSchema) -> list[GraphQLError]:
        return validate(
            schema,
            document,
            (AllRules,),
            max_errors=self.limits.errors - 1,  # the last says that there are more
            hide_suggestions=not self._is_suggesting,
        )

    def _is_for_everybody(self, text: str, document: DocumentNode) -> bool:
        if '"' in text and is_sensitive(document, self.limits):
            return False
        if self._is_introspecting or not _PERHAPS_INTROSPECTION.search(text):
            return True
        return not is_introspection(document, self.limits)
