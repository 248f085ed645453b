"""Keys of programs and of apps: what mutations are sent, and what they answer."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.schema.access_keys import AccessToken, AppKey
from gateway.schema.enums import Role
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, WrongState
from gateway.schema.tenant import Tenant


@strawberry.input(description="A token to issue.")
class IssueTokenInput:
    tenant_id: strawberry.ID = strawberry.field(description="To which tenant.")
    name: str = strawberry.field(description="What for, 1 to 60 characters. Example: `deploy-bot`.")
    role: Role = strawberry.field(description="What it may do; not more than you may.")
    lifetime_days: int = strawberry.field(description="How long it works, 1 to 366 days.", default=90)


@strawberry.type(description="The token works. The secret is shown this once.")
class TokenIssued:
    token: AccessToken = strawberry.field(description="The token.")
    secret: str = strawberry.field(description="To be sent as `Authorization: Bearer <secret>`. Example: `gwt_9fK2…`.")


@strawberry.input(description="A token to revoke.")
class RevokeTokenInput:
    token_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="The token is useless.")
class TokenRevoked:
    token_id: strawberry.ID = strawberry.field(description="The id it had, to forget.")


@strawberry.input(description="An app key to issue.")
class IssueAppKeyInput:
    tenant_id: strawberry.ID = strawberry.field(description="For which tenant.")
    name: str = strawberry.field(description="What for, 1 to 60 characters. Example: `iOS 4.2`.")


@strawberry.type(description="The app key works. The secret is shown this once.")
class AppKeyIssued:
    app_key: AppKey = strawberry.field(description="The key.")
    secret: str = strawberry.field(
        description="To be compiled into the app and sent as `X-App-Key: <secret>`. Example: `gwa_Q7dm…`."
    )
    tenant: Tenant = strawberry.field(description="The tenant it is of.")


@strawberry.input(description="An app key to revoke.")
class RevokeAppKeyInput:
    app_key_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="The app key is useless.")
class AppKeyRevoked:
    app_key_id: strawberry.ID = strawberry.field(description="The id it had, to forget.")
    tenant: Tenant = strawberry.field(description="The tenant it was of.")


@strawberry.input(description="Whether apps must have a key.")
class RequireAppKeyInput:
    tenant_id: strawberry.ID = strawberry.field(description="Of which tenant.")
    is_required: bool = strawberry.field(
        description="True to demand a key of every app; false to answer apps without one too."
    )


@strawberry.type(description="The demand is in force.")
class AppKeyRequirementChanged:
    tenant: Tenant = strawberry.field(description="The tenant.")


IssueTokenResult = Annotated[
    TokenIssued | InvalidInput | Forbidden | NotFound,
    strawberry.union("IssueTokenResult", description="What `issueToken` answers."),
]
RevokeTokenResult = Annotated[
    TokenRevoked | Forbidden | NotFound,
    strawberry.union("RevokeTokenResult", description="What `revokeToken` answers."),
]
IssueAppKeyResult = Annotated[
    AppKeyIssued | WrongState | InvalidInput | Forbidden | NotFound,
    strawberry.union(
        "IssueAppKeyResult",
        description=(
            "What `issueAppKey` answers. `WrongState` when there are two already, or when the tenant is generic."
        ),
    ),
]
RevokeAppKeyResult = Annotated[
    AppKeyRevoked | WrongState | Forbidden | NotFound,
    strawberry.union(
        "RevokeAppKeyResult",
        description="What `revokeAppKey` answers. `WrongState` when it is the last one and a key is required.",
    ),
]
RequireAppKeyResult = Annotated[
    AppKeyRequirementChanged | WrongState | Forbidden | NotFound,
    strawberry.union(
        "RequireAppKeyResult",
        description=(
            "What `requireAppKey` answers. `WrongState` when a key is to be required and there is none yet, or the "
            "tenant is generic."
        ),
    ),
]
