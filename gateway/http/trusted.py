"""Documents that are known from the start of each process: the softphone's own and those of an operator's manifest.

Two documents are the same when they differ in nothing but blanks, comments, the order of their definitions and
`__typename`, which Apollo Client and urql add before they send one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from gateway.http.manifest import BadManifestError, read_manifest
from gateway.settings import PREFIX, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from graphql import DocumentNode, Node

    from gateway.guard import GatewaySchema
    from gateway.settings import Settings

_SPELLINGS = 4_096  # remembered by their digests: a quarter of a megabyte


class TrustedDocuments:
    """A fixed set of documents. Knows each by its hashes, and recognises it in other spellings."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        """Sound documents by the names that clients may call them by, beside their SHA-256."""
        self._texts: dict[str, str] = {}
        self._normal: set[bytes] = set()
        self._recognised: OrderedDict[bytes, None] = OrderedDict()
        for name, text in documents.items():
            document = parse(text)
            self._normal.add(_digest(normalise(document)))
            self._texts |= {_hash(spelling): meant for spelling, meant in _list_spellings(document, text)}
            self._texts[name] = text

    def find(self, sha256_hash: str) -> str | None:
        """The document of a hash in one of the spellings that well-known clients use, or of a manifest's id."""
        return self._texts.get(sha256_hash)

    def holds(self, text: str, read: Callable[[str], DocumentNode]) -> bool:
        """Whether the text is one of these documents, however it is spelled.

        `read` parses it within the limits; what it raises is passed on, so that a broken document is told as one.
        """
        spelling = _digest(text)
        if spelling in self._recognised:
            self._recognised.move_to_end(spelling)
            return True
        if _digest(normalise(read(text))) not in self._normal:
            return False
        self._recognised[spelling] = None
        if len(self._recognised) > _SPELLINGS:
            self._recognised.popitem(last=False)
        return True


def load_trusted(settings: Settings, schema: GatewaySchema) -> TrustedDocuments:
    """The softphone's documents and those of the manifest. Raises SettingError, in one line, for a bad manifest."""
    own = {_hash(text): text for text in list_own_documents()}
    if settings.trusted_documents is None:
        return TrustedDocuments(own)
    try:
        manifest = read_manifest(settings.trusted_documents)
        for name, text in manifest.items():
            _check(name, text, schema)
    except BadManifestError as error:
        message = f"{PREFIX}TRUSTED_DOCUMENTS {error}"
        raise SettingError(message) from None
    return TrustedDocuments(own | manifest)


def _check(name: str, text: str, schema: GatewaySchema) -> None:
    """A document that cannot run here is better found at the start than by a phone. Raises BadManifestError."""
    try:
        document = schema.documents.parse(text)
        flaw = next(iter(schema.find_flaws(text, document)), None)
    except GraphQLError as error:
        raise _cannot_run(name, error.message) from None
    if flaw is not None:
        raise _cannot_run(name, flaw.message)
    if not any(isinstance(each, OperationDefinitionNode) for each in document.definitions):
        raise _cannot_run(name, "It has no operation.")


def _cannot_run(name: str, flaw: str) -> BadManifestError:
    shown = name if name.isprintable() else ascii(name)
    return BadManifestError(f"names a manifest whose document {shown} cannot run here: {' '.join(flaw.split())}")


def list_own_documents() -> list[str]:
    """The softphone's, each an operation and then the fragments that it uses, as apps are told to send them."""
    text = files("gateway").joinpath("data/softphone.graphql").read_text("utf-8")
    definitions = parse(text).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    return [
        "\n\n".join(map(_source, [each, *_list_fragments(each, fragments)])) + "\n"
        for each in definitions
        if isinstance(each, OperationDefinitionNode)
    ]


def _source(node: Node) -> str:
    assert node.loc is not None  # noqa: S101 - parsed with places
    return node.loc.source.body[node.loc.start : node.loc.end]


def _list_fragments(node: Node, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FragmentDefinitionNode]:
    """Those that are spread in it, in the order of the file. Fragments of the softphone spread no others."""
    spread: set[str] = set()

    class _Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            spread.add(node.name.value)

    visit(node, _Spreads())
    return (each for name, each in fragments.items() if name in spread)


def normalise(document: DocumentNode) -> str:
    """One text for all spellings of a document."""
    bare = visit(document, _WithoutTypename())
    return "\n\n".join(sorted(print_ast(each) for each in bare.definitions))


def _list_spellings(document: DocumentNode, text: str) -> Iterator[tuple[str, str]]:
    """How well-known clients write the document, each with the text to run for it.

    Apollo Client and urql print it anew, with `__typename` in every selection set but the operation's, unless told
    not to; urql leaves no blank lines; `gql` of Python and others print it as it is; or it goes as it stands in a file.
    """
    yield from ((each, text) for each in (text, text.strip(), *_list_prints(document)))
    typed = print_ast(visit(document, _WithTypename()))
    yield from ((each, typed) for each in _list_prints(parse(typed)))


def _list_prints(document: DocumentNode) -> Iterator[str]:
    printed = print_ast(document)
    yield printed
    yield re.sub(r"\n+", "\n", printed)


class _WithoutTypename(Visitor):
    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode | None:
        others = tuple(each for each in node.selections if not _is_typename(each))
        return SelectionSetNode(selections=others or node.selections[:1])


class _WithTypename(Visitor):
    """As Apollo Client does it, at the end of each selection set."""

    def leave_selection_set(
        self, node: SelectionSetNode, _key: object, parent: Node | None, *_: object
    ) -> SelectionSetNode | None:
        if isinstance(parent, OperationDefinitionNode) or any(
            isinstance(each, FieldNode) and each.name.value.startswith("__") for each in node.selections
        ):
            return None
        typename = FieldNode(name=NameNode(value="__typename"), alias=None, arguments=(), directives=())
        return SelectionSetNode(selections=(*node.selections, typename))


def _is_typename(node: Node) -> bool:
    """As clients add it; what somebody named otherwise, or asks for on a condition, is theirs."""
    return isinstance(node, FieldNode) and node.name.value == "__typename" and not node.alias and not node.directives


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
