"""The audit log, as staff and platform admins read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

import strawberry

from gateway.errors import BadRequestError
from gateway.schema.actor import Actor
from gateway.schema.enums import AuditAction
from gateway.schema.node import Node, PageInfo, cursor, node_id, read_cursor
from gateway.schema.revision import Change
from tenants import audit as model
from tenants.audit import EPOCH, MICROSECOND
from tenants.store.audit_log import AuditFilter, Position

_MOMENTS = range((datetime.max - datetime(1970, 1, 1)) // timedelta(microseconds=1))  # noqa: DTZ001, DTZ901 - a difference
_IDS = range(10**18)
_LONGEST_ACTOR_ID = 40


@strawberry.type(
    description=(
        "One thing that was done. Written in the same transaction as the thing itself; never changed. It outlives a "
        "deleted tenant, with personal values blanked."
    )
)
class AuditEvent(Node):
    id: strawberry.ID = strawberry.field(description="Opaque.")
    at: datetime = strawberry.field(description="When.")
    action: AuditAction = strawberry.field(description="What was done.")
    actor: Actor = strawberry.field(description="Who did it.")
    subject: str = strawberry.field(description="What it was done to, in words. Example: `member jane@acme.example`.")
    changes: list[Change] = strawberry.field(
        description=(
            "Before and after, secrets as a keyed fingerprint so that equal ones can be recognised. Empty where "
            "nothing has a before."
        )
    )
    address: str | None = strawberry.field(
        description="Network address it came from; null for the gateway itself. Example: `203.0.113.7`."
    )
    request_id: str = strawberry.field(description="Request id, as in the answer header `X-Request-Id` and in the log.")
    hash: str = strawberry.field(
        description=(
            "HMAC-SHA256 over this entry and the one before it, in hex; `gateway audit verify` checks the chain."
        )
    )

    @classmethod
    def of(cls, event: model.AuditEvent) -> Self:
        """From the domain."""
        return cls(
            id=node_id("AuditEvent", event.id),
            at=event.at,
            action=event.action,
            actor=Actor.of(event.actor),
            subject=event.subject,
            changes=[Change.of(change) for change in event.changes],
            address=event.address,
            request_id=event.request_id,
            hash=event.hash.hex(),
        )


@strawberry.type(description="An entry of the audit log in a list.")
class AuditEdge:
    cursor: str = strawberry.field(description="Position of this entry.")
    node: AuditEvent = strawberry.field(description="The entry.")


@strawberry.type(description="A page of the audit log.")
class AuditConnection:
    edges: list[AuditEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @classmethod
    def of(cls, events: list[model.AuditEvent], *, first: int) -> Self:
        """A page from one entry more than asked for: that one says whether another page follows."""
        edges = [
            AuditEdge(cursor=cursor((event.at - EPOCH) // MICROSECOND, event.id), node=AuditEvent.of(event))
            for event in events[:first]
        ]
        page = PageInfo.of([edge.cursor for edge in edges], has_next_page=len(events) > first)
        return cls(edges=edges, page_info=page)


@strawberry.input(description="Narrows an audit log. Absent fields narrow nothing.")
class AuditFilterInput:
    actor_id: strawberry.ID | None = strawberry.field(
        description="Only what this actor did: an `actorId`.", default=None
    )
    actions: list[AuditAction] | None = strawberry.field(
        description="Only these actions; an empty list is as none given.", default=None
    )
    since: datetime | None = strawberry.field(description="From this time on, included.", default=None)
    until: datetime | None = strawberry.field(description="Up to this time, excluded.", default=None)

    def narrow(self) -> AuditFilter:
        """For the domain. Raises BadRequestError."""
        if self.actor_id is not None and (len(self.actor_id) > _LONGEST_ACTOR_ID or "\0" in self.actor_id):
            raise BadRequestError("`actorId` is no id of an actor.")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise BadRequestError("`since` must not be later than `until`.")
        return AuditFilter(
            actor_id=self.actor_id, actions=tuple(self.actions or ()), since=self.since, until=self.until
        )


Narrowed = Annotated[AuditFilterInput | None, strawberry.argument(description="Narrows the list; null for everything.")]


def read_place(after: str | None) -> Position | None:
    """The place that a cursor of this list names. Raises BadRequestError."""
    if after is None:
        return None
    microseconds, event = read_cursor(after, _MOMENTS, _IDS)
    return Position(EPOCH + int(microseconds) * MICROSECOND, int(event))


def read_filter(narrow: AuditFilterInput | None) -> AuditFilter:
    """No filter narrows nothing. Raises BadRequestError."""
    return narrow.narrow() if narrow else AuditFilter()
