"""Which tenants the holder of a scope may see, as a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise.expressions import Q

if TYPE_CHECKING:
    from tenants.access import PlatformScope


def of_seen(scope: PlatformScope, column: str = "tenant_id") -> Q:
    """Rows of tenants that the scope's holder may see: all of them for a platform admin."""
    if scope.tenants is None:
        return Q()
    seen: dict[str, Any] = {f"{column}__in": sorted(scope.tenants)}
    return Q(**seen)
