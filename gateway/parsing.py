"""Parses as the library does, in half the time: names and punctuation, which are most of a document, in one match each.

What else there is the library reads: comments, values, and the end. And whatever is wrong it parses once more, so that
its errors are its own.

Its tokens know their neighbours, in a ring of references that keeps a document until the collector of garbage comes
round, which took a quarter of the time that a new document cost. Nobody asks them, so here they do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphql import (
    FieldNode,
    GraphQLSyntaxError,
    Location,
    NameNode,
    SelectionNode,
    SelectionSetNode,
    Token,
    TokenKind,
    parse,
)
from graphql.language.parser import Parser

if TYPE_CHECKING:
    from graphql import DocumentNode

_PLAIN = re.compile(
    r"[ \t,\ufeff]*+([\r\n][ \t,\ufeff\r\n]*+)?+(?:([A-Z_a-z][0-9A-Z_a-z]*)|([!$&(:=@\[\]{|})]|\.\.\.))"
)
_NEWLINE = re.compile(r"\r\n|\n|\r")
_KINDS = {kind.value: kind for kind in TokenKind if kind.value[0] in "!$&().:=@[]{|}"}
_NAME, _COLON, _AT = TokenKind.NAME, TokenKind.COLON, TokenKind.AT
_PAREN_L, _BRACE_L, _BRACE_R = TokenKind.PAREN_L, TokenKind.BRACE_L, TokenKind.BRACE_R


def parse_document(text: str, *, max_tokens: int) -> DocumentNode:
    """What the library parses the text to, of at most so many tokens but comments. Raises GraphQLSyntaxError."""
    try:
        return _Parser(text, max_lexical_tokens=max_tokens).parse_document()
    except (GraphQLSyntaxError, RecursionError):
        pass
    return parse(text, max_lexical_tokens=max_tokens)


class _Parser(Parser):
    """Has its own way for what is met most."""

    def advance_lexer(self) -> None:
        lexer = self._lexer
        before = lexer.last_token = lexer.token
        body, end = lexer.source.body, before.end
        found = _PLAIN.match(body, end) if before.next is None else None
        if found is None:
            self._advance_slowly(before)
            return
        newlines, name, mark = found.groups()
        if newlines is not None:
            for newline in _NEWLINE.finditer(body, end, found.end(1)):
                lexer.line += 1
                lexer.line_start = newline.end()
        end = found.end()
        start = end - len(name or mark)
        kind = _KINDS[mark] if name is None else _NAME
        lexer.token = Token(kind, start, end, lexer.line, 1 + start - lexer.line_start, name)
        self._count()

    def _advance_slowly(self, before: Token) -> None:
        """To one that is known by looking ahead, or that the library reads."""
        lexer = self._lexer
        if before.next is not None:
            lexer.advance()
        else:
            lexer.token = lexer.read_next_token(before.end)
            while lexer.token.kind is TokenKind.COMMENT:
                lexer.token = lexer.read_next_token(lexer.token.end)
        if lexer.token.kind is not TokenKind.EOF:
            self._count()

    def _count(self) -> None:
        self._token_counter += 1
        if self._token_counter > (self._max_lexical_tokens or 0):
            raise GraphQLSyntaxError(self._lexer.source, 0, "Too many tokens.")

    def loc(self, start_token: Token) -> Location:
        lexer = self._lexer
        return Location(start_token, lexer.last_token, lexer.source)

    def parse_name(self) -> NameNode:
        lexer = self._lexer
        token = lexer.token
        if token.kind is not _NAME or token.value is None:
            raise self.unexpected()
        self.advance_lexer()
        return NameNode(value=token.value, loc=Location(token, token, lexer.source))

    def parse_field(self) -> FieldNode:
        lexer = self._lexer
        start, name, alias = lexer.token, self.parse_name(), None
        if lexer.token.kind is _COLON:
            self.advance_lexer()
            alias, name = name, self.parse_name()
        return FieldNode(
            alias=alias,
            name=name,
            arguments=self.parse_arguments(is_const=False) if lexer.token.kind is _PAREN_L else None,
            directives=self.parse_directives(is_const=False) if lexer.token.kind is _AT else None,
            selection_set=self.parse_selection_set() if lexer.token.kind is _BRACE_L else None,
            loc=self.loc(start),
        )

    def parse_selection_set(self) -> SelectionSetNode:
        self._enter_nesting()
        lexer, selections = self._lexer, list[SelectionNode]()
        start = self.expect_token(_BRACE_L)
        while lexer.token.kind is not _BRACE_R:
            selections.append(self.parse_selection())
        self.advance_lexer()
        self._nesting_depth -= 1
        return SelectionSetNode(selections=tuple(selections), loc=self.loc(start))
