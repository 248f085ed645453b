"""The secret that signs a tenant's calls, shown once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from gateway.schema.problems import Forbidden, NotFound
from gateway.schema.tenant import Tenant


@strawberry.input(description="A signing secret to replace.")
class RotateSigningSecretInput:
    tenant_id: strawberry.ID = strawberry.field(description="Which tenant.")


@strawberry.type(
    description=(
        "There is a new signing secret, shown this once. For a day every call carries two signatures, by the old one "
        "and by this."
    )
)
class SigningSecretRotated:
    secret: str = strawberry.field(description="The secret, for the provider's own server. Example: `gws_…`.")
    previous_valid_until: datetime = strawberry.field(
        description=(
            "Until when the old one signs too. Another rotation before then ends the one before the old one at once: "
            "two sign at most."
        )
    )
    tenant: Tenant = strawberry.field(description="The tenant it is of.")

    def __repr__(self) -> str:
        """Never the secret."""
        return "SigningSecretRotated(…)"


RotateSigningSecretResult = Annotated[
    SigningSecretRotated | Forbidden | NotFound,
    strawberry.union("RotateSigningSecretResult", description="What `rotateSigningSecret` answers."),
]
