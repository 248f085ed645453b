"""What softphones ask."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.context import Info
from gateway.schema.enums import AppKind
from gateway.schema.problems import UnknownProvider
from gateway.schema.softphone import SoftphoneConfig, SoftphoneConfigResult


async def resolve_softphone_config(
    info: Info,
    provider_id: Annotated[
        str,
        strawberry.argument(
            description=(
                "The tenant's public name, case ignored. Example: `AcmeInc`. A whitelabel app sends the one compiled "
                "into it, a generic app what stood after the last colon (`1000:AcmeInc`)."
            )
        ),
    ],
    app: Annotated[
        AppKind,
        strawberry.argument(
            description="The kind of the app that asks. A tenant of the other kind is answered as unknown."
        ),
    ],
) -> SoftphoneConfigResult:
    """Published only, whatever the caller's credential is (I4, I5), and by the key that the tenant may demand."""
    context = info.context
    published = await context.configs.find(provider_id, app, context.app_key)
    if published is None:
        return UnknownProvider()
    context.stamps.note(published.app_key, context.now())
    return SoftphoneConfig.of(published)
