"""What the domain refuses, and why.

TenantsError
├── InvalidValueError        one value breaks one rule (raised by a value's `parse`)
├── InvalidInputError        all problems of what was sent, with their paths
├── NotFoundError            absent, or invisible to the caller
├── ForbiddenError           visible, not allowed
├── UnauthenticatedError     nobody is signed in, and somebody must be
├── VersionConflictError     somebody was first
├── NothingToPublishError    live already
├── UnacceptedWarningsError  the caller wanted to be asked about these warnings
├── WrongStateError          allowed, but not with the thing as it stands
├── SetupLinkUnusableError   a setup code that works for nobody, or not for this phone
├── OneTimeLinkUnusableError a one-time link that works for nobody, or not for the caller


├── SignInRefusedError       not the password of a person who may sign in
├── TooManyAttemptsError     refused too often of late
├── UnreadableSecretError    a stored secret does not open with the keys that the gateway was given
└── UnavailableError         the database cannot be had right now
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Actor, Permission, TenantScope
    from tenants.codes import ProblemCode, WarningCode, WrongStateReason
    from tenants.model import Revision


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule. `path` runs from the input down (`("help", "links", "2", "url")`); no text repeats a value."""

    code: ProblemCode
    path: tuple[str, ...]
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """Something allowed that is probably not wanted. `suggestion` is a value that would not warn."""

    code: WarningCode
    path: tuple[str, ...]
    message: str
    suggestion: str | None = None


class TenantsError(Exception):
    """Anything that the domain refuses."""


class InvalidValueError(TenantsError):
    """One value breaks one rule. The message and hint never repeat the value."""

    def __init__(self, code: ProblemCode, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint

    def at(self, *path: str) -> Problem:
        """The same, with the place where the value stood."""
        return Problem(self.code, path, self.message, self.hint)


class InvalidInputError(TenantsError):
    """What was sent breaks rules; all of them are listed, in the order of the form."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problem(s)")
        self.problems = problems


class NotFoundError(TenantsError):
    """There is no such thing, or the caller may not know of it; the two are never told apart."""


class UnauthenticatedError(TenantsError):
    """Nobody is signed in."""


class ForbiddenError(TenantsError):
    """The caller sees the thing and lacks a permission.

    `unseen` is leave to look whether the tenant is there at all: a platform admin is refused before anybody has looked.
    """

    def __init__(self, permission: Permission, *, unseen: TenantScope | None = None) -> None:
        super().__init__(f"Needs {permission.value}.")
        self.permission, self.unseen = permission, unseen


class VersionConflictError(TenantsError):
    """Somebody changed the tenant after the caller had read it."""

    def __init__(self, current_version: int, changed_by: Actor, changed_at: datetime) -> None:
        super().__init__("changed meanwhile")
        self.current_version, self.changed_by, self.changed_at = current_version, changed_by, changed_at


class NothingToPublishError(TenantsError):
    """What would be published is live already."""

    def __init__(self, revision: Revision) -> None:
        super().__init__("live already")
        self.revision = revision


class UnacceptedWarningsError(TenantsError):
    """The draft has warnings which the caller did not accept."""

    def __init__(self, warnings: tuple[RuleWarning, ...]) -> None:
        super().__init__(f"{len(warnings)} warning(s)")
        self.warnings = warnings


class WrongStateError(TenantsError):
    """The caller may do this, but not with the thing as it stands. The message says what to do first."""

    def __init__(self, reason: WrongStateReason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class SetupLinkUnusableError(TenantsError):
    """Unknown, used, expired, revoked, for another app, of a tenant that phones do not know: never told apart."""


class OneTimeLinkUnusableError(TenantsError):
    """Unknown, used, withdrawn, expired, or for somebody else: never told apart."""


class SignInRefusedError(TenantsError):
    """Unknown address, wrong password, or somebody who may not sign in: never told apart."""


class TooManyAttemptsError(TenantsError):
    """Refused too often of late; what was asked was not done."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("too many attempts")
        self.retry_after_seconds = retry_after_seconds


class UnreadableSecretError(TenantsError):
    """A stored secret does not open: its key is missing, or it stands where it was not put."""


class UnavailableError(TenantsError):
    """The database cannot be had right now; nothing was changed."""
