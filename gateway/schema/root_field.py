"""How a field of `Query` or `Mutation` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions import FieldExtension

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.context import Info


class _AsWhoeverItIsNow(FieldExtension):
    """A mutation acts with what its caller may do when its turn comes, not when the request began."""

    async def resolve_async(self, next_: Callable[..., Any], source: object, info: Info, **arguments: object) -> object:
        await info.context.recognise()
        return await next_(source, info, **arguments)


def field(resolver: Callable[..., Any], description: str, *, input_is: str | None = None) -> Any:  # noqa: ANN401 - Strawberry's own type
    """A root field; `input_is` describes its one argument, and makes it one of `Mutation`."""
    extensions: list[FieldExtension] = [] if input_is is None else [_AsWhoeverItIsNow()]
    bound = strawberry.field(resolver=resolver, description=description, extensions=extensions)
    if input_is is not None:
        (argument,) = [one for one in bound.arguments if one.python_name == "input"]
        argument.description = input_is
    return bound
