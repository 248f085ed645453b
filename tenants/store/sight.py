"""Which tenants the holder of a scope may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tortoise.expressions import Q

from tenants.errors import NotFoundError
from tenants.scoping import scoped

if TYPE_CHECKING:
    from tortoise.models import Model

    from tenants.access import PlatformScope


def of_seen(scope: PlatformScope, column: str = "tenant_id") -> Q:
    """Rows of tenants that the scope's holder may see: all of them for a platform admin."""
    if scope.tenants is None:
        return Q()
    seen: dict[str, Any] = {f"{column}__in": sorted(scope.tenants)}
    return Q(**seen)


@scoped
async def seen_tenant_of(scope: PlatformScope, rows: type[Model], number: int) -> int:
    """The tenant that a row belongs to, so that the caller's leave for it can be asked. Raises NotFoundError."""
    found = await rows.filter(of_seen(scope), id=number).values_list("tenant_id", flat=True)
    if found in ([], [None]):
        raise NotFoundError
    return cast("int", found[0])
