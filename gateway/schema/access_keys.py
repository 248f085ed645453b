"""Keys of programs and of apps as a tenant's owners see them, and pages of their list."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from gateway.schema.actor import Actor
from gateway.schema.enums import Role
from gateway.schema.node import Node, PageInfo, cursor, node_id, read_cursor
from tenants import access_tokens, app_keys

_IDS = range(10**18)


@strawberry.type(
    description=("A program's key to one tenant with one role. The secret itself was shown once, when it was issued.")
)
class AccessToken(Node):
    id: strawberry.ID = strawberry.field(description="Opaque.")
    name: str = strawberry.field(description="What it is for. Example: `deploy-bot`.")
    prefix: str = strawberry.field(description="Its first characters, to recognise it by. Example: `gwt_9fK2`.")
    role: Role = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was issued.")
    created_by: Actor = strawberry.field(description="Who issued it.")
    expires_at: datetime = strawberry.field(description="When it stops working.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute; null when never."
    )

    @classmethod
    def of(cls, token: access_tokens.AccessToken) -> Self:
        """From the domain."""
        return cls(
            id=node_id("AccessToken", token.id),
            name=token.name,
            prefix=token.prefix,
            role=token.role,
            created_at=token.created_at,
            created_by=Actor.of(token.created_by),
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
        )


@strawberry.type(description="An access token in a list.")
class AccessTokenEdge:
    cursor: str = strawberry.field(description="Position of this entry.")
    node: AccessToken = strawberry.field(description="The token.")


@strawberry.type(description="A page of access tokens.")
class AccessTokenConnection:
    edges: list[AccessTokenEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @classmethod
    def of(cls, tokens: list[access_tokens.AccessToken], *, first: int) -> Self:
        """A page from one entry more than asked for: that one says whether another page follows."""
        edges = [AccessTokenEdge(cursor=cursor(one.id), node=AccessToken.of(one)) for one in tokens[:first]]
        page = PageInfo.of([edge.cursor for edge in edges], has_next_page=len(tokens) > first)
        return cls(edges=edges, page_info=page)


@strawberry.type(
    description=(
        "A key compiled into a whitelabel app and sent in the header `X-App-Key`. The secret itself was shown once."
    )
)
class AppKey(Node):
    id: strawberry.ID = strawberry.field(description="Opaque.")
    name: str = strawberry.field(description="What it is for. Example: `iOS 4.2`.")
    prefix: str = strawberry.field(description="Its first characters, to recognise it by. Example: `gwa_Q7dm`.")
    created_at: datetime = strawberry.field(description="When it was issued.")
    created_by: Actor = strawberry.field(description="Who issued it.")
    last_used_at: datetime | None = strawberry.field(
        description="When an app last used it, to the hour; null when never. Look here before revoking."
    )

    @classmethod
    def of(cls, key: app_keys.AppKey) -> Self:
        """From the domain."""
        return cls(
            id=node_id("AppKey", key.id),
            name=key.name,
            prefix=key.prefix,
            created_at=key.created_at,
            created_by=Actor.of(key.created_by),
            last_used_at=key.last_used_at,
        )


def read_token_position(after: str | None) -> int | None:
    """The id that a cursor of the list of tokens names. Raises BadRequestError."""
    return None if after is None else int(read_cursor(after, _IDS)[0])
