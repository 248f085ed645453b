"""People sign in and out, and change their passwords."""

from __future__ import annotations

from typing import cast

from gateway.context import Info
from gateway.schema.actor import Viewer
from gateway.schema.node import node_id, read_id_of
from gateway.schema.sessions import (
    ChangePasswordInput,
    ChangePasswordResult,
    EndSessionInput,
    EndSessionResult,
    PasswordChanged,
    SessionEnded,
    SignedIn,
    SignedOut,
    SignInInput,
    SignInResult,
    SignOutInput,
    SignOutResult,
)
from tenants.actions import sessions as actions
from tenants.actions.password_change import change_password
from tenants.actions.sign_in import sign_in


async def resolve_sign_in(info: Info, input: SignInInput) -> SignInResult:
    """Anonymous."""
    context, caller = info.context, info.context.caller
    signed_in = await sign_in(
        context.principal,
        input.email,
        input.password,
        address=caller.address,
        device=caller.device,
        now=context.now(),
    )
    context.cookies.set_session(signed_in.session.text)
    context.principal = signed_in.principal
    context.forget_reads()
    return SignedIn(viewer=cast("Viewer", Viewer.of(signed_in.principal)))  # nobody signs in as nobody


async def resolve_sign_out(info: Info, input: SignOutInput) -> SignOutResult:
    """Whoever has no session has none to end."""
    context = info.context
    if context.principal.session is None:
        return SignedOut(ended_sessions=0)
    ended = await actions.sign_out(context.principal.own(), everywhere=input.everywhere, now=context.now())
    _leave(info)
    return SignedOut(ended_sessions=ended)


async def resolve_end_session(info: Info, input: EndSessionInput) -> EndSessionResult:
    """One's own."""
    scope = info.context.principal.own()
    session = read_id_of("Session", input.session_id)
    await actions.end_session(scope, session, now=info.context.now())
    if session == scope.session:
        _leave(info)
    return SessionEnded(session_id=node_id("Session", session))


async def resolve_change_password(info: Info, input: ChangePasswordInput) -> ChangePasswordResult:
    """One's own."""
    context = info.context
    ended = await change_password(
        context.principal.own(),
        input.current_password,
        input.new_password,
        address=context.caller.address,
        now=context.now(),
    )
    return PasswordChanged(ended_sessions=ended)


def _leave(info: Info) -> None:
    """Nobody asks from here on, in this request and, without the cookie, in the next ones."""
    context = info.context
    context.cookies.clear_session()
    context.principal = context.principal.signed_out()
    context.forget_reads()
