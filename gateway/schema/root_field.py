"""How a field of `Query` or `Mutation` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

if TYPE_CHECKING:
    from collections.abc import Callable


def field(resolver: Callable[..., Any], description: str, *, input_is: str | None = None) -> Any:  # noqa: ANN401 - Strawberry's own type
    """A root field; `input_is` describes its one argument."""
    bound = strawberry.field(resolver=resolver, description=description)
    if input_is is not None:
        (argument,) = [one for one in bound.arguments if one.python_name == "input"]
        argument.description = input_is
    return bound
