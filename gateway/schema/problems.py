"""Why nothing was done: the refusals that a caller can act on."""

from __future__ import annotations

from datetime import datetime

import strawberry

from gateway.schema.actor import Actor
from gateway.schema.enums import ProblemCode, WarningCode, WrongStateReason
from gateway.schema.scalars import format_time
from tenants import errors


@strawberry.interface(
    description=(
        "Why nothing was done. Every refusal has a sentence for people; ask for `... on Refusal { message }` and no "
        "refusal goes unseen, not even one added later."
    )
)
class Refusal:
    message: str = strawberry.field(description="A sentence for people, in English. Never repeats what was sent.")


@strawberry.type(description="One broken rule.")
class Problem:
    code: ProblemCode = strawberry.field(description="Which rule; stable, for programs.")
    path: list[str] = strawberry.field(
        description=(
            'Where, from `input` down: `["help", "links", "2", "url"]`; positions count from 0. For a config, the same '
            "path as in `TenantConfig`."
        )
    )
    message: str = strawberry.field(description="What is wrong, in a sentence. Never repeats what was sent.")
    hint: str | None = strawberry.field(
        description="How to mend it, in a sentence; null when the message says it all. Example: `Did you mean %user%?`"
    )

    @classmethod
    def of(cls, problem: errors.Problem) -> Problem:
        """From the domain."""
        return cls(code=problem.code, path=list(problem.path), message=problem.message, hint=problem.hint)


@strawberry.type(description="Something allowed that is probably not wanted.")
class RuleWarning:
    code: WarningCode = strawberry.field(description="Which rule; stable, for programs.")
    path: list[str] = strawberry.field(description="Where, as in `Problem.path`.")
    message: str = strawberry.field(description="What may go wrong, in a sentence.")
    suggestion: str | None = strawberry.field(
        description=(
            "A value that would not warn, for a button that puts it in; null when there is none. Example: `#6f6f6f`."
        )
    )

    @classmethod
    def of(cls, warning: errors.RuleWarning) -> RuleWarning:
        """From the domain."""
        return cls(code=warning.code, path=list(warning.path), message=warning.message, suggestion=warning.suggestion)


@strawberry.type(
    description=(
        "No tenant by that ProviderId for this kind of app. Also said of suspended, unpublished and wrong-kind tenants."
    )
)
class UnknownProvider(Refusal):
    message: str = strawberry.field(
        description="Always the same sentence. Example: `No provider is known by this name. Check the spelling.`",
        default="No provider is known by this name. Check the spelling.",
    )


@strawberry.type(
    description=(
        "Too many failed attempts by this name or from this address; nothing was tried. Successful calls never count."
    )
)
class TooManyAttempts(Refusal):
    message: str = strawberry.field(description="A sentence for people.")
    retry_after_seconds: int = strawberry.field(description="Wait this many seconds.")

    @classmethod
    def of(cls, error: errors.TooManyAttemptsError) -> TooManyAttempts:
        """From the domain."""
        return cls(
            message=f"Too many attempts failed. Wait {error.retry_after_seconds} seconds and try again.",
            retry_after_seconds=error.retry_after_seconds,
        )


@strawberry.type(
    description="Something that was sent, or the config to be published, breaks a rule. All problems at once."
)
class InvalidInput(Refusal):
    message: str = strawberry.field(description="How many problems there are, in words.")
    problems: list[Problem] = strawberry.field(description="Every problem, in the order of the form.")

    @classmethod
    def of(cls, error: errors.InvalidInputError) -> InvalidInput:
        """From the domain."""
        count = len(error.problems)
        message = "There is one problem." if count == 1 else f"There are {count} problems."
        return cls(message=message, problems=[Problem.of(problem) for problem in error.problems])


@strawberry.type(
    description=(
        "Somebody was first: the version you sent is not the current one. Read again, look at what they changed, "
        "send again."
    )
)
class VersionConflict(Refusal):
    message: str = strawberry.field(
        description="A sentence for the person. Example: `token deploy-bot changed this at 2026-11-23T18:00:00Z.`"
    )
    current_version: int = strawberry.field(description="The version now.")
    changed_by: Actor = strawberry.field(description="Who was first.")
    changed_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, error: errors.VersionConflictError) -> VersionConflict:
        """From the domain."""
        return cls(
            message=f"{error.changed_by.name} changed this at {format_time(error.changed_at)}. Read it again.",
            current_version=error.current_version,
            changed_by=Actor.of(error.changed_by),
            changed_at=error.changed_at,
        )


@strawberry.type(description="You may do this, but not with the thing as it stands.")
class WrongState(Refusal):
    message: str = strawberry.field(description="What is in the way and what to do first.")
    reason: WrongStateReason = strawberry.field(description="The same for programs.")

    @classmethod
    def of(cls, error: errors.WrongStateError) -> WrongState:
        """From the domain."""
        return cls(message=error.message, reason=error.reason)


@strawberry.type(
    description="You can see it and may not change it in this way; `viewerPermissions` tells what you may."
)
class Forbidden(Refusal):
    message: str = strawberry.field(description="Which permission is missing, in a sentence.")

    @classmethod
    def of(cls, error: errors.ForbiddenError) -> Forbidden:
        """From the domain."""
        return cls(message=f"You need the permission {error.permission.value} for this.")


@strawberry.type(
    description="There is nothing by that id that you can see: unknown, foreign and forbidden ids are told alike."
)
class NotFound(Refusal):
    message: str = strawberry.field(
        description="Always the same sentence.", default="There is nothing here that you can see."
    )
