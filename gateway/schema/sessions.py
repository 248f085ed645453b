"""Signing in and out: sessions, what mutations are sent, and what they answer."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.schema.actor import Viewer
from gateway.schema.problems import InvalidInput, NotFound, Refusal, TooManyAttempts
from tenants.actions.sign_in import SIGN_IN_REFUSED


@strawberry.input(description="A person's credentials.")
class SignInInput:
    email: str = strawberry.field(description="Example: `jane@acme.example`.")
    password: str = strawberry.field(description="Up to 256 characters.")

    def __repr__(self) -> str:
        """Never the password."""
        return "SignInInput(…)"


@strawberry.input(description="Which sessions to end.")
class SignOutInput:
    everywhere: bool = strawberry.field(
        description="True to end all of one's sessions on every device; false to end this one.", default=False
    )


@strawberry.input(description="A session to end.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.input(description="A change of one's own password.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The one in use.")
    new_password: str = strawberry.field(description="The new one, 12 to 256 characters, not a widely known one.")

    def __repr__(self) -> str:
        """Never a password."""
        return "ChangePasswordInput(…)"


@strawberry.type(description="The person is signed in; the cookie is set.")
class SignedIn:
    viewer: Viewer = strawberry.field(description="Who they are.")


@strawberry.type(description="Address or password is wrong, or the person may not sign in. All are told alike.")
class SignInRefused(Refusal):
    message: str = strawberry.field(description="A sentence for the person, always the same.", default=SIGN_IN_REFUSED)


@strawberry.type(description="The session is over. Also said to who was not signed in.")
class SignedOut:
    ended_sessions: int = strawberry.field(description="How many sessions were ended.")


@strawberry.type(description="The session is over.")
class SessionEnded:
    session_id: strawberry.ID = strawberry.field(description="The id it had, to forget.")


@strawberry.type(description="The new password is in force; one's other sessions are over.")
class PasswordChanged:
    ended_sessions: int = strawberry.field(description="How many other sessions were ended.")


SignInResult = Annotated[
    SignedIn | SignInRefused | TooManyAttempts,
    strawberry.union("SignInResult", description="What `signIn` answers."),
]
# A union of one: more members may come, and clients ask for `__typename` from the start.
SignOutResult = Annotated[SignedOut, strawberry.union("SignOutResult", description="What `signOut` answers.")]
EndSessionResult = Annotated[
    SessionEnded | NotFound, strawberry.union("EndSessionResult", description="What `endSession` answers.")
]
ChangePasswordResult = Annotated[
    PasswordChanged | SignInRefused | TooManyAttempts | InvalidInput,
    strawberry.union("ChangePasswordResult", description="What `changePassword` answers."),
]
