"""Schemas of the library alone, beside which ours go on as they are."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import introspection_types


def make_bare_schema(*types: Any, **options: Any) -> strawberry.Schema:
    """As `strawberry.Schema`, which gives a resolver of its own to a type that all schemas of a process share."""
    fields = introspection_types["__Type"].fields  # type: ignore[attr-defined]  # an object type
    ours = fields["isOneOf"]
    try:
        return strawberry.Schema(*types, **options)
    finally:
        fields["isOneOf"] = ours
