"""A tenant and its draft, as their staff see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from gateway.context import Info
from gateway.errors import BadRequestError
from gateway.schema.access_keys import AccessTokenConnection, AppKey, read_token_position
from gateway.schema.actor import Actor, in_order
from gateway.schema.audit import AuditConnection, Narrowed, read_filter, read_place
from gateway.schema.config import TenantConfig
from gateway.schema.enums import AppKind, Permission, SetupLinkStatus, TenantStatus
from gateway.schema.members import MemberConnection, read_member_position
from gateway.schema.node import LARGEST_PAGE, Node, PageInfo, check_first, cursor, node_id, read_cursor
from gateway.schema.problems import RuleWarning
from gateway.schema.revision import Change, Revision, RevisionConnection, shown
from gateway.schema.scalars import ProviderIdText
from gateway.schema.setup_links import SetupLinkConnection, read_position
from tenants import changes as differences
from tenants import model
from tenants.access import TenantScope
from tenants.changes import Shown
from tenants.rules.checks import config_warnings
from tenants.store import app_keys, audit_log, members, revisions, setup_links, tokens
from tenants.store.tenants import Position

First = Annotated[int, strawberry.argument(description=f"Entries on a page, 1 to {LARGEST_PAGE}.")]
After = Annotated[
    str | None, strawberry.argument(description="The `endCursor` of the page before; null for the first page.")
]


@strawberry.type(
    description=(
        "The config being edited. It always obeys every rule: a save that breaks one is refused and changes nothing."
    )
)
class Draft(Node):
    scope: strawberry.Private[TenantScope]
    draft: strawberry.Private[model.Draft]
    id: strawberry.ID = strawberry.field(description="Opaque.")
    version: int = strawberry.field(
        description="Rises with every save, rename and publish. Send it as `expectedVersion`."
    )
    edited_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, scope: TenantScope, draft: model.Draft) -> Draft:
        """From the domain."""
        return cls(
            scope=scope,
            draft=draft,
            id=node_id("Draft", draft.tenant),
            version=draft.version,
            edited_at=draft.edited_at,
        )

    @strawberry.field(description="The settings.")
    def config(self) -> TenantConfig:
        """Built only when asked for."""
        return TenantConfig.of(self.draft.config)

    @strawberry.field(description="True when it differs from the live revision, or when nothing is live yet.")
    async def has_changes(self, info: Info) -> bool:
        """Compared with what phones see."""
        live = await info.context.loaders.live.load(self.scope)
        return live is None or shown(live) != await self._shown(info)

    @strawberry.field(
        description=(
            "What publishing would change, in the order of the editor; against the defaults before the first publish."
        )
    )
    async def changes(self, info: Info) -> list[Change]:
        """Against the live revision."""
        live = await info.context.loaders.live.load(self.scope)
        found = differences.changes(shown(live) if live else None, await self._shown(info))
        return [Change.of(change) for change in found]

    @strawberry.field(description="What is allowed and probably not wanted. Blocks no save.")
    def warnings(self) -> list[RuleWarning]:
        """By today's rules."""
        return [RuleWarning.of(warning) for warning in config_warnings(self.draft.config)]

    @strawberry.field(description="Who changed it last.")
    def edited_by(self) -> Actor:
        """As they were called then."""
        return Actor.of(self.draft.edited_by)

    @strawberry.field(description="The tenant it belongs to.")
    async def tenant(self, info: Info) -> Annotated[Tenant, strawberry.lazy("gateway.schema.tenant")]:
        """Loaded by key."""
        return Tenant.of(self.scope, await _tenant(info, self.scope))

    async def _shown(self, info: Info) -> Shown:
        name = self.draft.name or (await _tenant(info, self.scope)).provider_id.text
        return Shown(name, self.draft.config)


@strawberry.type(
    description="A provider with its own app configuration, as its staff see it. No softphone ever reaches this type."
)
class Tenant(Node):
    scope: strawberry.Private[TenantScope]
    id: strawberry.ID = strawberry.field(description="Opaque.")
    provider_id: ProviderIdText = strawberry.field(
        description=(
            "Public name, typed by users of generic apps and compiled into whitelabel apps. Fixed once anything was "
            "published. Example: `AcmeInc`."
        )
    )
    name: str = strawberry.field(
        description=(
            "Name for people, 1 to 80 characters, the ProviderId where none was given; reaches phones at the next "
            "publish. Example: `Acme Telecom`."
        )
    )
    app: AppKind = strawberry.field(
        description="The kind of app it has: that of the live config; before the first publish that of the draft."
    )
    status: TenantStatus = strawberry.field(description="What softphones see of it now.")
    created_at: datetime = strawberry.field(description="When it was created.")
    is_app_key_required: bool = strawberry.field(
        description=(
            "True when only apps with a key are answered and all others are told `UnknownProvider`. Means nothing "
            "while the live config is generic."
        )
    )

    @classmethod
    def of(cls, scope: TenantScope, tenant: model.Tenant) -> Tenant:
        """From the domain."""
        return cls(
            scope=scope,
            id=node_id("Tenant", tenant.id),
            provider_id=ProviderIdText(tenant.provider_id.text),
            name=tenant.name,
            app=tenant.app,
            status=tenant.status,
            created_at=tenant.created_at,
            is_app_key_required=tenant.is_app_key_required,
        )

    @strawberry.field(description="What you may do in this tenant; grey out the rest.")
    def viewer_permissions(self, info: Info) -> list[Permission]:
        """In the order of the schema."""
        return in_order(info.context.principal.permissions_in(self.scope.tenant))

    @strawberry.field(description="The config being edited.")
    async def draft(self, info: Info) -> Draft:
        """Loaded by key."""
        draft = await info.context.loaders.drafts.load(self.scope)
        if draft is None:
            raise _gone()
        return Draft.of(self.scope, draft)

    @strawberry.field(description="The live revision; null before the first publish.")
    async def published(self, info: Info) -> Revision | None:
        """Loaded by key."""
        live = await info.context.loaders.live.load(self.scope)
        return Revision.of(self.scope, live) if live else None

    @strawberry.field(
        description=(
            "When the signing secret was last shown to somebody; null when nobody has it yet. Provisioning calls are "
            "signed with it."
        )
    )
    async def signing_secret_rotated_at(self, info: Info) -> datetime | None:
        """Loaded by key."""
        return await info.context.loaders.signing_dates.load(self.scope)

    @strawberry.field(description="Published revisions, newest first.")
    async def revisions(self, first: First = 20, after: After = None) -> RevisionConnection:
        """Keyset pages by number."""
        before = int(read_cursor(after, int)[0]) if after is not None else None
        found = await revisions.list_revisions(self.scope, first=check_first(first) + 1, before=before)
        return RevisionConnection.of(self.scope, found, first=first)

    @strawberry.field(description="One revision; null when there is none by that number.")
    async def revision(
        self, info: Info, number: Annotated[int, strawberry.argument(description="Its number. Example: `7`.")]
    ) -> Revision | None:
        """Loaded by key."""
        found = await info.context.loaders.revisions.load((self.scope, number))
        return Revision.of(self.scope, found) if found else None

    @strawberry.field(
        description="People who work on this tenant, and open invitations, by name. Needs `MANAGE_MEMBERS`."
    )
    async def members(self, info: Info, first: First = 20, after: After = None) -> MemberConnection | None:
        """Keyset pages by name and then by id."""
        scope = info.context.principal.authorize(self.scope.tenant, Permission.MANAGE_MEMBERS)
        place = read_member_position(after)
        found = await members.list_members(scope, first=check_first(first) + 1, after=place)
        return MemberConnection.of(found, first=first)

    @strawberry.field(
        description="Setup links, newest first, used and expired ones for 30 days. Needs `MANAGE_SETUP_LINKS`."
    )
    async def setup_links(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        status: Annotated[SetupLinkStatus | None, strawberry.argument(description="Only links in this state.")] = None,
    ) -> SetupLinkConnection | None:
        """Keyset pages by time and then by id."""
        scope = info.context.principal.authorize(self.scope.tenant, Permission.MANAGE_SETUP_LINKS)
        now, place = info.context.now(), read_position(after)
        found = await setup_links.list_links(scope, now, status=status, first=check_first(first) + 1, after=place)
        return SetupLinkConnection.of(found, now, first=first)

    @strawberry.field(description="Access tokens of programs that still work, newest first. Needs `MANAGE_TOKENS`.")
    async def tokens(self, info: Info, first: First = 20, after: After = None) -> AccessTokenConnection | None:
        """Keyset pages by id."""
        scope = info.context.principal.authorize(self.scope.tenant, Permission.MANAGE_TOKENS)
        before = read_token_position(after)
        found = await tokens.list_tokens(scope, info.context.now(), first=check_first(first) + 1, before=before)
        return AccessTokenConnection.of(found, first=first)

    @strawberry.field(
        description=(
            "Keys that a whitelabel app proves itself with; at most two, so that one can replace the other. Needs "
            "`MANAGE_APP_KEYS`."
        )
    )
    async def app_keys(self, info: Info) -> list[AppKey] | None:
        """Newest first."""
        scope = info.context.principal.authorize(self.scope.tenant, Permission.MANAGE_APP_KEYS)
        return [AppKey.of(key) for key in await app_keys.list_app_keys(scope)]

    @strawberry.field(description="What was done to this tenant, by whom, newest first. Needs `READ_AUDIT_LOG`.")
    async def audit_log(
        self, info: Info, first: First = 20, after: After = None, filter: Narrowed = None
    ) -> AuditConnection | None:
        """Keyset pages by time and then by id; null beside the error for whoever lacks the permission."""
        scope = info.context.principal.authorize(self.scope.tenant, Permission.READ_AUDIT_LOG)
        narrow, place = read_filter(filter), read_place(after)
        found = await audit_log.list_of_tenant(scope, narrow, first=check_first(first) + 1, after=place)
        return AuditConnection.of(found, first=first)


@strawberry.type(description="A tenant in a list.")
class TenantEdge:
    cursor: str = strawberry.field(description="Position of this entry; stable while others come and go.")
    node: Tenant = strawberry.field(description="The tenant.")


@strawberry.type(description="A page of tenants.")
class TenantConnection:
    edges: list[TenantEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @classmethod
    def of(cls, entries: list[tuple[Position, TenantScope, model.Tenant]], *, first: int) -> TenantConnection:
        """A page from one entry more than asked for: that one says whether another page follows."""
        edges = [
            TenantEdge(cursor=cursor(place.name_key, place.id), node=Tenant.of(scope, tenant))
            for place, scope, tenant in entries[:first]
        ]
        page = PageInfo.of([edge.cursor for edge in edges], has_next_page=len(entries) > first)
        return cls(edges=edges, page_info=page)


async def _tenant(info: Info, scope: TenantScope) -> model.Tenant:
    tenant = await info.context.loaders.tenants.load(scope)
    if tenant is None:
        raise _gone()
    return tenant


def _gone() -> BadRequestError:
    """Nobody's bug: somebody deleted the tenant between the read that found it and this one."""
    return BadRequestError("The tenant was deleted while it was read.")
