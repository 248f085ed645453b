"""One-time links on the wire: an invitation accepted, a new password set, a reset link made."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.schema.actor import Viewer
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, Refusal, TooManyAttempts
from tenants.actions.acceptance import SignUp
from tenants.one_time_links import UNUSABLE


@strawberry.input(description="An invitation to accept. Also how platform admins sign up.")
class AcceptInvitationInput:
    token: str = strawberry.field(description="The token at the end of the invitation's link.")
    name: str | None = strawberry.field(
        description="Name for others to see, 1 to 60 characters. New people only.", default=None
    )
    password: str | None = strawberry.field(
        description=(
            "Password of one's own choice, 12 to 256 characters, not a widely known one. New people only; who has an "
            "account signs in first and sends none."
        ),
        default=None,
    )
    email: str | None = strawberry.field(
        description=(
            "What a new platform admin signs in with, `admin@gateway.example` when absent. Only for their links, which "
            "name nobody; an invitation names its address. Example: `jane@acme.example`."
        ),
        default=None,
    )

    def sign_up(self) -> SignUp:
        """For the domain."""
        return SignUp(name=self.name, password=self.password, email=self.email)


@strawberry.input(description="A new password by a reset link.")
class SetPasswordInput:
    token: str = strawberry.field(description="The token at the end of the reset link.")
    new_password: str = strawberry.field(description="The new one, 12 to 256 characters, not a widely known one.")


@strawberry.input(description="A password to be reset.")
class CreatePasswordResetInput:
    email: str = strawberry.field(description="Address the person signs in with. Example: `jane@acme.example`.")


@strawberry.type(description="The person is a member and signed in.")
class InvitationAccepted:
    viewer: Viewer = strawberry.field(description="Who they are.")


@strawberry.type(description="The new password is in force and the person is signed in.")
class PasswordSet:
    viewer: Viewer = strawberry.field(description="Who they are.")


@strawberry.type(
    description=(
        "The reset is open for 24 hours; the old password works until it is used. The link is shown this once."
    )
)
class PasswordResetCreated:
    url: str = strawberry.field(description="The one-time link. Example: `https://gateway.example/password/…`.")


@strawberry.type(
    description=(
        "The one-time link does not work: unknown, used, withdrawn, expired, or for somebody else. All are told alike."
    )
)
class OneTimeLinkUnusable(Refusal):
    message: str = strawberry.field(description="A sentence for the person, always the same.", default=UNUSABLE)


AcceptInvitationResult = Annotated[
    InvitationAccepted | OneTimeLinkUnusable | TooManyAttempts | InvalidInput,
    strawberry.union("AcceptInvitationResult", description="What `acceptInvitation` answers."),
]
SetPasswordResult = Annotated[
    PasswordSet | OneTimeLinkUnusable | TooManyAttempts | InvalidInput,
    strawberry.union("SetPasswordResult", description="What `setPassword` answers."),
]
CreatePasswordResetResult = Annotated[
    PasswordResetCreated | InvalidInput | Forbidden | NotFound,
    strawberry.union("CreatePasswordResetResult", description="What `createPasswordReset` answers."),
]
