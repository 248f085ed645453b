"""A session as its owner sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from gateway.schema.node import Node, node_id
from tenants import people as model


@strawberry.type(description="A browser in which somebody is signed in.")
class Session(Node):
    id: strawberry.ID = strawberry.field(description="Opaque; not the cookie.")
    is_current: bool = strawberry.field(description="True for the session that asks.")
    device: str = strawberry.field(description="Browser and system, in words. Example: `Firefox on Debian`.")
    address: str = strawberry.field(description="Network address it was last used from. Example: `203.0.113.7`.")
    created_at: datetime = strawberry.field(description="When it began.")
    last_used_at: datetime = strawberry.field(description="When it was last used, to the minute.")

    @classmethod
    def of(cls, session: model.Session, current: int) -> Self:
        """From the domain; `current` is the one that asks."""
        return cls(
            id=node_id("Session", session.id),
            is_current=session.id == current,
            device=session.device,
            address=session.address,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
        )
