"""One-time links: used by whoever holds one, made for a forgotten password."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gateway.context import Info
from gateway.schema.actor import Viewer
from gateway.schema.enums import Permission
from gateway.schema.one_time_links import (
    AcceptInvitationInput,
    AcceptInvitationResult,
    CreatePasswordResetInput,
    CreatePasswordResetResult,
    InvitationAccepted,
    PasswordResetCreated,
    PasswordSet,
    SetPasswordInput,
    SetPasswordResult,
)
from tenants.actions.acceptance import Browser, accept_invitation
from tenants.actions.password_reset import create_password_reset, set_password
from tenants.one_time_links import OneTimeToken

if TYPE_CHECKING:
    from gateway.context import Context
    from tenants.actions.acceptance import Entered


async def resolve_accept_invitation(info: Info, input: AcceptInvitationInput) -> AcceptInvitationResult:
    """Anonymous, or signed in to join with the account that one has."""
    context, token = info.context, OneTimeToken.of_text(input.token)
    entered = await accept_invitation(
        context.principal,
        token,
        input.sign_up(),
        _browser(context),
        now=context.now(),
        admitted=context.admitted_hosts,
    )
    return InvitationAccepted(viewer=_viewer(context, entered))


async def resolve_set_password(info: Info, input: SetPasswordInput) -> SetPasswordResult:
    """Anonymous."""
    context, token = info.context, OneTimeToken.of_text(input.token)
    entered = await set_password(context.principal, token, input.new_password, _browser(context), now=context.now())
    return PasswordSet(viewer=_viewer(context, entered))


async def resolve_create_password_reset(info: Info, input: CreatePasswordResetInput) -> CreatePasswordResetResult:
    """Platform admins."""
    context = info.context
    scope = context.principal.authorize_platform(Permission.RESET_PASSWORDS)
    token = await create_password_reset(scope, input.email, now=context.now(), admitted=context.admitted_hosts)
    return PasswordResetCreated(url=token.password_url(context.caller.base_url))


def _browser(context: Context) -> Browser:
    return Browser(context.caller.address, context.caller.device)


def _viewer(context: Context, entered: Entered) -> Viewer:
    """Who they are from here on, in this request and, by the cookie, in the next ones."""
    if entered.session is not None:
        context.cookies.set_session(entered.session.text)
    context.principal = entered.principal
    context.forget_reads()
    return cast("Viewer", Viewer.of(entered.principal))  # nobody enters as nobody
