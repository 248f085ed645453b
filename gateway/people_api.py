"""What people do with accounts, sessions and memberships: a part of `Mutation`."""

from __future__ import annotations

import strawberry

from gateway.resolvers.members import resolve_change_role, resolve_invite_member, resolve_remove_member
from gateway.resolvers.one_time_links import (
    resolve_accept_invitation,
    resolve_create_password_reset,
    resolve_set_password,
)
from gateway.resolvers.sessions import resolve_change_password, resolve_end_session, resolve_sign_in, resolve_sign_out
from gateway.schema.members import ChangeRoleResult, InviteMemberResult, RemoveMemberResult
from gateway.schema.one_time_links import AcceptInvitationResult, CreatePasswordResetResult, SetPasswordResult
from gateway.schema.root_field import field
from gateway.schema.sessions import ChangePasswordResult, EndSessionResult, SignInResult, SignOutResult


@strawberry.type
class PeopleMutations:
    accept_invitation: AcceptInvitationResult = field(
        resolve_accept_invitation,
        "Accepts an invitation by its one-time token; a new person chooses name and password and is signed in. "
        "Anonymous, or signed in to join with the account one has; signed in as somebody else is told what an "
        "unknown token is told.",
        input_is="The token, name and password.",
    )
    set_password: SetPasswordResult = field(
        resolve_set_password,
        "Sets a new password by the token of a reset link, signs in and ends all other sessions. Anonymous.",
        input_is="The token and the new password.",
    )
    invite_member: InviteMemberResult = field(
        resolve_invite_member,
        "Invites a person by a one-time link that you hand over yourself. Owners.",
        input_is="Whom, and as what.",
    )
    create_password_reset: CreatePasswordResetResult = field(
        resolve_create_password_reset,
        "Makes a one-time link by which a person sets a new password; you hand it over yourself. Platform admins.",
        input_is="Whose.",
    )
    change_role: ChangeRoleResult = field(
        resolve_change_role,
        "Gives a member another role, in force everywhere within a second. Owners.",
        input_is="Whom, and which role.",
    )
    remove_member: RemoveMemberResult = field(
        resolve_remove_member,
        "Removes a member or withdraws an invitation, in force everywhere within a second. Owners.",
        input_is="Whom.",
    )
    sign_in: SignInResult = field(
        resolve_sign_in,
        "Signs a person in and sets the session cookie. Anonymous.",
        input_is="E-mail address and password.",
    )
    sign_out: SignOutResult = field(
        resolve_sign_out,
        "Ends this session, or all of one's sessions.",
        input_is="Which sessions.",
    )
    end_session: EndSessionResult = field(
        resolve_end_session,
        "Ends one of one's own sessions.",
        input_is="Which one.",
    )
    change_password: ChangePasswordResult = field(
        resolve_change_password,
        "Changes one's own password and ends one's other sessions.",
        input_is="The old and the new one.",
    )
