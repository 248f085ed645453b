"""Published revisions and what they changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from gateway.context import Info
from gateway.errors import BadRequestError
from gateway.schema.actor import Actor
from gateway.schema.config import TenantConfig
from gateway.schema.node import Node, PageInfo, cursor, node_id
from tenants import changes as differences
from tenants import model
from tenants.access import TenantScope
from tenants.changes import Shown


@strawberry.type(description="One difference between two configs, as a person reads it.")
class Change:
    path: list[str] = strawberry.field(
        description=(
            'Where: `["help", "links", "2", "url"]`. The same names as in `TenantConfig` and in the save inputs; '
            "positions count from 0."
        )
    )
    label: str = strawberry.field(description="The setting in words. Example: `Help link “Pay your bill”: address`.")
    before: str | None = strawberry.field(
        description="Value before, as text; null when there was none. A secret is shown as dots. Example: `#0d47a1`."
    )
    after: str | None = strawberry.field(
        description="Value after, as text; null when there is none. A secret is shown as dots. Example: `#c2185b`."
    )
    effect: str | None = strawberry.field(
        description=(
            "What it does to phones in the field, where that is more than showing it. "
            "Example: `All users of the generic app lose this configuration.`"
        )
    )

    @classmethod
    def of(cls, change: differences.Change) -> Change:
        """From the domain."""
        return cls(
            path=list(change.path),
            label=change.label,
            before=change.before,
            after=change.after,
            effect=change.effect,
        )


@strawberry.type(description="A published config: numbered, immutable.")
class Revision(Node):
    scope: strawberry.Private[TenantScope]
    revision: strawberry.Private[model.Revision]
    id: strawberry.ID = strawberry.field(description="Opaque.")
    number: int = strawberry.field(description="From 1 upwards by 1 in each tenant. Example: `7`.")
    published_at: datetime = strawberry.field(description="When it was published.")
    note: str | None = strawberry.field(description="What they wrote about it, up to 500 characters.")

    @classmethod
    def of(cls, scope: TenantScope, revision: model.Revision) -> Revision:
        """From the domain."""
        return cls(
            scope=scope,
            revision=revision,
            id=node_id("Revision", revision.id),
            number=revision.number,
            published_at=revision.published_at,
            note=revision.note,
        )

    @strawberry.field(description="The settings.")
    def config(self) -> TenantConfig:
        """Built only when asked for."""
        return TenantConfig.of(self.revision.config)

    @strawberry.field(description="Who published it.")
    def published_by(self) -> Actor:
        """As they were called then."""
        return Actor.of(self.revision.published_by)

    @strawberry.field(description="What it changed.")
    async def changes(
        self,
        info: Info,
        compared_to: Annotated[
            int | None,
            strawberry.argument(
                description=(
                    "Number of the revision to compare with; null for the one before it. An unknown number is a "
                    "broken request. Example: the live one, to see what going back would do."
                )
            ),
        ] = None,
    ) -> list[Change]:
        """Against any other revision of the tenant."""
        number = self.number - 1 if compared_to is None else compared_to
        other = await info.context.loaders.revisions.load((self.scope, number)) if number else None
        if compared_to is not None and other is None:
            message = "`comparedTo` is not the number of a revision of this tenant."
            raise BadRequestError(message)
        found = differences.changes(shown(other) if other else None, shown(self.revision))
        return [Change.of(change) for change in found]


def shown(revision: model.Revision) -> Shown:
    """What phones see of a revision."""
    return Shown(revision.name, revision.config)


@strawberry.type(description="A revision in a list.")
class RevisionEdge:
    cursor: str = strawberry.field(description="Position of this entry.")
    node: Revision = strawberry.field(description="The revision.")


@strawberry.type(description="A page of revisions.")
class RevisionConnection:
    edges: list[RevisionEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @classmethod
    def of(cls, scope: TenantScope, revisions: list[model.Revision], *, first: int) -> RevisionConnection:
        """A page from one entry more than asked for: that one says whether another page follows."""
        edges = [RevisionEdge(cursor=cursor(one.number), node=Revision.of(scope, one)) for one in revisions[:first]]
        page = PageInfo.of([edge.cursor for edge in edges], has_next_page=len(revisions) > first)
        return cls(edges=edges, page_info=page)
