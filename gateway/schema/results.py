"""What mutations answer: one past event, or one of the refusals that a caller can act on."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.schema.problems import Forbidden, InvalidInput, NotFound, Refusal, RuleWarning, VersionConflict
from gateway.schema.revision import Revision
from gateway.schema.tenant import Draft, Tenant
from tenants import errors
from tenants.access import TenantScope


@strawberry.type(description="The tenant exists, with default settings and nothing published.")
class TenantCreated:
    tenant: Tenant = strawberry.field(description="The new tenant.")
    owner_invitation_url: str | None = strawberry.field(
        description=("The owner's one-time invitation link, shown this once; null when `ownerEmail` was absent.")
    )


@strawberry.type(description="The tenant has its new name; phones see it after the next publish.")
class TenantRenamed:
    tenant: Tenant = strawberry.field(description="The tenant.")


@strawberry.type(description="Softphones no longer know the tenant.")
class TenantSuspended:
    tenant: Tenant = strawberry.field(description="The tenant.")


@strawberry.type(description="Softphones know the tenant again.")
class TenantResumed:
    tenant: Tenant = strawberry.field(description="The tenant.")


@strawberry.type(
    description=(
        "The tenant is gone. A ProviderId that was ever published is never given to anybody again: phones in the "
        "field still send passwords to it."
    )
)
class TenantDeleted:
    tenant_id: strawberry.ID = strawberry.field(description="The id it had, to forget.")


@strawberry.type(description="The draft holds the change; look at `draft { warnings { message } }`.")
class DraftSaved:
    draft: Draft = strawberry.field(description="The draft with its new version.")


@strawberry.type(description="The config is live.")
class ConfigPublished:
    revision: Revision = strawberry.field(description="The new revision.")
    tenant: Tenant = strawberry.field(description="The tenant it is of.")


@strawberry.type(description="What would be published is live already; nothing was done.")
class NothingToPublish(Refusal):
    message: str = strawberry.field(description="A sentence for the person.")
    revision: Revision = strawberry.field(description="The live revision.")

    @classmethod
    def of(cls, scope: TenantScope, error: errors.NothingToPublishError) -> NothingToPublish:
        """From the domain."""
        return cls(message="This is live already.", revision=Revision.of(scope, error.revision))


@strawberry.type(description="The draft has warnings that `acceptedWarnings` does not name; nothing was done.")
class UnacceptedWarnings(Refusal):
    message: str = strawberry.field(description="A sentence for the person.")
    warnings: list[RuleWarning] = strawberry.field(description="Those still to be accepted.")

    @classmethod
    def of(cls, error: errors.UnacceptedWarningsError) -> UnacceptedWarnings:
        """From the domain."""
        return cls(
            message="Look at these warnings first.",
            warnings=[RuleWarning.of(warning) for warning in error.warnings],
        )


CreateTenantResult = Annotated[
    TenantCreated | InvalidInput | Forbidden,
    strawberry.union("CreateTenantResult", description="What `createTenant` answers."),
]
RenameTenantResult = Annotated[
    TenantRenamed | InvalidInput | VersionConflict | Forbidden | NotFound,
    strawberry.union("RenameTenantResult", description="What `renameTenant` answers."),
]
SuspendTenantResult = Annotated[
    TenantSuspended | InvalidInput | Forbidden | NotFound,
    strawberry.union("SuspendTenantResult", description="What `suspendTenant` answers."),
]
ResumeTenantResult = Annotated[
    TenantResumed | Forbidden | NotFound,
    strawberry.union("ResumeTenantResult", description="What `resumeTenant` answers."),
]
DeleteTenantResult = Annotated[
    TenantDeleted | InvalidInput | Forbidden | NotFound,
    strawberry.union("DeleteTenantResult", description="What `deleteTenant` answers."),
]
SaveDraftResult = Annotated[
    DraftSaved | InvalidInput | VersionConflict | Forbidden | NotFound,
    strawberry.union("SaveDraftResult", description="What a save of the draft answers."),
]
PublishResult = Annotated[
    ConfigPublished | NothingToPublish | UnacceptedWarnings | InvalidInput | VersionConflict | Forbidden | NotFound,
    strawberry.union("PublishResult", description="What `publish` answers."),
]
