"""Runs operations as the library does, but for plain fields, which are read at once."""

# ruff: noqa: ANN401 - values of any type, by the library's signatures

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.reads import Reader, find_read

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from graphql import GraphQLObjectType


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Of one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who wraps resolvers wants to see each field.
        self._is_plain = self.middleware_manager is None or not self.middleware_manager.middlewares
        self._reader = Reader(self.collect_subfields)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        """The plain fields here, the others by the library, in the order in which they were asked for."""
        if not self._is_plain:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        done, others = dict[str, Any](), dict[str, Any]()
        for name, details in grouped_field_set.items():
            read = find_read(parent_type, details[0].node.name.value)
            if read is None:
                others[name] = details
                continue
            try:
                done[name] = read(self._reader, details, source_value)
            except Exception:  # noqa: BLE001 - whatever it is, the library meets it again and says where
                others[name] = details
        if not others:
            return done
        found = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not done:
            return found
        if self.is_awaitable(found):
            return _merge_later(grouped_field_set, done, cast("Awaitable[dict[str, Any]]", found))
        return _merge(grouped_field_set, done, cast("dict[str, Any]", found))


def _merge(order: dict[str, Any], done: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {name: done[name] if name in done else found[name] for name in order if name in done or name in found}


async def _merge_later(order: dict[str, Any], done: dict[str, Any], found: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _merge(order, done, await found)
