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
    """What was found out about a document."""

    text: str
    document: DocumentNode | None
    flaw: RefusedError | GraphQLSyntaxError | None
    """Why it cannot be read."""
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
        """Who has no plan for a document leaves it to others in the same request, who need not examine it again."""
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

    def find_plan(self, text: str, operation_name: str | None, schema: GraphQLSchema) -> Plan | None:
        """How a sound document is answered that asks for a softphone's config in a plain way, by that operation.

        One that is new is examined, and remembered only if there is a plan. Raises RefusedError, GraphQLSyntaxError.
        """
        known = self._valid.peek(text)
        sound = known or self._examine(text, schema)
        if sound is None or not sound.asks_for_config:
            return None
        if sound.has_plan is None:
            sound.plan = make_plan(schema, text, sound.document)
            sound.has_plan = sound.plan is not None
        if sound.plan is None or not sound.plan.runs(operation_name):
            return None
        if known is None:
            self._valid.put(text, sound)
            self.forget()
        else:
            self._valid.get(text)
        return sound.plan

    def forget(self) -> None:
        """The request is over in which a document was examined: somebody may have written a password into it."""
        self._latest = None

    def _examine(self, text: str, schema: GraphQLSchema) -> _Sound | None:
        try:
            document = self.parse(text)
        except (RefusedError, GraphQLSyntaxError) as error:
            self._latest = _Examined(text, None, error, [])
            raise
        errors = self._list_errors(document, schema)
        self._latest = _Examined(text, document, None, errors)
        return _Sound(text, document) if not errors and self._is_for_everybody(text, document) else None

    def _examined(self, text: str) -> _Examined | None:
        return self._latest if self._latest is not None and self._latest.text == text else None

    def parse(self, text: str, *, may_introspect: bool = False) -> DocumentNode:
        """Parse and measure; raises `RefusedError` or `GraphQLSyntaxError`.

        `may_introspect` is for a caller who may where others may not.
        """
        examined = self._examined(text)
        if examined is not None and examined.document is not None:
            return examined.document
        if examined is not None and examined.flaw is not None and not may_introspect:
            raise examined.flaw
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
        examined = self._examined(text)
        errors = list(examined.errors) if examined else self._list_errors(document, schema)
        if not errors and self._is_for_everybody(text, document):
            self._valid.put(text, _Sound(text, document))
        return errors

    def _list_errors(self, document: DocumentNode, schema: GraphQLSchema) -> list[GraphQLError]:
        if is_surely_sound(document, schema):
            return []
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
