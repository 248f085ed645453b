"""Members of a tenant as its owners see them, pages of their list, and what is done to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import strawberry

from gateway.schema.enums import MemberStatus, Role
from gateway.schema.node import Node, PageInfo, cursor, node_id, read_cursor
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, VersionConflict, WrongState
from gateway.schema.scalars import EmailAddressText
from tenants import members as model
from tenants.actions.invitations import Invited
from tenants.store.members import Position


@strawberry.type(description="A person who works on a tenant, or was invited to.")
class Member(Node):
    id: strawberry.ID = strawberry.field(description="Opaque.")
    version: int = strawberry.field(description="Rises with every change of role. Send it as `expectedVersion`.")
    name: str = strawberry.field(description="Name; the e-mail address until the invitation is accepted.")
    email: EmailAddressText = strawberry.field(
        description="Address the invitation was for. Example: `jane@acme.example`."
    )
    role: Role = strawberry.field(description="What they may do here.")
    status: MemberStatus = strawberry.field(description="Active, or invited only.")
    invitation_expires_at: datetime | None = strawberry.field(
        description="When the open invitation ends; null for an active member."
    )

    @classmethod
    def of(cls, member: model.Member) -> Self:
        """From the domain."""
        return cls(
            id=node_id("Member", member.id),
            version=member.version,
            name=member.name,
            email=EmailAddressText(member.email.text),
            role=member.role,
            status=member.status,
            invitation_expires_at=member.invitation_expires_at,
        )


@strawberry.type(description="A member in a list.")
class MemberEdge:
    cursor: str = strawberry.field(description="Position of this entry.")
    node: Member = strawberry.field(description="The member.")


@strawberry.type(description="A page of members.")
class MemberConnection:
    edges: list[MemberEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @classmethod
    def of(cls, entries: list[tuple[Position, model.Member]], *, first: int) -> Self:
        """A page from one entry more than asked for: that one says whether another page follows."""
        edges = [
            MemberEdge(cursor=cursor(place.name_key, place.id), node=Member.of(member))
            for place, member in entries[:first]
        ]
        page = PageInfo.of([edge.cursor for edge in edges], has_next_page=len(entries) > first)
        return cls(edges=edges, page_info=page)


def read_member_position(after: str | None) -> Position | None:
    """The place that a cursor of this list names. Raises BadRequestError."""
    if after is None:
        return None
    name_key, member = read_cursor(after, str, int)
    return Position(str(name_key), int(member))


@strawberry.input(description="An invitation.")
class InviteMemberInput:
    tenant_id: strawberry.ID = strawberry.field(description="To which tenant.")
    email: str = strawberry.field(description="Whom. Example: `jane@acme.example`.")
    role: Role = strawberry.field(description="As what.")


@strawberry.input(description="A change of role.")
class ChangeRoleInput:
    member_id: strawberry.ID = strawberry.field(description="Whose.")
    expected_version: int = strawberry.field(description="The `Member.version` you read.")
    role: Role = strawberry.field(description="The new role.")


@strawberry.input(description="A member to remove.")
class RemoveMemberInput:
    member_id: strawberry.ID = strawberry.field(description="Whom.")


@strawberry.type(
    description=(
        "The invitation is open for 72 hours. Its link is shown this once; hand it over yourself. Inviting again makes "
        "a new link and the old one useless."
    )
)
class MemberInvited:
    member: Member = strawberry.field(description="The member to be.")
    url: str = strawberry.field(description="The one-time link. Example: `https://gateway.example/welcome/…`.")

    @classmethod
    def of(cls, invited: Invited, base_url: str) -> Self:
        """From the domain, with the address that people reach the gateway at."""
        return cls(member=Member.of(invited.member), url=invited.token.welcome_url(base_url))


@strawberry.type(description="The member has the new role.")
class RoleChanged:
    member: Member = strawberry.field(description="The member.")


@strawberry.type(description="The person is no member any more.")
class MemberRemoved:
    member_id: strawberry.ID = strawberry.field(description="The id the membership had, to forget.")


InviteMemberResult = Annotated[
    MemberInvited | WrongState | InvalidInput | Forbidden | NotFound,
    strawberry.union(
        "InviteMemberResult",
        description="What `inviteMember` answers. `WrongState` when the person is a member already.",
    ),
]
ChangeRoleResult = Annotated[
    RoleChanged | WrongState | VersionConflict | Forbidden | NotFound,
    strawberry.union(
        "ChangeRoleResult",
        description="What `changeRole` answers. `WrongState` when it would take the last owner away.",
    ),
]
RemoveMemberResult = Annotated[
    MemberRemoved | WrongState | Forbidden | NotFound,
    strawberry.union(
        "RemoveMemberResult",
        description="What `removeMember` answers. `WrongState` when it would take the last owner away.",
    ),
]
