"""Who did something, and who is asking."""

from __future__ import annotations

import strawberry

from gateway.context import Info
from gateway.schema.enums import ActorKind, Permission
from gateway.schema.scalars import EmailAddressText
from gateway.schema.session import Session
from tenants.access import Actor as ActorModel
from tenants.access import Principal
from tenants.store import sessions as store


@strawberry.type(
    description=(
        "Who did something, as they were called at that moment; readable long after the person or token is gone."
    )
)
class Actor:
    kind: ActorKind = strawberry.field(description="What it was.")
    name: str = strawberry.field(description="Its name then. Example: `token deploy-bot`, `command line`.")
    actor_id: strawberry.ID | None = strawberry.field(
        description="To recognise the same one by; null for the gateway itself and for the command line."
    )

    @classmethod
    def of(cls, actor: ActorModel) -> Actor:
        """From the domain."""
        actor_id = None if actor.actor_id is None else strawberry.ID(actor.actor_id)
        return cls(kind=actor.kind, name=actor.name, actor_id=actor_id)


@strawberry.type(description="Who is asking.")
class Viewer:
    principal: strawberry.Private[Principal]
    kind: ActorKind = strawberry.field(description="A person or a token.")
    name: str = strawberry.field(description="Name of the person or of the token. Example: `deploy-bot`.")
    email: EmailAddressText | None = strawberry.field(
        description="The person's e-mail address; null for a token.", default=None
    )
    permissions: list[Permission] = strawberry.field(
        description=(
            "What you may do outside any one tenant, for example `CREATE_TENANT`. "
            "Empty for everybody but platform admins."
        )
    )

    @strawberry.field(
        description=(
            "One's own sessions, last used first; at most 20, one more sign-in ends the oldest. Empty for a token."
        )
    )
    async def sessions(self, info: Info) -> list[Session]:
        """Their own, whoever they are by now: the mutation before may have signed them in."""
        if self.principal.session is None:
            return []
        scope = self.principal.own()
        found = await store.list_sessions(scope, info.context.now())
        return [Session.of(one, scope.session) for one in found]

    @classmethod
    def of(cls, principal: Principal) -> Viewer | None:
        """None for an anonymous caller."""
        if principal.actor is None:
            return None
        return cls(
            principal=principal,
            kind=principal.actor.kind,
            name=principal.actor.name,
            email=EmailAddressText(principal.email) if principal.email else None,
            permissions=in_order(principal.platform_permissions),
        )


def in_order(permissions: frozenset[Permission]) -> list[Permission]:
    """In the order of the schema, so that equal permissions are equal answers."""
    return [permission for permission in Permission if permission in permissions]
