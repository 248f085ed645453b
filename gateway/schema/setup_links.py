"""Setup links as staff see them, and pages of their list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Self

import strawberry

from gateway.schema.actor import Actor
from gateway.schema.enums import SetupContentKind, SetupLinkStatus
from gateway.schema.node import Node, PageInfo, cursor, node_id, read_cursor
from tenants import setup_links as model
from tenants.store.setup_links import LARGEST_ID, Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOMENTS = range((datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND)
_IDS = range(LARGEST_ID + 1)


@strawberry.type(
    description=(
        "A one-time link that sets a phone up. What it carries is stored encrypted and shown to nobody but the phone "
        "that redeems it."
    )
)
class SetupLink(Node):
    id: strawberry.ID = strawberry.field(description="Opaque.")
    note: str | None = strawberry.field(
        description="Whom it is for, up to 60 characters. Example: `J. Bloggs, ext. 1000`."
    )
    carries: SetupContentKind = strawberry.field(description="What is inside.")
    status: SetupLinkStatus = strawberry.field(description="How it stands.")
    can_move: bool = strawberry.field(
        description=(
            "True when a second phone may redeem it before it expires, which shuts the first one out; false again once "
            "one has."
        )
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: Actor = strawberry.field(description="Who made it.")
    expires_at: datetime = strawberry.field(description="When it stops working.")
    redeemed_at: datetime | None = strawberry.field(description="When a phone redeemed it last; null before.")

    @classmethod
    def of(cls, link: model.SetupLink, now: datetime) -> Self:
        """From the domain, as it stands at a moment."""
        return cls(
            id=node_id("SetupLink", link.id),
            note=link.note,
            carries=link.carries,
            status=link.status(now),
            can_move=link.can_move,
            created_at=link.created_at,
            created_by=Actor.of(link.created_by),
            expires_at=link.expires_at,
            redeemed_at=link.redeemed_at,
        )


@strawberry.type(description="A setup link in a list.")
class SetupLinkEdge:
    cursor: str = strawberry.field(description="Position of this entry.")
    node: SetupLink = strawberry.field(description="The setup link.")


@strawberry.type(description="A page of setup links.")
class SetupLinkConnection:
    edges: list[SetupLinkEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @classmethod
    def of(cls, links: list[model.SetupLink], now: datetime, *, first: int) -> Self:
        """A page from one entry more than asked for: that one says whether another page follows."""
        edges = [
            SetupLinkEdge(
                cursor=cursor((link.created_at - _EPOCH) // _MICROSECOND, link.id), node=SetupLink.of(link, now)
            )
            for link in links[:first]
        ]
        page = PageInfo.of([edge.cursor for edge in edges], has_next_page=len(links) > first)
        return cls(edges=edges, page_info=page)


def read_position(after: str | None) -> Position | None:
    """The place that a cursor of this list names. Raises BadRequestError."""
    if after is None:
        return None
    microseconds, link = read_cursor(after, _MOMENTS, _IDS)
    return Position(_EPOCH + int(microseconds) * _MICROSECOND, int(link))
