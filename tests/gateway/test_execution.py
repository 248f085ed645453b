"""Plain values are read without the library's ceremony and answered as it answers them, errors and places included."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any

import pytest
import strawberry

from gateway.execution import Executor
from tests.bare_schema import make_bare_schema


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    number: int
    colour: Colour | None
    words: list[str]
    colours: list[Colour] | None = None

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.sleep(0)
        return f"slow {self.name}"

    @strawberry.field
    def shouted(self, times: int = 1) -> str:
        return self.name.upper() * times

    @strawberry.field
    def broken(self) -> str | None:
        message = "no"
        raise ValueError(message)


@strawberry.type
class Tree(Named):
    leaf: Leaf
    maybe: Leaf | None
    leaves: list[Leaf]


def leaf(name: str = "a", /, **values: Any) -> Leaf:
    return Leaf(**{"name": name, "number": 1, "colour": Colour.RED, "words": ["x", "y"], **values})


TREES: dict[str, Any] = {
    "sound": lambda: Tree(name="t", leaf=leaf(), maybe=None, leaves=[leaf("b"), leaf("c", colour=None)]),
    "null in a list": lambda: Tree(name="t", leaf=leaf(words=["x", None]), maybe=leaf(), leaves=[]),
    "null": lambda: Tree(name="t", leaf=leaf(), maybe=leaf(number=None), leaves=[leaf(), leaf("b", name=None)]),
    "a wrong value": lambda: Tree(name="t", leaf=leaf(), maybe=leaf(number="many"), leaves=[leaf(colour="green")]),
    "a list that is none": lambda: Tree(name="t", leaf=leaf(), maybe=leaf(words="xy", colours=5), leaves=[]),
    "a tuple": lambda: Tree(name="t", leaf=leaf(words=("x",), colours=(Colour.BLUE,)), maybe=None, leaves=[]),
    "an exception": lambda: Tree(name="t", leaf=leaf(), maybe=leaf(colour=ValueError("no")), leaves=[]),
}
DOCUMENTS = [
    "{ tree { name leaf { number name colour words colours } } }",
    "{ tree { leaf { first: slow name last: slow number words } maybe { name number slow } name } }",
    "{ tree { leaves { name shouted(times: 2) colour slow broken words } __typename maybe { __typename number } } }",
    "{ named { __typename name ... on Tree { maybe { words colours name } leaf { broken colour name } } } }",
    """{ tree { leaf { name again: name name again: name number } leaf { words } maybe { ...L number
    name @skip(if: true) } leaves { name ... { number } ... on Named { name } } } }
    fragment L on Leaf { colour number }""",
    """query($no: Boolean! = true) { tree { name @skip(if: $no) leaf { name number @include(if: $no) } ...F } }
    fragment F on Tree { leaf { colour again: name } leaves { colours name } }""",
]


def answer(executor: type[Executor] | None, tree: Tree, document: str) -> tuple[Any, list[Any]]:
    @strawberry.type
    class Query:
        @strawberry.field
        async def tree(self) -> Tree | None:
            return tree

        @strawberry.field
        def named(self) -> Named | None:
            return tree

    schema = make_bare_schema(Query, types=[Tree, Leaf], execution_context_class=executor)
    result = asyncio.run(schema.execute(document))
    return result.data, [error.formatted for error in result.errors or []]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("tree", TREES)
def test_an_answer_is_the_librarys(tree: str, document: str) -> None:
    ours, library = (answer(executor, TREES[tree](), document) for executor in (Executor, None))

    assert ours == library
    assert str(ours) == str(library)  # the order of fields, too


def test_a_field_that_is_not_there_is_an_error_at_its_place() -> None:
    tree = TREES["sound"]()
    del tree.leaf.number

    data, errors = answer(Executor, tree, DOCUMENTS[0])

    assert data == {"tree": None}
    assert [error["path"] for error in errors] == [["tree", "leaf", "number"]]
