"""The schema on one screen: what can be read and what can be changed."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.guard import GatewaySchema
from gateway.limits import Limits
from gateway.people_api import PeopleMutations
from gateway.resolvers import audit, draft, keys, qr, setup
from gateway.resolvers.check import resolve_check_provisioning
from gateway.resolvers.node import resolve_node
from gateway.resolvers.provisioning import resolve_provision
from gateway.resolvers.signing import resolve_rotate_signing_secret
from gateway.resolvers.softphone import resolve_softphone_config
from gateway.resolvers.tenant import (
    resolve_create_tenant,
    resolve_delete_tenant,
    resolve_rename_tenant,
    resolve_resume_tenant,
    resolve_suspend_tenant,
    resolve_tenant,
    resolve_tenants,
    resolve_viewer,
)
from gateway.schema import keys as keys_schema
from gateway.schema import setup as setup_schema
from gateway.schema.access_keys import AccessToken, AppKey
from gateway.schema.actor import Viewer
from gateway.schema.audit import AuditConnection, AuditEvent
from gateway.schema.check import CheckProvisioningResult
from gateway.schema.handlers import HANDLERS
from gateway.schema.members import Member
from gateway.schema.node import Node
from gateway.schema.provisioning import ProvisionResult
from gateway.schema.qr import MakeQrCodeResult
from gateway.schema.results import (
    CreateTenantResult,
    DeleteTenantResult,
    PublishResult,
    RenameTenantResult,
    ResumeTenantResult,
    SaveDraftResult,
    SuspendTenantResult,
)
from gateway.schema.revision import Revision
from gateway.schema.root_field import field
from gateway.schema.scalars import SCALARS
from gateway.schema.session import Session
from gateway.schema.setup_links import SetupLink
from gateway.schema.signing import RotateSigningSecretResult
from gateway.schema.softphone import SoftphoneConfig, SoftphoneConfigResult
from gateway.schema.tenant import Draft, Tenant, TenantConnection

if TYPE_CHECKING:
    from gateway.context import Context

_QUERY = """
Everything that can be read. Try `softphoneConfig` first: it needs no credential.

Callers: softphones send nothing (a whitelabel app may have to send its app key in the header `X-App-Key`), people are known by the session cookie that `signIn` sets (send the header `GraphQL-Require-Preflight: 1` with it), programs send `Authorization: Bearer <token>`.

Conventions:
- Ids are opaque. Keep them, send them back, never take them apart. An id that is unknown, foreign or forbidden is answered alike.
- Times are RFC 3339 in UTC, for example `2026-11-23T18:00:00Z`.
- A list that can grow is a connection: `first` 1 to 100, 20 when absent; `after` takes the `endCursor` of the page before. A list with a small fixed limit is a plain list.
- What can go wrong in normal use is a member of a result's union and implements `Refusal`. `errors` means a broken request or our bug; its `extensions.code` is `BAD_REQUEST`, `TOO_COSTLY`, `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`, `UNAVAILABLE`, `PERSISTED_QUERY_NOT_FOUND` (send the query along with its hash), `UNTRUSTED_DOCUMENT` or `INTERNAL`.
"""  # noqa: E501 - descriptions are not wrapped: GraphiQL does that

_MUTATION = """
Everything that changes something. Sent by POST only.

Each takes one `input` and answers a union: one past event (`ConfigPublished`) and every refusal a caller can act on. Ask for `__typename`, for the event's fields and for `... on Refusal { message }`, which also covers refusals added later. A refused mutation has changed nothing.

`expectedVersion` is the version you read; when somebody was faster you get `VersionConflict` and lose nothing.
"""  # noqa: E501 - as above


@strawberry.type(description=inspect.cleandoc(_QUERY))
class Query:
    softphone_config: SoftphoneConfigResult = field(
        resolve_softphone_config,
        "What a softphone shows and how it signs its user in: the tenant's published config. Anonymous, the same for "
        "every user; send it by GET. Keep the last config you got whenever this fails in any way, and never sign a "
        "user out because of it.",
    )
    viewer: Viewer | None = field(
        resolve_viewer,
        "Who is asking and what they may do outside any one tenant; null for an anonymous caller.",
    )
    tenant: Tenant | None = field(
        resolve_tenant,
        "One tenant as its staff see it; null when there is none by that name or when you may not see it.",
    )
    tenants: TenantConnection = field(
        resolve_tenants,
        "The tenants you may see, by name and then by id: all of them for a platform admin.",
    )
    audit_log: AuditConnection | None = field(
        audit.resolve_audit_log,
        "What was done on the platform as a whole (tenants created, suspended, deleted; people signing in), newest "
        "first. Needs `READ_PLATFORM_AUDIT_LOG`.",
    )
    node: Node | None = field(
        resolve_node,
        "Anything that has an `id`, by that id; null when there is nothing by it that you may see.",
    )


@strawberry.type(description=inspect.cleandoc(_MUTATION))
class Mutation(PeopleMutations):
    provision: ProvisionResult = field(
        resolve_provision,
        "Signs a user in, or asks at a restart whether anything changed. Anonymous. The gateway asks the provider and "
        "says what the app must do; only `Provisioned` may change what the app has. Every refusal (also "
        "`UnknownProvider`), every entry in `errors`, every HTTP failure and every unknown answer means: keep the "
        "accounts you have.",
        input_is="Credentials as the user typed them, and which installation asks.",
    )
    redeem_setup_link: setup_schema.RedeemSetupLinkResult = field(
        setup.resolve_redeem_setup_link,
        "Exchanges a one-time setup code for what it carries. Anonymous. One phone wins; the same phone may repeat the "
        "call for 120 seconds and gets the same answer.",
        input_is="The code and which installation asks.",
    )
    create_tenant: CreateTenantResult = field(
        resolve_create_tenant,
        "Creates a tenant with default settings and nothing published, and invites its first owner. Platform admins.",
        input_is="The new tenant.",
    )
    rename_tenant: RenameTenantResult = field(
        resolve_rename_tenant,
        "Changes the name, and the ProviderId as long as nothing was published. Owners.",
        input_is="What to change.",
    )
    suspend_tenant: SuspendTenantResult = field(
        resolve_suspend_tenant,
        "Makes a tenant unknown to all softphones until it is resumed; nothing is deleted, phones keep what they have. "
        "Repeating it changes nothing. Platform admins.",
        input_is="Which tenant and why.",
    )
    resume_tenant: ResumeTenantResult = field(
        resolve_resume_tenant,
        "Ends a suspension. Repeating it changes nothing. Platform admins.",
        input_is="Which tenant.",
    )
    delete_tenant: DeleteTenantResult = field(
        resolve_delete_tenant,
        "Deletes a tenant with everything in it, for good. Owners and platform admins.",
        input_is="Which tenant, confirmed by its ProviderId.",
    )
    rotate_signing_secret: RotateSigningSecretResult = field(
        resolve_rotate_signing_secret,
        "Makes a new secret that signs provisioning calls, and shows it once. Owners.",
        input_is="Of which tenant.",
    )
    save_branding: SaveDraftResult = field(
        draft.resolve_save_branding, "Changes colours in the draft. Editors.", input_is="What to change."
    )
    save_provisioning: SaveDraftResult = field(
        draft.resolve_save_provisioning,
        "Changes sign-in and external provisioning in the draft. Editors.",
        input_is="What to change.",
    )
    save_help: SaveDraftResult = field(
        draft.resolve_save_help, "Changes the Help menu in the draft. Editors.", input_is="What to change."
    )
    change_app_kind: SaveDraftResult = field(
        draft.resolve_change_app_kind,
        "Turns the draft from generic to whitelabel or back and drops from it what the new kind may not have; "
        "`draft { changes }` shows that and what publishing it does to phones. Editors.",
        input_is="The new kind.",
    )
    publish: PublishResult = field(
        draft.resolve_publish,
        "Makes the draft live: checked again by today's rules, all or nothing. Repeating one whose answer was lost is "
        "answered `NothingToPublish`. Publishers.",
        input_is="Which draft, and a note.",
    )
    check_provisioning: CheckProvisioningResult = field(
        resolve_check_provisioning,
        "Calls the provider's API as `provision` would and reports each step. Stores nothing. Editors.",
        input_is="A test login.",
    )
    create_setup_link: setup_schema.CreateSetupLinkResult = field(
        setup.resolve_create_setup_link,
        "Makes a one-time link that sets a phone up without a password in it. Editors.",
        input_is="What it carries and for how long.",
    )
    revoke_setup_link: setup_schema.RevokeSetupLinkResult = field(
        setup.resolve_revoke_setup_link,
        "Makes one setup link useless at once; a phone that redeemed it keeps what it has. Repeating it changes "
        "nothing. Editors.",
        input_is="Which one.",
    )
    revoke_all_setup_links: setup_schema.RevokeAllSetupLinksResult = field(
        setup.resolve_revoke_all_setup_links,
        "Makes every open setup link of a tenant useless at once. Editors.",
        input_is="Of which tenant.",
    )
    issue_token: keys_schema.IssueTokenResult = field(
        keys.resolve_issue_token,
        "Makes an access token for a program and shows it once. Owners.",
        input_is="What for, and which role.",
    )
    revoke_token: keys_schema.RevokeTokenResult = field(
        keys.resolve_revoke_token,
        "Makes an access token useless within a second. Repeating it changes nothing. Owners.",
        input_is="Which one.",
    )
    issue_app_key: keys_schema.IssueAppKeyResult = field(
        keys.resolve_issue_app_key,
        "Makes a key for a whitelabel app and shows it once. Owners.",
        input_is="What for.",
    )
    revoke_app_key: keys_schema.RevokeAppKeyResult = field(
        keys.resolve_revoke_app_key,
        "Makes an app key useless within a second: apps that carry it are told `UnknownProvider` while a key is "
        "required. Owners.",
        input_is="Which one.",
    )
    require_app_key: keys_schema.RequireAppKeyResult = field(
        keys.resolve_require_app_key,
        "Demands a key of every app, or stops demanding it, within a second. Owners.",
        input_is="Of which tenant, and whether.",
    )
    make_qr_code: MakeQrCodeResult = field(
        qr.resolve_make_qr_code,
        "Makes a QR code or link for an app, read back before it is handed out. Stores nothing. Editors.",
        input_is="Which format, and what to put in.",
    )


def _is_platform_admin(context: Context | None) -> bool:
    return context is not None and context.principal.is_platform_admin


@cache
def make_schema(
    limits: Limits | None = None, *, is_introspecting: bool = True, is_suggesting: bool = True
) -> GatewaySchema:
    """The executable schema. Without `is_introspecting`, platform admins alone may ask for it.

    Applications of one process share one, with the documents that it remembers: nothing in it is one application's.
    """
    return GatewaySchema(
        query=Query,
        mutation=Mutation,
        types=[SoftphoneConfig, Tenant, Draft, Revision, SetupLink, Member, AccessToken, AppKey, Session, AuditEvent],
        limits=limits or Limits(),
        is_introspecting=is_introspecting,
        may_introspect=_is_platform_admin,
        is_suggesting=is_suggesting,
        exception_handlers=HANDLERS,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
